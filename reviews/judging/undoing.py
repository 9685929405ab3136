"""Taking a verdict back: the post stands as before, and its case is open again."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Final

from django.db import transaction
from django.utils import timezone

from moderation.deciding import decisions
from moderation.deciding.holds import held_since
from moderation.models import Decision, Feedback, Post
from moderation.types import FeedbackLabel, Outcome, Source, Status
from reviews.exceptions import CaseMissing, UndoRefused
from reviews.judging import danger
from reviews.judging.verdicts import describe, is_for_anybody, lock, passes_of, reason_of
from reviews.labels import asking
from reviews.labels.blind import EVER, is_plain_to, why_it_stands, withheld_from
from reviews.labels.labelling import retract_verdict
from reviews.models import Case, Verdict
from reviews.people.permissions import check_can_undo, may
from reviews.queue import appeal_closing, claiming
from reviews.queue.intake import outlives_withdrawal
from reviews.roles import Act
from reviews.states import PASSING, CaseState, Lane, VerdictKind, transition

if TYPE_CHECKING:
    from django.contrib.auth.models import User

STAYS_HIDDEN: Final = "The post is hidden since; whoever is named for such posts decides on it."


@transaction.atomic
def undo(*, verdict_id: int, user: User, now: datetime | None = None) -> Verdict:
    """Take a verdict back: the post stands as before, its case is open again, its label gone.

    The case is leased to `user`, who gets it with the next claim; one that was passed on, unless
    somebody else looks at it by now. Raises CaseMissing, NotPermitted, UndoRefused.
    """
    now = now or timezone.now()
    undone = Verdict.objects.select_related("case", "seen").filter(pk=verdict_id).first()
    if undone is None or not may(user, Act.SEE, undone.case.site_id):
        raise CaseMissing("There is no such verdict.")
    if undone.user_id != user.pk and withheld_from(user, [undone.case.post_id], answered=EVER):
        raise CaseMissing("There is no such verdict.")
    post, case = lock(undone.case_id)
    check_can_undo(user, undone)
    _check_undoable(undone, case, post, user, now)
    taken_back = Verdict(
        case=case, round=undone.round, user=user, kind=VerdictKind.UNDO, undoes=undone
    )
    taken_back.seen, taken_back.created_at = undone.decision or undone.seen, now
    if undone.kind in PASSING:
        taken_back.save()
        still = set(passes_of(case).values_list("kind", flat=True))
        case.passed = bool(still)
        if undone.kind not in still and undone.kind == VerdictKind.ESCALATE:
            case.meant_for = [] if is_for_anybody(case, post) else case.meant_for
        case.save(update_fields=["passed", "meant_for"])
        claiming.take(case=case, user=user, now=now)
        return taken_back
    if undone.kind == VerdictKind.DANGER:
        danger.unhide(post=post, user=user, verdict=undone, now=now)
        case.compared = False
    if undone.decision_id is not None:
        if post.hidden_at is not None and not _stays_blocked(undone):
            raise UndoRefused(STAYS_HIDDEN)
        taken_back.decision = restore(post, undone, user, now)
    elif undone.kind == VerdictKind.DANGER and post.hidden_at is None:
        danger.restore(post=post, user=user, now=now)
    taken_back.save()
    retract_verdict(undone=undone, undo=taken_back, now=now)
    asking.taken_back(undone, now)
    _reopen(case, taken_back.decision or case.decision, user, now)
    appeal_closing.reopen(case, now)
    return taken_back


def restore(post: Post, undone: Verdict, user: User, now: datetime) -> Decision:
    """The decision that stood before the verdict, anew and in the name of who undoes.

    What was held is not held longer for that. What another person had said that the words are is
    said again with it, but not what a key called spam that nobody vouches for: in a moderator's
    name it would block copies.
    """
    before = undone.seen
    taken_back = reason_of(VerdictKind.UNDO)
    # What was known then is shown again to whoever answers next.
    evidence = [reason for reason in before.reasons if reason["code"] != taken_back["code"]]
    return decisions.override(
        post_id=post.pk,
        outcome=Outcome(before.outcome),
        published=before.published,
        failed=before.failed,
        source=Source.MODERATOR,
        revision=undone.case.revision,
        label=None if _is_hearsay(before) else before.label or None,
        user=user,
        reasons=[taken_back, *evidence],
        expected_decision_id=undone.decision_id,
        held_since=held_since(before),
        now=now,
    )


def _is_hearsay(decision: Decision) -> bool:
    said = Feedback.objects.filter(post=decision.post_id, revision=decision.revision)
    told = decision.source == Source.FEEDBACK and decision.label == FeedbackLabel.SPAM
    return told and not said.filter(label=FeedbackLabel.SPAM, vouched=True).exists()


def _stays_blocked(undone: Verdict) -> bool:
    """Whether it was given by who was named for a hidden post that is blocked without it, too."""
    return undone.seen.outcome == Outcome.BLOCK and bool(undone.case.meant_for)


def _check_undoable(undone: Verdict, case: Case, post: Post, user: User, now: datetime) -> None:
    """Raises UndoRefused with the reason."""
    if undone.kind == VerdictKind.UNDO:
        raise UndoRefused("This verdict is itself an undo; answer the case anew.")
    if Verdict.objects.filter(undoes=undone).exists():
        raise UndoRefused("This verdict has been undone already.")
    if undone.kind in PASSING:
        if case.state != CaseState.OPEN or case.round != undone.round:
            raise UndoRefused("Somebody else has answered the case meanwhile.")
        return
    if case.state != CaseState.JUDGED or case.round != undone.round:
        raise UndoRefused("The case has moved on since this verdict.")
    if because := why_it_stands(undone, case, user, now):
        raise UndoRefused(because)
    if post.status == Status.WITHDRAWN and (
        undone.decision_id is not None or not outlives_withdrawal(case)
    ):
        raise UndoRefused("The post was withdrawn.")
    hides = undone.kind == VerdictKind.DANGER or _stays_blocked(undone)
    if post.hidden_at is not None and not hides:
        raise UndoRefused(STAYS_HIDDEN)
    if undone.decision_id is not None and undone.decision_id != post.decision_id:
        told = "" if is_plain_to(user, case) or not post.decision else f" {describe(post.decision)}"
        raise UndoRefused(f"The post was decided anew since this verdict.{told}")
    if case.lane == Lane.LOOK:
        if because := asking.check_undoable(case):
            raise UndoRefused(because)
        return
    others = Case.objects.filter(post=post, state=CaseState.OPEN).exclude(pk=case.pk)
    others = others.exclude(lane=Lane.LOOK)
    if undone.user_id == user.pk:
        # What was asked because somebody answered otherwise is not told to who is looked at.
        others = others.exclude(pk__in=asking.asked_of(undone))
    if others.filter(revision=case.revision).exists() or (
        case.lane != Lane.AUDIT and others.exclude(lane=Lane.AUDIT).exists()
    ):
        raise UndoRefused("Another case about this post is open; answer that one.")


def _reopen(case: Case, decision: Decision, user: User, now: datetime) -> None:
    """Put the case back where it stood in the queue, in the hands of who reopened it."""
    case.state = transition(CaseState(case.state), CaseState.OPEN)
    case.round += 1
    case.passed = False
    case.closed_at, case.closed_because = None, ""
    case.decision = decision
    case.holder, case.lease_until = user, now + claiming.LEASE
    case.save()
