from __future__ import annotations

from django.db import models


class SnapshotRecord(models.Model):
    """What became of each label of a snapshot, without its words. Append-only.

    See `classifiers.training.data.record`.
    """

    digest = models.CharField(
        max_length=64, unique=True, help_text="SHA-256 over the snapshot's file."
    )
    content = models.BinaryField(help_text="The record, as CSV compressed with zlib.")
    created_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.digest[:12]
