"""`demo_data [--remove] [--posts N]`: two weeks of a made-up forum, to look at and to try."""

from __future__ import annotations

import logging
import sys
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from tqdm import tqdm


class Command(BaseCommand):
    help = (
        "Fill the site “Demo forum” with two weeks of made-up posts in several languages, with "
        "answers, reports, appeals and campaigns. Again it changes nothing; --remove takes the "
        "site away, with all that belongs to it. Not for production."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--remove", action="store_true")
        parser.add_argument("--posts", type=int, metavar="N", help="about so many")

    def handle(
        self, *, remove: bool, posts: int | None, verbosity: int = 1, **options: Any
    ) -> None:
        if settings.PRODUCTION:
            raise CommandError("Made-up posts have no place in production.")
        from reviews.demonstration import filling

        if remove:
            gone = filling.remove()
            self.stdout.write(f"{gone} posts are gone." if gone else "There was nothing.")
            return
        size = posts or filling.POSTS
        # A line for each made-up decision would hide how far it is.
        logging.disable(logging.INFO)
        try:
            with tqdm(total=size, unit=" posts", file=sys.stderr, disable=verbosity < 1) as bar:

                def tell(done: int, of: int) -> None:
                    # Campaigns come on top of what was asked for.
                    bar.total = of
                    bar.update(done - bar.n)

                made = filling.fill(size=size, tell=tell)
        finally:
            logging.disable(logging.NOTSET)
        if made:
            self.stdout.write(f"“{filling.SITE}” has {made} posts: log in as “moderator”.")
        else:
            self.stdout.write(f"“{filling.SITE}” is there already; --remove takes it away.")
