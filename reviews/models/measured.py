from __future__ import annotations

from django.db import models

from moderation.models import Site


class Measured(models.Model):
    """What was last known of how wrong the machine is on one site; made anew from the draws."""

    site = models.OneToOneField(
        Site, primary_key=True, on_delete=models.CASCADE, related_name="measured"
    )
    period_from = models.DateTimeField()
    period_to = models.DateTimeField()
    figures = models.JSONField(help_text="See reviews.measuring.")
    measured_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"measured of {self.site_id}"


class MeasuredWeek(models.Model):
    """How wrong the machine was on one site in one week, from Monday on in UTC; never made anew."""

    site = models.ForeignKey(
        Site, on_delete=models.CASCADE, related_name="measured_weeks", db_index=False
    )
    start = models.DateField()
    figures = models.JSONField(help_text="See reviews.measuring.periods.")
    measured_at = models.DateTimeField()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["site", "start"], name="measuredweek_one_a_week"),
        )

    def __str__(self) -> str:
        return f"{self.start} of {self.site_id}"
