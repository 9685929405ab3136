"""What the draws of a site have earned since its last certificate, and from when on they count."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import takewhile
from typing import Final

from classifiers.guarantees import certificates, promise, renewal
from classifiers.guarantees.certificates import Draws, Volumes
from moderation.models import Certificate, Policy, Site
from moderation.types import Mode, Stratum
from reviews.measuring import draws, volumes
from reviews.measuring.draws import Question
from reviews.queue.priority import DEADLINE

LOOKED_BACK: Final = timedelta(days=28)
"""What a site has earned that certifies nothing is shown of so many days."""
DAY: Final = timedelta(days=1)
RENEWED: Final = renewal.RENEWED_DAYS * DAY
"""Before its end a certificate may be followed by another."""
FORMER: Final = 10
"""Certificates that are looked at, the newest: more than fit into what may count again."""


@dataclass(frozen=True, slots=True, eq=False)
class Standing:
    """What is known of a site on its way to a certificate."""

    asked: Question
    settled: Draws
    volumes: Volumes
    would_block: int
    """How many would-be blocks came."""
    least: float
    """The least chance with which one of them was drawn."""
    waiting: int
    """Draws of the same time that wait for an answer, and do not count yet."""

    @property
    def until(self) -> datetime:
        return self.asked.until

    def seen(self, threshold: float) -> promise.PeriodCounts:
        return certificates.seen(self.settled, threshold, self.volumes)


def know(site: Site, policy: Policy, now: datetime) -> Standing | None:
    """What is told of the draws since the last certificate; None before the first."""
    drawn = read(site, policy, now, is_told=True)
    return None if drawn is None else next(drawn.ways(now), None)


@dataclass(frozen=True, slots=True, eq=False)
class Drawn:
    """What is read of a site on its way to a certificate, once."""

    asked: Question
    first: datetime
    every: Draws
    counts: volumes.DrawnFrom

    def ways(self, now: datetime) -> Iterator[Standing]:
        """What is known up to each of the moments that may be chosen, the settled one first."""
        ways = certificates.ways(self.every, *_times(now), self.counts.until)
        for moment, settled, before in ways:
            until = min(datetime.fromtimestamp(moment, UTC), now)
            yield Standing(
                replace(
                    self.asked,
                    since=min(self.first, until),
                    until=max(self.first, until),
                    once_since=self.asked.since,
                ),
                settled,
                before,
                self.counts.would_block(moment),
                self.counts.least_of_blocks(moment),
                len(self.every.at) - len(settled.at),
            )


def read(site: Site, policy: Policy, now: datetime, *, is_told: bool = False) -> Drawn | None:
    """With `is_told` without the answers of which no page tells yet."""
    model = draws.newest_model(site.pk, policy.mode)
    if model is None:
        return None
    former = list(Certificate.objects.filter(site=site, model=model)[:FORMER])
    since = _since(former, policy, now) if former else site.created_at
    since = max(since, begins(now))
    if policy.mode != Mode.CERTIFIED:
        since = max(since, now - LOOKED_BACK)
    asked = Question(site.pk, model, policy.mode, policy.block_from, since, now)
    firsts = [volumes.first(asked, stratum) for stratum in (Stratum.ALLOW, Stratum.BLOCK)]
    first = min((made for made, _ in filter(None, firsts)), default=None)
    if first is None:
        return None
    every = Draws.of(draws.drawn(asked, told_at=now if is_told else None))
    moments = [each for stratum in every.strata for each in stratum.moments(*_times(now))]
    return Drawn(asked, first, every, volumes.counted(asked, moments))


def _times(now: datetime) -> tuple[float, float]:
    return now.timestamp(), DEADLINE.total_seconds()


def begins(now: datetime) -> datetime:
    """The first day of the quarter before the present one: older draws say little of what comes.

    A day fixed in advance: of a number of days before each look the bound would not hold at all
    looks.
    """
    quarter = (now.month - 1) // 3
    year, before = (now.year, quarter - 1) if quarter else (now.year - 1, 3)
    return datetime(year, 3 * before + 1, 1, tzinfo=now.tzinfo)


def _since(former: Sequence[Certificate], policy: Policy, now: datetime) -> datetime:
    """From when on draws count for the one that is to follow these, newest first.

    Since the last one's period, or since earlier ones where volumes say that this will not do.
    """
    last = former[0]
    if last.broken and last.ended_at:
        return last.ended_at
    due = last.expires_at - RENEWED
    if now < due:
        return last.period_to
    between = Question(
        last.site_id, last.model, policy.mode, policy.block_from, last.period_to, due
    )
    came = volumes.counted(between).until(math.inf)
    if renewal.are_enough(allowed=came.allowed, chance=came.chance, promise=policy.promise):
        return last.period_to
    kept = takewhile(lambda each: not each.broken, former)
    ends = [end for each in kept for end in (each.period_from, each.period_to)]
    began = renewal.start([(end - last.period_to) / DAY for end in ends], last=0.0)
    return last.period_to + began * DAY
