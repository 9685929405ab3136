from __future__ import annotations

from django.db import models

from moderation.models import Site


class QueueDepth(models.Model):
    """How much waited on a site at one moment; kept for some days, for the chart of it."""

    site = models.ForeignKey(Site, on_delete=models.CASCADE, related_name="+", db_index=False)
    taken_at = models.DateTimeField(help_text="The beginning of a stretch of five minutes.")
    cases = models.PositiveIntegerField(help_text="Open cases, counted to a limit.")
    oldest_seconds = models.PositiveIntegerField(
        null=True, help_text="For how long the oldest of them waited; null when none did."
    )

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["site", "taken_at"], name="depth_once_a_moment"),
        )
        indexes = (models.Index(fields=["taken_at"], name="depth_by_moment"),)

    def __str__(self) -> str:
        return f"{self.cases} cases at {self.taken_at:%F %R}"
