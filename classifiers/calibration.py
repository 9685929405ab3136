"""Log-odds of a model -> probability that can be taken at its word.

Platt's scaling on the log-odds (Platt, Probabilistic outputs for support vector machines,
1999): probability = 1 / (1 + exp(-(slope * z + shift))). `training.fitting.calibrate` fits
it; here nothing is imported that serving does not need.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from classifiers.arrays import Numbers
from classifiers.odds import FLOOR

LARGEST = math.log((1.0 - FLOOR) / FLOOR)
"""FLOOR in log-odds."""


def bounded(log_odds: Numbers) -> Numbers:
    """Log-odds cut to [-LARGEST, LARGEST]; NaN stays NaN."""
    return np.clip(log_odds, -LARGEST, LARGEST)


def probabilities(log_odds: Numbers) -> Numbers:
    """Probabilities in [FLOOR, 1 - FLOOR]; NaN stays NaN."""
    # (1 + tanh(z / 2)) / 2 is the logistic function and does not overflow.
    return np.clip(0.5 + 0.5 * np.tanh(0.5 * log_odds), FLOOR, 1.0 - FLOOR)


@dataclass(frozen=True, slots=True)
class Platt:
    """Two numbers: how much of the log-odds to believe, and where even odds lie."""

    slope: float = 1.0
    shift: float = 0.0

    def log_odds(self, raw: Numbers) -> Numbers:
        """Calibrated; NaN stays NaN."""
        return self.slope * raw + self.shift

    def probabilities(self, raw: Numbers) -> Numbers:
        """Probabilities in [FLOOR, 1 - FLOOR]; NaN stays NaN."""
        return probabilities(self.log_odds(raw))

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
