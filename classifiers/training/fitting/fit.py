"""Logistic regression that starts from what a parent model knows.

Least weighted log-loss + the sum of strength / (2 * reach) * (w - parent)**2 over the columns
that the data touch: all others keep the parent's weights exactly. Without a parent, the parent
is zero, and n-grams of a single post are left out. The reach of an n-gram's column is its lean;
without a parent its lean times what `rarities` says. That of a numeric column is 1, that of the
length in a model of one community's own LENGTH.

A column's lean is how strongly it sides with a class, the absolute log of the ratio of its
smoothed counts (after Wang, Manning: Baselines and bigrams, ACL 2012, who multiply values by
it). What leans nowhere is pulled hardest, so that it carries no accidents of the data.

The search is Newton's with conjugate gradients, stopped early (Lin, Weng, Keerthi: Trust
region Newton method for large-scale logistic regression, JMLR 2008): on these matrices, with
far more columns than rows, it took a quarter of the time of L-BFGS and ended nearer the
minimum.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.special import expit

from classifiers.arrays import Flags, Numbers, Places
from classifiers.features import HASHED, NUMERIC
from classifiers.ngrams import mix
from classifiers.scorers.linear import Weights

STEPS: Final = 40
INNER_STEPS: Final = 60
LEAST_POSTS: Final = 2
"""Posts that must hold an n-gram before a model without a parent learns it."""
NOISE: Final = 0.15
"""Share of a post's weight that its altered copy has; docs/adr/0021-altered-copies.md."""
LEAST_LEAN: Final = 0.01
VALUE: Final = 0.6
"""The power of a column's usual value by which its reach falls."""
LENGTH: Final = 10.0
"""Reach of how long a text is, among the posts of one community. Its column is a tenth of a
logarithm and hardly varies: with the reach of the others it would be pulled far harder than they,
and words would have to say what the length does. Elsewhere posts are of other lengths."""
LENGTH_COLUMN: Final = HASHED + NUMERIC.index("text.length")
TOLERANCE: Final = 1e-5
"""The largest slope of the mean log-loss at which the search ends."""
DROPPED: Final = 1.0
"""How often an n-gram is missing for each time that it is there, for a model of communities that
it never saw; docs/BENCHMARK-TABLES.md."""
FREE_BIAS: Final = 0.01
"""Pull of the bias towards zero where there is no parent, as a share of the weights' pull. With
one it is pulled as they are: labels from a review queue say little of how usual spam is."""

Vector = NDArray[np.float32]


def fit(
    matrix: sparse.csr_matrix,
    spam: Flags,
    *,
    strength: float,
    parent: Weights | None = None,
    weights: Numbers | None = None,
    copies: sparse.csr_matrix | None = None,
) -> Weights:
    """The weights of the minimum over all rows; see `Fits`."""
    return Fits(matrix, spam, parent=parent, weights=weights, copies=copies).at([strength])[0]


class Fits:
    """Fits to parts of the same rows, at several strengths; what they share is worked out once.

    `matrix` is (n, features.COLUMNS), `weights` one a row. `copies` has one altered copy of each
    row, which shares the weight of its post: NOISE of it. What only copies hold is not learnt.
    `at_home`, the model is for the community whose posts these are. `dropped`, it is to hold
    where n-grams are missing, each so often for each time that it is there: what few of them say
    alone is shared out among all that say it (the second order of dropout, after Wager, Wang,
    Liang: Dropout training as adaptive regularization, NIPS 2013).
    """

    def __init__(
        self,
        matrix: sparse.csr_matrix,
        spam: Flags,
        *,
        parent: Weights | None = None,
        weights: Numbers | None = None,
        copies: sparse.csr_matrix | None = None,
        at_home: bool = False,
        dropped: float = 0.0,
    ) -> None:
        row_weights = np.ones(len(spam)) if weights is None else weights
        self._base = parent or Weights.zero()
        self._least = LEAST_POSTS if parent is None else 1
        self._anew = parent is None
        self._free_bias = FREE_BIAS if parent is None else 1.0
        self._dropped = dropped
        self._rows = len(spam)
        wanted = _active(matrix, self._least)
        if copies is not None:
            matrix = sparse.vstack([matrix, copies]).tocsr()
            spam = np.concatenate([spam, spam])
            row_weights = np.concatenate([(1.0 - NOISE) * row_weights, NOISE * row_weights])
        self._spam, self._weights = spam, row_weights
        self._offset = self._base.log_odds(matrix)
        self._merged = merge(matrix, wanted)
        farther = parent is None and at_home
        self._length = self._merged.group[wanted == LENGTH_COLUMN] if farther else wanted[:0]

    def at(self, strengths: Sequence[float], rows: Flags | None = None) -> list[Weights]:
        """The weights of the minimum over these rows at each strength, in order.

        A strength is in units of the sum of log-losses, as 1 / C of scikit-learn. The search
        at one begins where that at the next larger one ended.
        """
        chosen = np.arange(self._rows) if rows is None else np.flatnonzero(rows)
        posts = len(chosen)
        if len(self._spam) > self._rows:
            chosen = np.concatenate([chosen, self._rows + chosen])
        whole = len(chosen) == len(self._spam)
        matrix = self._merged.matrix if whole else self._merged.matrix[chosen]
        spam, weights = self._spam[chosen], self._weights[chosen]
        held = np.bincount(matrix.indices[: matrix.indptr[posts]], minlength=matrix.shape[1])
        numeric = self._merged.numeric
        reach = leans(matrix, spam, weights)
        learnt = held >= np.where(numeric, 1, self._least)
        if self._anew:
            reach *= rarities(matrix, weights, self._merged.sizes, learnt & ~numeric)
        scale = np.sqrt(reach)
        scale[numeric] = 1.0
        scale[self._length] = np.sqrt(LENGTH)
        scale[~learnt] = 0.0
        problem = _Problem(
            matrix, scale, spam.astype(np.float64), weights, self._offset[chosen], np.zeros(0)
        )
        tolerance = TOLERANCE * max(float(weights.sum()), 1.0)
        point = np.zeros(len(scale) + 1)
        found: dict[float, Weights] = {}
        for strength in sorted(set(strengths), reverse=True):
            pull = np.full(len(point), strength)
            pull[-1] = strength * self._free_bias
            point = _descend(replace(problem, pull=pull), point, tolerance)
            if self._dropped:
                bends = problem.bends(point)
                pull[:-1] += self._dropped * np.where(numeric, 0.0, bends)
                point = _descend(replace(problem, pull=pull), point, tolerance)
            vector = self._base.vector.copy()
            step = (scale * point[:-1]).astype(np.float32)
            vector[self._merged.columns] += self._merged.spread(step)
            found[strength] = Weights(vector, self._base.bias + float(point[-1]))
        return [found[strength] for strength in strengths]


@dataclass(frozen=True, slots=True, eq=False)
class Merged:
    """A matrix in which columns that are equal have become one.

    Equal columns have equal leans and end with equal weights, so one column that is longer by
    the root of their number stands for them exactly. Of the n-grams of posts about one half
    only ever come together.
    """

    matrix: sparse.csr_matrix
    columns: Places
    """Columns of the former matrix that any row holds."""
    group: NDArray[np.int32]
    """For each of these, the column that stands for it."""
    sizes: Numbers
    """By column, how many it stands for."""
    numeric: Flags
    """By column; these stand for themselves alone."""

    def spread(self, step: Vector) -> Vector:
        """What each of `columns` gets of the weight of the one that stands for it."""
        shares = step / np.sqrt(self.sizes).astype(np.float32)
        return np.asarray(shares[self.group], dtype=np.float32)


def merge(matrix: sparse.csr_matrix, columns: Places) -> Merged:
    """These columns, those that are equal as one."""
    rows = np.repeat(np.arange(matrix.shape[0], dtype=np.uint64), np.diff(matrix.indptr))
    values = matrix.data.astype(np.float32).view(np.uint32).astype(np.uint64)
    marks = mix(mix(rows + np.uint64(1)) + values)
    # 64 bits a column: of a million columns two differ and agree here once in 30 million times.
    prints = np.zeros(matrix.shape[1], dtype=np.uint64)
    np.add.at(prints, matrix.indices, marks)
    prints[HASHED:] = np.arange(matrix.shape[1] - HASHED, dtype=np.uint64)
    _, first, group, sizes = np.unique(
        prints[columns], return_index=True, return_inverse=True, return_counts=True
    )
    kept = _compact(matrix, columns[first])
    roots = np.sqrt(sizes).astype(np.float32)
    kept.data *= roots[kept.indices]
    return Merged(
        kept,
        columns,
        group.astype(np.int32),
        sizes.astype(np.float64),
        columns[first] >= HASHED,
    )


def leans(matrix: sparse.csr_matrix, spam: Flags, weights: Numbers) -> Numbers:
    """Absolute log of the ratio of each column's counts in spam and ham; LEAST_LEAN or more."""
    parts = (np.ones_like(matrix.data), matrix.indices, matrix.indptr)
    ones = sparse.csr_matrix(parts, shape=matrix.shape)
    counts = [ones.T @ (weights * which) + 1.0 for which in (spam, ~spam)]
    totals = [float(weights[which].sum()) + 2.0 for which in (spam, ~spam)]
    ratio = np.log(counts[0] / totals[0]) - np.log(counts[1] / totals[1])
    return np.asarray(np.maximum(np.abs(ratio), LEAST_LEAN), dtype=np.float64)


def rarities(matrix: sparse.csr_matrix, weights: Numbers, sizes: Numbers, among: Flags) -> Numbers:
    """By column, how much farther than its lean it may reach where nothing was known before.

    The smoothed inverse document frequency, as scikit-learn has it, over a power of the column's
    usual value, in terms of the mean of those that are `among` the compared; 1 for all others. A
    word is one of few in a post, so its value is some three times that of a run of characters:
    with the same pull it would explain most of what both could. `sizes` as in `Merged`.
    """
    by_entry = np.repeat(weights, np.diff(matrix.indptr))
    held = np.bincount(matrix.indices, by_entry, len(among))
    squares = np.bincount(matrix.indices, by_entry * matrix.data**2, len(among)) / sizes
    found = np.ones(len(among))
    among = among & (held > 0.0)
    if among.any():
        usual = 0.5 * np.log(squares[among] / held[among])
        usual -= np.average(usual, weights=sizes[among])
        rare = 1.0 + np.log((1.0 + weights.sum()) / (1.0 + held[among]))
        found[among] = rare * np.exp(-VALUE * usual)
    return found


@dataclass(frozen=True, slots=True, eq=False)
class _Problem:
    """What is to be least; a point is the difference from the parent, the bias last."""

    matrix: sparse.csr_matrix
    scale: Numbers
    """What the columns are multiplied by."""
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

    def bends(self, point: Numbers) -> Numbers:
        """The second derivative of log-loss along each column but the bias, without the pull."""
        spam = expit(self.log_odds(point))
        by_entry = np.repeat(self.weights * spam * (1.0 - spam), np.diff(self.matrix.indptr))
        by_entry *= self.matrix.data**2
        return np.bincount(self.matrix.indices, by_entry, len(self.scale)) * self.scale**2

    def _forward(self, point: Numbers) -> Numbers:
        return np.asarray(self.matrix @ (self.scale * point[:-1]).astype(np.float32) + point[-1])

    def _back(self, errors: Numbers) -> Numbers:
        found = np.empty(len(self.scale) + 1)
        np.multiply(self.matrix.T @ errors.astype(np.float32), self.scale, out=found[:-1])
        found[-1] = errors.sum()
        return found


def _descend(problem: _Problem, point: Numbers, tolerance: float) -> Numbers:
    """Where the search that begins at the point ends."""
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
