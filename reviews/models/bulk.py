from __future__ import annotations

from django.conf import settings
from django.db import models

from moderation.models import Guidelines, Post, Site
from reviews.bulk_states import BulkScope, BulkState, ItemReason, ItemState
from reviews.models.case import Verdict
from reviews.states import VerdictKind


class BulkAction(models.Model):
    """One answer to many posts: who gave it, when, and about what. The application keeps it.

    It begins at a post, and is about what has something in common with that. That names nobody
    any more once the words of that post are deleted: a trigger on posts sees to it.
    """

    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="+", db_index=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    case_id = models.PositiveBigIntegerField(help_text="The case that it began at.")
    post_id = models.UUIDField(db_index=True, help_text="The post of that case.")
    scope = models.CharField(max_length=8, choices=[(s.value, s.value) for s in BulkScope])
    value = models.TextField(blank=True, help_text="The author, address or domain asked for.")
    kind = models.CharField(
        max_length=16,
        choices=[
            (k.value, k.value) for k in (VerdictKind.SPAM, VerdictKind.NOT_SPAM, VerdictKind.REMOVE)
        ],
    )
    note = models.TextField(
        blank=True,
        default="",
        db_default="",
        help_text="For colleagues; each verdict keeps it, the action only while it is at work.",
    )
    guidelines = models.ForeignKey(
        Guidelines,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
        help_text="Those whose rule is answered by.",
    )
    rule = models.PositiveSmallIntegerField(null=True, blank=True)
    over_people = models.BooleanField(
        default=False, help_text="Also posts that another person had decided."
    )
    state = models.CharField(
        max_length=8, choices=[(s.value, s.value) for s in BulkState], default=BulkState.RUNNING
    )
    undone_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
    )
    created_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True, blank=True)
    undone_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=models.Q(undone_by__isnull=True, undone_at__isnull=True)
                | models.Q(undone_by__isnull=False, undone_at__isnull=False),
                name="bulk_undo_is_whole",
            ),
        )
        indexes = (
            models.Index(fields=["site", "-id"], name="bulk_site_newest"),
            models.Index(
                fields=["id"],
                condition=models.Q(state__in=[BulkState.RUNNING, BulkState.UNDOING]),
                name="bulk_at_work",
            ),
        )

    def __str__(self) -> str:
        return f"{self.kind} for all, from case {self.case_id}"


class BulkItem(models.Model):
    """One post of an action: the row is the work. The application keeps it."""

    action = models.ForeignKey(
        BulkAction, on_delete=models.PROTECT, related_name="items", db_index=False
    )
    post = models.ForeignKey(Post, on_delete=models.PROTECT, related_name="+", db_index=False)
    decision_id = models.PositiveBigIntegerField(
        help_text="The decision in force when the action was ordered; another is left alone."
    )
    state = models.CharField(
        max_length=8, choices=[(s.value, s.value) for s in ItemState], default=ItemState.WAITING
    )
    reason = models.CharField(
        max_length=16, choices=[(r.value, r.value) for r in ItemReason], blank=True
    )
    verdict = models.OneToOneField(
        Verdict, null=True, blank=True, on_delete=models.PROTECT, related_name="bulk_item"
    )
    opened = models.BooleanField(
        default=False, help_text="No case waited: the action opened the one that it answered."
    )
    undo = models.OneToOneField(
        Verdict, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["action", "post"], name="bulk_item_once_an_action"),
            models.CheckConstraint(
                condition=models.Q(state__in=[ItemState.WAITING, ItemState.LEFT])
                | models.Q(verdict__isnull=False),
                name="bulk_item_decided_by_verdict",
            ),
            models.CheckConstraint(
                condition=~models.Q(state=ItemState.RESTORED) | models.Q(undo__isnull=False),
                name="bulk_item_restored_by_undo",
            ),
        )
        indexes = (
            models.Index(fields=["action", "state", "id"], name="bulk_item_work"),
            models.Index(fields=["post"], name="bulk_item_post"),
        )

    def __str__(self) -> str:
        return f"{self.post_id}, {self.state}"
