from __future__ import annotations

from datetime import datetime

from django.db import models
from django.db.models import Func

from moderation.models.decision import Decision
from moderation.models.post import Post
from moderation.models.site import Site
from moderation.types import EventKind


class EventQuerySet(models.QuerySet["Event"]):
    def due(self, moment: datetime) -> EventQuerySet:
        """Events that wait to be told, oldest first."""
        return self.filter(delivered_at__isnull=True, next_attempt_at__lte=moment).order_by(
            "next_attempt_at", "id"
        )

    def claimed(self) -> EventQuerySet:
        """Lock what nobody else tells at the moment."""
        return self.select_for_update(skip_locked=True)


class Event(models.Model):
    """Something that happened, written in the transaction that made it so.

    `settings.WINNOW_EVENT_SUBSCRIBERS` names who is told; delivery may repeat, so
    subscribers are idempotent.
    """

    kind = models.CharField(max_length=32, choices=[(k.value, k.value) for k in EventKind])
    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="+", db_index=False)
    post = models.ForeignKey(
        Post, null=True, blank=True, on_delete=models.PROTECT, related_name="events"
    )
    decision = models.ForeignKey(
        Decision, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    payload = models.JSONField(default=dict)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_attempt_at = models.DateTimeField()
    delivered_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField()
    transaction = models.BigIntegerField(
        null=True,
        editable=False,
        db_default=Func(template="pg_current_xact_id()::text::bigint"),
        help_text="That wrote it; empty where a release wrote it that did not tell sites.",
    )

    objects = EventQuerySet.as_manager()

    class Meta:
        indexes = (
            models.Index(
                fields=["next_attempt_at", "id"],
                condition=models.Q(delivered_at__isnull=True),
                name="event_undelivered",
            ),
            models.Index(fields=["site", "transaction", "id"], name="event_of_site"),
            models.Index(
                fields=["site", "-created_at"],
                condition=models.Q(kind=EventKind.BLOCK_CAP_REACHED),
                name="event_cap_reached",
            ),
        )

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"
