from __future__ import annotations

from django.db import models

from moderation.models.api_key import ApiKey
from moderation.models.post import Post
from moderation.types import ActorRole, FeedbackLabel


class Feedback(models.Model):
    """What a site says about a post after it was judged.

    An owner's or moderator's word overrides the decision; a member's is a report.
    """

    post = models.ForeignKey(
        Post, on_delete=models.PROTECT, related_name="feedback", db_index=False
    )
    revision = models.PositiveIntegerField()
    label = models.CharField(max_length=4, choices=[(x.value, x.value) for x in FeedbackLabel])
    actor_id = models.CharField(max_length=200)
    actor_role = models.CharField(max_length=16, choices=[(r.value, r.value) for r in ActorRole])
    api_key = models.ForeignKey(ApiKey, on_delete=models.PROTECT, related_name="+")
    vouched = models.BooleanField(
        default=False,
        db_default=False,
        editable=False,
        help_text="Whoever said so is trusted, or a moderator said the same: copies follow it.",
    )
    created_at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "feedback"
        indexes = (
            models.Index(fields=["post", "-id"], name="feedback_post_newest"),
            models.Index(fields=["api_key", "created_at"], name="feedback_key_time"),
        )

    def __str__(self) -> str:
        return f"{self.label} by {self.actor_role}"
