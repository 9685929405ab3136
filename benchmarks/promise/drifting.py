"""Drift: models that turn bad slowly, and kept promises while all else changes.

Rates of wrong blocks are made up, since pools of real posts have the rates that they have; what
people say, and how draws are watched, is as in `benchmarks.promise.watching`.
"""

from typing import Any, Final

import numpy as np

from benchmarks.promise.sites import ERRORS
from benchmarks.promise.watching import BAD_DAYS, YEAR, A, Blocking, Stopped, bad, good, watch
from classifiers.arrays import Numbers
from classifiers.guarantees.reviewers import Mistakes
from classifiers.guarantees.watch import LASTS_DAYS

VOLUMES: Final = (50, 200, 2_000)
USUAL: Final = 0.2
"""Of the posts that are spam."""
MUCH: Final = (0.5, 0.8)
CAUGHT: Final = 0.75
WORST: Final = Mistakes(spam_of_honest=0.02, honest_of_spam=0.02)
"""People who call as much spam honest as is assumed at most."""
RAMPS: Final = (14, 30, 60)
"""Days over which the rate grows."""
BEGINS: Final = 10
BURSTS: Final = (3, 10)
"""Wrong blocks of one author."""
OFTEN: Final = 4
"""Days between two models of a busy site that retrains each night."""
BAD: Final = 3.0
NEARLY: Final = 0.95
"""Of the promised share: a promise that is kept, barely."""


def figures(generator: np.random.Generator, count: int) -> dict[str, Any]:
    """Each of `count` sites, by what changes on them."""
    found: dict[str, Any] = {}
    for days in RAMPS:
        rates = ramp(BAD_DAYS + days, lasts=days, before=A / 3.0, after=BAD * A)
        found[f"ramp_{days}_days"] = bad(_watched(generator, count, rates))
    # From all posts of one kind to all of another, which the model knows less well.
    mixed = ramp(BAD_DAYS + 30, lasts=30, before=0.0, after=1.0)
    rates = A / 10.0 + mixed * (5.0 * A - A / 10.0)
    found["mix_of_posts"] = bad(_watched(generator, count, rates, prevalences=0.2 - 0.1 * mixed))
    for share in MUCH:
        rates = np.where(np.arange(BAD_DAYS) < BEGINS, A / 10.0, BAD * A)
        sites = _watched(generator, count, rates, prevalences=np.full(BAD_DAYS, share))
        found[f"bad_at_{share:.0%}_spam"] = bad(sites)
    kept = np.full(YEAR, NEARLY * A)
    for name, prevalences in {
        "kept": np.full(YEAR, USUAL),
        "kept_while_spam_grows": ramp(YEAR, lasts=60, before=0.1, after=0.7),
        "kept_while_spam_comes_in_waves": np.where(np.arange(YEAR) % 28 < 7, 0.7, 0.1),
        **{f"kept_at_{share:.0%}_spam": np.full(YEAR, share) for share in MUCH},
    }.items():
        found[name] = good(_watched(generator, count, kept, prevalences, WORST, lapses=False))
    rates = np.where(np.arange(BAD_DAYS) < BEGINS, A / 10.0, BAD * A)
    for burst in BURSTS:
        sites = _watched(generator, count, kept, errors=WORST, lapses=False, burst=burst)
        found[f"kept_in_bursts_of_{burst}"] = good(sites)
        found[f"bad_in_bursts_of_{burst}"] = bad(_watched(generator, count, rates, burst=burst))
    sites = _watched(generator, count, kept, errors=WORST, lapses=False, every=OFTEN)
    found[f"kept_while_a_model_follows_every_{OFTEN}_days"] = good(sites)
    return found


def ramp(days: int, *, lasts: int, before: float, after: float) -> Numbers:
    """What grows evenly from BEGINS on."""
    part = np.clip((np.arange(days) - BEGINS) / lasts, 0.0, 1.0)
    return np.asarray(before + part * (after - before))


def _watched(
    generator: np.random.Generator,
    count: int,
    rates: Numbers,
    prevalences: Numbers | None = None,
    errors: Mistakes = ERRORS,
    *,
    lapses: bool = True,
    every: int = LASTS_DAYS,
    burst: int = 1,
) -> list[Stopped | None]:
    """The first certificate is some days old; harm counts from when the promise is broken."""
    found = []
    for number in range(count):
        days = int(generator.integers(LASTS_DAYS))
        shifted = np.concatenate([np.full(days, rates[0]), rates])
        broken = np.flatnonzero(shifted > A)
        of_spam = np.full(len(rates), USUAL) if prevalences is None else prevalences
        found.append(
            watch(
                generator,
                Blocking(VOLUMES[number % len(VOLUMES)], float(rates[0]), USUAL, CAUGHT),
                rates=shifted,
                prevalences=np.concatenate([np.full(days, of_spam[0]), of_spam]),
                counted_from=int(broken[0]) if len(broken) else 0,
                errors=errors,
                lapses=lapses,
                every=every,
                burst=burst,
            )
        )
    return found
