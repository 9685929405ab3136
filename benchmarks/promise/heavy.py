"""Promises where only those few authors are wrong who send much.

    python -m benchmarks.promise.heavy [--json] [--sites N]

AUTHORS a day, of whom a share send many posts and the others one; the model would block each of an
author's posts or none. Of each author it blocks one in `ONCE_DAYS` days, as in service. Sites that
would break the promise by a twentieth if every wrong post were blocked (`posts`), which blocking
one of each author mends, and sites that break it so all the same (`authors`). A look a day.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import Any, Final

import numpy as np

from benchmarks.output import print_json
from classifiers.guarantees import certificates, exact, promise
from classifiers.guarantees.certificates import Draws, Level, Volumes
from classifiers.guarantees.reviewers import ASSUMED
from classifiers.guarantees.watch import chance_of_allowed

A: Final = 0.01
BEYOND: Final = 1.05
AUTHORS: Final = 150
DAYS: Final = 60
DAY: Final = 86_400.0
SPAM: Final = 0.05
"""Of the allowed posts, what people say: they err on honest ones, too."""
HEAVY: Final = ((1, 1.0), (3, 0.1), (10, 0.03), (10, 0.1), (30, 0.01), (30, 0.1))
"""How many posts whoever sends much sends a day, and the share of such authors."""
SITES: Final = 200


def wrong_authors(each: int, share: float, *, of: str) -> float:
    """The share of those who send much that are wrong, for a promise broken by a twentieth."""
    posts = share * each + 1.0 - share
    blocked = share * (each if of == "posts" else 1)
    return BEYOND * A * posts / blocked


def is_certified(generator: np.random.Generator, each: int, share: float, wrong: float) -> bool:
    """Whether any of DAYS looks would certify one such site."""
    authors = generator.poisson(AUTHORS, DAYS)
    day = np.repeat(np.arange(DAYS), authors)
    sends_much = generator.random(len(day)) < share
    is_wrong = sends_much & (generator.random(len(day)) < wrong)
    sizes = np.where(sends_much, each, 1)
    whose = np.repeat(np.arange(1, len(day) + 1), sizes)
    blocks = np.repeat(is_wrong, sizes)
    at = np.asarray((np.repeat(day, sizes) + 0.5) * DAY, dtype=np.float64)
    chance = chance_of_allowed(float((~blocks).sum()) / DAYS)
    thrown = generator.random(len(at))
    drawn = blocks | (thrown < chance)
    # People call some of the honest spam; of what is blocked that hides wrong ones.
    spam = generator.random(len(at)) < SPAM
    every = Draws(
        at,
        blocks,
        np.where(blocks, 0.9999, 0.01),
        np.ones(len(at), dtype=bool),
        spam,
        thrown,
        whose,
        np.ones(len(at)),
    )
    known = every.keep(drawn)
    for until in (np.arange(DAYS) + 1.0) * DAY:
        allowed = int((~blocks & (at < until)).sum())
        seen = certificates.seen(
            known.before(float(until)), 0.95, Volumes(allowed, 1.0, (Level(chance, 0.5),))
        )
        if promise.is_kept(seen, ASSUMED, A):
            return True
    return False


def figures(sites: int, seed: int = 4) -> dict[str, Any]:
    """The share of sites that were certified."""
    generator = np.random.default_rng(seed)
    told: dict[str, Any] = {}
    for of in ("posts", "authors"):
        for each, share in HEAVY:
            wrong = wrong_authors(each, share, of=of)
            if wrong > 1.0:
                continue
            blocked = wrong * share / (share * each + 1.0 - share)
            found = sum(is_certified(generator, each, share, wrong) for _ in range(sites))
            ends = exact.interval(found, sites)
            told[f"{each} of {share:.0%}, by {of}"] = {
                "blocked_share": round(blocked, 5),
                "sites": sites,
                "certified_share": round(found / sites, 4),
                "interval_95": [round(ends.low, 4), round(ends.high, 4)],
            }
    return told


def main(given: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.promise.heavy")
    parser.add_argument("--json", action="store_true", help="one line")
    parser.add_argument("--sites", type=int, default=SITES)
    asked = parser.parse_args(given)
    print_json(figures(asked.sites), asked)


if __name__ == "__main__":
    main()
