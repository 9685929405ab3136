"""`verify_snapshot MODEL`: whether the labels still are what a model learnt from."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from classifiers.models import ModelVersion
from reviews.learning import recorded
from reviews.models import SnapshotRecord

TOLD = 10


class Command(BaseCommand):
    help = (
        "Make the snapshot that a model learnt from again, from the labels and words stored now, "
        "and compare it with its record. Exit status 1 if a row differs."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("model", help="name of a model that this installation trained")

    def handle(self, *, model: str, **options: Any) -> None:
        version = ModelVersion.objects.filter(name=model).order_by("-pk").first()
        if version is None:
            raise CommandError(f"There is no model named {model!r}.", returncode=2)
        try:
            found = recorded.verify(version.snapshot_hash)
        except SnapshotRecord.DoesNotExist:
            raise CommandError(
                f"No record is kept of what {model} learnt from: it was not trained here, or by "
                "an earlier release.",
                returncode=2,
            ) from None
        same = found.rows - found.gone - len(found.differing)
        self.stdout.write(
            f"Snapshot {version.snapshot_hash}: {found.rows:,} labels, {same:,} as they were, "
            f"{found.gone:,} whose words are gone, {len(found.differing):,} that differ."
        )
        if found.same_file:
            self.stdout.write("The file can be made again byte by byte.")
        if found.differing or found.same_file is False:
            named = ", ".join(str(pk) for pk in found.differing[:TOLD])
            sentence = f"It is not what the model learnt from. Labels: {named or 'none'}."
            raise CommandError(sentence, returncode=1)
