"""Is a limit of missed spam watched well: seldom by mistake, and soon when it is broken?

    python -m benchmarks.promise.missing [--json] [--data DIR] [--shelf DIR] [--sites N]

Sites of 50, 200 and 2,000 posts a day, of which ALLOWED are allowed, with a limit of LIMIT. The
draws are those of the policy (up to twenty a day, a seventh at most); people err on 2 % of honest
posts and 0.3 % of spam, each by themselves, whatever is called spam is judged again and a third
decides, 0.2 % of the draws are never answered. One look a day, a year long, by the functions that
serve. Good sites let through exactly what is allowed on every day (the worst case), or half of it
with days that differ. Bad ones let through three times the limit from some day of the first half
year on. What asking people about more posts finds is told from real posts' scores.
"""

from collections.abc import Sequence
from typing import Any, Final

import numpy as np

from benchmarks.promise.posts import Pool, figure
from benchmarks.promise.sites import ERRORS, REVIEW_FROM, SILENT
from classifiers.arrays import Flags, Numbers
from classifiers.guarantees import exact, missed, watch
from classifiers.guarantees.reviewers import ASSUMED

LIMIT: Final = 0.02
BAD: Final = 3.0
ALLOWED: Final = 0.75
VOLUMES: Final = (50, 200, 2_000)
DAYS: Final = missed.WATCHED_DAYS
WAVES: Final = 56
TURNS: Final = DAYS // 2
SITES: Final = 600
ASKED: Final = 20
"""Posts a day that people are asked about besides, by default."""
PREVALENCE: Final = 0.2


def drawn(generator: np.random.Generator, volume: int, share: Numbers) -> tuple[Flags, Numbers]:
    """Of each draw of a year, whether it ends as spam, and its day; `share` is spam by day."""
    allowed = volume * ALLOWED
    counts = generator.poisson(allowed * watch.chance_of_allowed(allowed), len(share))
    day = np.repeat(np.arange(len(share)), counts)
    spam = generator.random(len(day)) < share[day]
    called = np.where(spam, _ends_as_spam(spam=True), _ends_as_spam(spam=False))
    silent = generator.random(len(day)) < SILENT
    return (generator.random(len(day)) < called) & ~silent, day.astype(np.float64)


def _ends_as_spam(*, spam: bool) -> float:
    """One says spam, and a second, or else a third, says so too."""
    says = 1.0 - ERRORS.honest_of_spam if spam else ERRORS.spam_of_honest
    return says * (says + (1.0 - says) * says)


def alarm(found: Flags, day: Numbers) -> int | None:
    """The day on which the alarm is sounded, looking once a day; None for never.

    On days without spam among the draws the evidence only falls.
    """
    ends = np.searchsorted(day, np.arange(1, DAYS + 1))
    for number in np.unique(day[found]).astype(int):
        known, of = found[: ends[number]], day[: ends[number]]
        if missed.doubt(known, of, limit=LIMIT, mistakes=ASSUMED) >= missed.BROKEN:
            return int(number)
    return None


def good(generator: np.random.Generator, volume: int, sites: int, *, worst: bool) -> dict[str, Any]:
    """False alarms in a year, and how often the bound that is shown was ever untrue."""
    alarms = untrue = 0
    for _ in range(sites):
        share = np.full(DAYS, LIMIT)
        if not worst:
            share = LIMIT / 2 * np.exp(0.4 * generator.standard_normal(DAYS) - 0.08)
        found, day = drawn(generator, volume, share)
        alarms += alarm(found, day) is not None
        untrue += worst and _is_untrue(found, day)
    ends = exact.interval(alarms, sites)
    told = {
        "site_years": sites,
        "false_alarms": round(alarms / sites, 4),
        "interval_95": [round(ends.low, 4), round(ends.high, 4)],
    }
    return {**told, "bound_ever_untrue": round(untrue / sites, 4)} if worst else told


def _is_untrue(found: Flags, day: Numbers) -> bool:
    """Whether the bound fell below the truth on any day."""
    counts = np.cumsum(found)
    for end in np.searchsorted(day, np.arange(1, DAYS + 1, 7)):
        seen = missed.AllowedDraws(int(end), int(counts[end - 1]) if end else 0, 0)
        if missed.at_most(seen, ASSUMED) < LIMIT:
            return True
    return False


def waves(generator: np.random.Generator, volume: int, sites: int) -> dict[str, Any]:
    """How often the bound that is shown is untrue after eight weeks whose weekends bring five times
    the posts and six times the share of spam; fewer of these are drawn.
    """
    weekend = np.arange(WAVES) % 7 >= 5
    allowed = volume * ALLOWED * np.where(weekend, 5.0, 1.0)
    share = LIMIT * np.where(weekend, 1.5, 0.25)
    chances = np.array([watch.chance_of_allowed(each) for each in allowed.tolist()])
    truth = float((allowed * share).sum() / allowed.sum())
    bounds = []
    for _ in range(sites):
        alike = generator.poisson(allowed * chances.min())
        spam = generator.binomial(alike, share)
        said = generator.binomial(spam, 1.0 - ERRORS.honest_of_spam)
        said += generator.binomial(alike - spam, ERRORS.spam_of_honest)
        seen = missed.AllowedDraws(int(alike.sum()), int(said.sum()), 0)
        bounds.append(missed.at_most(seen, ASSUMED))
    return {
        "true_share": round(truth, 4),
        "bound_median": round(float(np.median(bounds)), 4),
        "bound_untrue": round(float(np.mean(np.array(bounds) < truth)), 4),
    }


def bad(generator: np.random.Generator, volume: int, sites: int) -> dict[str, Any]:
    """How many are found in half a year, and after how many days."""
    days: list[float] = []
    for _ in range(sites):
        turn = int(generator.integers(TURNS))
        share = np.where(np.arange(DAYS) >= turn, BAD * LIMIT, LIMIT / 2)
        at = alarm(*drawn(generator, volume, share))
        days.append(at - turn if at is not None and at - turn <= TURNS else np.inf)
    found = np.isfinite(days)
    return {
        "sites": sites,
        "found_share": round(float(found.mean()), 4),
        "days_median": _day(days, 0.5),
        "days_p90": _day(days, 0.9),
    }


def _day(days: Sequence[float], share: float) -> float | None:
    at = float(np.sort(days)[min(int(share * len(days)), len(days) - 1)])
    return at if np.isfinite(at) else None


def asking(found: Sequence[Pool], volume: int) -> dict[str, float]:
    """Of the spam that would be allowed, the share that people are asked about, over platforms."""
    shares = []
    for pool in found:
        spam, honest = pool.scores[pool.spam], pool.scores[~pool.spam]
        spam, honest = spam[spam < REVIEW_FROM], honest[honest < REVIEW_FROM]
        scores = np.concatenate([spam, honest])
        weights = np.concatenate(
            [
                np.full(len(spam), volume * PREVALENCE / pool.spam.sum()),
                np.full(len(honest), volume * (1.0 - PREVALENCE) / (~pool.spam).sum()),
            ]
        )
        order = np.argsort(-scores, kind="stable")
        asked = order[np.cumsum(weights[order]) <= ASKED]
        shares.append(float((asked < len(spam)).sum() / max(len(spam), 1)))
    return {
        "median": round(float(np.median(shares)), 3),
        "least": round(min(shares), 3),
        "most": round(max(shares), 3),
    }


def measure(found: Sequence[Pool], sites: int, seed: int = 5) -> dict[str, Any]:
    """All figures."""
    generator = np.random.default_rng(seed)
    told: dict[str, Any] = {}
    for volume in VOLUMES:
        told[str(volume)] = {
            "at_the_limit": good(generator, volume, sites, worst=True),
            "half_of_it": good(generator, volume, sites, worst=False),
            "waves": waves(generator, volume, sites),
            "three_times": bad(generator, volume, sites),
            "missed_spam_asked_about": asking(found, volume),
        }
    return {"limit": LIMIT, "asked_a_day": ASKED, "by_posts_a_day": told}


if __name__ == "__main__":
    figure("promise.missing", measure, SITES, quick=12)
