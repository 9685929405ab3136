"""Whether probabilities can be taken at their word on a new platform, after few of its labels.

    python -m benchmarks.calibration --json [--data DIR] [--sets NAME...] [--draws N]

See `benchmarks.newcomer`. Three ways: `global`, the model of the other platforms as it is;
`platt`, the same log-odds with slope and intercept fitted to the labels; `ours`, the site's
learner. `excess_log_loss` is over an oracle: the slope and intercept that fit the judged posts
best, for the same ranking. `slope` and `intercept` are 1 and 0 for a perfect calibration; their
95 % intervals, as that of the excess, are by bootstrap over clusters of near-duplicates in the
first draw. `ece` is in 15 bins, beside its floor for a perfect calibration at the same n. Figures
without an interval are means over draws.
"""

from __future__ import annotations

import json
import sys
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from benchmarks import newcomer
from benchmarks.corpus import PLATFORMS, arguments, load
from benchmarks.measuring import calibration_error, interval, recalibrated
from benchmarks.newcomer import Draw, Newcomer
from classifiers.calibration import Platt, bounded, probabilities
from classifiers.training.calibrate import fit_platt
from classifiers.training.evaluate import losses

LABELS: Final = (0, 50, 100, 300)
REPETITIONS: Final = 8
RESAMPLED: Final = 200
OURS: Final = "ours"

Numbers = NDArray[np.float64]
Flags = NDArray[np.bool_]
Places = NDArray[np.int64]


def measure(new: Newcomer, repetitions: int) -> dict[str, Any]:
    """By number of labels and way: the mean figures, and the first draw's intervals."""
    found: dict[tuple[int, str], list[dict[str, float]]] = {}
    intervals: dict[tuple[int, str], dict[str, list[float]]] = {}
    for draw in newcomer.draws(new, LABELS[-1], repetitions):
        spam, cluster = new.spam[draw.asked], new.cluster[draw.asked]
        for count, ways in said(new, draw).items():
            for way, log_odds in ways.items():
                key = count, way
                found.setdefault(key, []).append(_figures(log_odds, spam))
                if key not in intervals:
                    intervals[key] = _intervals(log_odds, spam, cluster)
    shown: dict[str, Any] = {"posts": len(new.spam), "spam": int(new.spam.sum())}
    for (count, way), drawn in found.items():
        means = {key: round(float(np.mean([one[key] for one in drawn])), 4) for key in drawn[0]}
        shown.setdefault(str(count), {})[way] = means | {
            f"{key}_95": ends for key, ends in intervals[count, way].items()
        }
    return shown


def said(new: Newcomer, draw: Draw) -> dict[int, dict[str, Numbers]]:
    """Log-odds of the posts asked about, by number of labels and way."""
    shared = bounded(new.log_odds)
    found = {}
    for count, ours in newcomer.curve(new, draw, LABELS).items():
        labels = draw.labels[:count]
        fitted = fit_platt(shared[labels], new.spam[labels]) if count else Platt()
        found[count] = {
            "global": shared[draw.asked],
            "platt": bounded(fitted.log_odds(shared[draw.asked])),
            OURS: bounded(ours),
        }
    return found


def _figures(log_odds: Numbers, spam: Flags) -> dict[str, float]:
    slope, intercept, excess = _against_oracle(log_odds, spam, np.ones(len(spam)))
    error = calibration_error(probabilities(log_odds), spam)
    return {
        "log_loss": float(losses(probabilities(log_odds), spam).mean()),
        "excess_log_loss": excess,
        "slope": slope,
        "intercept": intercept,
        "ece": error["ece"],
        "ece_noise_floor": error["noise_floor"],
        "ece_debiased": error["debiased"],
    }


def _against_oracle(log_odds: Numbers, spam: Flags, weights: Numbers) -> tuple[float, float, float]:
    """Slope, intercept, excess log-loss."""
    slope, intercept = recalibrated(log_odds, spam, weights)
    oracle = probabilities(slope * log_odds + intercept)
    apart = losses(probabilities(log_odds), spam) - losses(oracle, spam)
    return slope, intercept, float(weights @ apart / weights.sum())


def _intervals(log_odds: Numbers, spam: Flags, cluster: Places) -> dict[str, list[float]]:
    """Of slope, intercept and excess, over samples of whole clusters."""
    names, members = np.unique(cluster, return_inverse=True)
    generator = np.random.default_rng(0)
    drawn = []
    for _ in range(RESAMPLED):
        times = np.bincount(generator.integers(0, len(names), len(names)), minlength=len(names))
        weights = times[members].astype(np.float64)
        drawn.append(_against_oracle(log_odds, spam, weights))
    columns = zip(("slope", "intercept", "excess_log_loss"), np.array(drawn).T, strict=True)
    return {key: interval(column, 3) for key, column in columns}


def main(given_arguments: list[str] | None = None) -> int:
    """Prints one JSON object: a key for each platform."""
    parser = arguments("calibration")
    parser.add_argument("--sets", nargs="+", choices=PLATFORMS, default=list(PLATFORMS))
    parser.add_argument("--draws", type=int, default=REPETITIONS)
    given = parser.parse_args(given_arguments)
    corpus = load(given.data, PLATFORMS, quick=given.quick)
    found = {
        new.name: measure(new, 2 if given.quick else given.draws)
        for new in newcomer.newcomers(corpus, given.sets, given.shelf and given.shelf / "sample")
    }
    print(json.dumps(found, indent=None if given.json else 2))
    return 0


if __name__ == "__main__":
    sys.exit(main())
