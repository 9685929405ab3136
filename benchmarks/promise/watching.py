"""Whether a promise that breaks is stopped, at what cost, and how often a kept one is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from benchmarks.promise.sites import DAY, DEADLINE, Numbers, answers
from classifiers.guarantees import certificates, exact
from classifiers.guarantees.certificates import Draws
from classifiers.guarantees.watch import BROKEN, DOUBTED, LASTS_DAYS, chance_of_block

Counts = NDArray[np.int64]

A: Final = 0.01
YEAR: Final = 365
BAD_DAYS: Final = 90


@dataclass(frozen=True, slots=True)
class Blocking:
    """A site whose model blocks by itself."""

    volume: int
    rate: float
    """Share of the honest posts that are blocked."""
    prevalence: float
    caught: float
    """Share of the spam that is blocked."""

    @property
    def blocks(self) -> float:
        """A day."""
        wrong = self.rate * (1.0 - self.prevalence)
        return self.volume * (wrong + self.caught * self.prevalence)


@dataclass(frozen=True, slots=True)
class Stopped:
    day: float
    honest: int
    """Honest posts that were blocked until then."""


def watch(
    generator: np.random.Generator,
    site: Blocking,
    *,
    days: int,
    before: float,
    bad_rate: float | None = None,
    from_day: int = 0,
) -> Stopped | None:
    """Look once a day, each certificate for itself; `before` is posts a block as certified.

    With `bad_rate` the model blocks so many of the honest posts `from_day` on; what was blocked
    wrongly is counted from then on.
    """
    honest = 0
    for first in range(0, days, LASTS_DAYS):
        lasts = min(LASTS_DAYS, days - first)
        rates = np.full(lasts, site.rate)
        if bad_rate is not None:
            rates[max(from_day - first, 0) :] = bad_rate
        counted = first + np.arange(lasts) >= from_day
        day, wrong = _certificate(generator, site, rates, before)
        honest += int((wrong * counted)[:day].sum())
        if day is not None:
            return Stopped(first + day - from_day, honest)
    return None


def _certificate(
    generator: np.random.Generator, site: Blocking, rates: Numbers, before: float
) -> tuple[int | None, Counts]:
    """The day on which it was stopped, if it was, and the honest posts blocked on each day."""
    days = len(rates)
    wrong = np.asarray(generator.poisson(site.volume * (1.0 - site.prevalence) * rates))
    caught = generator.poisson(np.full(days, site.volume * site.prevalence * site.caught))
    day_of = np.repeat(np.arange(days), wrong + caught)
    at = np.sort((day_of + generator.random(len(day_of))) * DAY)
    spam = generator.random(len(at)) * (wrong + caught)[day_of] >= wrong[day_of]
    said, answered_at = answers(generator, at, spam)
    throws = generator.random(len(at))
    chance = np.zeros(days)
    posts = np.cumsum(generator.poisson(site.volume, days))
    doubted = False
    for day in range(1, days + 1):
        chance[day - 1] = chance_of_block(site.blocks, certified=True, doubted=doubted)
        now = day * DAY
        chosen = (at <= now) & (throws < chance[day_of])
        known = Draws(
            at[chosen],
            np.ones(int(chosen.sum()), dtype=bool),
            np.ones(int(chosen.sum())),
            answered_at[chosen] <= now,
            said[chosen],
            np.zeros(int(chosen.sum())),
        )
        since = posts[day - 1] / max(int((at <= now).sum()), 1)
        doubt = certificates.doubt(
            known.before(known.settled_at(now, DEADLINE)),
            since=0.0,
            posts_per_block=max(before, since),
            most=A,
        )
        if doubt >= BROKEN:
            return day, wrong
        doubted = doubt >= DOUBTED
    return None, wrong


def bad(stopped: list[Stopped | None]) -> dict[str, Any]:
    honest = [each.honest for each in stopped if each is not None]
    days = [each.day for each in stopped if each is not None]
    return {
        "sites": len(stopped),
        "bad_model_stopped_share": round(len(honest) / max(len(stopped), 1), 4),
        "honest_blocked_before_stop": _quantiles(honest),
        "days_before_stop": _quantiles(days),
    }


def good(stopped: list[Stopped | None]) -> dict[str, Any]:
    false = sum(each is not None for each in stopped)
    ends = exact.interval(false, max(len(stopped), 1))
    return {
        "site_years": len(stopped),
        "false_stops_per_good_site_year": round(false / max(len(stopped), 1), 4),
        "false_stops_interval_95": [round(ends.low, 4), round(ends.high, 4)],
    }


def _quantiles(values: list[Any]) -> dict[str, float] | None:
    if not values:
        return None
    return {"median": float(np.median(values)), "p90": round(float(np.quantile(values, 0.9)), 1)}
