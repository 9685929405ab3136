from __future__ import annotations

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from moderation import access, sites
from moderation.exceptions import ModerationError
from moderation.types import Mode


class Command(BaseCommand):
    help = "Create a site with its policy and a first API key; the key is shown only now."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name")
        parser.add_argument(
            "--mode", choices=[mode.value for mode in Mode], default=Mode.REVIEW_ONLY.value
        )
        parser.add_argument("--json", action="store_true", help="Print one JSON object.")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            with transaction.atomic():
                site = sites.create_site(name=options["name"], mode=options["mode"])
                _, key = access.create_key(site=site, name="first key")
        except ModerationError as error:
            raise CommandError(error.sentence) from error
        if options["json"]:
            answer = {"site": site.pk, "name": site.name, "mode": options["mode"], "api_key": key}
            self.stdout.write(json.dumps(answer))
            return
        self.stdout.write(f"Site {site.name!r} ({options['mode']}), id {site.pk}.")
        self.stdout.write(f"API key, shown only now: {key}")
