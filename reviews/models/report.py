from __future__ import annotations

from django.db import models

from moderation.models import ApiKey, Site


class ReportRecord(models.Model):
    """How often moderators found a member right who reported posts; made anew now and then."""

    site = models.ForeignKey(Site, on_delete=models.CASCADE, related_name="+")
    api_key = models.ForeignKey(ApiKey, on_delete=models.CASCADE, related_name="+")
    actor_id = models.CharField(
        max_length=200, blank=True, help_text="Empty for all members whose reports came by the key."
    )
    judged = models.PositiveIntegerField(help_text="Reports that a moderator answered, the latest.")
    right = models.PositiveIntegerField(help_text="Of these, posts that were not left as they are.")
    told_judged = models.PositiveIntegerField(
        default=0, db_default=0, help_text="What is shown of both: as it was at midnight."
    )
    told_right = models.PositiveIntegerField(default=0, db_default=0)
    told_on = models.DateField(null=True, blank=True)
    looked_at = models.DateTimeField()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["api_key", "actor_id"], name="report_record_once"),
            models.CheckConstraint(
                condition=models.Q(right__lte=models.F("judged")), name="report_record_is_a_share"
            ),
        )
        indexes = (models.Index(fields=["site", "-judged"], name="report_record_site"),)

    def __str__(self) -> str:
        return f"{self.right} of {self.judged} reports"
