"""`export_dataset --output FILE [--site S] [--include-audits]`: labels and words as a file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from moderation import data_reads
from moderation.models import Site
from moderation.models.data_read import ReadKind
from reviews.labels import export
from reviews.labels.labelling import effective


class Command(BaseCommand):
    help = (
        "Write the labels in force with the words they are about: one row a labelled revision, "
        "as train_model and evaluate_model read it. CSV, or JSON lines by suffix (.jsonl)."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--site", help="name of one site; without it, all sites")
        parser.add_argument("--output", type=Path, required=True, metavar="FILE")
        parser.add_argument(
            "--include-audits",
            action="store_true",
            help="also audited posts, marked in the column `audit`: they measure models, and "
            "a model trained on them can no longer be measured by them",
        )

    def handle(
        self, *, site: str | None, output: Path, include_audits: bool, **options: Any
    ) -> None:
        sites = Site.objects.all() if site is None else Site.objects.filter(name=site)
        if site is not None and not sites.exists():
            raise CommandError(f"There is no site named {site!r}.", returncode=2)
        if output.suffix.lower() not in (".csv", *export.JSON_SUFFIXES):
            raise CommandError(f"{output}: the name must end in .csv or .jsonl.", returncode=2)
        try:
            done = export.write_file(effective(sites, audits=include_audits), output)
        except OSError as error:
            raise CommandError(f"{output}: {error.strerror}.", returncode=2) from error
        data_reads.by_command(
            ReadKind.EXPORT, site=sites.get() if site is not None else None, count=done.labels
        )
        self.stdout.write(
            f"{output}: {done.labels:,} labels ({done.spam:,} spam, {done.ham:,} ham), "
            f"SHA-256 {done.sha256}"
        )
