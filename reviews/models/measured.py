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
