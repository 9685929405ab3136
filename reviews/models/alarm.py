from __future__ import annotations

from django.conf import settings
from django.db import models

from moderation.models import Site


class AlarmKind(models.TextChoices):
    SOURCE = "source", "a source of labels"
    DRIFT = "drift", "drift"
    MISSED = "missed", "missed spam"
    ROLLOUT = "rollout", "a new model"


class Alarm(models.Model):
    """A task for whoever leads a site: something was noticed, and a person is to look.

    At most one waits about the same thing. The application cannot delete it.
    """

    site = models.ForeignKey(
        Site,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        help_text="Empty: of the installation, for whoever runs it.",
    )
    kind = models.CharField(max_length=8, choices=AlarmKind.choices)
    subject = models.CharField(max_length=150, help_text="What it is about, for the machine.")
    sentence = models.TextField()
    facts = models.JSONField(default=dict)
    created_at = models.DateTimeField()
    answered_at = models.DateTimeField(null=True, blank=True)
    answered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    note = models.TextField(blank=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["site", "kind", "subject"],
                condition=models.Q(answered_at__isnull=True),
                name="alarm_waits_once",
            ),
            models.UniqueConstraint(
                fields=["kind", "subject"],
                condition=models.Q(answered_at__isnull=True, site__isnull=True),
                name="alarm_of_nobody_waits_once",
            ),
            models.CheckConstraint(
                condition=models.Q(answered_at__isnull=True, answered_by__isnull=True)
                | models.Q(answered_at__isnull=False, answered_by__isnull=False),
                name="alarm_answer_names_who",
            ),
        )
        indexes = (models.Index(fields=["site", "kind", "-id"], name="alarm_site_newest"),)

    def __str__(self) -> str:
        return f"{self.kind} alarm {self.pk}"
