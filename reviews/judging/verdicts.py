"""A moderator's answer to a case, and taking one back; each is one transaction.

Locks are taken in one order everywhere: the post, then its cases. A verdict needs no lease of
one's own, so a late answer still counts; it is refused when somebody else holds the case now,
or when the decision that was seen is no longer in force.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from moderation import guidelines, hidden_words
from moderation.deciding import decisions
from moderation.deciding.block_statement import MANY, UPHELD
from moderation.models import Decision, Guidelines, Post
from moderation.types import Outcome, Source, Status
from reviews.exceptions import AlreadyAnswered, CaseHeld, CaseMissing, StaleCase, StillHidden
from reviews.judging import danger
from reviews.labels import checks, looks
from reviews.labels.blind import AT_ONCE, PAUSE, is_plain_to, withheld_from
from reviews.labels.labelling import LABEL_OF, label_verdict
from reviews.models import Case, Verdict
from reviews.people.colleagues import left_for, seniors_for
from reviews.people.permissions import check_can_judge, sites_of
from reviews.queue import appeal_closing
from reviews.queue.by_language import who_reads
from reviews.queue.intake import lock_posts, outlives_withdrawal
from reviews.states import PASSING, CaseState, Lane, VerdictKind, transition

if TYPE_CHECKING:
    from django.contrib.auth.models import User

OUTCOME_OF: Final[dict[VerdictKind, Outcome]] = {
    VerdictKind.SPAM: Outcome.BLOCK,
    VerdictKind.NOT_SPAM: Outcome.ALLOW,
    VerdictKind.REMOVE: Outcome.BLOCK,
    VerdictKind.DANGER: Outcome.BLOCK,
}
SENTENCE_OF: Final[dict[VerdictKind, str]] = {
    VerdictKind.SPAM: "A moderator judged it to be spam.",
    VerdictKind.NOT_SPAM: "A moderator judged it not to be spam.",
    VerdictKind.REMOVE: "A moderator removed it for another reason than spam.",
    VerdictKind.DANGER: danger.SENTENCE,
    VerdictKind.UNDO: "A moderator took back the verdict.",
}
SAID: Final[dict[VerdictKind, str]] = {
    VerdictKind.SPAM: "spam",
    VerdictKind.NOT_SPAM: "not spam",
    VerdictKind.REMOVE: "removed for another reason",
    VerdictKind.CANNOT_TELL: "cannot tell",
    VerdictKind.ESCALATE: "escalated",
    VerdictKind.DANGER: "dangerous or illegal",
}
ANSWERED: Final = "Somebody answered this case meanwhile."
ENDED: Final = "This case asks no more."
"""What is told of an answer, or of what the machine made of new words, to whoever may yet be asked
about the post blind."""
DONE: Final[dict[Outcome, str]] = {
    Outcome.ALLOW: "allowed it",
    Outcome.BLOCK: "blocked it",
    Outcome.REVIEW: "left it for review",
}


@dataclass(frozen=True, slots=True)
class Ruled:
    """The rule of the guidelines by which somebody answers."""

    guidelines_id: int
    rule: guidelines.Rule


def ruled_by(written: Guidelines | None, number: int | None) -> Ruled | None:
    """Return the rule of this number, if these guidelines have one."""
    rule = guidelines.parse(written.text).rule(number) if written else None
    return Ruled(written.pk, rule) if written and rule else None


@transaction.atomic
def submit_verdict(
    *,
    case_id: int,
    user: User,
    kind: VerdictKind,
    seen_decision_id: int,
    note: str = "",
    ruled: Ruled | None = None,
    now: datetime | None = None,
) -> Verdict:
    """Store the answer, the decision it makes and the label it earns, and close the case.

    "Cannot tell" and "escalate" decide nothing and let the case go, to anybody else or to a
    senior. "Dangerous" hides and preserves a post that the site withdrew meanwhile as well, and
    leaves its case as it is. Raises CaseMissing,
    NotPermitted, StaleCase (with the present state in words), CaseHeld, AlreadyAnswered,
    StillHidden. The same answer given again, because nobody heard that it was stored, is not
    stored twice: the verdict of before is returned.
    """
    now = now or timezone.now()
    post, case = lock(case_id)
    said = {"kind": kind, "note": note, "seen": seen_decision_id, **_rule_of(ruled)}
    # Asked first: what was escalated, say, waits for somebody else now.
    given = case.verdicts.filter(user=user, round=case.round, undone_by=None, **said).last()
    if given is not None:
        return given
    check_can_judge(user, case)
    if kind == VerdictKind.DANGER and _is_gone(case, post) and seen_decision_id == case.decision_id:
        # Nothing is decided. Who deletes a post fast must not destroy what somebody has seen.
        verdict = _verdict(case, user, kind, note, ruled, now)
        verdict.save()
        danger.hide(post=post, user=user, verdict=verdict, now=now)
        return verdict
    _check_asked(case, post, user, seen_decision_id)
    if case.holder_id not in (None, user.pk) and case.lease_until and case.lease_until > now:
        raise CaseHeld
    if passes_of(case).filter(user=user).exists():
        raise AlreadyAnswered("You have passed this case on; undo that first.")
    if kind == VerdictKind.NOT_SPAM and post.hidden_at is not None:
        raise StillHidden
    if kind in PASSING:
        verdict = _verdict(case, user, kind, note, None, now)
        verdict.save()
        case.passed = True
        if kind == VerdictKind.ESCALATE and not case.meant_for:
            case.meant_for = who_reads(case.language, seniors_for(case))
        elif case.meant_for and is_for_anybody(case, post) and not left_for(case):
            # Whoever it was meant for cannot tell either: it is for everybody again.
            case.meant_for = []
        _let_go(case)
        return verdict
    verdict = answer(post=post, case=case, user=user, kind=kind, note=note, ruled=ruled, now=now)
    if case.lane == Lane.LOOK:
        if not checks.answered(verdict=verdict, case=case, now=now):
            looks.answered(verdict=verdict, case=case, now=now)
    else:
        looks.draw(verdict=verdict, case=case, now=now)
    if kind == VerdictKind.DANGER:
        post.refresh_from_db(fields=["decision"])
        danger.hide(post=post, user=user, verdict=verdict, now=now)
    return verdict


def answer(
    *,
    post: Post,
    case: Case,
    user: User,
    kind: VerdictKind,
    note: str = "",
    ruled: Ruled | None = None,
    campaign: bool = False,
    now: datetime,
) -> Verdict:
    """Store an answer and close the case; post and case are locked, and the case is open.

    In a `campaign`, along with posts that say or link to the same. Whoever calls it has looked
    whether this person may
    give it.
    """
    verdict = _verdict(case, user, kind, note, ruled, now)
    is_look = case.lane == Lane.LOOK
    decides = not is_look and post.status != Status.WITHDRAWN
    if decides and post.decision_id == case.decision_id:
        verdict.decision = _decide(post, case, user, kind, ruled, now, campaign=campaign)
    verdict.save()
    if not is_look:
        label_verdict(verdict=verdict, case=case, now=now)
    case.state = transition(CaseState(case.state), CaseState.JUDGED)
    case.closed_at, case.closed_because = now, f"Answered: {SAID[kind]}."
    _let_go(case)
    appeal_closing.settle([case], now)
    return verdict


def why_closed(*, case_id: int, user: User) -> str:
    """Say, and no more, that a case was closed which is kept from this person since.

    Empty of one that is open, or was never there for them.
    """
    closed = Case.objects.filter(pk=case_id, site__in=sites_of(user), post__hidden_at=None)
    closed = closed.exclude(lane=Lane.LOOK).exclude(state=CaseState.OPEN)
    return next((_closed(state) for state in closed.values_list("state", flat=True)), "")


def _closed(state: str) -> str:
    return ANSWERED if state == CaseState.JUDGED else ENDED


def hidden_by(*, case_id: int, user: User) -> Verdict | None:
    """Return by which answer this person hid the post of a case, which is there for them no more.

    None where it was taken back.
    """
    given = Verdict.objects.filter(case=case_id, user=user, kind=VerdictKind.DANGER)
    found = given.filter(undone_by=None, case__site__in=sites_of(user))
    return found.select_related("case__post", "case__site__look_plan").last()


def describe(decision: Decision) -> str:
    """Who or what made a decision, and which, in a sentence."""
    who = {
        Source.MACHINE: "The machine",
        Source.EXPIRY: "The end of the holding time",
        Source.MODERATOR: decision.user.get_username() if decision.user else "A moderator",
        Source.FEEDBACK: "The site itself",
        Source.IMPORT: "Imported history",
    }[Source(decision.source)]
    return f"{who} {DONE[Outcome(decision.outcome)]} at {decision.created_at:%H:%M on %d %B %Y}."


def lock(case_id: int) -> tuple[Post, Case]:
    post_id = Case.objects.filter(pk=case_id).values_list("post_id", flat=True).first()
    if post_id is None:
        raise CaseMissing
    (post,) = lock_posts([post_id])
    # Read after the lock, not joined to it; see lock_posts.
    case = Case.objects.select_for_update().prefetch_related("decision", "audit").get(pk=case_id)
    return post, case


def _is_gone(case: Case, post: Post) -> bool:
    """Whether a case asks no more, because the site withdrew a post whose words are still there."""
    if post.status != Status.WITHDRAWN or post.pruned_at is not None or post.hidden_at is not None:
        return False
    return case.state != CaseState.JUDGED and not outlives_withdrawal(case)


def _check_asked(case: Case, post: Post, user: User, seen_decision_id: int) -> None:
    """Raises StaleCase unless the case still asks about what was seen."""
    if post.status == Status.WITHDRAWN and not outlives_withdrawal(case):
        raise StaleCase("The post was withdrawn.")
    if case.state != CaseState.OPEN:
        answer = case.verdicts.filter(round=case.round).select_related("user").last()
        mine = answer is not None and answer.user_id == user.pk
        if withheld_from(user, [post.pk], answered=AT_ONCE if mine else PAUSE):
            raise StaleCase(_closed(case.state))
        if case.state == CaseState.JUDGED and answer is not None:
            said = SAID[VerdictKind(answer.kind)]
            who = "You" if mine else answer.user.get_username()
            raise StaleCase(f"{who} answered this case: {said}.")
        raise StaleCase(case.closed_because)
    present = post.decision
    if present is None or _asks_on(case, present):
        present = case.decision
    if not (seen_decision_id == case.decision_id == present.pk):
        told = "" if is_plain_to(user, case) else f" {describe(post.decision or present)}"
        raise StaleCase(f"The post was decided meanwhile.{told}")


def _asks_on(case: Case, present: Decision) -> bool:
    """Whether it asks as before, whatever was decided since: a second look does, and an audit of
    words that were edited, or that a person decided.
    """
    since = case.revision < present.revision or Source(present.source).is_person
    return case.lane == Lane.LOOK or (case.lane == Lane.AUDIT and since)


def _verdict(
    case: Case, user: User, kind: VerdictKind, note: str, ruled: Ruled | None, now: datetime
) -> Verdict:
    return Verdict(
        **_rule_of(ruled),
        case=case,
        round=case.round,
        user=user,
        kind=kind,
        note=note,
        seen=case.decision,
        created_at=now,
    )


def _rule_of(ruled: Ruled | None) -> dict[str, int | None]:
    return {
        "guidelines_id": ruled.guidelines_id if ruled else None,
        "rule": ruled.rule.number if ruled else None,
    }


def passes_of(case: Case) -> QuerySet[Verdict]:
    """Those who passed the case on, in this round."""
    given = case.verdicts.filter(round=case.round, kind__in=sorted(PASSING))
    return given.filter(undone_by__isnull=True)


def is_for_anybody(case: Case, post: Post) -> bool:
    """Whether a case was meant for some people only because somebody escalated it."""
    return case.lane != Lane.LOOK and not looks.is_settling(case) and not hidden_words.says(post)


def _decide(
    post: Post,
    case: Case,
    user: User,
    kind: VerdictKind,
    ruled: Ruled | None,
    now: datetime,
    *,
    campaign: bool,
) -> Decision:
    why = [reason_of(kind), *_by_rule(ruled), *_on_appeal(case, kind)]
    if campaign:
        why.append({"code": MANY, "sentence": "It was answered along with others.", "weight": 0.0})
    return decisions.override(
        post_id=post.pk,
        outcome=OUTCOME_OF[kind],
        source=Source.MODERATOR,
        revision=case.revision,
        label=LABEL_OF.get(kind),
        user=user,
        reasons=why,
        expected_decision_id=case.decision_id,
        now=now,
    )


def reason_of(kind: VerdictKind) -> dict[str, Any]:
    return {"code": f"verdict.{kind}", "sentence": SENTENCE_OF[kind], "weight": 0.0}


def _by_rule(ruled: Ruled | None) -> list[dict[str, Any]]:
    if ruled is None:
        return []
    return [{"code": guidelines.RULE, "sentence": ruled.rule.sentence, "weight": 0.0}]


def _on_appeal(case: Case, kind: VerdictKind) -> list[dict[str, Any]]:
    """What tells the author of a block that it was confirmed, and is final."""
    if case.lane != Lane.APPEAL or OUTCOME_OF[kind] is not Outcome.BLOCK:
        return []
    return [{"code": UPHELD, "sentence": "It stays blocked after an appeal.", "weight": 0.0}]


def _let_go(case: Case) -> None:
    case.holder, case.lease_until = None, None
    case.save()
