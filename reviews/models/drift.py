from __future__ import annotations

from django.db import models

from moderation.models import Site


class DriftDay(models.Model):
    """What one site's posts and scores of one day were like, counted; nothing of any one post."""

    site = models.ForeignKey(Site, on_delete=models.CASCADE, related_name="+", db_index=False)
    day = models.DateField()
    model = models.CharField(max_length=100)
    posts = models.PositiveIntegerField()
    counts = models.JSONField(
        help_text="{feature: {bin: posts}}; see reviews.measuring.drift_days."
    )
    audits = models.JSONField(
        default=list,
        help_text="[[probability, spam or null, chance]] of what was drawn three days before.",
    )

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["site", "model", "day"], name="drift_day_once"),
        )

    def __str__(self) -> str:
        return f"{self.day} on {self.site_id}"


class DriftReport(models.Model):
    """What was last known of how one site's posts, scores and errors moved."""

    site = models.OneToOneField(
        Site, primary_key=True, on_delete=models.CASCADE, related_name="drift"
    )
    figures = models.JSONField(help_text="See reviews.measuring.drifting.")
    counted_to = models.DateField(help_text="The last day that was counted.")
    measured_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"drift of {self.site_id}"
