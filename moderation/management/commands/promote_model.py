"""`promote_model VERSION`: puts a model into service."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from classifiers.exceptions import ClassifierError
from classifiers.management.commands.rollback_model import slot_named
from classifiers.models import GLOBAL_SLOT
from classifiers.versions import registry
from moderation.models import Site


class Command(BaseCommand):
    help = "Puts a model version into service; running workers follow within seconds."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "version", metavar="VERSION|DIR", help="a version's name, or a model directory"
        )
        parser.add_argument(
            "--slot",
            type=slot_named,
            default=GLOBAL_SLOT,
            help="where a directory is registered: global, or site:ID",
        )
        parser.add_argument("--reason", default="Promoted by hand.")

    def handle(self, *, version: str, slot: str, reason: str, **options: Any) -> None:
        site = slot.partition(":")[2]
        if site and not Site.objects.filter(pk=site).exists():
            raise CommandError(f"--slot {slot}: there is no site {site}.")
        try:
            name = version
            if Path(version).is_dir():
                name = registry.register(directory=Path(version), slot=slot, reason=reason).name
            promoted = registry.promote(name=name, reason=reason)
        except ClassifierError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"{promoted.name} serves {promoted.slot}.")
