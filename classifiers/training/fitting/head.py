"""Fits the encoder's part of a model, on cheap log-odds for posts that the cheap part had not seen.

Least weighted log-loss of slope * raw + vector . embedding + shift, where the vector is pulled
towards the parent's (or zero) and slope and shift hardly: it learns what the words leave open.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.optimize import minimize
from scipy.special import expit

from classifiers.arrays import Flags, Numbers, Vectors

STRENGTH: Final = 0.5
FREE: Final = 0.01
"""Pull of slope and shift."""


@dataclass(frozen=True, slots=True, eq=False)
class Joint:
    """slope * raw + vector . embedding + shift."""

    slope: float
    vector: Vectors
    shift: float

    @classmethod
    def of_nothing(cls, dimensions: int) -> Joint:
        return cls(1.0, np.zeros(dimensions, dtype=np.float32), 0.0)

    def log_odds(self, raw: Numbers, embeddings: Vectors) -> Numbers:
        found = self.slope * raw + embeddings @ self.vector + self.shift
        return np.asarray(found, dtype=np.float64)


def fit_joint(
    raw: Numbers,
    embeddings: Vectors,
    spam: Flags,
    weights: Numbers,
    *,
    strength: float = STRENGTH,
    parent: Joint | None = None,
) -> Joint:
    """`raw` must be out-of-fold, or the words are believed too much."""
    base = parent or Joint.of_nothing(embeddings.shape[1])
    start = np.concatenate([[base.slope, base.shift], base.vector])
    pull = np.full(len(start), strength)
    pull[:2] = FREE if parent is None else strength
    seen = np.column_stack([raw, np.ones(len(raw)), embeddings])

    def loss(point: Numbers) -> tuple[float, Numbers]:
        log_odds = seen @ point
        apart = point - start
        value = weights @ (np.logaddexp(0.0, log_odds) - spam * log_odds)
        gradient = (weights * (expit(log_odds) - spam)) @ seen
        return float(value + 0.5 * pull @ (apart * apart)), gradient + pull * apart

    found = minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": 300}).x
    return Joint(float(found[0]), found[2:].astype(np.float32), float(found[1]))
