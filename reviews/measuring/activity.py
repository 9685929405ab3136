"""What happened to the posts of a stretch of time: counted, not estimated.

Counted are the posts that came in within it, as they stand now; the newest MOST of a site, so
that a page costs the same however busy the site is. Ids (UUIDv7) begin with time, so that the
site's index of ids finds them.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import chain
from statistics import median
from typing import Any, Final, NamedTuple

from moderation import statements
from moderation.ids import first_id
from moderation.models import Site
from reviews.measuring import work
from reviews.people import countable
from reviews.states import AppealState

MOST: Final = 100_000
"""Posts of one site that are counted."""
ANSWERS: Final = 50_000
"""Answers whose times are read."""


class Span(StrEnum):
    HOUR = "hour"
    DAY = "day"
    WEEK = "week"

    @property
    def length(self) -> timedelta:
        return _SPANS[self][0]

    @property
    def bucket(self) -> timedelta:
        """How much of it one bar stands for."""
        return _SPANS[self][1]


_SPANS: Final = {
    Span.HOUR: (timedelta(hours=1), timedelta(minutes=5)),
    Span.DAY: (timedelta(days=1), timedelta(hours=1)),
    Span.WEEK: (timedelta(days=7), timedelta(hours=6)),
}

STEP: Final = timedelta(minutes=5)
"""A bucket of any span is a number of these."""


class Fate(StrEnum):
    """What became of a post so far."""

    ALLOWED = "allowed"
    BLOCKED = "blocked"
    PASSED = "passed"
    """Allowed by a person, or by the site's own word."""
    STOPPED = "stopped"
    WAITS = "waits"
    """For a person, or for its first decision."""
    RAN_OUT = "ran_out"
    """Nobody answered in time, so the policy's fallback decided."""
    WITHDRAWN = "withdrawn"


AUTOMATIC: Final = frozenset({Fate.ALLOWED, Fate.BLOCKED})
BY_PEOPLE: Final = frozenset({Fate.PASSED, Fate.STOPPED})
Fates = dict[Fate, int]


class Deed(StrEnum):
    """What people did."""

    ANSWERED = "answered"
    FILED = "filed"
    """An appeal came in."""
    UPHELD = "upheld"
    OVERTURNED = "overturned"
    ALIKE = "alike"
    """A second look said the same as the first."""
    DIFFERED = "differed"


LOOKS: Final = 5_000
"""Second looks that are compared."""


@dataclass(frozen=True, slots=True)
class Bucket:
    """The posts that came in within a stretch of time, and what people did meanwhile."""

    start: datetime
    counts: Fates
    deeds: Counter[Deed]
    waits: list[float]
    """Seconds, of posts that are allowed by now and were kept from readers until somebody said so,
    or nobody in time: from coming in to when they were shown first."""
    released: int
    """Of those that nobody answered in time, the ones that readers see."""
    minutes: float | None
    """That people spent on answers, as `work` tells it."""

    @property
    def posts(self) -> int:
        return sum(self.counts.values())

    @property
    def answers(self) -> int:
        """Answers that were given, of an answer to many each; also those that were taken back."""
        return self.deeds[Deed.ANSWERED]

    @property
    def looked(self) -> int:
        """Answers that were looked at a second time."""
        return self.deeds[Deed.ALIKE] + self.deeds[Deed.DIFFERED]

    @property
    def automated(self) -> float | None:
        """Share of the machine in what was decided for good."""
        ours = sum(self.counts[fate] for fate in AUTOMATIC)
        return share(ours, ours + sum(self.counts[fate] for fate in BY_PEOPLE | {Fate.RAN_OUT}))

    @property
    def held(self) -> int:
        return len(self.waits)

    @property
    def held_share(self) -> float | None:
        """Of the posts that are allowed by now, those that were held first."""
        allowed = self.counts[Fate.ALLOWED] + self.counts[Fate.PASSED] + self.released
        return share(self.held, allowed)

    @property
    def median_wait(self) -> timedelta | None:
        return timedelta(seconds=median(self.waits)) if self.waits else None

    @property
    def minutes_per_thousand(self) -> float | None:
        """Minutes of people's work for a thousand posts."""
        if self.minutes is None or not self.posts:
            return None
        return 1000 * self.minutes / self.posts


@dataclass(slots=True)
class _Step:
    """What a bucket is added up from."""

    counts: Counter[Fate] = field(default_factory=Counter)
    deeds: Counter[Deed] = field(default_factory=Counter)
    waits: list[float] = field(default_factory=list)
    released: int = 0
    minutes: float = 0.0


@dataclass(frozen=True, slots=True)
class Activity(Bucket):
    """One site's stretch of time, and its buckets of equal length, the oldest first."""

    span: Span
    end: datetime
    buckets: Sequence[Bucket]
    whole: bool
    """Whether all posts were counted, and not MOST of them."""


def share(part: int, whole: int) -> float | None:
    return part / whole if whole else None


# A post was held if some decision of the machine kept it from readers, until the first that showed
# it. Only of those that are allowed otherwise is that asked, by the index of a post's decisions.
POSTS: Final = """
SELECT step, fate, count(*), count(*) FILTER (WHERE released),
    array_agg(extract(epoch FROM shown_at - created_at)::float) FILTER (WHERE shown_at IS NOT NULL)
FROM (
    SELECT post.created_at, date_bin(%(step)s, post.created_at, %(start)s) AS step,
        CASE
            WHEN post.status = 'withdrawn' THEN 'withdrawn'
            WHEN post.status = 'pending' OR decision.outcome = 'review' THEN 'waits'
            WHEN decision.source = 'machine' AND decision.outcome = 'allow' THEN 'allowed'
            WHEN decision.source = 'machine' THEN 'blocked'
            WHEN decision.source = 'expiry' THEN 'ran_out'
            WHEN decision.outcome = 'allow' THEN 'passed'
            ELSE 'stopped'
        END AS fate,
        decision.source = 'expiry' AND decision.outcome = 'allow' AS released,
        CASE WHEN decision.source <> 'machine' AND post.outcome = 'allow'
            AND post.hidden_at IS NULL
        THEN (
            SELECT min(later.created_at)
            FROM moderation_decision AS held
            JOIN moderation_decision AS later
                ON later.post_id = held.post_id AND later.id > held.id AND later.published
            WHERE held.post_id = post.id AND held.source = 'machine' AND NOT held.published
        ) END AS shown_at
    FROM (
        SELECT id, status, outcome, hidden_at, decision_id, created_at FROM moderation_post
        WHERE site_id = %(site)s AND id >= %(first)s
        ORDER BY id DESC LIMIT %(most)s
    ) AS post
    LEFT JOIN moderation_decision AS decision ON decision.id = post.decision_id
    WHERE post.created_at >= %(start)s AND post.created_at < %(end)s
) AS counted
GROUP BY step, fate
"""


def whole_minute(moment: datetime) -> datetime:
    """Return the end of the minute that a moment lies in: what came up to it is counted whole."""
    start = moment.replace(second=0, microsecond=0)
    return start if start == moment else start + timedelta(minutes=1)


def of_site(site: Site, *, now: datetime, longest: Span = Span.WEEK) -> dict[Span, Activity]:
    """Return what happened on this site within the longest span and those within it, to now.

    Everything is read once, in steps that make up the buckets of each span.
    """
    start = now - longest.length
    steps: defaultdict[int, _Step] = defaultdict(_Step)
    for since, fate, posts, shown, waits in statements.rows(POSTS, _asked(site, start, now)):
        place = (since - start) // STEP
        steps[place].counts[Fate(fate)] += posts
        steps[place].released += shown
        steps[place].waits += waits or []
    answers = _answers(site, now)
    given = ((Deed.ANSWERED, each.moment) for each in answers)
    last = longest.length // STEP - 1
    for deed, moment in chain(given, _appeals(site, start, now), _looks(site, start, now)):
        if moment >= start:
            # An answer may come while the page is made.
            steps[min((moment - start) // STEP, last)].deeds[deed] += 1
    lengths = work.lengths(_sittings(answers))
    for moment, took in lengths or ():
        if moment >= start:
            steps[min((moment - start) // STEP, last)].minutes += took / 60
    return {
        span: _activity(span, now, steps, last, is_known=lengths is not None)
        for span in Span
        if span.length <= longest.length
    }


def _asked(site: Site, start: datetime, now: datetime) -> dict[str, Any]:
    return {
        "site": site.pk,
        # A post's id is made a moment before it is stored.
        "first": first_id(start - timedelta(minutes=1)),
        "start": start,
        "end": now,
        "step": STEP,
        "most": MOST,
    }


def _activity(
    span: Span, now: datetime, steps: Mapping[int, _Step], last: int, *, is_known: bool
) -> Activity:
    """Add up the steps of this span, which ends with the last of them."""
    start, each = now - span.length, span.bucket // STEP
    first = last + 1 - span.length // STEP
    buckets = [
        Bucket(start + STEP * (place - first), **_sum(steps, range(place, place + each), is_known))
        for place in range(first, last + 1, each)
    ]
    return Activity(
        start=start,
        **_sum(steps, range(first, last + 1), is_known),
        span=span,
        end=now,
        buckets=buckets,
        whole=sum(bucket.posts for bucket in buckets) < MOST,
    )


def _sum(steps: Mapping[int, _Step], places: range, is_known: bool) -> dict[str, Any]:
    some = [steps[place] for place in places if place in steps]
    return {
        "counts": {fate: sum(one.counts[fate] for one in some) for fate in Fate},
        "deeds": sum((one.deeds for one in some), Counter()),
        "waits": [wait for one in some for wait in one.waits],
        "released": sum(one.released for one in some),
        "minutes": sum(one.minutes for one in some) if is_known else None,
    }


def _appeals(site: Site, start: datetime, now: datetime) -> Iterator[tuple[Deed, datetime]]:
    shown = countable.appeals(site)
    came = shown.filter(pk__gte=first_id(start), created_at__gte=start, created_at__lt=now)
    for moment in came.values_list("created_at", flat=True)[:ANSWERS]:
        yield Deed.FILED, moment
    ended = shown.filter(state__in=_ENDED, resolved_at__gte=start, resolved_at__lt=now)
    for state, resolved_at in ended.values_list("state", "resolved_at")[:ANSWERS]:
        if resolved_at is not None:
            yield _ENDED[AppealState(state)], resolved_at


_ENDED: Final = {
    AppealState.UPHELD: Deed.UPHELD,
    AppealState.OVERTURNED: Deed.OVERTURNED,
}


def _looks(site: Site, start: datetime, now: datetime) -> Iterator[tuple[Deed, datetime]]:
    looks = countable.compared(site, since=start, until=now).order_by("-pk")
    rows = looks.values_list("verdict__kind", "answer__kind", "answer__created_at")[:LOOKS]
    for one, other, moment in rows:
        if moment is not None:
            yield (Deed.ALIKE if one == other else Deed.DIFFERED), moment


class _Answer(NamedTuple):
    user: int
    moment: datetime
    action: int | None
    """The answer to many that it is part of."""


def _answers(site: Site, now: datetime) -> list[_Answer]:
    """Return the answers of the longest span, the oldest first."""
    given = countable.answers(site, since=now - Span.WEEK.length, until=now).order_by("-pk")
    newest = given.values_list("user", "created_at", "bulk_item__action")[:ANSWERS]
    return [_Answer(*row) for row in reversed(newest)]


def _sittings(answers: Iterable[_Answer]) -> dict[int, list[datetime]]:
    """Return when each person answered; an answer to many is one, whatever it answered.

    How long answers took is told from all of these, whichever span is asked for.
    """
    by_person: dict[int, list[datetime]] = {}
    met: set[int] = set()
    for user, moment, action in answers:
        if action is None or action not in met:
            by_person.setdefault(user, []).append(moment)
        if action is not None:
            met.add(action)
    return by_person
