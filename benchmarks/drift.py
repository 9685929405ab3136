"""How soon a change of a site's posts is found, and how often one is found that is none.

    python -m benchmarks.drift [--sites N] [--json]

Simulated sites with as many features and bins as the service counts. Each day's shares vary around
the site's own (Dirichlet, as draws of 400 would), posts are drawn from them, and after the
reference a share of the posts moves to one bin of some features, for good. `found_28` and
`found_56` are shares of the sites for which the alarm came within so many days; `median_days` is
null where fewer than half had one in 56. `false_per_year` counts alarms of sites where nothing
moved, over one year each.
"""

import argparse
from typing import Any, Final

import numpy as np

from benchmarks.output import print_json
from classifiers import drift
from classifiers.arrays import Numbers

BINS: Final = (13, 3, 9, 9, 5, 5, 5, 4, 2)
"""Of scores, outcomes, unfamiliar n-grams and so on, as `reviews.measuring.drifting` has them."""
EVEN: Final = 3.0
VARIES: Final = 400.0
"""Draws whose chance a day's shares vary by."""
WATCHED: Final = 56
YEAR: Final = 365
POSTS: Final = (50, 200, 1_000)
SHARES: Final = (0.05, 0.1, 0.2)
MOVED: Final = (1, 3)
"""Features that move."""


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.drift")
    parser.add_argument("--sites", type=int, default=20)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    print_json(measure(given.sites), given)


def measure(sites: int) -> dict[str, Any]:
    found: dict[str, Any] = {"sites": sites}
    for posts in POSTS:
        quiet = [first_alarm(days(seed, posts, YEAR, 0.0, 0)) for seed in range(sites)]
        found[f"{posts} posts"] = {
            "false_per_year": round(sum(day is not None for day in quiet) / sites, 3),
            **{
                f"{share:.0%} of {features}": _told(
                    [first_alarm(days(seed, posts, WATCHED, share, features)) for seed in
                     range(sites)]
                )
                for share in SHARES
                for features in MOVED
            },
        }  # fmt: skip
    return found


def _told(alarms: list[int | None]) -> dict[str, float | None]:
    ranked = sorted(day if day is not None else WATCHED + 1 for day in alarms)
    middle = ranked[len(ranked) // 2]
    return {
        "found_28": round(sum(day <= 28 for day in ranked) / len(ranked), 2),
        "found_56": round(sum(day <= WATCHED for day in ranked) / len(ranked), 2),
        "median_days": middle if middle <= WATCHED else None,
    }


def days(seed: int, posts: int, watched: int, share: float, features: int) -> list[Numbers]:
    """The counts of each feature, (reference and watched days, bins)."""
    chance = np.random.default_rng(seed)
    usual = [chance.dirichlet(np.full(bins, EVEN)) for bins in BINS]
    moved = {
        int(feature): int(chance.integers(BINS[feature]))
        for feature in chance.choice(len(BINS), features, replace=False)
    }
    found = []
    for feature, shares in enumerate(usual):
        table = np.empty((drift.REFERENCE_DAYS + watched, len(shares)))
        for day in range(len(table)):
            today = chance.dirichlet(shares * VARIES + 1e-3)
            if day >= drift.REFERENCE_DAYS and feature in moved:
                today = (1.0 - share) * today
                today[moved[feature]] += share
            table[day] = chance.multinomial(posts, today)
        found.append(table)
    return found


def first_alarm(tables: list[Numbers]) -> int | None:
    """The day, counted from the end of the reference, on which the alarm is sounded."""
    begin = drift.REFERENCE_DAYS
    usual = [drift.reference(list(table[:begin])) for table in tables]
    # The probabilities' detector waits: nothing is audited here.
    detectors: dict[str, float] = {}
    for day in range(1, len(tables[0]) - begin + 1):
        evidences = {
            str(feature): drift.evidence(drift.moved(before, table[begin + day - 1]).p)
            for feature, (before, table) in enumerate(zip(usual, tables, strict=True))
        }
        detectors = drift.follow(detectors, {**evidences, "calibration": 1.0})
        if drift.whole(detectors) >= drift.ALARM:
            return day
        for length in drift.WINDOWS:
            if day % length:
                continue
            for before, table in zip(usual, tables, strict=True):
                together = table[begin + day - length : begin + day].sum(axis=0)
                if drift.of_window(before, together, length, len(tables)) >= drift.ALARM:
                    return day
    return None


if __name__ == "__main__":
    main()
