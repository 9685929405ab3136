"""What becomes of an appeal when its case is closed, or opened again.

An appeal is answered by whatever person decides about the same words: by verdict, or by the
site's own feedback. It follows from the decision in force and is never said apart from it.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from functools import partial
from typing import Any

from django.db import transaction

from moderation import outbox, trail
from moderation.broker import counters
from moderation.models import Event
from moderation.types import EventKind, Outcome, Source, Status
from reviews.lanes import Lane
from reviews.models import Appeal, Case
from reviews.states import AppealEnd, AppealState

ENDING = ("state", "ended", "answer", "resolved_at")


def settle(cases: Iterable[Case], now: datetime) -> None:
    """End the appeals of cases that were closed; the decisions that closed them are in force.

    In the transaction that closes them, which holds the locks on their posts.
    """
    closed = [case.pk for case in cases if case.lane == Lane.APPEAL]
    if not closed:
        return
    appeals = Appeal.objects.filter(case__in=closed, state=AppealState.OPEN).order_by("pk")
    # Decisions by a statement of their own; see intake.lock_posts.
    ended = list(appeals.select_for_update(of=("self",)).prefetch_related("post__decision"))
    for appeal in ended:
        _end(appeal, now)
    Appeal.objects.bulk_update(ended, ENDING)
    tell(ended, EventKind.APPEAL_RESOLVED, now)


def reopen(case: Case, now: datetime) -> None:
    """Open the appeal of a case again whose answer was taken back."""
    if case.lane != Lane.APPEAL:
        return
    appeals = list(Appeal.objects.select_for_update().filter(case=case))
    for appeal in appeals:
        appeal.state, appeal.ended = AppealState.OPEN, ""
        appeal.answer, appeal.resolved_at = None, None
        appeal.save(update_fields=ENDING)
    tell(appeals, EventKind.APPEAL_REOPENED, now)


def tell(appeals: Iterable[Appeal], kind: EventKind, now: datetime) -> None:
    """Announce and count what happened to these appeals."""
    told = list(appeals)
    outbox.publish([_event(appeal, kind, now) for appeal in told])
    transaction.on_commit(partial(_count, kind, [str(appeal.state) for appeal in told]))


def _end(appeal: Appeal, now: datetime) -> None:
    post, decision = appeal.post, appeal.post.decision
    appeal.resolved_at = now
    if post.status == Status.WITHDRAWN:
        appeal.state, appeal.ended = AppealState.CLOSED, AppealEnd.WITHDRAWN
    elif (
        decision is None
        or decision.revision != appeal.revision
        or not Source(decision.source).is_person
    ):
        appeal.state, appeal.ended = AppealState.CLOSED, AppealEnd.EDITED
    else:
        allowed = decision.outcome == Outcome.ALLOW
        appeal.state = AppealState.OVERTURNED if allowed else AppealState.UPHELD
        appeal.answer = decision


def _event(appeal: Appeal, kind: EventKind, now: datetime) -> Event:
    payload: dict[str, Any] = {
        "appeal": str(appeal.pk),
        "state": appeal.state,
        "ended": appeal.ended or None,
        "via": appeal.via,
        "revision": appeal.revision,
        "decision": appeal.decision_id,
        "answer": appeal.answer_id,
        "request_id": trail.here().request_id,
    }
    return Event(
        kind=kind,
        site_id=appeal.site_id,
        post_id=appeal.post_id,
        decision_id=appeal.answer_id or appeal.decision_id,
        payload=payload,
        next_attempt_at=now,
        created_at=now,
    )


def _count(kind: EventKind, states: list[str]) -> None:
    for state in states:
        counters.count("appeals", event=kind.removeprefix("appeal."), state=state)
