"""`rollback_model`: puts the model that served before back into service."""

from __future__ import annotations

import argparse
import re
from typing import Any, Final

from django.core.management.base import BaseCommand, CommandError, CommandParser

from classifiers.exceptions import ClassifierError
from classifiers.models import GLOBAL_SLOT, ModelVersion
from classifiers.versions import registry
from moderation.models import Site

SITE_SLOT: Final = re.compile(r"site:[0-9]{1,18}")


def slot_named(given: str) -> str:
    """The slot of `--slot`."""
    if given != GLOBAL_SLOT and not SITE_SLOT.fullmatch(given):
        raise argparse.ArgumentTypeError(f"{given!r} is neither {GLOBAL_SLOT} nor site:ID")
    return given


def check_site(slot: str) -> None:
    """Raises CommandError for the slot of a site that there is not."""
    site = slot.partition(":")[2]
    if site and not Site.objects.filter(pk=site).exists():
        raise CommandError(f"--slot {slot}: there is no site {site}.")


def told(reason: str, by: str | None) -> str:
    """The reason that is kept, with who gave it, as the console keeps it."""
    return f"{reason} (by {by})" if by else reason


class Command(BaseCommand):
    help = "Brings back the version that served before; running workers follow within seconds."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--slot", type=slot_named, default=GLOBAL_SLOT, help="global, or site:ID"
        )
        parser.add_argument("--reason", default="Rolled back by hand.")
        parser.add_argument("--by", metavar="NAME", help="who does it, kept with the reason")

    def handle(self, *, slot: str, reason: str, by: str | None, **options: Any) -> None:
        check_site(slot)
        try:
            version = registry.rollback(slot=slot, reason=told(reason, by))
        except ClassifierError as error:
            raise CommandError(str(error)) from error
        if version:
            self.stdout.write(f"{version.name} serves {slot}.")
        else:
            shared = ModelVersion.objects.serving(slot) or registry.ensure_starter()
            self.stdout.write(f"{shared.name}, the model that all sites share, serves {slot}.")
