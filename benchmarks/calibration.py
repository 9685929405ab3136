"""Whether probabilities can be taken at their word on a new platform, after few of its labels.

    python -m benchmarks.calibration --json [--data DIR] [--sets NAME...] [--draws N]

See `benchmarks.newcomer`. Three ways: `global`, the model of the other platforms as it is;
`platt`, the same log-odds with slope and intercept fitted to the labels; `ours`, the site's
learner. The figures are those of `evaluate_model` (`classifiers.training.reliability`), means over
the draws in which they can be known; so are the ends of intervals. `judged` is how many posts were
judged in a draw. `excess_log_loss_95` is by bootstrap over clusters of near-duplicates in the
first draw.
"""

from collections.abc import Sequence
from typing import Any, Final

import numpy as np

from benchmarks import newcomer
from benchmarks.corpus import PLATFORMS, arguments, load
from benchmarks.measuring import interval
from benchmarks.newcomer import Draw, Newcomer
from benchmarks.output import print_json
from classifiers.arrays import Flags, Numbers, Places
from classifiers.calibration import Platt, bounded, probabilities
from classifiers.training.evaluate import log_loss
from classifiers.training.fitting.calibrate import fit_platt
from classifiers.training.reliability import excess, reliability
from classifiers.types import Metrics

LABELS: Final = (0, 20, 50, 100, 300)
REPETITIONS: Final = 8
RESAMPLED: Final = 200
OURS: Final = "ours"


def measure(new: Newcomer, repetitions: int) -> dict[str, Any]:
    """By number of labels and way: the mean figures, and the first draw's intervals."""
    found: dict[tuple[int, str], list[Metrics]] = {}
    intervals: dict[tuple[int, str], list[float] | None] = {}
    for draw in newcomer.draws(new, LABELS[-1], repetitions):
        spam, cluster = new.spam[draw.asked], new.cluster[draw.asked]
        for count, ways in said(new, draw).items():
            for way, log_odds in ways.items():
                key = count, way
                figures = _figures(log_odds, spam, cluster)
                found.setdefault(key, []).append(figures)
                if key not in intervals:
                    known = figures["excess_log_loss"] is not None
                    intervals[key] = _of_excess(log_odds, spam, cluster) if known else None
    shown: dict[str, Any] = {"posts": len(new.spam), "spam": int(new.spam.sum())}
    for (count, way), drawn in found.items():
        means = {key: _mean([one[key] for one in drawn]) for key in drawn[0]}
        shown.setdefault(str(count), {})[way] = means | {
            "excess_log_loss_95": intervals[count, way]
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


def _figures(log_odds: Numbers, spam: Flags, cluster: Places) -> Metrics:
    chances = probabilities(log_odds)
    return {
        "judged": len(spam),
        "log_loss": log_loss(chances, spam),
        **reliability(chances, spam, cluster),
    }


def _mean(some: Sequence[float | int | None]) -> float | None:
    """Of those draws in which it can be known."""
    known = [value for value in some if value is not None]
    return round(float(np.mean(known)), 4) if known else None


def _of_excess(log_odds: Numbers, spam: Flags, cluster: Places) -> list[float]:
    """The interval of the excess, over samples of whole clusters."""
    names, members = np.unique(cluster, return_inverse=True)
    generator = np.random.default_rng(0)
    drawn = []
    for _ in range(RESAMPLED):
        times = np.bincount(generator.integers(0, len(names), len(names)), minlength=len(names))
        drawn.append(excess(log_odds, spam, times[members].astype(np.float64)))
    return interval(np.array(drawn), 3)


def main(given_arguments: list[str] | None = None) -> None:
    """Print one JSON object: a key for each platform."""
    parser = arguments("calibration")
    parser.add_argument("--sets", nargs="+", choices=PLATFORMS, default=list(PLATFORMS))
    parser.add_argument("--draws", type=int, default=REPETITIONS)
    given = parser.parse_args(given_arguments)
    corpus = load(given.data, PLATFORMS, quick=given.quick)
    found = {
        new.name: measure(new, 2 if given.quick else given.draws)
        for new in newcomer.newcomers(
            corpus, given.sets, given.shelf and given.shelf / "sample", quick=given.quick
        )
    }
    print_json(found, given)


if __name__ == "__main__":
    main()
