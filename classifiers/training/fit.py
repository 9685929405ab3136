"""Logistic regression that starts from what a parent model knows.

Least weighted log-loss + the sum of strength / (2 * lean) * (w - parent)**2 over the columns
that the data touch: all others keep the parent's weights exactly. Without a parent, the parent
is zero, and n-grams of a single post are left out.

A column's lean is how strongly it sides with a class, the absolute log of the ratio of its
smoothed counts (after Wang, Manning: Baselines and bigrams, ACL 2012, who multiply values by
it). What leans nowhere is pulled hardest, so that it carries no accidents of the data.

The search is Newton's with conjugate gradients, stopped early (Lin, Weng, Keerthi: Trust
region Newton method for large-scale logistic regression, JMLR 2008): on these matrices, with
far more columns than rows, it took a quarter of the time of L-BFGS and ended nearer the
minimum.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.special import expit

from classifiers.features import HASHED
from classifiers.scorers.linear import Weights

STEPS: Final = 40
INNER_STEPS: Final = 60
LEAST_POSTS: Final = 2
"""Posts that must hold an n-gram before a model without a parent learns it."""
NOISE: Final = 0.3
"""Share of a post's weight that its altered copy has; see docs/BENCHMARKS.md."""
LEAST_LEAN: Final = 0.01
TOLERANCE: Final = 1e-5
"""The largest slope of the mean log-loss at which the search ends."""
FREE_BIAS: Final = 0.01
"""Pull of the bias towards zero where there is no parent, as a share of the weights' pull. With
one it is pulled as they are: labels from a review queue say little of how usual spam is."""

Numbers = NDArray[np.float64]
Flags = NDArray[np.bool_]
Places = NDArray[np.int64]


def fit(
    matrix: sparse.csr_matrix,
    spam: NDArray[np.bool_],
    *,
    strength: float,
    parent: Weights | None = None,
    weights: Numbers | None = None,
    copies: sparse.csr_matrix | None = None,
) -> Weights:
    """The weights of the minimum; `matrix` is (n, features.COLUMNS), `weights` one a row.

    `strength` is in units of the sum of log-losses, as 1 / C of scikit-learn. `copies` has one
    altered copy of each row, which shares the weight of its post: NOISE of it. What only copies
    hold is not learnt.
    """
    base = parent or Weights.zero()
    row_weights = np.ones(len(spam)) if weights is None else weights
    active = _active(matrix, LEAST_POSTS if parent is None else 1)
    if copies is not None:
        matrix = sparse.vstack([matrix, copies]).tocsr()
        spam = np.concatenate([spam, spam])
        row_weights = np.concatenate([(1.0 - NOISE) * row_weights, NOISE * row_weights])
    compact = _compact(matrix, active)
    scale = np.sqrt(leans(compact, spam, row_weights))
    scale[active >= HASHED] = 1.0
    compact = compact @ sparse.diags(scale.astype(np.float32), format="csr")
    pull = np.full(len(active) + 1, strength)
    pull[-1] = strength * (FREE_BIAS if parent is None else 1.0)
    problem = _Problem(
        compact,
        compact.T.tocsr(),
        spam.astype(np.float64),
        row_weights,
        base.log_odds(matrix),
        pull,
    )
    step = _descend(problem, TOLERANCE * max(float(row_weights.sum()), 1.0))
    vector = base.vector.copy()
    vector[active] += (scale * step[:-1]).astype(np.float32)
    return Weights(vector, base.bias + float(step[-1]))


def leans(matrix: sparse.csr_matrix, spam: Flags, weights: Numbers) -> Numbers:
    """Absolute log of the ratio of each column's counts in spam and ham; LEAST_LEAN or more."""
    parts = (np.ones_like(matrix.data), matrix.indices, matrix.indptr)
    ones = sparse.csr_matrix(parts, shape=matrix.shape)
    counts = [ones.T @ (weights * which) + 1.0 for which in (spam, ~spam)]
    totals = [float(weights[which].sum()) + 2.0 for which in (spam, ~spam)]
    ratio = np.log(counts[0] / totals[0]) - np.log(counts[1] / totals[1])
    return np.asarray(np.maximum(np.abs(ratio), LEAST_LEAN), dtype=np.float64)


@dataclass(frozen=True, slots=True, eq=False)
class _Problem:
    """What is to be least; a point is the difference from the parent, the bias last."""

    matrix: sparse.csr_matrix
    across: sparse.csr_matrix
    target: Numbers
    weights: Numbers
    offset: Numbers
    pull: Numbers

    def log_odds(self, point: Numbers) -> Numbers:
        return self.offset + self._forward(point)

    def value(self, point: Numbers, log_odds: Numbers) -> float:
        losses = np.logaddexp(0.0, log_odds) - self.target * log_odds
        return float(self.weights @ losses + 0.5 * self.pull @ (point * point))

    def gradient(self, point: Numbers, log_odds: Numbers) -> Numbers:
        return self._back(self.weights * (expit(log_odds) - self.target)) + self.pull * point

    def curvature(self, log_odds: Numbers) -> Callable[[Numbers], Numbers]:
        """The Hessian there, as a function of a direction."""
        spam = expit(log_odds)
        scale = self.weights * spam * (1.0 - spam)
        return lambda along: self._back(scale * self._forward(along)) + self.pull * along

    def _forward(self, point: Numbers) -> Numbers:
        return np.asarray(self.matrix @ point[:-1].astype(np.float32) + point[-1])

    def _back(self, errors: Numbers) -> Numbers:
        return np.append(self.across @ errors.astype(np.float32), errors.sum())


def _descend(problem: _Problem, tolerance: float) -> Numbers:
    point = np.zeros(len(problem.pull))
    log_odds = problem.log_odds(point)
    value = problem.value(point, log_odds)
    gradient = problem.gradient(point, log_odds)
    first = np.linalg.norm(gradient)
    for _ in range(STEPS):
        if np.abs(gradient).max() <= tolerance:
            break
        eagerness = 0.5 * min(0.5, float(np.sqrt(np.linalg.norm(gradient) / first)))
        direction = _solve(problem.curvature(log_odds), gradient, eagerness)
        slope = float(gradient @ direction)
        length = 1.0
        while True:
            there = point + length * direction
            log_odds = problem.log_odds(there)
            new_value = problem.value(there, log_odds)
            if new_value <= value + 1e-4 * length * slope or length < 1e-4:
                break
            length /= 2.0
        point, value = there, new_value
        gradient = problem.gradient(point, log_odds)
    return point


def _solve(curvature: Callable[[Numbers], Numbers], gradient: Numbers, accuracy: float) -> Numbers:
    """A direction with curvature(direction) = -gradient, up to `accuracy` of its length."""
    solution = np.zeros_like(gradient)
    residual = -gradient
    along = residual.copy()
    size = float(residual @ residual)
    enough = accuracy**2 * size
    for _ in range(INNER_STEPS):
        bent = curvature(along)
        length = size / float(along @ bent)
        solution += length * along
        residual -= length * bent
        size, before = float(residual @ residual), size
        if size <= enough:
            break
        along = residual + (size / before) * along
    return solution


def _active(matrix: sparse.csr_matrix, least: int) -> Places:
    """The columns that so many rows hold, or that are numeric and that any holds."""
    held = np.bincount(matrix.indices, minlength=matrix.shape[1])
    return np.flatnonzero((held >= least) | ((held > 0) & (np.arange(len(held)) >= HASHED)))


def _compact(matrix: sparse.csr_matrix, active: Places) -> sparse.csr_matrix:
    """The matrix over these columns alone."""
    places = np.full(matrix.shape[1], -1, dtype=matrix.indices.dtype)
    places[active] = np.arange(len(active))
    kept = places[matrix.indices] >= 0
    ends = np.append(0, np.cumsum(kept))[matrix.indptr]
    parts = (matrix.data[kept], places[matrix.indices[kept]], ends)
    return sparse.csr_matrix(parts, shape=(matrix.shape[0], len(active)))
