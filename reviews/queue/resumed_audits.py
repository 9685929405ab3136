"""Audits that an appeal interrupts, and that go on when it has ended: what was drawn is measured.

Whoever reads an appeal no longer judges blind, so an audit of the same words does not wait beside
it. Afterwards it is for those who met neither the appeal nor its page; where nobody is left, it
ends without an answer. Its own answer is a label then, and decides nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Final
from uuid import UUID

from moderation.types import Severity, Status
from reviews.lanes import Lane
from reviews.models import Appeal, Case, PageView, Verdict
from reviews.people.permissions import judges_of
from reviews.people.watching import CASE
from reviews.queue.by_language import who_reads
from reviews.queue.priority import priority, weight_of
from reviews.states import CaseState, transition

ASKED_ANEW: Final = "The author appealed; another case asks about it."


def resume(ended: Iterable[Appeal]) -> None:
    """Ask again about the draws that these appeals interrupted; their posts are locked."""
    for appeal in ended:
        if appeal.post.status == Status.WITHDRAWN or appeal.post.hidden_at is not None:
            continue
        interrupted = Case.objects.filter(
            post=appeal.post_id,
            revision=appeal.revision,
            audit__isnull=False,
            state=CaseState.CLOSED,
            closed_because=ASKED_ANEW,
        )
        for case in interrupted.select_for_update(of=("self",)).select_related("decision"):
            _resume(case, appeal)


def _resume(case: Case, appeal: Appeal) -> None:
    post, decision = appeal.post, case.decision
    blind = sorted({*judges_of(post.site_id, of=post)} - met(post.pk))
    if not blind:
        return
    case.meant_for = who_reads(case.language, blind)
    case.lane, case.round, case.passed = Lane.AUDIT, case.round + 1, False
    case.priority = priority(
        lane=Lane.AUDIT,
        published=decision.published,
        probability=decision.probability,
        opened_at=case.opened_at,
        weight=weight_of(post.exposure, Severity(post.severity)),
    )
    case.state = transition(CaseState(case.state), CaseState.OPEN)
    case.closed_at, case.closed_because = None, ""
    case.save()


def interrupt(appealed: Case, now: datetime) -> None:
    """Leave the audit alone again, for the appeal of this case is to be opened anew."""
    waiting = Case.objects.filter(
        post=appealed.post_id, revision=appealed.revision, lane=Lane.AUDIT, state=CaseState.OPEN
    )
    for case in waiting.select_for_update():
        case.state = transition(CaseState(case.state), CaseState.CLOSED)
        case.closed_at, case.closed_because = now, ASKED_ANEW
        case.holder, case.lease_until = None, None
        case.save()


def met(post: UUID) -> set[int]:
    """Ids of those who answered an appeal of this post, passed it on, or were shown it."""
    appealed = [*Appeal.objects.filter(post=post).values_list("case", flat=True)]
    if not appealed:
        return set()
    said = Verdict.objects.filter(case__in=appealed).values_list("user", flat=True)
    seen = PageView.objects.filter(subject__in=map(str, appealed), page__startswith=CASE)
    return {*said, *seen.values_list("user", flat=True)}
