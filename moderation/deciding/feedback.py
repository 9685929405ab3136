"""What sites tell us of posts after they were judged."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils import timezone

from moderation import outbox
from moderation.deciding import decisions
from moderation.models import ApiKey, Event, Feedback, Post
from moderation.policy import Reason
from moderation.types import ActorRole, EventKind, FeedbackLabel, Outcome, Source

OUTCOMES = {FeedbackLabel.SPAM: Outcome.BLOCK, FeedbackLabel.HAM: Outcome.ALLOW}


def receive(
    *,
    post: Post,
    label: FeedbackLabel | str,
    actor_id: str,
    actor_role: ActorRole | str,
    api_key: ApiKey,
    now: datetime | None = None,
) -> Feedback:
    """Store what somebody said of the post's present words, and return it.

    An owner's or moderator's word overrides the decision at once; a member's is a report. A post
    that was hidden as dangerous or illegal stays as it is.
    Both are announced, so that cases and labels follow.
    """
    now = now or timezone.now()
    label, role = FeedbackLabel(label), ActorRole(actor_role)
    with transaction.atomic():
        locked = Post.objects.select_for_update(no_key=True).get(pk=post.pk)
        feedback = Feedback.objects.create(
            post=locked,
            revision=locked.revision,
            label=label,
            actor_id=actor_id,
            actor_role=role,
            api_key=api_key,
            created_at=now,
        )
        decision = None
        # Of a hidden post the site's people know no better than those who were named for it.
        if role.is_trusted and locked.hidden_at is None:
            sentence = f"The site's {role.value} said that this is {_word(label)}."
            decision = decisions.override(
                post_id=locked.pk,
                outcome=OUTCOMES[label],
                source=Source.FEEDBACK,
                revision=locked.revision,
                actor=actor_id,
                reasons=decisions.stored_reasons([Reason(f"feedback.{label}", sentence, 0.0)]),
                label=label,
                now=now,
            )
        event = Event(
            kind=EventKind.FEEDBACK_RECEIVED,
            site_id=locked.site_id,
            post=locked,
            decision=decision,
            payload={"feedback": feedback.pk, "label": label.value, "role": role.value},
            next_attempt_at=now,
            created_at=now,
        )
        outbox.publish([event])
    return feedback


def _word(label: FeedbackLabel) -> str:
    return "spam" if label is FeedbackLabel.SPAM else "not spam"
