"""`prune [--dry-run] [--seconds N]`: forget what sites need not remember, here and now."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from moderation.exceptions import LeaseTaken
from reviews import retention
from reviews.models import Retention


class Command(BaseCommand):
    help = (
        "Delete words and posts that are older than their site's retention says, and events and "
        "scores that nobody needs any more. The workers do the same, a little every five minutes."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="say what is due, and stop")
        parser.add_argument("--seconds", type=float, default=3600.0, help="stop after so long")

    def handle(self, *, dry_run: bool, seconds: float, **options: Any) -> None:
        if dry_run:
            for site in Retention.objects.select_related("site"):
                words, posts = retention.due(site)
                self.stdout.write(f"{site.site}: words of {words} posts and {posts} posts are due.")
            events, scores, trail = retention.rows_due()
            self.stdout.write(
                f"All sites: {events} events, {scores} scores and {trail} rows of who saw what "
                "are due."
            )
            return
        try:
            done = retention.prune(seconds=seconds)
        except LeaseTaken as error:
            raise CommandError("Another process is at it just now.") from error
        self.stdout.write(
            f"Deleted the words of {done.words} posts, {done.posts} posts, {done.events} events, "
            f"{done.scores} scores, {done.trail} rows of who saw what."
            + ("" if done.finished else " There is more to do.")
        )
