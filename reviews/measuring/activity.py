"""What happened to the posts of a stretch of time: counted, not estimated.

Counted are the posts that came in within it, as they stand now; the newest MOST of a site, so
that a page costs the same however busy the site is. Ids (UUIDv7) begin with time, so that the
site's index of ids finds them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import pairwise
from statistics import median
from typing import Any, Final

from moderation import statements
from moderation.ids import first_id
from moderation.models import Site
from reviews.labels import countable
from reviews.models import Appeal
from reviews.states import AppealState

MOST: Final = 100_000
"""Posts of one site that are counted."""
ANSWERS: Final = 50_000
"""Answers whose times are read."""
BREAK: Final = timedelta(minutes=5)
"""From one answer to the next; whoever takes longer did something else meanwhile."""


class Span(StrEnum):
    HOUR = "hour"
    DAY = "day"
    WEEK = "week"

    @property
    def length(self) -> timedelta:
        return _SPANS[self][0]

    @property
    def slot(self) -> timedelta:
        """How much of it one bar stands for."""
        return _SPANS[self][1]


_SPANS: Final = {
    Span.HOUR: (timedelta(hours=1), timedelta(minutes=5)),
    Span.DAY: (timedelta(days=1), timedelta(hours=1)),
    Span.WEEK: (timedelta(days=7), timedelta(hours=6)),
}


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
class Slot:
    """The posts that came in within a stretch of time, and what people did meanwhile."""

    start: datetime
    counts: Fates
    deeds: Counter[Deed]
    waits: list[float]
    """Seconds, of posts that are allowed by now and were kept from readers until somebody said so,
    or nobody in time: from coming in to when they were shown first."""
    released: int
    """Of those that nobody answered in time, the ones that readers see."""
    minutes: float
    """That people spent on answers: the times between each one's answers, without breaks."""

    @property
    def posts(self) -> int:
        return sum(self.counts.values())

    @property
    def answers(self) -> int:
        """Answers that were given, also those that were taken back."""
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
        return 1000 * self.minutes / self.posts if self.posts else None


@dataclass(frozen=True, slots=True)
class Activity(Slot):
    """One site's stretch of time, and its slots of equal length, the oldest first."""

    span: Span
    end: datetime
    slots: Sequence[Slot]
    whole: bool
    """Whether all posts were counted, and not MOST of them."""


def share(part: int, whole: int) -> float | None:
    return part / whole if whole else None


# A post was held if some decision of the machine kept it from readers, until the first that showed
# it. Only of those that are allowed otherwise is that asked, by the index of a post's decisions.
POSTS: Final = """
WITH post AS MATERIALIZED (
    SELECT id, status, outcome, hidden_at, decision_id, created_at FROM moderation_post
    WHERE site_id = %(site)s AND id >= %(first)s
    ORDER BY id DESC LIMIT %(most)s
)
SELECT floor(extract(epoch FROM post.created_at - %(start)s) / %(slot)s)::int AS slot,
    CASE
        WHEN post.status = 'withdrawn' THEN 'withdrawn'
        WHEN post.status = 'pending' OR decision.outcome = 'review' THEN 'waits'
        WHEN decision.source = 'machine' AND decision.outcome = 'allow' THEN 'allowed'
        WHEN decision.source = 'machine' THEN 'blocked'
        WHEN decision.source = 'expiry' THEN 'ran_out'
        WHEN decision.outcome = 'allow' THEN 'passed'
        ELSE 'stopped'
    END AS fate,
    count(*) AS posts,
    count(*) FILTER (WHERE decision.source = 'expiry' AND decision.outcome = 'allow') AS released,
    array_agg(extract(epoch FROM shown.at - post.created_at)::float)
        FILTER (WHERE shown.at IS NOT NULL) AS waits
FROM post
LEFT JOIN moderation_decision AS decision ON decision.id = post.decision_id
LEFT JOIN LATERAL (
    SELECT min(later.created_at) AS at
    FROM moderation_decision AS held
    JOIN moderation_decision AS later
        ON later.post_id = held.post_id AND later.id > held.id AND later.published
    WHERE decision.source <> 'machine' AND post.outcome = 'allow'
      AND post.hidden_at IS NULL
      AND held.post_id = post.id AND held.source = 'machine' AND NOT held.published
) AS shown ON true
WHERE post.created_at >= %(start)s AND post.created_at < %(end)s
GROUP BY slot, fate
"""


def of_site(site: Site, *, span: Span, now: datetime) -> Activity:
    """Return what happened on this site within the span that ends now."""
    start = now - span.length
    asked: dict[str, Any] = {
        "site": site.pk,
        # A post's id is made a moment before it is stored.
        "first": first_id(start - timedelta(minutes=1)),
        "start": start,
        "end": now,
        "slot": span.slot.total_seconds(),
        "most": MOST,
    }
    count = span.length // span.slot
    counts: list[Fates] = [dict.fromkeys(Fate, 0) for _ in range(count)]
    waits: list[list[float]] = [[] for _ in range(count)]
    released = [0] * count
    for place, fate, posts, shown, waited in statements.rows(POSTS, asked):
        counts[place][Fate(fate)] += posts
        waits[place] += waited or []
        released[place] += shown
    answers = _answers(site, start, now)
    moments = [(Deed.ANSWERED, moment) for times in answers.values() for moment in times]
    deeds: list[Counter[Deed]] = [Counter() for _ in range(count)]
    for deed, moment in (*moments, *_appeals(site, start, now), *_looks(site, start, now)):
        deeds[_place(moment, start, span)][deed] += 1
    minutes = [0.0] * count
    for times in answers.values():
        for moment, took in _between(times):
            minutes[_place(moment, start, span)] += took
    slots = [
        Slot(start + span.slot * place, *each)
        for place, each in enumerate(zip(counts, deeds, waits, released, minutes, strict=True))
    ]
    return Activity(
        start=start,
        counts={fate: sum(slot.counts[fate] for slot in slots) for fate in Fate},
        deeds=sum(deeds, Counter()),
        waits=[wait for some in waits for wait in some],
        released=sum(released),
        minutes=sum(minutes),
        span=span,
        end=now,
        slots=slots,
        whole=sum(slot.posts for slot in slots) < MOST,
    )


def _place(moment: datetime, start: datetime, span: Span) -> int:
    """Return in which slot a moment lies; an answer may come while the page is made."""
    return min(int((moment - start) / span.slot), span.length // span.slot - 1)


def _appeals(site: Site, start: datetime, now: datetime) -> Iterator[tuple[Deed, datetime]]:
    came = Appeal.objects.filter(
        site=site, pk__gte=first_id(start), created_at__gte=start, created_at__lt=now
    )
    for moment in came.values_list("created_at", flat=True)[:ANSWERS]:
        yield Deed.FILED, moment
    ended = Appeal.objects.filter(site=site, resolved_at__gte=start, resolved_at__lt=now)
    ended = ended.filter(state__in=_ENDED)
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


def _answers(site: Site, start: datetime, now: datetime) -> dict[int, list[datetime]]:
    """Return when each person answered, the newest first."""
    given = countable.answers(site, since=start, until=now)
    by_person: dict[int, list[datetime]] = {}
    for user, moment in given.order_by("-pk").values_list("user", "created_at")[:ANSWERS]:
        by_person.setdefault(user, []).append(moment)
    return by_person


def _between(times: Iterable[datetime]) -> Iterator[tuple[datetime, float]]:
    """Yield the moment of each answer and the minutes since the one before, without breaks."""
    for later, earlier in pairwise(times):
        if (gap := later - earlier) < BREAK:
            yield later, gap.total_seconds() / 60
