"""Whether probabilities can be taken at their word, and how sure that is.

Slope and intercept are those of the logistic regression of the labels on the log-odds: 1 and 0
for a perfect calibration (Cox, Two further applications of a model for binary regression,
Biometrika 1958). With them the log-odds are as good as any straight line makes them: the oracle.

Near-duplicates share a cluster and are no independent witnesses: intervals are of Wald with the
variance of whole clusters (Liang, Zeger, Longitudinal data analysis using generalized linear
models, Biometrika 1986), and noise gives all posts of a cluster the same luck.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.special import expit

from classifiers.arrays import Flags, Numbers, Places
from classifiers.calibration import bounded
from classifiers.odds import FLOOR
from classifiers.types import Metrics

BINS: Final = 15
LEAST: Final = 20
"""Clusters of each class below which nothing is told but the ECE and its floor: ten for each
fitted parameter (Peduzzi and others, A simulation study of the number of events per variable in
logistic regression analysis, Journal of Clinical Epidemiology 1996)."""
FLOOR_DRAWS: Final = 200
WIDTH: Final = 1.959964
"""Standard errors on either side that hold 95 %."""
RIDGE: Final = 0.01
NEWTON_STEPS: Final = 50
CLOSE: Final = 1e-7


@dataclass(frozen=True, slots=True)
class Line:
    """The straight line from the log-odds said to those that fit the labels best."""

    slope: float
    intercept: float

    def log_odds(self, said: Numbers) -> Numbers:
        return self.slope * said + self.intercept


def reliability(chances: Numbers, spam: Flags, cluster: Places | None = None) -> Metrics:
    """What can be known of the calibration of these probabilities; None for what cannot.

    `calibration_slope` and `calibration_intercept` with the ends of their 95 % intervals,
    `excess_log_loss` in nats over the oracle, which was fitted to these very posts: a perfect
    calibration shows 1 / posts of it. `ece_noise_floor` is the mean ECE that a perfect
    calibration would show here, `ece_debiased` what of the ECE noise does not explain.
    """
    cluster = np.arange(len(spam)) if cluster is None else cluster
    enough = fewest(spam, cluster) >= LEAST
    said = log_odds_of(chances)
    return {
        **(_line(said, spam, cluster) if enough and not _apart(said, spam) else _UNKNOWN),
        **noise(chances, spam, cluster),
    }


def fewest(spam: Flags, cluster: Places) -> int:
    """Clusters of the rarer class."""
    return min(len(np.unique(cluster[spam])), len(np.unique(cluster[~spam])))


def log_odds_of(chances: Numbers) -> Numbers:
    inside = np.clip(chances, FLOOR, 1.0 - FLOOR)
    return np.asarray(np.log(inside) - np.log1p(-inside), dtype=np.float64)


def oracle(said: Numbers, spam: Flags, weights: Numbers | None = None) -> Line:
    """The line with the least log-loss on these posts.

    A pull of RIDGE labels towards slope 1 and intercept 0 keeps it finite where the classes do
    not overlap.
    """
    weights = np.ones(len(spam)) if weights is None else weights
    parameters = np.array([1.0, 0.0])
    rows = np.stack([said, np.ones(len(said))], axis=1)
    for _ in range(NEWTON_STEPS):
        chance = expit(rows @ parameters)
        apart = parameters - np.array([1.0, 0.0])
        slope = rows.T @ (weights * (chance - spam)) + RIDGE * apart
        # Damped: far from the minimum a whole step may overshoot where chances are all 0 or 1.
        step = np.linalg.solve(_bend(rows, weights * chance * (1.0 - chance)), slope)
        largest = float(np.abs(step).max())
        parameters = parameters - step * min(1.0, 2.0 / max(largest, 1e-12))
        if largest < CLOSE:
            break
    return Line(float(parameters[0]), float(parameters[1]))


def excess(said: Numbers, spam: Flags, weights: Numbers | None = None) -> float:
    """Mean log-loss in nats over that of the oracle."""
    best = bounded(oracle(said, spam, weights).log_odds(said))
    against = np.where(spam, -1.0, 1.0)
    apart = np.logaddexp(0.0, against * bounded(said)) - np.logaddexp(0.0, against * best)
    return float(np.average(apart, weights=weights))


def ece(chances: Numbers, spam: Flags, weights: Numbers | None = None) -> float | None:
    """Mean distance of share and mean probability in 15 equally wide bins, by their weight."""
    if not len(spam):
        return None
    weights = np.ones(len(spam)) if weights is None else weights
    gaps = np.bincount(_bin_of(chances), weights * (chances - spam))
    return float(np.abs(gaps).sum() / weights.sum())


def _bin_of(chances: Numbers) -> Places:
    return np.minimum((chances * BINS).astype(np.int64), BINS - 1)


def _bend(rows: Numbers, weights: Numbers) -> Numbers:
    """Second derivatives of the log-loss with its pull, (2, 2)."""
    return np.asarray((rows * weights[:, None]).T @ rows + RIDGE * np.eye(2), dtype=np.float64)


def _apart(said: Numbers, spam: Flags) -> bool:
    """Whether some limit divides the classes: then no slope is too steep for them."""
    return bool(said[spam].min() >= said[~spam].max() or said[spam].max() <= said[~spam].min())


_ENDS: Final = ("", "_low", "_high")
_UNKNOWN: Final[Metrics] = {
    **{f"calibration_{name}{end}": None for name in ("slope", "intercept") for end in _ENDS},
    "excess_log_loss": None,
}


def _line(said: Numbers, spam: Flags, cluster: Places) -> Metrics:
    found = oracle(said, spam)
    found_parameters = np.array([found.slope, found.intercept])
    wide = WIDTH * np.sqrt(np.diag(_variance(found, said, spam, cluster)))
    figures = zip(
        _UNKNOWN,
        np.stack([found_parameters, found_parameters - wide, found_parameters + wide]).T.ravel(),
        strict=False,
    )
    return {key: float(value) for key, value in figures} | {"excess_log_loss": excess(said, spam)}


def _variance(found: Line, said: Numbers, spam: Flags, cluster: Places) -> Numbers:
    """Of slope and intercept, (2, 2): what whole clusters pull, between the inverse bends."""
    rows = np.stack([said, np.ones(len(said))], axis=1)
    chance = expit(found.log_odds(said))
    names, members = np.unique(cluster, return_inverse=True)
    pulls = np.zeros((len(names), 2))
    np.add.at(pulls, members, rows * (spam - chance)[:, None])
    inverse = np.linalg.inv(_bend(rows, chance * (1.0 - chance)))
    meat = pulls.T @ pulls * len(names) / (len(names) - 1)
    return np.asarray(inverse @ meat @ inverse, dtype=np.float64)


def noise(
    chances: Numbers,
    spam: Flags,
    cluster: Places | None = None,
    weights: Numbers | None = None,
) -> Metrics:
    """`ece`, its floor and what is left of it; see `reliability`. None without posts.

    The floor by simulation with a fixed seed. With weights of 1 over the probability with which
    each post was drawn, the error is that of all posts that were drawn from (Horvitz-Thompson).
    Debiased: the root of the squared ECE less the mean square of its noise, 0 where noise alone
    explains it (after Broecker, Estimating reliability and resolution of probability forecasts,
    Climate Dynamics 2012, and Kumar, Liang, Ma, Verified uncertainty calibration, NeurIPS 2019,
    who do so for each bin's square: a distance itself has no unbiased estimate).
    """
    found = ece(chances, spam, weights)
    if found is None:
        return {"ece": None, "ece_noise_floor": None, "ece_debiased": None}
    cluster = np.arange(len(spam)) if cluster is None else cluster
    enough = fewest(spam, cluster) >= LEAST
    drawn = _drawn(chances, cluster, np.ones(len(spam)) if weights is None else weights)
    left = max(found**2 - float(np.mean(drawn**2)), 0.0) ** 0.5
    return {
        "ece": found,
        "ece_noise_floor": float(drawn.mean()),
        "ece_debiased": left if enough else None,
    }


def _drawn(chances: Numbers, cluster: Places, weights: Numbers, seed: int = 0) -> Numbers:
    """ECE of labels drawn with these very probabilities, FLOOR_DRAWS times."""
    generator = np.random.default_rng(seed)
    names, members = np.unique(cluster, return_inverse=True)
    bins = _bin_of(chances)
    found = np.empty(FLOOR_DRAWS)
    for draw in range(FLOOR_DRAWS):
        labels = generator.random(len(names))[members] < chances
        gaps = np.bincount(bins, weights * (chances - labels))
        found[draw] = np.abs(gaps).sum() / weights.sum()
    return found
