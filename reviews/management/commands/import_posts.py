"""`import_posts FILE --site S [--labelled]`: bring a file of posts in, exactly once."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from tqdm import tqdm

from classifiers.tables import columns
from moderation.models import Site
from reviews.exceptions import FileRefused, ImportRunning
from reviews.labels import files
from reviews.labels.importing import Imported, Progress, import_file


class Command(BaseCommand):
    help = (
        "Import a CSV, TSV or JSON file of posts into a site. Unlabelled posts are judged like "
        "any other; labelled ones are stored as decided, and their labels train. Safe to kill "
        "and run again: it goes on where it stopped."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.epilog = columns.WHICH
        parser.add_argument("file", type=Path)
        columns.add_options(parser)
        parser.add_argument("--site", required=True, help="name of the site")
        parser.add_argument(
            "--labelled", action="store_true", help="the file has labels, spam or ham"
        )

    def handle(self, *, file: Path, site: str, labelled: bool, **options: Any) -> None:
        into = Site.objects.filter(name=site).first()
        if into is None:
            raise CommandError(f"There is no site named {site!r}.", returncode=2)
        try:
            chosen = columns.Chosen.of(options)
            facts = files.inspect(file, labelled=labelled, chosen=chosen)
        except FileRefused as refusal:
            raise CommandError(refusal.sentence, returncode=2) from refusal
        for warning in facts.warnings:
            self.stderr.write(warning)
        with tqdm(
            total=facts.lines, unit=" lines", file=sys.stderr, disable=options["verbosity"] < 1
        ) as bar:

            def on_progress(progress: Progress) -> None:
                bar.update(progress.line - bar.n)

            def on_bad(row: files.BadRow) -> None:
                bar.write(f"{facts.form.unit} {row.line}: {row.reason}; skipped", file=sys.stderr)

            try:
                done = import_file(
                    path=file,
                    site=into,
                    labelled=labelled,
                    facts=facts,
                    on_bad=on_bad,
                    on_progress=on_progress,
                )
            except FileRefused as refusal:
                raise CommandError(refusal.sentence, returncode=2) from refusal
            except ImportRunning as refusal:
                raise CommandError(refusal.sentence) from refusal
        self.stdout.write(_summary(done, into, labelled))


def _summary(done: Imported, site: Site, labelled: bool) -> str:
    if done.finished_before is not None:
        return (
            f"This file was imported into {site} on {done.finished_before:%d %B %Y at %H:%M} "
            f"({_counted(done, labelled)}). Nothing to do."
        )
    resumed = f" Went on after row {done.resumed_at:,}." if done.resumed_at else ""
    return f"{site}: {_counted(done, labelled)}.{resumed}"


def _counted(done: Imported, labelled: bool) -> str:
    stored = "imported with their labels" if labelled else "imported, to be judged"
    return f"{done.stored:,} posts {stored}; {done.skipped:,} rows skipped"
