from __future__ import annotations

from django.db import models
from uuid_utils.compat import uuid7

from moderation.models import Decision, Post, Site
from reviews.models.case import Case
from reviews.states import AppealEnd, AppealState, AppealVia

ANSWERED = (AppealState.UPHELD, AppealState.OVERTURNED)


class Appeal(models.Model):
    """That the author of a blocked post says that the block is wrong: once a decision.

    What it was against never changes, and the application cannot delete it. The appellant's
    words go with the post's.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    post = models.ForeignKey(Post, on_delete=models.PROTECT, related_name="appeals", db_index=False)
    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="+", db_index=False)
    revision = models.PositiveIntegerField()
    decision = models.OneToOneField(
        Decision, on_delete=models.PROTECT, related_name="appeal", help_text="What it is against."
    )
    case = models.OneToOneField(Case, on_delete=models.PROTECT, related_name="appeal")
    via = models.CharField(max_length=8, choices=[(v.value, v.value) for v in AppealVia])
    words = models.TextField(blank=True, help_text="The appellant's own.")
    state = models.CharField(
        max_length=16, choices=[(s.value, s.value) for s in AppealState], default=AppealState.OPEN
    )
    ended = models.CharField(
        max_length=16,
        choices=[(e.value, e.value) for e in AppealEnd],
        blank=True,
        help_text="Why it ended without an answer.",
    )
    answer = models.OneToOneField(
        Decision,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="answers_appeal",
        help_text="A person's decision that answers it.",
    )
    created_at = models.DateTimeField()
    resolved_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["post"],
                condition=models.Q(state=AppealState.OPEN),
                name="appeal_one_open_a_post",
            ),
            models.CheckConstraint(
                condition=models.Q(
                    state=AppealState.OPEN, resolved_at__isnull=True, answer__isnull=True, ended=""
                )
                | models.Q(
                    state__in=ANSWERED, resolved_at__isnull=False, answer__isnull=False, ended=""
                )
                | (
                    models.Q(
                        state=AppealState.CLOSED, resolved_at__isnull=False, answer__isnull=True
                    )
                    & ~models.Q(ended="")
                ),
                name="appeal_end_is_whole",
            ),
        )
        indexes = (
            models.Index(fields=["post"], name="appeal_post"),
            models.Index(fields=["site", "-id"], name="appeal_site_newest"),
        )

    def __str__(self) -> str:
        return f"appeal {self.pk}"
