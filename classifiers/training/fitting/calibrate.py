"""Fits the calibration of a model: Platt's scaling on log-odds for posts it had not seen."""

from __future__ import annotations

import numpy as np
from scipy.optimize import minimize
from scipy.special import expit

from classifiers.arrays import Flags, Numbers
from classifiers.calibration import Platt


def fit_platt(
    log_odds: Numbers,
    spam: Flags,
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
