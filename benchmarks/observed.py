"""What the database shows of posts, in the words of `benchmarks.recorded`; and what it never may.

`record` is a subscriber to every kind of event: it writes down what was told together, and
which cases were open afterwards, as soon as that is committed.
"""

import threading
import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, Final
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Count, F, Q, QuerySet

from benchmarks import recorded
from benchmarks.recorded import HEARD, TAKEN_OUT, Made, News, View, Word
from moderation.models import Author, Decision, Event, Feedback, Post, Site
from moderation.types import ActorRole, EventKind, Outcome, Status
from reviews.models import Case, Label, Verdict
from reviews.states import CaseState, Lane, VerdictKind

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
DECIDING: Final = ("spam", "not_spam", "remove")


@dataclass(frozen=True, slots=True)
class Telling:
    """What one transaction told about one post."""

    post: UUID
    news: tuple[News, ...]
    committed: float


class Told(threading.local):
    """What this thread told: by transaction until it is committed, then in order."""

    def __init__(self) -> None:
        self.pending: defaultdict[int, list[tuple[UUID, News]]] = defaultdict(list)
        self.committed: list[Telling] = []


told: Final = Told()


def record(events: Sequence[Event]) -> None:
    """Write down what these events, all of one kind, brought about."""
    by_post: defaultdict[UUID, list[Event]] = defaultdict(list)
    for event in events:
        if event.post_id is not None:
            by_post[event.post_id].append(event)
    waiting: defaultdict[UUID, set[recorded.Case]] = defaultdict(set)
    for row in Case.objects.filter(post__in=by_post, state=CaseState.OPEN):
        waiting[row.post_id].add(replace(case_of(row), holder=0, until=0))
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_current_xact_id()::text::bigint")
        number = cursor.fetchone()[0]
    told.pending[number] += [
        (post, _news(about, frozenset(waiting[post]))) for post, about in by_post.items()
    ]
    transaction.on_commit(partial(_keep, number))


def _keep(number: int) -> None:
    """Of one transaction, all at once: later calls find nothing left."""
    together: defaultdict[UUID, list[News]] = defaultdict(list)
    for post, news in told.pending.pop(number, []):
        together[post].append(news)
    now = time.monotonic()
    told.committed += [Telling(post, tuple(news), now) for post, news in together.items()]


def _news(events: list[Event], cases: frozenset[recorded.Case]) -> News:
    kind = events[0].kind
    keys = frozenset(key_of(event) for event in events)
    words: tuple[Word, ...] = ()
    if kind == EventKind.FEEDBACK_RECEIVED:
        rows = Feedback.objects.filter(pk__in=keys).order_by("pk")
        words = tuple(
            Word(row.pk, row.revision, row.label, ActorRole(row.actor_role).is_trusted)
            for row in rows
        )
    return News(kind, keys, words, cases)


def key_of(event: Event) -> int:
    """Return what, beside its kind, tells an event of a post from every other."""
    if event.kind == HEARD:
        return int(event.payload["feedback"])
    return int(event.payload["revision"] if event.kind == TAKEN_OUT else event.decision_id or 0)


def microseconds(moment: datetime | None) -> int:
    """Return a moment as `expected` counts, exactly; 0 for none."""
    return 0 if moment is None else (moment - EPOCH) // timedelta(microseconds=1)


def case_of(row: Case) -> recorded.Case:
    return recorded.Case(
        case=row.pk,
        decision=row.decision_id,
        revision=row.revision,
        round=row.round,
        state=row.state,
        audit=row.audit_id is not None,
        only_audit=row.lane == Lane.AUDIT,
        holder=row.holder_id or 0,
        until=microseconds(row.lease_until),
    )


def decisions_of(site: Site) -> dict[int, Made]:
    """Return every decision about a site's posts, by number."""
    rows = Decision.objects.filter(site=site).select_related("audit")
    return {
        row.pk: Made(
            decision=row.pk,
            revision=row.revision,
            supersedes=row.supersedes_id or 0,
            source=row.source,
            outcome=row.outcome,
            published=row.published,
            label=row.label,
            failed=row.failed,
            drawn=hasattr(row, "audit") and row.audit.selected,
        )
        for row in rows
    }


def look(post_id: UUID, *, alone: bool) -> View:
    """Return what stands of a post, all as of one moment; `alone` if its author wrote no other."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        post = Post.objects.select_related("author").get(pk=post_id)
        labels = Label.objects.in_force().filter(post=post_id)
        waiting = Event.objects.filter(post=post_id, delivered_at=None)
        author = post.author
        return View(
            revision=post.revision,
            status=post.status,
            decision=post.decision_id or 0,
            cases=frozenset(case_of(row) for row in Case.objects.filter(post=post_id)),
            labels=frozenset(
                recorded.Label(
                    row.revision, row.label, row.source, row.verdict_id or row.feedback_id or 0
                )
                for row in labels
            ),
            untold=frozenset((event.kind, key_of(event)) for event in waiting),
            counts=(author.spam_verdicts, author.ham_verdicts) if alone and author else None,
        )


def broken_invariants(site: Site) -> dict[str, int]:
    """Count, of everything about a site at rest, what must not be; only what is not zero."""
    broken = {name: rows.count() for name, rows in _never(site).items()}
    teaching = Verdict.objects.filter(case__site=site, kind__in=["spam", "not_spam"])
    standing = set(teaching.filter(undone_by=None).values_list("pk", flat=True))
    labels = Label.objects.in_force().filter(site=site, source="verdict")
    broken["labels that differ from verdicts"] = len(
        standing ^ set(labels.values_list("verdict_id", flat=True))
    )
    broken["authors whose labels are counted wrongly"] = len(_miscounted(site))
    return {name: count for name, count in broken.items() if count}


def _never(site: Site) -> dict[str, QuerySet[Any]]:
    mine = Q(site=site)
    open_cases = Case.objects.filter(mine, state=CaseState.OPEN)
    held = Post.objects.filter(mine, status=Status.DECIDED, outcome=Outcome.REVIEW)
    of_decision = Q(kind__in=[EventKind.DECISION_RECORDED, EventKind.HOLD_EXPIRED])
    announced = Event.objects.filter(of_decision, decision__site=site).values("decision")
    once = announced.annotate(count=Count("pk")).filter(count=1)
    return {
        "posts decided without a decision in force": Post.objects.filter(
            mine, status=Status.DECIDED
        ).exclude(decision__revision=F("revision")),
        "decisions in force that are not their post's": Decision.objects.filter(
            mine, superseded_by=None, in_force_for=None
        ),
        "decisions of another site than their post": Decision.objects.filter(mine).exclude(
            post__site=site
        ),
        "decisions that were not announced once": Decision.objects.filter(mine).exclude(
            pk__in=once.values("decision")
        ),
        "posts with several first decisions": _several(
            Decision.objects.filter(mine, supersedes=None)
        ),
        "posts with several open cases": _several(open_cases.exclude(lane=Lane.AUDIT)),
        "held posts that nobody is asked about": held.exclude(
            pk__in=open_cases.filter(decision=F("post__decision")).values("post")
        ),
        "withdrawn posts that somebody is asked about, but for an audit": open_cases.filter(
            post__status=Status.WITHDRAWN, audit=None
        ),
        "rounds without exactly one verdict": Case.objects.filter(mine, state=CaseState.JUDGED)
        .annotate(
            count=Count(
                "verdicts",
                filter=Q(verdicts__round=F("round"), verdicts__kind__in=DECIDING),
            )
        )
        .exclude(count=1),
        "events that were not told": Event.objects.filter(mine, delivered_at=None),
        "events that could not be told at first": Event.objects.filter(mine, attempts__gt=0),
    }


def _several(rows: QuerySet[Any]) -> QuerySet[Any]:
    return rows.values("post").annotate(count=Count("pk")).filter(count__gt=1)


def _miscounted(site: Site) -> list[str]:
    """Authors whose counts are not those of the last decision of a person on each revision."""
    last: dict[tuple[int, UUID, int], str] = {}
    people = Decision.objects.filter(site=site, by="person", post__author__isnull=False)
    for author, post, revision, label in people.order_by("pk").values_list(
        "post__author", "post", "revision", "label"
    ):
        last[(author, post, revision)] = label
    right: defaultdict[int, list[str]] = defaultdict(list)
    for (author, *_), label in last.items():
        right[author].append(label)
    return [
        row.external_id
        for row in Author.objects.filter(site=site)
        if (row.spam_verdicts, row.ham_verdicts)
        != (right[row.pk].count("spam"), right[row.pk].count("ham"))
    ]


def verdict_of(row: Verdict, decisions: dict[int, Made]) -> recorded.Operation:
    """Return a verdict in the words of the model, without when it was given."""
    return recorded.Operation(
        "verdict",
        0,
        0,
        case=recorded.Case(row.case_id, row.seen_id, 0, round=row.round),
        user=row.user_id,
        answer=VerdictKind(row.kind).value,
        given=row.pk,
        made=decisions[row.decision_id] if row.decision_id else None,
    )
