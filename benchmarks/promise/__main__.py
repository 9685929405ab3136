"""Is the promise kept? 2,000 simulated sites over real posts.

    python -m benchmarks.promise --json [--data DIR] [--shelf DIR] [--sites N] [--quick]

"Of honest posts, at most 1 % are blocked by the model, with 95 % confidence." A site's posts are
drawn with replacement from one platform's labelled posts, as scored by a model that had not seen
them: one of the platform's other posts, or one of other platforms alone, whose probabilities hold
badly there. So the truth is known: the share of that pool's honest posts at or above a threshold.

Only what is drawn or held is labelled, after hours; people err, and are only assumed to err within
bounds (`benchmarks.promise.sites`); would-be blocks that one calls honest are judged again. Days
differ in volume and in spam, and what is drawn follows the volume. Looks
come every 20 labels. Bounds, evidence and chances of a draw are those that serve. Simplified: a
second look is answered as quickly as a first one, a certificate is followed on the draws since it
began, and no known wrong blocks (appeals, feedback) are reckoned with.
"""

import sys
import time
from collections.abc import Sequence
from typing import Any, Final

import numpy as np

from benchmarks.promise import certifying, drifting, heavy, measuring, sites, watching
from benchmarks.promise.posts import Pool, figure
from benchmarks.promise.watching import Blocking
from classifiers.guarantees import exact
from classifiers.guarantees.renewal import RENEWED_DAYS
from classifiers.guarantees.reviewers import Mistakes
from classifiers.guarantees.watch import LASTS_DAYS

SITES: Final = 2_000
QUICK: Final = 24
BAD: Final = 3.0
"""Times the promised share."""
HONEST: Final = 2_000
SURE: Final = 0.9999
OFTEN: Final = 10
"""Days from one wave of spam to the next, where one may come before a certificate."""
WORSE: Final = (0.7, 0.9)
"""Of the honest posts that would be blocked, the share that come on days of waves."""
FOLLOWS: Final = float(LASTS_DAYS - RENEWED_DAYS)
"""Days after which a certificate may follow another: two waves came, and nothing tells of the first
before it comes."""
CATCHES: Final = 0.2
"""Of its spam, so much at least is blocked by a model that is worth automating."""


def measure(found: Sequence[Pool], count: int, seed: int = 1) -> dict[str, Any]:
    """All figures."""
    generator = np.random.default_rng(seed)
    runs: dict[str, list[certifying.Run]] = {"own": [], "by others": []}
    chosen: list[Blocking] = []
    volumes = tuple(certifying.DAYS)
    for number in range(count):
        pool = found[number % len(found)]
        volume = volumes[number // len(found) % len(volumes)]
        run = certifying.run(generator, pool, volume=volume)
        runs["by others" if pool.name.endswith("by others") else "own"].append(run)
        if run.threshold is not None and run.true:
            chosen.append(_blocking(generator, pool, run.threshold, volume))
    _tell("certified")
    measured = {
        errors: [
            _measured(generator, found[number % len(found)], errors) for number in range(count)
        ]
        for errors in (sites.ERRORS, sites.BOUND)
    }
    _tell("measured")
    every = [run for kind in runs.values() for run in kind]
    return {
        "promise": certifying.A,
        "assumed": {
            "people": "err on 2 % of honest posts and 0.3 % of spam; assumed: at most 5 % and 2 %",
            "answers": "after 4 hours in the median, lognormal with spread 1; 0.2 % never",
            "spam": f"{certifying.PREVALENCES} of the posts",
            "block_from": sites.BLOCK_FROM,
        },
        **certifying.figures(every),
        "by_model": {kind: certifying.figures(mine) for kind, mine in runs.items()},
        **measuring.summary(measured[sites.ERRORS]),
        "people_at_their_worst": measuring.summary(measured[sites.BOUND]),
        **_watched(generator, chosen, count),
        "drift": drifting.figures(generator, max(count // 8, 1)),
        "much_spam": _much_spam(generator, found, max(count // 8, 1)),
        "bursts": _bursts(generator, found, max(count // 4, 1)),
        "waves": _waves(generator, found, max(count // 4, 1)),
        **just_broken(found, max(count // 4, 1)),
        "just_broken_in_waves": just_broken(found, max(count // 4, 1), waves=OFTEN, in_force=True),
        "just_broken_mainly_in_waves": {
            f"{worse:.0%}": just_broken(
                found, max(count // 4, 1), waves=OFTEN, in_force=True, worse=worse
            )
            for worse in WORSE
        },
        "heavy_senders": heavy.figures(max(count // 8, 1)),
        "just_broken_in_bursts": {
            str(burst): just_broken(found, max(count // 4, 1), burst=burst)
            for burst in drifting.BURSTS
        },
    }


def _much_spam(generator: np.random.Generator, found: Sequence[Pool], count: int) -> dict[str, Any]:
    """Sites with much spam, whose people call as much of it honest as is assumed at most."""
    runs = {
        share: [
            certifying.run(
                generator,
                found[number % len(found)],
                volume=200,
                prevalence=share,
                errors=drifting.WORST,
            )
            for number in range(count)
        ]
        for share in drifting.MUCH
    }
    return {f"{share:.0%}": certifying.figures(mine) for share, mine in runs.items()}


def _bursts(generator: np.random.Generator, found: Sequence[Pool], count: int) -> dict[str, Any]:
    """Sites whose honest authors send so many posts one after another, all alike."""
    volumes = tuple(certifying.DAYS)
    told = {}
    for burst in drifting.BURSTS:
        runs = []
        for number in range(count):
            volume = volumes[number // len(found) % len(volumes)]
            pool = found[number % len(found)]
            runs.append(certifying.run(generator, pool, volume=volume, burst=burst))
        told[str(burst)] = certifying.figures(runs)
    _tell("in bursts")
    return told


def _waves(generator: np.random.Generator, found: Sequence[Pool], count: int) -> dict[str, Any]:
    """Sites where a wave of spam comes every OFTEN days, before the first certificate, and drawing
    as while one is in force.
    """
    volumes = tuple(certifying.DAYS)
    told = {}
    for name, in_force in (("first", False), ("following", True)):
        runs = []
        for number in range(count):
            volume = volumes[number // len(found) % len(volumes)]
            pool = found[number % len(found)]
            runs.append(
                certifying.run(generator, pool, volume=volume, waves=OFTEN, in_force=in_force)
            )
        told[name] = certifying.figures(runs)
    _tell("in waves")
    return told


def just_broken(
    found: Sequence[Pool],
    count: int,
    seed: int = 2,
    burst: int = 1,
    waves: int = 0,
    in_force: bool = False,
    worse: float | None = None,
) -> dict[str, Any]:
    """How often a promise that is broken by a twentieth is certified all the same: the worst case.

    Real spam; of the honest posts 1.05 times the promised share lie above every threshold, on days
    of waves as often as on others, or `worse`: so large a share of them, with little spam on
    others, so that each block is drawn there, and the first look when a certificate may follow.
    """
    generator = np.random.default_rng(seed)
    # Of an author's posts, which score alike, one is blocked.
    honest = np.where(np.arange(HONEST) < 1.05 * certifying.A * burst * HONEST, SURE, 0.0)
    certified = 0
    for number in range(count):
        real = found[number % len(found)]
        spam = real.scores[real.spam]
        which = np.concatenate([np.ones(len(spam), dtype=bool), np.zeros(HONEST, dtype=bool)])
        pool = Pool(real.name, which, np.concatenate([spam, honest]))
        run = certifying.run(
            generator,
            pool,
            volume=200,
            prevalence=None if worse is None else certifying.PREVALENCES[0],
            burst=burst,
            waves=waves,
            in_force=in_force,
            worse=worse,
            looks_from=0.0 if worse is None else FOLLOWS,
        )
        certified += run.certified
    _tell("just broken")
    ends = exact.interval(certified, count)
    return {
        "just_broken_sites": count,
        "just_broken_certified_share": round(certified / count, 4),
        "just_broken_certified_interval_95": [round(ends.low, 4), round(ends.high, 4)],
    }


def _blocking(
    generator: np.random.Generator, pool: Pool, threshold: float, volume: int
) -> Blocking:
    return Blocking(
        volume=volume,
        rate=float(pool.rates((threshold,))[0]),
        prevalence=float(generator.choice(certifying.PREVALENCES)),
        caught=float((pool.scores[pool.spam] >= threshold).mean()),
    )


def _measured(generator: np.random.Generator, pool: Pool, errors: Mistakes) -> measuring.Measured:
    volume = int(generator.choice([50, 200, 1_000]))
    prevalence = float(generator.choice(certifying.PREVALENCES))
    return measuring.run(generator, pool, volume=volume, prevalence=prevalence, errors=errors)


def _watched(
    generator: np.random.Generator, chosen: Sequence[Blocking], count: int
) -> dict[str, Any]:
    """A year of certified models that stay as they are, and some that turn bad on some day."""
    stayed: list[watching.Stopped | None] = []
    turned: dict[int, list[watching.Stopped | None]] = {volume: [] for volume in certifying.DAYS}
    worth = [site for site in chosen if site.caught >= CATCHES]
    for number in range(count if worth else 0):
        site = worth[number % len(worth)]
        kept = np.full(watching.YEAR, site.rate)
        stayed.append(watching.watch(generator, site, rates=kept, lapses=False))
        day = int(generator.integers(LASTS_DAYS))
        rates = np.where(np.arange(watching.BAD_DAYS) < day, site.rate, BAD * certifying.A)
        turned[site.volume].append(watching.watch(generator, site, rates=rates, counted_from=day))
    _tell("watched")
    return {
        **watching.bad([each for mine in turned.values() for each in mine]),
        "bad_by_posts_a_day": {str(volume): watching.bad(mine) for volume, mine in turned.items()},
        **watching.good(stayed),
    }


def _tell(what: str) -> None:
    print(f"{what}: {time.process_time():.0f} s", file=sys.stderr, flush=True)


if __name__ == "__main__":
    figure("promise", measure, SITES, quick=QUICK)
