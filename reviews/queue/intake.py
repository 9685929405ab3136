"""Which posts need a person: cases follow the decision that is in force, set by set.

Told of events, this looks at how the posts stand now, not at what the events said: told
twice, late or in another order, it comes to the same cases.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone

from moderation.models import AuditDraw, Decision, Event, Post
from moderation.types import PEOPLE, Outcome, Severity, Source, Status
from reviews.models import Case
from reviews.people.permissions import addressed_of_hidden
from reviews.queue import appeal_closing, by_language
from reviews.queue.priority import DEADLINE, UNKNOWN, priority, weight_of
from reviews.states import CaseState, Lane, transition

DECISION_FIELDS = (
    "decision", "revision", "lane", "priority", "audit", "compared", "of_many", "language",
    "meant_for", "reported",
)  # fmt: skip
CLOSING_FIELDS = ("state", "closed_at", "closed_because", "holder", "lease_until")


def on_decision(events: Sequence[Event]) -> None:
    """For `decision.recorded` and `hold.expired`."""
    follow_decisions(post_ids=_posts(events))


def on_withdrawn(events: Sequence[Event]) -> None:
    """For `post.withdrawn`."""
    follow_decisions(post_ids=_posts(events))


def on_weighed(events: Sequence[Event]) -> None:
    """For `post.weighed`."""
    with transaction.atomic():
        cases = lock_open_cases(lock_posts(_posts(events)))
        for case in cases:
            case.priority = _priority(case)
        Case.objects.bulk_update(cases, ["priority"], batch_size=500)


@dataclass(slots=True)
class Changes:
    """What is to be written; filled by judging, saved by `write`."""

    opened: list[Case] = field(default_factory=list)
    refreshed: list[Case] = field(default_factory=list)
    closed: list[Case] = field(default_factory=list)


@transaction.atomic
def follow_decisions(*, post_ids: Iterable[UUID], now: datetime | None = None) -> Changes:
    """Opens, refreshes and closes the cases of these posts as their decisions ask.

    Safe to repeat. A person's decision opens nothing and closes nothing: whoever made it
    closed what it answered. A decision by expiry leaves the question open.
    """
    now = now or timezone.now()
    posts = lock_posts(post_ids)
    waiting: dict[UUID, list[Case]] = defaultdict(list)
    for case in lock_open_cases(posts):
        waiting[case.post_id].append(case)
    draws = _new_draws(posts)
    before = _reported_before(posts)
    changes = Changes()
    for post in posts:
        cases = waiting[post.pk]
        reported = _reported(cases)
        if reported is None:
            reported = before.get(post.pk)
        _follow(post, cases, draws.get(post.decision_id), reported, changes, now)
    write(changes, now)
    return changes


def lock_posts(post_ids: Iterable[UUID]) -> list[Post]:
    """The posts with their decisions in force. Always locked before their cases, in one order.

    Decisions are read by a statement after the one that locks: a join would see, beside a post
    that changed while it waited for its lock, the decision of before, or none.
    """
    posts = Post.objects.filter(pk__in=set(post_ids)).order_by("pk")
    return list(posts.select_for_update(no_key=True).prefetch_related("decision"))


def lock_open_cases(posts: Sequence[Post]) -> list[Case]:
    """The open cases of these posts, which are locked already; second looks stand apart."""
    found = Case.objects.filter(post__in=posts, state=CaseState.OPEN).exclude(lane=Lane.LOOK)
    cases = found.select_for_update().order_by("pk").prefetch_related("audit", "decision")
    by_id = {post.pk: post for post in posts}
    for case in cases:
        case.post = by_id[case.post_id]
    return list(cases)


def close(case: Case, because: str, now: datetime) -> None:
    """Mark the case as closed, without saving it."""
    case.state = transition(CaseState(case.state), CaseState.CLOSED)
    case.closed_at, case.closed_because = now, because[:200]
    case.holder, case.lease_until = None, None


def new_case(
    post: Post,
    decision: Decision,
    lane: Lane,
    now: datetime,
    audit: AuditDraw | None = None,
    reported: float | None = None,
) -> Case:
    """An open case about the decision, not saved."""
    case = Case(post=post, site_id=post.site_id, opened_at=now, reported=reported)
    if post.hidden_at is not None:
        case.meant_for = addressed_of_hidden(post.site_id)
    _ask_about(case, decision, lane, audit)
    return case


def _posts(events: Sequence[Event]) -> set[UUID]:
    return {event.post_id for event in events if event.post_id is not None}


def _new_draws(posts: Sequence[Post]) -> dict[int | None, AuditDraw]:
    """Selected draws of the decisions in force that no case has taken up, by decision."""
    decisions = [post.decision_id for post in posts if post.decision_id is not None]
    draws = AuditDraw.objects.filter(decision__in=decisions, selected=True, case__isnull=True)
    return {draw.decision_id: draw for draw in draws}


def _follow(
    post: Post,
    cases: list[Case],
    draw: AuditDraw | None,
    reported: float | None,
    changes: Changes,
    now: datetime,
) -> None:
    if post.status == Status.WITHDRAWN:
        _follow_withdrawn(post, cases, draw, changes, now)
        return
    decision = post.decision
    if decision is None or Source(decision.source).is_person:
        return
    current = next((case for case in cases if case.revision == decision.revision), None)
    earlier = [case for case in cases if case.revision < decision.revision]
    lane = _lane(decision, draw, current, reported)
    if current is None and lane is not None:
        # A case goes on with the new words, unless it is an audit of the old ones or an appeal.
        goes_on = (case for case in earlier if case.audit is None and case.lane != Lane.APPEAL)
        current = next(goes_on, None)
        if current is None:
            changes.opened.append(new_case(post, decision, lane, now, draw, reported))
    if current is not None and current.decision_id != decision.pk:
        if lane is None:
            _close_all([current], _superseded(decision), changes, now)
        else:
            current.reported = reported
            _ask_about(current, decision, lane, draw or current.audit)
            changes.refreshed.append(current)
    elif (
        current is not None
        and current.audit is None
        and draw is not None
        and current.lane != Lane.APPEAL
    ):
        # Reported before this event came.
        current.audit = draw
        changes.refreshed.append(current)
    for case in earlier:
        if case is not current:
            end_earlier(case, _superseded(decision), changes, now, keeps_report=lane is None)


def _follow_withdrawn(
    post: Post, cases: list[Case], draw: AuditDraw | None, changes: Changes, now: datetime
) -> None:
    """Whoever takes a post back takes no draw back: else a spammer could leave each unanswered.

    Only until its deadline; `withdrawn` closes it then.
    """
    for case in cases:
        if outlives_withdrawal(case):
            end_earlier(case, "", changes, now)
        else:
            _close_all([case], "The post was withdrawn.", changes, now)
    # Taken back before the event of its decision came.
    decision = post.decision
    if draw is not None and decision is not None and draw.created_at > now - DEADLINE:
        changes.opened.append(new_case(post, decision, Lane.AUDIT, now, draw))


def outlives_withdrawal(case: Case) -> bool:
    """Whether a case asks on, whoever took the post back: what was drawn is measured."""
    return case.audit is not None and case.lane != Lane.APPEAL


def _reported(cases: Iterable[Case]) -> float | None:
    """What members' reports of a post are worth that nobody has answered.

    They go with the post to its new words: an edit would be the way to shake them off. An appeal's
    are about a post that was published then.
    """
    told = [case for case in cases if case.lane != Lane.APPEAL]
    # Of cases of the version before this one only the lane tells.
    of_lane = [UNKNOWN for case in told if case.lane == Lane.REPORTED and case.reported is None]
    said = [case.reported for case in told if case.reported is not None]
    return max([*of_lane, *said], default=None)


def _reported_before(posts: Sequence[Post]) -> dict[UUID, float]:
    """What was reported of posts whose last case ended without an answer, by post.

    Two edits would shake a report off: into something that is blocked, and back.
    """
    judged_anew = [post for post in posts if post.decision and post.decision.supersedes_id]
    if not judged_anew:
        return {}
    answers = Decision.objects.filter(
        post=OuterRef("post"), pk__gt=OuterRef("decision"), source__in=sorted(PEOPLE)
    )
    asked = Case.objects.filter(post__in=judged_anew).exclude(lane__in=(Lane.LOOK, Lane.APPEAL))
    last = asked.annotate(answered=Exists(answers)).order_by("post", "-pk").distinct("post")
    ended = [case for case in last if case.state == CaseState.CLOSED and not case.answered]
    found = {case.post_id: _reported([case]) for case in ended}
    return {post: worth for post, worth in found.items() if worth is not None}


def _lane(
    decision: Decision, draw: AuditDraw | None, case: Case | None, reported: float | None
) -> Lane | None:
    """Why a person should look at a post that stands so; None when nobody need."""
    if decision.outcome == Outcome.REVIEW:
        if decision.published:
            return Lane.PUBLISHED
        return Lane.OVERFLOW if decision.capped else Lane.HELD
    if decision.source == Source.EXPIRY:
        before = Lane(case.lane) if case is not None else Lane.HELD
        is_appealed = before is Lane.APPEAL
        return Lane.PUBLISHED if decision.published and not is_appealed else before
    if draw is not None or (case is not None and case.audit is not None):
        return Lane.AUDIT
    return Lane.REPORTED if decision.published and reported is not None else None


def end_earlier(
    case: Case, because: str, changes: Changes, now: datetime, *, keeps_report: bool = False
) -> None:
    """A case about earlier words ends, unless it is an audit: what was drawn is measured.

    That was reported is another case's then, or answered; else the audit keeps it.
    """
    if case.lane == Lane.APPEAL:
        _close_all([case], "The post was edited.", changes, now)
    elif case.audit is None:
        _close_all([case], because, changes, now)
    elif case.lane != Lane.AUDIT or (case.reported is not None and not keeps_report):
        if not keeps_report:
            case.reported = None
        become_audit(case, changes)


def become_audit(case: Case, changes: Changes) -> None:
    """A case whose post others decided asks only what was drawn; its answer decides nothing."""
    _ask_about(case, case.decision, Lane.AUDIT, case.audit)
    changes.refreshed.append(case)


def _ask_about(case: Case, decision: Decision, lane: Lane, audit: AuditDraw | None) -> None:
    same_words = case.revision == decision.revision
    case.compared = case.compared and same_words
    case.of_many = case.of_many and same_words
    case.decision, case.revision, case.lane, case.audit = decision, decision.revision, lane, audit
    case.priority = _priority(case)


def _priority(case: Case) -> float:
    decision = case.decision
    return priority(
        lane=Lane(case.lane),
        published=decision.published,
        probability=decision.probability,
        opened_at=case.opened_at,
        reported=case.reported if decision.published else None,
        weight=weight_of(case.post.exposure, Severity(case.post.severity)),
    )


def _close_all(cases: Iterable[Case], because: str, changes: Changes, now: datetime) -> None:
    for case in cases:
        close(case, because, now)
        changes.closed.append(case)


def _superseded(decision: Decision) -> str:
    did = "allowed" if decision.outcome == Outcome.ALLOW else "blocked"
    return f"Superseded: the machine {did} the post as it reads now."


def write(changes: Changes, now: datetime) -> None:
    """Save what was judged, in few statements."""
    Case.objects.bulk_update(changes.closed, CLOSING_FIELDS, batch_size=500)
    appeal_closing.settle(changes.closed, now)
    if asked := [*changes.opened, *changes.refreshed]:
        by_language.stamp(asked)
    # Lanes first: an earlier case that becomes an audit makes room for the post's next case.
    audits = [case for case in changes.refreshed if case.lane == Lane.AUDIT]
    others = [case for case in changes.refreshed if case.lane != Lane.AUDIT]
    for cases in (audits, others):
        Case.objects.bulk_update(cases, DECISION_FIELDS, batch_size=500)
    Case.objects.bulk_create(changes.opened)
