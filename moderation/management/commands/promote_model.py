"""`promote_model VERSION`: puts a model into service."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from classifiers.exceptions import ClassifierError
from classifiers.models import GLOBAL_SLOT
from classifiers.versions import registry
from moderation.management.commands.rollback_model import check_site, slot_named, told


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
        parser.add_argument("--by", metavar="NAME", help="who does it, kept with the reason")

    def handle(
        self, *, version: str, slot: str, reason: str, by: str | None, **options: Any
    ) -> None:
        check_site(slot)
        reason = told(reason, by)
        try:
            name = version
            if Path(version).is_dir():
                name = registry.register(directory=Path(version), slot=slot, reason=reason).name
            promoted = registry.promote(name=name, reason=reason)
        except ClassifierError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"{promoted.name} serves {promoted.slot}.")
