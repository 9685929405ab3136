"""`rollback_model`: puts the model that served before back into service."""

from __future__ import annotations

import argparse
import re
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
    help = "Brings back the version that served before; running workers follow within seconds."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--slot", type=slot_named, default=GLOBAL_SLOT, help="global, or site:ID"
        )
        parser.add_argument("--reason", default="Rolled back by hand.")

    def handle(self, *, slot: str, reason: str, **options: Any) -> None:
        try:
            version = registry.rollback(slot=slot, reason=reason)
        except ClassifierError as error:
            raise CommandError(str(error)) from error
        serving = version.name if version else "the global model"
        self.stdout.write(f"{serving} serves {slot}.")
