"""Log-odds of a model -> probability that can be taken at its word.

Platt's scaling on the log-odds (Platt, Probabilistic outputs for support vector machines,
1999): probability = 1 / (1 + exp(-(slope * z + shift))). It is fitted on log-odds that
were predicted for posts which the model had not seen.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import expit

Numbers = NDArray[np.float64]

FLOOR = 1e-6
"""No post is surer than this: probabilities lie in [FLOOR, 1 - FLOOR]."""


@dataclass(frozen=True, slots=True)
class Platt:
    """Two numbers: how much of the log-odds to believe, and where even odds lie."""

    slope: float = 1.0
    shift: float = 0.0

    def probabilities(self, log_odds: Numbers) -> Numbers:
        """In [FLOOR, 1 - FLOOR]; NaN stays NaN."""
        return np.clip(expit(self.slope * log_odds + self.shift), FLOOR, 1.0 - FLOOR)

    def as_dict(self) -> dict[str, float | str]:
        return {"kind": "platt", "slope": self.slope, "shift": self.shift}

    @classmethod
    def from_dict(cls, stored: Mapping[str, object]) -> Platt:
        """Raises ValueError for anything but two finite numbers with a positive slope."""
        slope, shift = stored.get("slope"), stored.get("shift")
        if stored.get("kind") != "platt":
            raise ValueError(f"unknown calibration {stored.get('kind')!r}")
        if not isinstance(slope, int | float) or not isinstance(shift, int | float):
            raise ValueError("a calibration needs the numbers slope and shift")
        if not (np.isfinite(slope) and np.isfinite(shift) and slope > 0):
            raise ValueError("a calibration needs finite numbers and a positive slope")
        return cls(float(slope), float(shift))


def fit_platt(
    log_odds: Numbers,
    spam: NDArray[np.bool_],
    *,
    weights: Numbers | None = None,
    prior: Platt | None = None,
    prior_strength: float = 1.0,
) -> Platt:
    """Least log-loss, pulled towards `prior` as by `prior_strength` labels.

    `log_odds` must be out-of-fold. The targets are Platt's smoothed ones, so that a set
    which is separated perfectly does not ask for an infinite slope.
    """
    start = prior or Platt()
    weight = np.ones(len(log_odds)) if weights is None else weights
    positive, negative = weight[spam].sum(), weight[~spam].sum()
    target = np.where(spam, (positive + 1.0) / (positive + 2.0), 1.0 / (negative + 2.0))

    def loss(parameters: Numbers) -> tuple[float, Numbers]:
        log_slope, shift = parameters
        slope = np.exp(log_slope)
        z = slope * log_odds + shift
        error = weight * (expit(z) - target)
        apart = np.array([log_slope - np.log(start.slope), shift - start.shift])
        value = weight @ (np.logaddexp(0.0, z) - target * z) + prior_strength / 2 * apart @ apart
        gradient = np.array([error @ log_odds * slope, error.sum()]) + prior_strength * apart
        return float(value), gradient

    found = minimize(loss, np.array([np.log(start.slope), start.shift]), jac=True, method="BFGS")
    return Platt(float(np.exp(np.clip(found.x[0], -4.0, 4.0))), float(found.x[1]))
