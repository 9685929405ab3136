"""`forget_author SITE AUTHOR`: delete the words of one author, and all that is personal, now."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import ProgrammingError
from psycopg.errors import InsufficientPrivilege

from moderation.models import Site
from reviews import retention


class Command(BaseCommand):
    help = (
        "Delete the words of one author's posts and all that is personal, whatever the site's "
        "terms are; facts stay. Works as the owner of the tables (DATABASE_OWNER_URL)."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("site", help="its name")
        parser.add_argument("author", help="the site's own id of the author")

    def handle(self, *, site: str, author: str, **options: Any) -> None:
        found = Site.objects.filter(name=site).first()
        if found is None:
            raise CommandError(f"There is no site {site!r}.")
        try:
            done = retention.forget_author(site=found, author_id=author)
        except ProgrammingError as error:
            if not isinstance(error.__cause__, InsufficientPrivilege):
                raise
            raise CommandError("Only the owner of the tables may do this.") from error
        if not done.known:
            raise CommandError(
                f"No author {author!r} is known on {site!r}: mistyped, or forgotten already."
            )
        self.stdout.write(f"Deleted the words of {done.words} posts.")
        if done.listed:
            self.stdout.write("A list names this author: delete the entry in the admin.")
        if done.kept:
            raise CommandError(
                f"{done.kept} posts stay: something about them is open, or they are held as "
                "dangerous. Ask again when it is closed, or no longer hidden."
            )
