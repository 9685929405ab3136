from __future__ import annotations

from django.conf import settings
from django.db import models

from moderation.models import Feedback, Post, Site
from moderation.types import FeedbackLabel
from reviews.models.case import Verdict


class LabelSource(models.TextChoices):
    VERDICT = "verdict", "a moderator's verdict"
    FEEDBACK = "feedback", "trusted feedback"
    HISTORICAL = "historical", "imported history"


class LabelQuerySet(models.QuerySet["Label"]):
    def in_force(self) -> LabelQuerySet:
        """Labels that were not retracted; retractions themselves are left out."""
        return self.filter(retracts__isnull=True, retracted_by__isnull=True)


class Label(models.Model):
    """Spam or ham, said by somebody about one revision of a post. Append-only.

    An audit's label carries the probability with which its post was drawn. A retraction is a
    row that names the label it takes back.
    """

    post = models.ForeignKey(Post, on_delete=models.PROTECT, related_name="labels", db_index=False)
    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="+", db_index=False)
    revision = models.PositiveIntegerField()
    label = models.CharField(max_length=4, choices=[(x.value, x.value) for x in FeedbackLabel])
    source = models.CharField(max_length=16, choices=LabelSource.choices)
    verdict = models.OneToOneField(
        Verdict, null=True, blank=True, on_delete=models.PROTECT, related_name="label"
    )
    feedback = models.OneToOneField(
        Feedback, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    audit = models.BooleanField(default=False)
    inclusion_probability = models.FloatField(null=True, blank=True)
    weight = models.FloatField(default=1.0)
    retracts = models.OneToOneField(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="retracted_by"
    )
    created_at = models.DateTimeField()

    objects = LabelQuerySet.as_manager()

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=models.Q(audit=False, inclusion_probability__isnull=True)
                | models.Q(
                    audit=True,
                    source=LabelSource.VERDICT,
                    inclusion_probability__gt=0,
                    inclusion_probability__lte=1,
                ),
                name="label_audit_has_probability",
            ),
            models.CheckConstraint(
                condition=models.Q(
                    source=LabelSource.VERDICT, verdict__isnull=False, feedback__isnull=True
                )
                | models.Q(
                    source=LabelSource.FEEDBACK, verdict__isnull=True, feedback__isnull=False
                )
                | models.Q(
                    source=LabelSource.HISTORICAL, verdict__isnull=True, feedback__isnull=True
                ),
                name="label_source_names_origin",
            ),
            models.CheckConstraint(condition=models.Q(weight__gt=0), name="label_weight_positive"),
        )
        indexes = (
            models.Index(fields=["site", "id"], name="label_site"),
            models.Index(fields=["post"], name="label_post"),
        )

    def __str__(self) -> str:
        return f"{self.label} from {self.source}"
