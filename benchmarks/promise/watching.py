"""Whether a promise that breaks is stopped, at what cost, and how often a kept one is."""

from collections import Counter
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from benchmarks.promise.sites import BOUND, DAY, DEADLINE, ERRORS, answers, looked_again
from classifiers.arrays import Counts, Flags, Numbers
from classifiers.guarantees import breach, exact, promise
from classifiers.guarantees.breach import Audits, Days, WrongBlocks, unwatched
from classifiers.guarantees.promise import PeriodCounts
from classifiers.guarantees.renewal import RENEWED_DAYS
from classifiers.guarantees.reviewers import Mistakes
from classifiers.guarantees.watch import (
    DOUBTED,
    LASTS_DAYS,
    broken,
    chance_of_allowed,
    chance_of_block,
)

A: Final = 0.01
YEAR: Final = 365
BAD_DAYS: Final = 90
DUE: Final = LASTS_DAYS - RENEWED_DAYS


@dataclass(frozen=True, slots=True)
class Blocking:
    """A site whose model blocks by itself."""

    volume: int
    rate: float
    """Share of the honest posts that are blocked."""
    prevalence: float
    caught: float
    """Share of the spam that is blocked."""


@dataclass(frozen=True, slots=True)
class Stopped:
    """The end of blocking, before the days were over."""

    day: float
    honest: int
    """Honest posts that were blocked until then."""
    how: str
    """broken, unwatched or expired."""


@dataclass(frozen=True, slots=True, eq=False)
class _Blocks:
    """The blocks of one certificate in their order; times in seconds."""

    at: Numbers
    day: Counts
    author: Counts
    honest_first: Flags
    """What the first person says."""
    answered_at: Numbers
    twice: Flags
    """Whether two people say that it is honest."""
    settled_at: Numbers
    """When that is known; when it was answered where the first says spam."""
    throws: Numbers


def watch(
    generator: np.random.Generator,
    site: Blocking,
    *,
    rates: Numbers,
    prevalences: Numbers | None = None,
    counted_from: int = 0,
    errors: Mistakes = ERRORS,
    lapses: bool = True,
    every: int = LASTS_DAYS,
    burst: int = 1,
) -> Stopped | None:
    """Look once a day while one certificate follows another, as they do in service.

    After `every` days a new model brings a certificate of its own. Of an honest author whom the
    model blocks, it blocks `burst` posts of one day.

    `rates` and `prevalences` are the truth of each day; wrong blocks and days are counted from
    `counted_from` on. With `lapses` blocking ends where no certificate follows in time from then
    on; before, it goes on as if one had.
    """
    prevalences = np.full(len(rates), site.prevalence) if prevalences is None else prevalences
    first = honest = 0
    after = LASTS_DAYS
    while first < len(rates):
        stretch = slice(first, first + every)
        day, how, wrong = _certificate(
            generator, site, rates[stretch], prevalences[stretch], errors, after, burst
        )
        after = day
        counted = first + np.arange(day) >= counted_from
        honest += int((wrong[:day] * counted).sum())
        first += day
        goes_on = not lapses or first >= len(rates) or first <= counted_from
        if how != "renewed" and not (how == "expired" and goes_on):
            return Stopped(first - counted_from, honest, how)
    return None


def _certificate(
    generator: np.random.Generator,
    site: Blocking,
    rates: Numbers,
    prevalences: Numbers,
    errors: Mistakes,
    after: int,
    burst: int,
) -> tuple[int, str, Counts]:
    """How long it lasted, how it ended, and the honest posts blocked on each day.

    The one before it was issued `after` days earlier.
    """
    days, ends = len(rates), broken(after_days=after)
    honest, spam = site.volume * (1.0 - prevalences), site.volume * prevalences
    wrong = burst * generator.poisson(honest * rates / burst)
    caught = generator.poisson(spam * site.caught)
    missed = generator.poisson(spam * (1.0 - site.caught))
    others = generator.poisson(honest * (1.0 - rates)) + missed
    blocks = _blocks(generator, wrong, caught, errors, burst)
    chance, audited = np.zeros(days), np.zeros((days, 2), dtype=np.int64)
    doubted = False
    for day in range(1, days + 1):
        a_day = float((wrong + caught)[max(day - 2, 0)])
        chance[day - 1] = chance_of_block(a_day, certified=True, doubted=doubted)
        audited[day - 1] = _audited(generator, others[day - 1], missed[day - 1], errors)
        known = _known(blocks, chance, others, audited, day)
        evidence = breach.evidence(known, most=A, mistakes=BOUND)
        if evidence >= ends:
            return day, "broken", wrong
        silent = unwatched(known, most=A, mistakes=BOUND)
        if silent >= ends:
            # It would cover blocks again once the answers came; here they never do.
            return day, "unwatched", wrong
        doubted = evidence >= DOUBTED
        if day >= DUE and not doubted and _carries(known, chance, audited[:day], others[:day]):
            return day, "renewed", wrong
    return days, "expired", wrong


def _blocks(
    generator: np.random.Generator, wrong: Counts, caught: Counts, errors: Mistakes, burst: int
) -> _Blocks:
    honest, spam = (np.repeat(np.arange(len(each)), each) for each in (wrong, caught))
    day = np.concatenate([honest, spam])
    # Those of one author lie within two hours; each block of spam is another author's.
    author = np.concatenate([np.arange(len(honest)) // burst, -1 - np.arange(len(spam))])
    began = generator.random(len(day))[author] if len(day) else np.zeros(0)
    at = (day + began * 11 / 12 + generator.random(len(day)) / 12) * DAY
    order = np.argsort(at)
    at, day, author, is_spam = at[order], day[order], author[order], author[order] < 0
    said, answered_at = answers(generator, at, is_spam, errors)
    twice, settled_at = looked_again(generator, at, is_spam, said, answered_at, errors)
    throws = generator.random(len(at))
    return _Blocks(at, day, author, ~said, answered_at, twice, settled_at, throws)


def _audits(others: Counts, audited: Counts, shares: Numbers) -> Audits:
    """Of the allowed posts of each share of a day those that were drawn and not called spam: of the
    last day, on which some wait, all of them.
    """
    days = len(shares)
    chance = np.array([chance_of_allowed(float(each)) for each in others[:days]])
    drawn, spam = audited[:days].T
    kept = drawn - np.where(np.arange(days) < days - 1, spam, 0)
    day = np.repeat(np.arange(days), np.round(kept * shares).astype(np.int64))
    return Audits(day, chance[day], np.minimum(chance, np.concatenate([chance[:1], chance[:-1]])))


def _known(blocks: _Blocks, chance: Numbers, others: Counts, audited: Counts, day: int) -> Days:
    """What is known at the end of a day, up to the first draw that waits."""
    now = day * DAY
    chosen = (blocks.at <= now) & (blocks.throws < chance[blocks.day])
    late = blocks.at <= now - DEADLINE
    waits = chosen & ~late & (blocks.settled_at > now)
    until = float(blocks.at[waits][0]) if waits.any() else now
    counted = chosen & (blocks.at < until)
    answered = blocks.answered_at <= now
    # Half a day that waits counts with half of its posts.
    shares = np.clip(until / DAY - np.arange(day), 0.0, 1.0)
    overruled = ~blocks.twice & (blocks.settled_at <= now)

    def count(which: Flags) -> Numbers:
        return np.bincount(blocks.day[counted & which], minlength=day).astype(np.float64)

    def found(which: Flags) -> WrongBlocks:
        chosen = counted & which
        return WrongBlocks.of(blocks.day[chosen].tolist(), blocks.author[chosen].tolist())

    return Days(
        others[:day] * shares,
        _audits(others, audited, shares),
        chance[:day],
        count(answered | ~answered),
        found(answered & blocks.honest_first & ~overruled),
        found(answered & blocks.twice & (blocks.settled_at <= now)),
        found(~answered | (blocks.honest_first & ~overruled)),
    )


def _audited(
    generator: np.random.Generator, allowed: int, spam: int, errors: Mistakes
) -> tuple[int, int]:
    """Allowed posts that are drawn on a day, and those that people call spam."""
    chance = chance_of_allowed(float(allowed))
    of_spam = generator.binomial(spam, chance)
    of_honest = generator.binomial(allowed - spam, chance)
    said = generator.binomial(of_spam, 1.0 - errors.honest_of_spam)
    said += generator.binomial(of_honest, errors.spam_of_honest)
    return of_spam + of_honest, said


def _carries(known: Days, chance: Numbers, audited: Counts, others: Counts) -> bool:
    """Whether the draws since the certificate earn another, if days do not differ."""
    drawn, spam = audited.sum(axis=0)
    seen = PeriodCounts(
        wrong=int(known.worst.blocks.sum()),
        allowed=int(others.sum()),
        drawn=int(drawn),
        spam=int(spam),
        chance=float(np.average(chance[: len(others)], weights=others)) if others.any() else 0.0,
    )
    return promise.wrongly_blocked(seen, BOUND) <= A


def bad(stopped: list[Stopped | None]) -> dict[str, Any]:
    honest = [each.honest for each in stopped if each is not None]
    days = [each.day for each in stopped if each is not None]
    return {
        "sites": len(stopped),
        "bad_model_stopped_share": round(len(honest) / max(len(stopped), 1), 4),
        "stopped_how": dict(Counter(each.how for each in stopped if each is not None)),
        "honest_blocked_before_stop": _quantiles(honest),
        "days_before_stop": _quantiles(days),
    }


def good(stopped: list[Stopped | None]) -> dict[str, Any]:
    """False stops; `unwatched` ends, which hold nothing to be broken, apart."""
    how = Counter(each.how for each in stopped if each is not None)
    ends = exact.interval(how["broken"], max(len(stopped), 1))
    return {
        "site_years": len(stopped),
        "false_stops_per_good_site_year": round(how["broken"] / max(len(stopped), 1), 4),
        "false_stops_interval_95": [round(ends.low, 4), round(ends.high, 4)],
        "unwatched_per_good_site_year": round(how["unwatched"] / max(len(stopped), 1), 4),
    }


def _quantiles(values: list[Any]) -> dict[str, float] | None:
    if not values:
        return None
    return {"median": float(np.median(values)), "p90": round(float(np.quantile(values, 0.9)), 1)}
