"""One answer to many posts: ordered once, carried out post by post, and taken back as one.

The row is the work (docs/adr/0002-the-row-is-the-work.md): an order writes one waiting row a post,
and each post is decided in a transaction of its own that also marks its row. Whoever dies leaves
rows that wait; nothing is decided twice. What stands otherwise than when it was ordered is left
alone, by the action as by its undo.

Locks: the post, then its row, then its cases.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from django.db import InterfaceError, OperationalError, transaction
from django.utils import timezone

from moderation import leases
from moderation.models import Post
from moderation.types import Status
from reviews.bulk_states import BulkScope, BulkState, ItemReason, ItemState
from reviews.exceptions import BulkRefused
from reviews.judging import scopes, undoing, verdicts
from reviews.judging.scopes import Scope
from reviews.judging.verdicts import Ruled
from reviews.labels import looks
from reviews.labels.blind import (
    is_answered_singly,
    judged_on,
    withheld_among,
)
from reviews.labels.labelling import retract_verdict
from reviews.models import BulkAction, BulkItem, Case, Verdict
from reviews.people.permissions import (
    authors_of,
    can_answer_many,
    check_can_answer_many,
    check_can_undo_many,
)
from reviews.queue.intake import close, follow_decisions, lock_open_cases, lock_posts, new_case
from reviews.states import CaseState, Lane, VerdictKind, transition

if TYPE_CHECKING:
    from django.contrib.auth.models import User

logger = logging.getLogger(__name__)

AT_ONCE: Final = 25
"""Posts that are decided before the page answers; more are a worker's."""
PIECE: Final = 50
LEASE: Final = "bulk"
OUTCOMES: Final = frozenset(verdicts.OUTCOME_OF) - {VerdictKind.DANGER}
"""What may be answered to many: a dangerous post is hidden by an answer of its own."""

CAMPAIGNS: Final = frozenset({BulkScope.ALIKE, BulkScope.DOMAIN})
"""What posts have in common that were sent to be many. Whoever wrote several posts, or shares an
address with others, is told of each why it was blocked."""


def start(
    scope: Scope,
    *,
    user: User,
    kind: VerdictKind,
    newest: UUID,
    expected: int,
    over_people: bool = False,
    note: str = "",
    ruled: Ruled | None = None,
    now: datetime | None = None,
) -> BulkAction:
    """Order one answer to all posts of `scope` up to `newest`, and begin with the first.

    `expected` is the number that the person was shown. Raises NotPermitted, or BulkRefused when
    there is nothing to do or more than was shown.
    """
    now = now or timezone.now()
    check_can_answer_many(user, scope.site_id)
    if kind not in OUTCOMES:
        raise BulkRefused("That is no answer for many.")
    with transaction.atomic():
        action = BulkAction.objects.create(
            site_id=scope.site_id,
            user=user,
            case_id=scope.case_id,
            post_id=scope.post_id,
            scope=scope.kind,
            value=scope.value,
            kind=kind,
            note=note,
            guidelines_id=ruled.guidelines_id if ruled else None,
            rule=ruled.rule.number if ruled else None,
            over_people=over_people,
            created_at=now,
        )
        ordered = scopes.order(
            scope,
            action_id=action.pk,
            user=user,
            kind=kind,
            over_people=over_people,
            newest=newest,
            now=now,
        )
        if not ordered:
            raise BulkRefused("There is nothing left to do: all of them stand so already.")
        if ordered > expected:
            raise BulkRefused(f"There are {ordered} now and not {expected}: look again.")
    _begin(action)
    return action


def take_back(*, action_id: int, user: User, now: datetime | None = None) -> BulkAction:
    """Begin to restore what an action changed, and stop it if it is still at work.

    Raises NotPermitted, or BulkRefused when it was taken back already.
    """
    now = now or timezone.now()
    with transaction.atomic():
        action = BulkAction.objects.select_for_update().select_related("user").get(pk=action_id)
        check_can_undo_many(user, action)
        if action.undone_at is not None:
            raise BulkRefused("This was taken back already.")
        action.state, action.undone_by, action.undone_at = BulkState.UNDOING, user, now
        action.finished_at = None
        action.save(update_fields=["state", "undone_by", "undone_at", "finished_at"])
    _begin(action)
    return action


def work(*, seconds: float, clock: Callable[[], float] = time.monotonic) -> bool:
    """Go on with what was ordered, in turns; return whether some of it is left.

    Raises LeaseTaken when another process is at it.
    """
    end = clock() + seconds
    with leases.hold(LEASE) as lease:
        while actions := list(_at_work()):
            for action in actions:
                lease.keep()
                go_on(action, most=PIECE, until=end, clock=clock)
                if clock() >= end:
                    return _at_work().exists()
    return False


def go_on(
    action: BulkAction,
    *,
    most: int,
    until: float | None = None,
    clock: Callable[[], float] = time.monotonic,
) -> None:
    """Do the next posts of an action, and end it when none is left. Safe to repeat."""
    action.refresh_from_db()
    judged = judged_on(action.user, action.site_id)
    decide = partial(_decide, many=action.items.count(), judged=judged)
    step = _restore if action.state == BulkState.UNDOING else decide
    due = ItemState.DECIDED if action.state == BulkState.UNDOING else ItemState.WAITING
    if action.state == BulkState.UNDOING:
        _leave_waiting(action, ItemReason.STOPPED)
    elif not can_answer_many(action.user, action.site_id):
        _leave_waiting(action, ItemReason.FORBIDDEN)
    rows = action.items.filter(state=due).order_by("pk")
    for pk, post_id in list(rows.values_list("pk", "post_id")[:most]):
        _do(step, action, pk, post_id, due)
        if until is not None and clock() >= until:
            break
    _finish(action, due)


def _begin(action: BulkAction) -> None:
    """The first posts at once; the rest, and what does not go just now, is a worker's."""
    with suppress(OperationalError):
        go_on(action, most=AT_ONCE)


Step = Callable[[BulkAction, BulkItem, Post, datetime], None]


def _at_work() -> Any:
    at_work = BulkAction.objects.filter(state__in=[BulkState.RUNNING, BulkState.UNDOING])
    return at_work.select_related("user").order_by("pk")


def _do(step: Step, action: BulkAction, pk: int, post_id: UUID, due: ItemState) -> None:
    """One post, in a transaction of its own. What fails is marked so, and holds up no other."""
    try:
        with transaction.atomic():
            _one(step, action, pk, post_id, due)
    except (OperationalError, InterfaceError):
        # These pass: the row waits for the next round.
        raise
    except Exception as error:
        # No message: it could quote the post.
        logger.error(
            "post %s of bulk action %s failed: %s", post_id, action.pk, type(error).__name__
        )
        failed = ItemState.LEFT if due is ItemState.WAITING else ItemState.KEPT
        BulkItem.objects.filter(pk=pk, state=due).update(state=failed, reason=ItemReason.FAILED)


def _one(step: Step, action: BulkAction, pk: int, post_id: UUID, due: ItemState) -> None:
    now = timezone.now()
    if due is ItemState.WAITING:
        # What was decided may not have been told yet: its case, or its audit, is opened now.
        follow_decisions(post_ids=[post_id], now=now)
    (post,) = lock_posts([post_id])
    item = BulkItem.objects.select_for_update().filter(pk=pk, state=due).first()
    if item is not None and _is_still(action):
        step(action, item, post, now)
        item.save(update_fields=["state", "reason", "verdict", "opened", "undo"])


def _is_still(action: BulkAction) -> bool:
    """Return whether nobody has ended or turned the action since this process looked."""
    return BulkAction.objects.filter(pk=action.pk, state=action.state).exists()


def _decide(
    action: BulkAction,
    item: BulkItem,
    post: Post,
    now: datetime,
    *,
    many: int,
    judged: Mapping[str, Any],
) -> None:
    cases = lock_open_cases([post])
    reason = _why_left(action, item, post, cases, now)
    if reason is None and withheld_among([post.pk], judged):
        # Drawn for a second look since it was ordered.
        reason = ItemReason.SINGLE
    if reason is not None:
        item.state, item.reason = ItemState.LEFT, reason
        return
    assert post.decision is not None  # noqa: S101 - for the type checker
    case = next(iter(cases), None)
    if case is None:
        case = new_case(post, post.decision, Lane.REPORTED, now)
        # It is answered in this transaction: nothing is to be compared with it.
        case.compared = True
        case.of_many = True
        case.save()
        item.opened = True
    item.verdict = verdicts.answer(
        post=post,
        case=case,
        user=action.user,
        kind=VerdictKind(action.kind),
        note=action.note,
        ruled=verdicts.ruled_by(action.guidelines, action.rule),
        campaign=many > 1 and action.scope in CAMPAIGNS,
        now=now,
    )
    looks.draw_among_many(verdict=item.verdict, case=case, many=many, now=now)
    item.state = ItemState.DECIDED


def _why_left(
    action: BulkAction, item: BulkItem, post: Post, cases: list[Case], now: datetime
) -> ItemReason | None:
    if post.status == Status.WITHDRAWN:
        return ItemReason.WITHDRAWN
    if post.decision_id != item.decision_id or post.status != Status.DECIDED:
        return ItemReason.DECIDED_SINCE
    if post.hidden_at is not None or len(cases) > 1 or any(map(is_answered_singly, cases)):
        return ItemReason.SINGLE
    for case in cases:
        if case.meant_for and action.user_id not in case.meant_for:
            return ItemReason.SINGLE
        if case.revision != post.revision or case.decision_id != post.decision_id:
            return ItemReason.DECIDED_SINCE
        held = case.lease_until is not None and case.lease_until > now
        if held and case.holder_id != action.user_id:
            return ItemReason.HELD
    return None


def _restore(action: BulkAction, item: BulkItem, post: Post, now: datetime) -> None:
    assert item.verdict_id is not None  # noqa: S101 - for the type checker
    given = Verdict.objects.select_related("seen", "case").get(pk=item.verdict_id)
    case = Case.objects.select_for_update().get(pk=given.case_id)
    assert action.undone_by is not None  # noqa: S101 - for the type checker
    reason = _why_kept(action, given, case, post)
    if reason is not None:
        item.state, item.reason = ItemState.KEPT, reason
        return
    assert given.decision_id is not None  # noqa: S101 - for the type checker
    undo = Verdict(
        case=case,
        round=given.round,
        user=action.undone_by,
        kind=VerdictKind.UNDO,
        undoes=given,
        seen_id=given.decision_id,
        created_at=now,
    )
    undo.decision = undoing.restore(post, given, action.undone_by, now)
    undo.save()
    retract_verdict(undone=given, undo=undo, now=now)
    if item.opened:
        close(case, "Taken back with all the others.", now)
        case.save()
    else:
        _reopen(case, undo)
    item.undo, item.state = undo, ItemState.RESTORED


def _why_kept(action: BulkAction, given: Verdict, case: Case, post: Post) -> ItemReason | None:
    if post.status == Status.WITHDRAWN:
        return ItemReason.WITHDRAWN
    if post.hidden_at is not None or post.author_id in authors_of(action.undone_by_id or 0):
        return ItemReason.SINGLE
    moved = case.state != CaseState.JUDGED or case.round != given.round
    if moved or post.decision_id != given.decision_id or post.status != Status.DECIDED:
        return ItemReason.DECIDED_SINCE
    others = Case.objects.filter(post=post, state=CaseState.OPEN)
    if others.exclude(lane=Lane.LOOK).exists():
        return ItemReason.DECIDED_SINCE
    return None


def _reopen(case: Case, undo: Verdict) -> None:
    """Put a case back where it stood in the queue, in nobody's hands."""
    assert undo.decision is not None  # noqa: S101 - for the type checker
    case.state = transition(CaseState(case.state), CaseState.OPEN)
    case.round += 1
    case.passed = False
    case.closed_at, case.closed_because = None, ""
    case.decision = undo.decision
    case.save()


def _leave_waiting(action: BulkAction, reason: ItemReason) -> None:
    waiting = action.items.filter(state=ItemState.WAITING)
    waiting.update(state=ItemState.LEFT, reason=reason)


def _finish(action: BulkAction, due: ItemState) -> None:
    if action.items.filter(state=due).exists():
        return
    done = BulkState.UNDONE if action.state == BulkState.UNDOING else BulkState.DONE
    ended = BulkAction.objects.filter(pk=action.pk, state=action.state)
    ended.update(state=done, note="", finished_at=timezone.now())
    action.refresh_from_db()
