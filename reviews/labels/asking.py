"""What second looks and checks of labels share: a blind case, its answer, and a dispute about it.

Both ask somebody who does not know what was said. The case's answer decides and teaches nothing;
where it differs, an ordinary case is opened that decides. Whoever calls these holds the lock of
the post.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, Final

from django.db.models import Q, QuerySet

from moderation import hidden_words
from moderation.models import Decision, Post
from moderation.types import Source, Status
from reviews.models import Case, Check, Look, Verdict
from reviews.queue.intake import close, new_case
from reviews.queue.priority import priority
from reviews.states import CaseState, Lane

PATIENCE: Final = timedelta(days=14)
"""For an answer to an open case; then it is given up."""

Asked = Look | Check


def judged_of(case: Case) -> Decision:
    """Return the machine's decision on the words of a case, also where another has followed it."""
    if case.decision.source == Source.MACHINE:
        return case.decision
    earlier = Decision.objects.filter(
        post=case.post_id, revision=case.revision, source=Source.MACHINE
    )
    return earlier.select_related("policy__guidelines").order_by("-pk").first() or case.decision


def is_moot(post: Post) -> str:
    """Why nobody need look at a post any more; empty while somebody should."""
    if post.status == Status.WITHDRAWN:
        return "The post was withdrawn."
    if post.pruned_at is not None:
        return "The post's words were deleted."
    if post.hidden_at is not None:
        return "The post was hidden."
    return "A post with the same words was hidden." if hidden_words.says(post) else ""


def out_of_time(case: Case | None, now: datetime) -> str:
    """Why a case is given up that waits for too long; empty while it may wait."""
    waited = case is not None and case.opened_at + PATIENCE < now
    return "Nobody looked in time." if waited else ""


def blind_case(post: Post, seen: Decision, now: datetime, *, revision: int) -> Case:
    """Return a case about how a post stood when `seen` was decided; the caller saves it."""
    return Case(
        post=post,
        site_id=post.site_id,
        revision=revision,
        decision=seen,
        lane=Lane.LOOK,
        priority=priority(
            lane=Lane.LOOK,
            published=seen.published,
            probability=seen.probability,
            opened_at=now,
        ),
        compared=True,
        opened_at=now,
    )


def dispute(post: Post, revision: int, now: datetime) -> Case | None:
    """Return an ordinary case about what is disagreed on; the caller says for whom, and saves it.

    None where that is answered or asked otherwise: the post was edited, or some case is open.
    """
    decision = post.decision
    if decision is None or decision.revision != revision:
        return None
    undecided = Case.objects.filter(post=post, state=CaseState.OPEN).exclude(lane=Lane.LOOK)
    if undecided.exists():
        return None
    case = new_case(post, decision, Lane.HELD, now)
    # It stands among the others as the post did before anybody answered: that would tell what.
    if judged_of(case).published:
        case = new_case(post, decision, Lane.PUBLISHED, now)
    case.compared = True
    return case


def check_undoable(case: Case) -> str:
    """Why an answer to such a case can no longer be taken back; empty if it can."""
    for asked in (Look, Check):
        for one in asked.objects.select_related("dispute").filter(case=case):
            if one.dispute is not None and one.dispute.state != CaseState.OPEN:
                return "The case has moved on since this verdict."
    return ""


def forget_answer(given: Iterable[Asked], now: datetime) -> None:
    """Follow the undo of an answer: whoever was asked is asked again, and no third person."""
    for one in given:
        _close(one.dispute, now)
        one.answer = one.dispute = None
        one.save(update_fields=["answer", "dispute"])


def end(asked: Iterable[Asked], because: str, now: datetime) -> None:
    """Close the cases that ask these, and note why where nobody had answered."""
    for one in asked:
        _close(one.case, now)
        _close(one.dispute, now)
        if one.answer_id is None and not one.ended:
            one.ended = because
            one.save(update_fields=["ended"])


def taken_back(verdict: Verdict, now: datetime) -> None:
    """Follow an undo: of an answer to a look or check, or of what one asks about."""
    for asked in (Look, Check):
        forget_answer(asked.objects.select_related("dispute").filter(answer=verdict), now)
    end(_cases(Look).filter(verdict=verdict), "The verdict was taken back.", now)
    end(_cases(Check).filter(label__verdict=verdict), "The label was taken back.", now)


def asked_of(verdict: Verdict) -> QuerySet[Case]:
    """Return the cases that decide between a verdict and what somebody answered otherwise."""
    of_look, of_check = Q(disputed_by__verdict=verdict), Q(settles_check__label__verdict=verdict)
    return Case.objects.filter(of_look | of_check)


def drop(post: Post, now: datetime) -> None:
    """Close whatever asks about a post that was hidden."""
    waiting = {"answer": None, "ended": ""}
    end(_cases(Look).filter(verdict__case__post=post, **waiting), "The post was hidden.", now)
    end(_cases(Check).filter(label__post=post), "The post was hidden.", now)


def _close(case: Case | None, now: datetime) -> None:
    # Why is told by who asked: this sentence is shown to whoever has the case's page open.
    if case is not None and case.state == CaseState.OPEN:
        close(case, "It no longer needs an answer.", now)
        case.save()


def _cases(asked: type[Look] | type[Check]) -> QuerySet[Any]:
    return asked.objects.select_related("case", "dispute")
