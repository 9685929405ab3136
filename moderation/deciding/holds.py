"""Posts that were held for too long get their site's fallback."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.db.models import prefetch_related_objects
from django.utils import timezone

from moderation import hidden_words, outbox, trail
from moderation.deciding.decisions import event_of, put_in_force, stored_reasons
from moderation.models import Decision, Policy, Post
from moderation.policy import Reason
from moderation.trail import Traced
from moderation.types import EventKind, Ground, Outcome, Source, Status


def expire_holds(*, now: datetime | None = None, limit: int = 100) -> list[Decision]:
    """Give posts that were held for too long their site's fallback; return those decisions.

    A post that could not be judged, that is hidden or says what a hidden one says, is never
    published by this. Its case stays open.
    """
    now = now or timezone.now()
    with transaction.atomic():
        held = (
            Post.objects.held_past(now)
            .filter(status=Status.DECIDED, outcome=Outcome.REVIEW)
            .order_by("hold_until")
            .select_for_update(no_key=True, skip_locked=True)
        )[:limit]
        posts = list(held)
        # Once they are locked: a join would show the decision of before the lock.
        prefetch_related_objects(posts, "decision")
        rows = Policy.objects.filter(site_id__in={post.site_id for post in posts}).in_force()
        policies = {row.site_id: row for row in rows}
        saying = Post.objects.filter(hidden_words.said(), pk__in=[post.pk for post in posts])
        kept = set(saying.values_list("pk", flat=True))
        decisions = [
            _expiry(post, policies[post.site_id], now, kept=post.pk in kept) for post in posts
        ]
        Decision.objects.bulk_create(decisions)
        for post, decision in zip(posts, decisions, strict=True):
            put_in_force(post, decision, policies[post.site_id], now)
        origins = trail.origins_of((d.post_id, d.revision) for d in decisions)
        trail.decided(
            Traced(decision, origins.get(post.pk, trail.NOWHERE), post.submitted_at)
            for post, decision in zip(posts, decisions, strict=True)
        )
        outbox.publish(
            [
                event_of(
                    decision,
                    policies[decision.site_id],
                    audited=False,
                    origin=origins.get(decision.post_id, trail.NOWHERE),
                    kind=EventKind.HOLD_EXPIRED,
                )
                for decision in decisions
            ]
        )
    return decisions


def held_since(before: Decision) -> datetime | None:
    """Return since when a post is held that `before` held, also where it did so once more.

    What a person puts in force again was held before. None where nothing is held.
    """
    if before.outcome != Outcome.REVIEW or before.published:
        return None
    machine = Decision.objects.filter(
        post=before.post_id, revision=before.revision, source=Source.MACHINE, pk__lte=before.pk
    )
    first = machine.order_by("-pk").first()
    if first is None or first.outcome != Outcome.REVIEW or first.published:
        return before.created_at
    return first.created_at


def _expiry(post: Post, policy: Policy, now: datetime, *, kept: bool) -> Decision:
    present = post.decision
    if present is None:
        raise ValueError(f"The held post {post.pk} has no decision.")
    stays = kept or present.failed or post.hidden_at is not None
    outcome = Outcome.BLOCK if stays else Outcome(policy.hold_fallback)
    hours = policy.max_hold.total_seconds() / 3600
    then = "stays unpublished" if outcome is Outcome.BLOCK else "is published"
    sentence = f"Nobody answered within {hours:g} hours, so the post {then}."
    return Decision(
        post=post,
        site_id=post.site_id,
        revision=present.revision,
        outcome=outcome,
        published=outcome is Outcome.ALLOW,
        source=Source.EXPIRY,
        by=Ground.FALLBACK,
        probability=present.probability,
        site_probability=present.site_probability,
        would_be=present.would_be,
        reasons=stored_reasons([Reason("hold.expired", sentence, 0.0)]),
        failed=present.failed,
        mode=policy.mode,
        policy=policy,
        model=present.model,
        learner_revision=present.learner_revision,
        supersedes=present,
        created_at=now,
    )
