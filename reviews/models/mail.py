from __future__ import annotations

from enum import StrEnum

from django.conf import settings
from django.db import models

from moderation.models import Site


class MailKind(StrEnum):
    DIGEST = "digest"
    ALERT = "alert"
    RECOVERY = "recovery"


class MailState(StrEnum):
    WAITING = "waiting"
    SENT = "sent"
    FAILED = "failed"


class IncidentKind(StrEnum):
    """What those who lead a site are told of."""

    WAIT = "wait"
    """A case has waited too long."""
    HOLD = "hold"
    """The time of held posts runs out."""
    AUDIT = "audit"
    """An audit is not answered in time: what is promised stands on fewer of them."""
    LOOK = "look"
    """A second look is not answered in time: nobody else may be there for it."""
    PROMISE = "promise"
    """A certificate ended before its time: the model blocks no more."""


class Mail(models.Model):
    """One mail to one person: written in the transaction that has the reason, sent by a worker.

    It holds no word of any post and no name of an author.
    """

    kind = models.CharField(max_length=16, choices=[(k.value, k.value) for k in MailKind])
    site = models.ForeignKey(
        Site, null=True, blank=True, on_delete=models.CASCADE, related_name="+", db_index=False
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="mails", db_index=False
    )
    subject = models.CharField(max_length=200)
    text = models.TextField()
    state = models.CharField(
        max_length=8, choices=[(s.value, s.value) for s in MailState], default=MailState.WAITING
    )
    attempts = models.PositiveSmallIntegerField(default=0)
    next_attempt_at = models.DateTimeField()
    error = models.CharField(max_length=100, blank=True)
    created_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = (
            models.Index(
                fields=["next_attempt_at"],
                condition=models.Q(state=MailState.WAITING),
                name="mail_waiting",
            ),
            models.Index(fields=["user", "-id"], name="mail_user_newest"),
            models.Index(fields=["site", "-id"], name="mail_site_newest"),
        )

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"


class Incident(models.Model):
    """Something that those who lead a site are told of once, until it has passed."""

    site = models.ForeignKey(Site, on_delete=models.CASCADE, related_name="incidents")
    kind = models.CharField(max_length=8, choices=[(k.value, k.value) for k in IncidentKind])
    opened_at = models.DateTimeField()
    seen_at = models.DateTimeField(help_text="When it was so last.")
    closed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["site", "kind"],
                condition=models.Q(closed_at__isnull=True),
                name="incident_one_open",
            ),
        )

    def __str__(self) -> str:
        return f"{self.kind} of {self.site}"
