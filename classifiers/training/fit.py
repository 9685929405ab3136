"""Logistic regression that starts from what a parent model knows.

Least weighted log-loss + strength / 2 * |w - parent|**2, by L-BFGS over the columns that the
data touch: all others keep the parent's weights exactly. Without a parent, the parent is zero.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.optimize import minimize
from scipy.special import expit

from classifiers.scorers.linear import Weights

ITERATIONS: Final = 300
BIAS_STRENGTH: Final = 0.01
"""Pull of the bias towards the parent's, as a share of the weights' pull."""

Numbers = NDArray[np.float64]


def fit(
    matrix: sparse.csr_matrix,
    spam: NDArray[np.bool_],
    *,
    strength: float,
    parent: Weights | None = None,
    weights: Numbers | None = None,
    tolerance: float = 1e-5,
) -> Weights:
    """The weights of the minimum; `matrix` is (n, features.COLUMNS), `weights` one a row.

    `strength` is in units of the sum of log-losses, as 1 / C of scikit-learn.
    """
    base = parent or Weights.zero()
    active, compact = _compact(matrix)
    across = compact.T.tocsr()
    offset = base.log_odds(matrix)
    row_weights = np.ones(len(spam)) if weights is None else weights
    target = spam.astype(np.float64)
    pull = np.full(len(active) + 1, strength)
    pull[-1] = strength * BIAS_STRENGTH

    def loss(step: Numbers) -> tuple[float, Numbers]:
        z = offset + compact @ step[:-1].astype(np.float32) + step[-1]
        error = row_weights * (expit(z) - target)
        value = row_weights @ (np.logaddexp(0.0, z) - target * z) + 0.5 * pull @ (step * step)
        gradient = np.append(across @ error.astype(np.float32), error.sum()) + pull * step
        return float(value), gradient

    found = minimize(
        loss,
        np.zeros(len(active) + 1),
        jac=True,
        method="L-BFGS-B",
        options={
            "maxiter": ITERATIONS,
            "maxcor": 10,
            "ftol": 0.0,
            "gtol": tolerance * max(float(row_weights.sum()), 1.0) / 100.0,
        },
    )
    vector = base.vector.copy()
    vector[active] += found.x[:-1].astype(np.float32)
    return Weights(vector, base.bias + float(found.x[-1]))


def _compact(matrix: sparse.csr_matrix) -> tuple[NDArray[np.int64], sparse.csr_matrix]:
    """The columns that hold anything, and the matrix over these alone."""
    seen = np.zeros(matrix.shape[1], dtype=bool)
    seen[matrix.indices] = True
    active = np.flatnonzero(seen)
    places = np.zeros(matrix.shape[1], dtype=matrix.indices.dtype)
    places[active] = np.arange(len(active))
    parts = (matrix.data, places[matrix.indices], matrix.indptr)
    return active, sparse.csr_matrix(parts, shape=(matrix.shape[0], len(active)))
