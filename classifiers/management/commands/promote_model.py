"""`promote_model VERSION`: puts a model into service."""

from __future__ import annotations

import argparse
import re
from pathlib import Path
from typing import Any, Final

from django.core.management.base import BaseCommand, CommandError, CommandParser

from classifiers.exceptions import ClassifierError
from classifiers.models import GLOBAL_SLOT
from classifiers.versions import registry

SITE_SLOT: Final = re.compile(r"site:[0-9]{1,18}")


def slot_named(given: str) -> str:
    """The slot of `--slot`."""
    if given != GLOBAL_SLOT and not SITE_SLOT.fullmatch(given):
        raise argparse.ArgumentTypeError(f"{given!r} is neither {GLOBAL_SLOT} nor site:ID")
    return given


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
        try:
            name = version
            if Path(version).is_dir():
                name = registry.register(directory=Path(version), slot=slot, reason=reason).name
            promoted = registry.promote(name=name, reason=reason)
        except ClassifierError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"{promoted.name} serves {promoted.slot}.")
