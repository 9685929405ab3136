"""How a case stands to whoever looks at it: whose it is, what became of it, what can be undone."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from django.utils import timezone
from django.utils.crypto import constant_time_compare, salted_hmac

from moderation.models import Decision, Post
from moderation.types import Source, Status
from reviews.console import wording
from reviews.exceptions import NotPermitted
from reviews.judging.correcting import can_decide_anew
from reviews.labels import looks
from reviews.labels.blind import is_alone, is_plain_to, why_it_stands, withheld_from
from reviews.models import Case, Verdict
from reviews.people.colleagues import left_for
from reviews.people.permissions import Given, can_undo, check_can_judge, judges_of
from reviews.roles import Act
from reviews.states import PASSING, CaseState, Lane, VerdictKind

if TYPE_CHECKING:
    from django.contrib.auth.models import User

CLOSING = frozenset(
    {VerdictKind.SPAM, VerdictKind.NOT_SPAM, VerdictKind.REMOVE, VerdictKind.DANGER}
)
RECORDED = {answer.kind: answer.recorded for answer in wording.ANSWERS}


def is_held(case: Case, user: User, now: datetime) -> bool:
    """Return whether `user` holds the case at this moment."""
    return (
        case.state == CaseState.OPEN
        and case.holder_id == user.pk
        and case.lease_until is not None
        and case.lease_until > now
    )


def decision_token(case: Case, decision_id: int, *, alone: bool = False) -> str:
    """Return what stands on a page for the decision that it shows; nobody can tell which it is.

    The number of a decision would tell a second look: it is older than its case. One that stayed
    as it was when an answer is taken back would, too, so each round has another.
    """
    of = f"{case.pk}:{case.round}:{decision_id}:{alone}"
    return salted_hmac("reviews.console.shown", of, algorithm="sha256").hexdigest()[:32]


def decision_of(case: Case, user: User, written: str) -> int:
    """Return which decision a page of this round showed to this person; 0 where it is none.

    Also the one that they have answered: nobody may have told them that it was stored.
    """
    mine = Verdict.objects.filter(case=case, round=case.round, user=user)
    for decision_id in (case.decision_id, *mine.values_list("seen", flat=True)):
        if constant_time_compare(decision_token(case, decision_id), written):
            return decision_id
    return 0


def page_token(case: Case, user: User) -> str:
    """Return what has to be the same for a page of the case that was fetched before to be shown.

    A second look that came to be due since makes the page of any other case of its post plain.
    """
    return decision_token(case, case.decision_id, alone=is_alone(user, case))


def is_free(case: Case, user: User, now: datetime) -> bool:
    """Return whether an answer without a lease would count: nobody else looks at the case."""
    if case.state != CaseState.OPEN or case.lease_until is None:
        return case.state == CaseState.OPEN
    return case.holder_id == user.pk or case.lease_until <= now


def passed_on(case: Case, user: User, verdicts: Sequence[Verdict]) -> bool:
    """Return whether this person has passed the case on in this round."""
    undone = {verdict.undoes_id for verdict in verdicts}
    return any(
        verdict.kind in PASSING
        and verdict.user_id == user.pk
        and verdict.round == case.round
        and verdict.pk not in undone
        for verdict in verdicts
    )


def escalated(case: Case, user: User, verdicts: Sequence[Verdict]) -> list[Verdict]:
    """Return the escalations that were not taken back: who asks a senior, and in what words.

    Of a second look only one's own: it goes on to whoever else was asked, and would stand out among
    what comes to them. None about a hidden post, which its notes may quote.
    """
    undone = {verdict.undoes_id for verdict in verdicts}
    return [
        verdict
        for verdict in verdicts
        if verdict.kind == VerdictKind.ESCALATE
        and verdict.pk not in undone
        and (case.lane != Lane.LOOK or verdict.user_id == user.pk)
        and case.post.hidden_at is None
    ]


def minutes_left(case: Case, now: datetime | None = None) -> int:
    """Return whole minutes until the lease ends, rounded up; 0 when it has ended."""
    now = now or timezone.now()
    if case.lease_until is None:
        return 0
    return max(0, math.ceil((case.lease_until - now).total_seconds() / 60))


def stands(verdict: Verdict) -> bool:
    """Return whether nothing came after this verdict; the undo itself checks once more."""
    case = verdict.case
    if VerdictKind(verdict.kind) in PASSING:
        return case.state == CaseState.OPEN and case.round == verdict.round
    if case.state != CaseState.JUDGED or case.round != verdict.round:
        return False
    if case.lane == Lane.LOOK:
        asked = case.look if hasattr(case, "look") else case.checks
        return asked.dispute is None or asked.dispute.state == CaseState.OPEN
    return case.post.decision_id == verdict.decision_id


def takes_back(
    case: Case, user: User, verdicts: Sequence[Verdict], now: datetime
) -> Verdict | None:
    """Return the answer that closed the case, if nothing came after it and the person may."""
    given = _closing(case, verdicts)
    if given is None:
        return None
    if why_it_stands(given, case, user, now) or not stands(given):
        return None
    return given if can_undo(user, given) else None


def may_answer_otherwise(user: User, post: Post) -> bool:
    """Return whether this person may yet change what they answered about a post, or answer it.

    Blind, or because an answer of theirs stands that they may take back.
    """
    if withheld_from(user, [post.pk]):
        return True
    given = Verdict.objects.filter(user=user, case__post=post, kind__in=CLOSING, undone_by=None)
    related = ("case__post__author", "case__site__look_plan", "case__look__dispute")
    now = timezone.now()
    return any(
        stands(one) and not why_it_stands(one, one.case, user, now) and can_undo(user, one)
        for one in given.select_related(*related)
    )


def decides_anew(
    case: Case, user: User, verdicts: Sequence[Verdict], now: datetime
) -> Verdict | None:
    """Return the answer that closed the case, if this person may decide its post anew."""
    given = _closing(case, verdicts)
    return given if given and can_decide_anew(user, given, now) else None


def _closing(case: Case, verdicts: Sequence[Verdict]) -> Verdict | None:
    if case.state != CaseState.JUDGED:
        return None
    closing = (one for one in verdicts if one.round == case.round and one.kind in CLOSING)
    given = next(closing, None)
    if given is not None:
        given.case = case
    return given


def decision_in_force(case: Case, user: User) -> Decision | None:
    """Return what is decided now about the post; None to who judges, or may yet, by it alone."""
    if is_plain_to(user, case) or withheld_from(user, [case.post_id]):
        return None
    return Decision.objects.filter(in_force_for=case.post_id).first()


def readers(case: Case, *, plain: bool) -> str:
    """Say whether the post is shown to readers; of a plain case whether it was when the machine
    decided.

    What became of it since would tell what others answered. `case` is as `find_case` gave it.
    """
    if not plain and case.post.status == Status.WITHDRAWN:
        return "withdrawn"
    if plain and case.decision.source != Source.MACHINE:
        seen = bool(case.published_at_first)  # type: ignore[attr-defined]
    elif plain:
        seen = case.decision.published
    else:
        seen = case.post.decision is not None and case.post.decision.published
    return "shown to readers" if seen else "not shown to readers"


def ran_out(case: Case, *, plain: bool) -> Decision | None:
    """Return what was decided when the hold of the post ran out, where that stands.

    None for a plain case. `case` is as `find_case` gave it.
    """
    present = case.post.decision
    return present if present and present.source == Source.EXPIRY and not plain else None


def in_words(
    case: Case, user: User, given: Given, verdicts: Sequence[Verdict], now: datetime
) -> str:
    """Say what became of the case, who holds it, or why this person does not answer it."""
    if case.state == CaseState.CLOSED:
        return f"Closed without an answer. {case.closed_because}".strip()
    if case.state == CaseState.JUDGED:
        answers = [v for v in verdicts if v.round == case.round and v.kind in CLOSING]
        return " ".join(_said(answer) for answer in answers)
    held = "" if is_free(case, user, now) else _held(case, now)
    if Act.JUDGE not in given.acts:
        return f"{held or 'It waits for an answer.'} You see it, and do not judge it."
    if held:
        return held
    if passed_on(case, user, verdicts):
        if _left(case, user.pk):
            return "You passed this case on; it waits for somebody else."
        return "You passed this case on, and nobody else judges it: it comes back after a day."
    try:
        check_can_judge(user, case, given)
    except NotPermitted as error:
        return error.sentence
    return "Nobody holds this case."


def recorded(given: Verdict) -> str:
    """Say that an answer was stored, and to whom the case went that it passed on."""
    kind, case = VerdictKind(given.kind), given.case
    if kind not in PASSING:
        return RECORDED[kind]
    to_some = kind is VerdictKind.ESCALATE and (case.meant_for or case.lane == Lane.LOOK)
    if to_some and _left(case, given.user_id, Act.SETTLE):
        return RECORDED[VerdictKind.ESCALATE]
    left = _left(case, given.user_id)
    return RECORDED[VerdictKind.CANNOT_TELL] if left else wording.PUT_ASIDE


def _left(case: Case, user_id: int, act: Act = Act.JUDGE) -> bool:
    """Return whether somebody else is there to judge; of what measures as of any other case."""
    if case.lane == Lane.LOOK or looks.is_settling(case):
        return bool({*judges_of(case.site_id, act, of=case.post)} - {user_id})
    return bool(left_for(case, act))


def _held(case: Case, now: datetime) -> str:
    holder = case.holder.get_username() if case.holder else "Somebody"
    minutes = minutes_left(case, now)
    return f"{holder} holds this case, for {minutes} more minute{'s' if minutes > 1 else ''}."


def _said(answer: Verdict) -> str:
    word = wording.VERDICTS[VerdictKind(answer.kind)]
    return f"Answered by {answer.user.get_username()}: {word}."
