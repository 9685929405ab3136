"""Whether certificates are true, how much they let a site automate, and how long they take."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from benchmarks.promise.posts import Pool
from benchmarks.promise.sites import (
    BLOCK_FROM,
    BOUND,
    DAY,
    DEADLINE,
    ERRORS,
    Stream,
    before,
    lately,
    stream,
    with_waves,
    worse_in_waves,
)
from classifiers.arrays import Numbers
from classifiers.guarantees import certificates, exact, promise, thresholds
from classifiers.guarantees.certificates import Level, Volumes
from classifiers.guarantees.reviewers import Mistakes
from classifiers.guarantees.watch import chance_of_allowed, chance_of_block

A: Final = 0.01
EVERY: Final = 20
"""Draws between two looks."""
PREVALENCES: Final = (0.1, 0.2, 0.35)
SPREAD: Final = 0.4
"""Of the logarithm of a day's volume."""
MOST: Final = 0.9
"""Of a day's posts that are spam."""
DAYS: Final = {50: 60, 200: 60, 2_000: 21}
"""How long a site of so many posts a day is watched."""
VERDICTS: Final = (200, 500)
GRID: Final = thresholds.grid(BLOCK_FROM)


@dataclass(frozen=True, slots=True)
class Run:
    """One site until its certificate, or until its days are over."""

    volume: int
    certified: bool
    true: bool
    """The certified threshold keeps the promise."""
    possible: bool
    """Some threshold does, and blocks spam."""
    days: float
    verdicts: int
    automated: dict[int, float]
    """By so many verdicts, the share of spam that is blocked of what an oracle would block."""
    threshold: float | None
    told: float | None = None
    """The days that the page tells half-way, over those that it then took."""


def run(
    generator: np.random.Generator,
    pool: Pool,
    *,
    volume: int,
    prevalence: float | None = None,
    errors: Mistakes = ERRORS,
    burst: int = 1,
    waves: int = 0,
    in_force: bool = False,
    worse: float | None = None,
    looks_from: float = 0.0,
) -> Run:
    """Hold and judge every would-be block, look every EVERY labels, stop when certified.

    Days differ in volume, and busy ones bring more spam; allowed posts are drawn with a chance that
    follows the volume of the day before. A wave of spam comes every `waves` days. With `in_force`
    would-be blocks are drawn as under a certificate: of many, few. `worse` is the share of the
    honest posts that would be blocked which come on days of waves. The first look comes after
    `looks_from` days.
    """
    prevalence = float(generator.choice(PREVALENCES)) if prevalence is None else prevalence
    busy = np.exp(SPREAD * generator.standard_normal(DAYS[volume]) - SPREAD**2 / 2.0)
    shares = np.clip(prevalence * busy, 0.0, MOST)
    if waves:
        busy, shares = with_waves(busy, shares, waves)
    posts = stream(
        generator,
        pool,
        prevalence=shares,
        volume=volume,
        days=float(DAYS[volume]),
        busy=busy,
        errors=errors,
        burst=burst,
    )
    if worse is not None:
        posts = worse_in_waves(generator, posts, waves, worse)
    came = before(posts.at, posts.allowed, DAYS[volume])
    day = (posts.at // DAY).astype(np.int64)
    least = np.ones(DAYS[volume])
    of_blocks = chances_of_blocks(posts) if in_force else np.ones(len(posts.at))
    np.minimum.at(least, day[posts.blocks], of_blocks[posts.blocks])
    chances = Chances(least, np.array([chance_of_allowed(each) for each in came.tolist()])[day])
    drawn = posts.throws < np.where(posts.blocks, of_blocks, chances.of_allowed)
    drawn &= posts.blocks | posts.allowed
    # Of an author's posts, which score alike, one is blocked.
    rates = dict(zip(GRID, pool.rates(GRID) / burst, strict=True))
    oracle = max((_caught(pool, t) for t, rate in rates.items() if rate <= A), default=0.0)
    automated: dict[int, float] = {}
    ended: tuple[float, int, float] | None = None
    looks = posts.at[drawn][EVERY - 1 :: EVERY]
    for now in looks[looks >= looks_from * DAY]:
        known = posts.draws(drawn, float(now), of_blocks)
        verdicts = int(known.answered.sum())
        due = [count for count in VERDICTS if count <= verdicts and count not in automated]
        if ended is not None and not due and len(automated) == len(VERDICTS):
            break
        if ended is None or due:
            found = _certify(posts, known, chances, float(now))
            if found is not None and ended is None and found.is_worth:
                ended = float(now) / DAY, verdicts, found.threshold
            caught = _caught(pool, found.threshold) if found else 0.0
            automated |= dict.fromkeys(due, caught / oracle if oracle else 0.0)
    days, verdicts, threshold = ended or (np.inf, 0, None)
    told = None
    if ended is not None:
        half = days / 2.0
        known = posts.draws(drawn, half * DAY, of_blocks)
        told = _still(posts, known, chances, half * DAY) / half
    return Run(
        volume=volume,
        certified=ended is not None,
        true=threshold is None or rates[threshold] <= A,
        possible=oracle > 0.0,
        days=days,
        verdicts=verdicts,
        automated=automated,
        threshold=threshold,
        told=told,
    )


def chances_of_blocks(posts: Stream) -> Numbers:
    """With which each post would be drawn if it were blocked, under a certificate."""
    came = lately(posts.at, posts.blocks)
    return np.array([chance_of_block(n, certified=True, doubted=False) for n in came.tolist()])


@dataclass(frozen=True, slots=True, eq=False)
class Chances:
    """With which posts are drawn."""

    of_blocks: Numbers
    """The least of each day."""
    of_allowed: Numbers
    """Of each post."""

    def volumes(
        self, posts: Stream, since: float, until: float, drawn_until: float | None = None
    ) -> Volumes:
        """As `reviews.measuring.volumes` sums them up."""
        which = posts.allowed & (posts.at >= since) & (posts.at < until)
        if not which.any():
            return Volumes(0, 0.0, least=0.0)
        before = np.minimum(self.of_blocks, np.concatenate([[1.0], self.of_blocks[:-1]]))
        days = (posts.at[which] // DAY).astype(np.int64)
        chance, least = before[days].mean(), before[int(since // DAY) : int(until // DAY) + 1].min()
        last = until if drawn_until is None else drawn_until
        rows = posts.allowed & (posts.at >= since) & (posts.at < max(until, last))
        at, allowed = posts.at[rows], self.of_allowed[rows]
        parts = (_by_day(at[part], allowed[part], until) for part in (at < last, at >= last))
        levels = Level.of_days(float(allowed[0]), *parts)
        return Volumes(int(which.sum()), float(chance), levels, float(least))


def _by_day(at: Numbers, chances: Numbers, until: float) -> list[tuple[int, int, float]]:
    """Days, their posts before `until`, and the least chance of any."""
    days, whose = np.unique((at // DAY).astype(np.int64), return_inverse=True)
    lowest = np.full(len(days), np.inf)
    np.minimum.at(lowest, whose, chances)
    came = np.bincount(whose, at < until, len(days)).astype(np.int64)
    return list(zip(days.tolist(), came.tolist(), lowest.tolist(), strict=True))


def _certify(
    posts: Stream, known: certificates.Draws, chances: Chances, now: float
) -> certificates.Certified | None:
    found = (
        certificates.certify(draws, volumes, block_from=BLOCK_FROM, mistakes=BOUND, most=A)
        for _, draws, volumes in _ways(posts, known, chances, now)
    )
    return min(filter(None, found), key=lambda each: each.threshold, default=None)


def _ways(
    posts: Stream, known: certificates.Draws, chances: Chances, now: float
) -> Iterator[tuple[float, certificates.Draws, Volumes]]:
    return certificates.ways(
        known, now, DEADLINE, lambda *until: chances.volumes(posts, 0.0, *until)
    )


def _still(posts: Stream, known: certificates.Draws, chances: Chances, now: float) -> float:
    """The days that are still needed, as `reviews.measuring.site_figures` tells it; infinite for
    never.
    """
    settled = known.settled_at(now, DEADLINE)
    _, draws, volumes = next(_ways(posts, known, chances, now))
    seen = certificates.seen(draws, draws.wanted(BLOCK_FROM), volumes)
    needed = promise.allowed_needed(seen, BOUND, A)
    return math.inf if needed is None else (needed / max(seen.allowed, 1) - 1.0) * settled / DAY


def _caught(pool: Pool, threshold: float) -> float:
    return float((pool.scores[pool.spam] >= threshold).mean())


def figures(runs: list[Run]) -> dict[str, Any]:
    """What is told of many sites."""
    certified = [run for run in runs if run.certified]
    kept = sum(run.true for run in certified)
    return {
        "sites": len(runs),
        "certified": len(certified),
        "kept_share": round(kept / max(len(certified), 1), 4),
        "kept_share_interval_95": _ends(kept, len(certified)),
        "kept_share_of_all_sites": round(sum(run.true for run in runs) / max(len(runs), 1), 4),
        "automated_share_of_oracle": {
            str(count): _mean([run.automated.get(count, 0.0) for run in runs if run.possible])
            for count in VERDICTS
        },
        "days_to_certificate": {
            str(volume): _days([run for run in runs if run.volume == volume and run.possible])
            for volume in DAYS
        },
        "told_half_way_over_took": _quartiles([run.told for run in runs if run.told is not None]),
    }


def _quartiles(values: list[float]) -> list[float] | None:
    """Of those that are finite and those that are not."""
    every = np.sort(values)
    if not len(every):
        return None
    return [round(float(every[int(share * (len(every) - 1))]), 2) for share in (0.25, 0.5, 0.75)]


def _days(runs: list[Run]) -> dict[str, Any]:
    """Quantiles over all sites that an oracle would certify, those that never were included."""
    days = np.sort([run.days for run in runs]) if runs else np.array([np.inf])
    verdicts = [run.verdicts for run in runs if run.certified]

    def at(share: float) -> float | None:
        found = float(days[min(int(share * len(days)), len(days) - 1)])
        return round(found, 1) if np.isfinite(found) else None

    return {
        "sites": len(runs),
        "certified_share": round(sum(run.certified for run in runs) / max(len(runs), 1), 3),
        "days_median": at(0.5),
        "days_p25": at(0.25),
        "days_p75": at(0.75),
        "verdicts_median": int(np.median(verdicts)) if verdicts else None,
    }


def _ends(found: int, of: int) -> list[float]:
    ends = exact.interval(found, of) if of else exact.Interval(0.0, 1.0)
    return [round(ends.low, 4), round(ends.high, 4)]


def _mean(values: list[float]) -> float | None:
    return round(float(np.mean(values)), 3) if values else None
