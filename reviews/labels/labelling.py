"""Where labels come from, and which of them hold.

Of several labels on the same words, one made in this service (a verdict, or trusted
feedback) stands above imported history, and among equals the newest stands.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from django.db.models import BooleanField, Exists, ExpressionWrapper, OuterRef, Q, QuerySet

from moderation.models import Decision, Feedback, Site
from moderation.types import FeedbackLabel
from reviews.models import Case, Label, LabelSource, Verdict
from reviews.states import VerdictKind

LABEL_OF: Final[dict[VerdictKind, FeedbackLabel]] = {
    VerdictKind.SPAM: FeedbackLabel.SPAM,
    VerdictKind.NOT_SPAM: FeedbackLabel.HAM,
}
"""What each verdict teaches. The others teach nothing."""


def label_verdict(*, verdict: Verdict, case: Case, now: datetime) -> Label | None:
    """Store what a verdict teaches; None for one that teaches nothing.

    The label of an audited case is marked with the probability of its draw.
    """
    label = LABEL_OF.get(VerdictKind(verdict.kind))
    if label is None:
        return None
    return Label.objects.create(
        post_id=case.post_id,
        site_id=case.site_id,
        revision=case.revision,
        label=label,
        source=LabelSource.VERDICT,
        verdict=verdict,
        user_id=verdict.user_id,
        audit=case.audit is not None,
        inclusion_probability=case.audit.probability if case.audit else None,
        created_at=now,
    )


def retract_verdict(*, undone: Verdict, undo: Verdict, now: datetime) -> Label | None:
    """Take back the label that a verdict made; None when it made none."""
    label = Label.objects.filter(verdict=undone, retracts=None).first()
    return None if label is None else retract_label(label=label, by=undo, now=now)


def retract_label(*, label: Label, by: Verdict, now: datetime) -> Label:
    """Take back a label, by an answer that makes none itself."""
    return Label.objects.create(
        post_id=label.post_id,
        site_id=label.site_id,
        revision=label.revision,
        label=label.label,
        source=LabelSource.VERDICT,
        verdict=by,
        user_id=by.user_id,
        audit=label.audit,
        inclusion_probability=label.inclusion_probability,
        retracts=label,
        created_at=now,
    )


def label_feedback(*, received: Iterable[Feedback], now: datetime) -> list[Label]:
    """Store what trusted feedback teaches, once each; never an audit's label."""
    feedback = list(received)
    known = set(Label.objects.filter(feedback__in=feedback).values_list("feedback_id", flat=True))
    fresh = [
        Label(
            post_id=item.post_id,
            site_id=item.post.site_id,
            revision=item.revision,
            label=item.label,
            source=LabelSource.FEEDBACK,
            feedback=item,
            created_at=now,
        )
        for item in feedback
        if item.pk not in known
    ]
    return Label.objects.bulk_create(fresh)


def label_history(*, decisions: Iterable[Decision], now: datetime) -> list[Label]:
    """Store the labels that imported history came with."""
    return Label.objects.bulk_create(
        Label(
            post_id=decision.post_id,
            site_id=decision.site_id,
            revision=decision.revision,
            label=decision.label,
            source=LabelSource.HISTORICAL,
            created_at=now,
        )
        for decision in decisions
    )


def audited(sites: QuerySet[Site]) -> QuerySet[Label]:
    """The labels of audits: they measure, and never train."""
    return Label.objects.in_force().filter(site__in=sites, audit=True).order_by("pk")


def effective(sites: QuerySet[Site], *, audits: bool = False) -> QuerySet[Label]:
    """One label for each revision that has any, oldest post first.

    One pass over the labels, so nothing may be filtered afterwards: PostgreSQL filters before
    it picks. Without `audits`, posts that were audited are left out whole, whatever else was
    said of them: audits measure models, and what measures must not train. Posts whose words
    were deleted are left out when the words are read: one join more and PostgreSQL, where it
    has no statistics yet, compares every label with every post.
    """
    labels = Label.objects.in_force().filter(site__in=sites)
    if not audits:
        audited = Label.objects.in_force().filter(post=OuterRef("post"), audit=True)
        labels = labels.filter(~Exists(audited))
    historical = ExpressionWrapper(Q(source=LabelSource.HISTORICAL), BooleanField())
    return labels.order_by("post_id", "revision", historical, "-pk").distinct("post_id", "revision")
