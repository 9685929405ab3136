"""Deciding a post anew whose answer, given by the post alone, can no longer be taken back.

The first answer stays as it was given: audits, second looks and certificates rest on it. What
becomes of the post, and what is learnt from it, follows the new one. It is a case of its own that
is never open, so nobody meets it in the queue and whatever else asks about the post goes on.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Final

from django.db import transaction
from django.utils import timezone

from moderation.models import Decision, Post
from moderation.types import Status
from reviews.exceptions import CaseMissing, ReviewError, StillHidden, UndoRefused
from reviews.judging import danger
from reviews.judging.verdicts import OUTCOME_OF, answer, lock
from reviews.labels import looks
from reviews.labels.blind import AT_ONCE, PAUSE, withheld_from
from reviews.labels.labelling import LABEL_OF, retract_label
from reviews.models import Case, Label, LabelSource, Verdict
from reviews.people.permissions import check_can_judge, check_may, may, sees_hidden
from reviews.queue import by_language
from reviews.queue.intake import lock_open_cases, new_case
from reviews.roles import Act
from reviews.states import CaseState, Lane, VerdictKind

if TYPE_CHECKING:
    from django.contrib.auth.models import User

KINDS: Final = (VerdictKind.SPAM, VerdictKind.NOT_SPAM, VerdictKind.REMOVE)
"""What a post can be called anew."""
EARLY: Final = (
    "It was judged by the post alone. For ten minutes whoever gave the answer may take it back; "
    "after that the post can be decided anew."
)


@transaction.atomic
def decide_anew(
    *, verdict_id: int, user: User, kind: VerdictKind, now: datetime | None = None
) -> Verdict:
    """Decide the post of this answer anew, and keep the answer; for those who settle.

    What one answer hid as dangerous is hidden no longer. Raises CaseMissing, NotPermitted,
    StillHidden, UndoRefused.
    """
    now = now or timezone.now()
    given = find_answer(verdict_id=verdict_id, user=user)
    post, case = lock(given.case_id)
    given.case = case
    case.post = post
    decision = _check(given, post, user, now)
    if post.hidden_at is not None:
        danger.unhide(post=post, user=user, verdict=given, now=now)
    if post.hidden_at is not None:
        raise StillHidden
    anew = new_case(post, decision, Lane.PUBLISHED if decision.published else Lane.HELD, now)
    anew.anew = True
    anew.state, anew.closed_at = CaseState.JUDGED, now
    by_language.stamp([anew])
    check_can_judge(user, anew)
    anew.save()
    anew.state = CaseState.OPEN
    made = answer(post=post, case=anew, user=user, kind=kind, now=now)
    for other in lock_open_cases([post]):
        if other.decision_id == decision.pk:
            other.decision_id = made.decision_id or decision.pk
            other.save(update_fields=["decision"])
    if kind not in LABEL_OF:
        _unteach(anew, made, now)
    return made


def find_answer(*, verdict_id: int, user: User) -> Verdict:
    """Return the answer if it is there for this person. Raises CaseMissing."""
    given = Verdict.objects.select_related("user", "case__post", "case__site__look_plan")
    found = given.filter(pk=verdict_id, kind__in=sorted(OUTCOME_OF)).first()
    missing = CaseMissing("There is no such answer.")
    if found is None or not may(user, Act.SEE, found.case.site_id):
        raise missing
    case = found.case
    if found.user_id != user.pk:
        if case.lane == Lane.LOOK and user.pk not in case.meant_for:
            raise missing
        if case.post.hidden_at is not None and not sees_hidden(user, case.site_id):
            raise missing
    if withheld_from(user, [case.post_id], answered=AT_ONCE):
        raise missing
    return found


def can_decide_anew(user: User, given: Verdict, now: datetime) -> bool:
    """Whether this person may decide the post of an answer anew that is shown to them."""
    try:
        _check(given, given.case.post, user, now)
    except ReviewError:
        return False
    return True


def _check(given: Verdict, post: Post, user: User, now: datetime) -> Decision:
    """Return what is in force. Raises NotPermitted or UndoRefused with the reason."""
    case = given.case
    if not looks.is_plain(case):
        raise UndoRefused("This answer can be taken back; do that instead.")
    if Verdict.objects.filter(undoes=given).exists():
        raise UndoRefused("This answer was taken back.")
    if given.created_at + PAUSE > now:
        raise UndoRefused(EARLY)
    check_may(user, Act.SETTLE, case.site_id)
    decision = post.decision
    if post.status == Status.WITHDRAWN:
        raise UndoRefused("The post was withdrawn.")
    if decision is None or not case.revision == decision.revision == post.revision:
        raise UndoRefused("The post was edited since this answer.")
    # What an answer made is as old as the answer; so is what hides the post of a second look.
    if decision.created_at > given.created_at:
        raise UndoRefused("The post was decided anew since this answer.")
    if Case.objects.filter(post=post, state=CaseState.OPEN, lane=Lane.APPEAL).exists():
        raise UndoRefused("Its author appeals against the block; answer the appeal.")
    return decision


def _unteach(anew: Case, made: Verdict, now: datetime) -> None:
    """Take back what was learnt from the words, but no audit's label: that measures."""
    learnt = Label.objects.in_force().filter(
        post=anew.post_id, revision=anew.revision, source=LabelSource.VERDICT, audit=False
    )
    if (label := learnt.order_by("pk").last()) is not None:
        retract_label(label=label, by=made, now=now)
