"""`create_demo [--state-file PATH]`: the demo site, its API key and its moderator, as JSON."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from reviews.demonstration import site


class Command(BaseCommand):
    help = (
        "Create the demo site, an API key and the user “moderator” (also a superuser), and print "
        "them as JSON. With --state-file: keep them there, readable by you alone, and print the "
        "same again while they work. Not for production."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--state-file", type=Path, metavar="PATH")

    def handle(self, *, state_file: Path | None, **options: Any) -> None:
        if settings.PRODUCTION:
            raise CommandError("A demo login has no place in production.")
        known = site.read(state_file) if state_file else None
        made = site.ensure_demo(known=known)
        if state_file and made != known:
            site.write(state_file, made)
        self.stdout.write(json.dumps(asdict(made)))
