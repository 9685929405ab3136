from __future__ import annotations

from django.conf import settings
from django.db import models

from classifiers.trust import Reputation
from moderation.models import ApiKey, Site


class Reporter(models.Model):
    """Somebody whose feedback makes labels, by a site's key and the site's own id for them.

    Made anew from what they and moderators said; what stays is that they were flagged, or cleared.
    """

    site = models.ForeignKey(Site, on_delete=models.CASCADE, related_name="+")
    api_key = models.ForeignKey(ApiKey, on_delete=models.CASCADE, related_name="+")
    actor_id = models.CharField(
        max_length=200, blank=True, help_text="Empty for all who speak with the key, together."
    )
    labels = models.PositiveIntegerField(default=0, help_text="In force.")
    compared = models.PositiveIntegerField(
        default=0, help_text="Labels of theirs that moderators judged as well, the latest ones."
    )
    agreed = models.PositiveIntegerField(default=0)
    trust = models.FloatField(default=0.0, help_text="See classifiers.trust.")
    told_labels = models.PositiveIntegerField(
        default=0, db_default=0, help_text="What is shown of all this: as it was at midnight."
    )
    told_compared = models.PositiveIntegerField(default=0, db_default=0)
    told_agreed = models.PositiveIntegerField(default=0, db_default=0)
    told_trust = models.FloatField(default=0.0, db_default=0.0)
    told_on = models.DateField(null=True, blank=True)
    highest = models.FloatField(default=0.0, help_text="The most trust since they were cleared.")
    flagged_at = models.DateTimeField(null=True, blank=True)
    cleared_at = models.DateTimeField(
        null=True, blank=True, help_text="Trust is earned anew from here on."
    )
    cleared_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    looked_at = models.DateTimeField()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["api_key", "actor_id"], name="reporter_once_a_key"),
            models.CheckConstraint(
                condition=models.Q(trust__gte=0, trust__lte=1), name="reporter_trust_is_a_share"
            ),
        )
        indexes = (models.Index(fields=["site", "-labels"], name="reporter_site_labels"),)

    @property
    def told(self) -> Reputation:
        """Their reputation at midnight, when they are flagged, too; that they are cleared, or
        flagged by a training, is told at once.
        """
        flagged = self.flagged_at is not None
        return Reputation(0.0 if flagged else self.told_trust, self.told_agreed, flagged)

    @property
    def reputation(self) -> Reputation:
        flagged = self.flagged_at is not None
        return Reputation(0.0 if flagged else self.trust, self.agreed, flagged)

    def __str__(self) -> str:
        return f"reporter {self.pk}"
