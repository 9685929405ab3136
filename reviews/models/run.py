from __future__ import annotations

from datetime import datetime

from django.db import models

from classifiers.models import ModelVersion
from moderation.models import Leased, LeasedQuerySet, Site


class ImportRun(models.Model):
    """How far the import of one file into one site has come; a killed import resumes here."""

    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="+")
    file_digest = models.CharField(max_length=64)
    file_name = models.CharField(max_length=255)
    labelled = models.BooleanField()
    read_as = models.CharField(
        max_length=400,
        blank=True,
        default="",
        db_default="",
        help_text="Its columns and its encoding; empty where that was not yet noted.",
    )
    rows_done = models.PositiveBigIntegerField(default=0)
    rows_skipped = models.PositiveBigIntegerField(default=0)
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["site", "file_digest", "labelled"], name="import_once_a_file"
            ),
        )

    def __str__(self) -> str:
        return f"{self.file_name} into {self.site}"


class RetrainState(models.TextChoices):
    RUNNING = "running", "running"
    SKIPPED = "skipped", "skipped"
    FAILED = "failed", "failed"
    KEPT = "kept", "kept, not promoted"
    ROLLING = "rolling", "being rolled out"
    PROMOTED = "promoted", "promoted"


class RetrainRunQuerySet(LeasedQuerySet):
    def finished(self) -> RetrainRunQuerySet:
        """Runs that made a model, whatever became of it."""
        made = (RetrainState.KEPT, RetrainState.ROLLING, RetrainState.PROMOTED)
        return self.filter(state__in=made)

    def running(self, now: datetime) -> RetrainRunQuerySet:
        """Runs that hold their slot at this moment."""
        return self.filter(state=RetrainState.RUNNING).held(now)


class RetrainRun(Leased):
    """One turn of the learning loop for one slot, with its end in words.

    While it runs it holds the slot by lease: at most one running row a slot.
    """

    slot = models.CharField(max_length=64)
    state = models.CharField(
        max_length=16, choices=RetrainState.choices, default=RetrainState.RUNNING
    )
    stage = models.CharField(max_length=32, blank=True)
    reason = models.TextField(blank=True)
    snapshot_digest = models.CharField(max_length=64, blank=True)
    labels = models.PositiveIntegerField(default=0)
    last_label_id = models.PositiveBigIntegerField(default=0)
    sites = models.JSONField(
        default=list,
        db_default=models.Value([], models.JSONField()),
        help_text="Ids of the sites whose labels it trained on.",
    )
    model = models.ForeignKey(
        ModelVersion, null=True, blank=True, on_delete=models.PROTECT, related_name="runs"
    )
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True, blank=True)

    objects = RetrainRunQuerySet.as_manager()

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["slot"],
                condition=models.Q(state=RetrainState.RUNNING),
                name="retrain_one_running_a_slot",
            ),
        )

    def __str__(self) -> str:
        return f"{self.slot} {self.state}"
