"""From labelled posts to a calibrated model, and what it is worth on posts it did not see."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from classifiers import features
from classifiers.calibration import Platt
from classifiers.exceptions import TooFewLabels
from classifiers.heuristics import notice
from classifiers.scorers.linear import LinearScorer, Weights
from classifiers.training.calibrate import fit_platt
from classifiers.training.dataset import Snapshot
from classifiers.training.division import clusters, folds
from classifiers.training.evaluate import losses
from classifiers.training.fit import fit
from classifiers.types import Content, History, Signal

FOLDS: Final = 5
LEAST_OF_CLASS: Final = 5
"""Labels of each class below which nothing is learnt."""
STRENGTH: Final = 0.03
"""Pull towards zero of a model without a parent; see docs/BENCHMARKS.md."""
CHILD_STRENGTHS: Final = (0.1, 0.3, 1.0)
"""Pulls towards the parent to choose from, by log-loss on folds."""
CALIBRATION_PRIOR: Final = 5.0
"""How many labels' worth of trust the parent's calibration has."""
ANCHOR_WEIGHT: Final = 0.5
_CHUNK: Final = 512

Numbers = NDArray[np.float64]
Flags = NDArray[np.bool_]
Places = NDArray[np.int64]
Progress = Callable[[str, int, int], None]
"""Told the name of the step, how much of it is done, and how much there is."""


@dataclass(frozen=True, slots=True, eq=False)
class Examples:
    """What a snapshot becomes; all of one length, in its order."""

    matrix: sparse.csr_matrix
    spam: Flags
    weights: Numbers
    cluster: Places

    def with_anchors(self, anchors: Examples | None) -> Examples:
        """These and the anchors, at ANCHOR_WEIGHT, behind them."""
        if anchors is None:
            return self
        return Examples(
            sparse.vstack([self.matrix, anchors.matrix]).tocsr(),
            np.concatenate([self.spam, anchors.spam]),
            np.concatenate([self.weights, ANCHOR_WEIGHT * anchors.weights]),
            np.concatenate([self.cluster, anchors.cluster]),
        )

    def keep(self, chosen: Flags) -> Examples:
        return Examples(
            self.matrix[chosen], self.spam[chosen], self.weights[chosen], self.cluster[chosen]
        )


@dataclass(frozen=True, slots=True, eq=False)
class Trained:
    """A model, and what models of the same making said of posts they had not seen."""

    weights: Weights
    calibration: Platt
    strength: float
    unseen: Numbers
    """Calibrated probabilities of the training posts, each by a model without its fold."""


def silent(step: str, done: int, total: int) -> None:
    """Progress that nobody watches."""


def signals_of(contents: Sequence[Content]) -> list[tuple[Signal, ...]]:
    """What is noticed in a text alone: a labelled file knows nothing of behaviour."""
    history = History()
    return [notice(content, history) for content in contents]


def examples(snapshot: Snapshot, progress: Progress = silent) -> Examples:
    """Features, labels and near-duplicate clusters of all rows."""
    contents = snapshot.contents
    parts = []
    for start in range(0, len(contents), _CHUNK):
        part = contents[start : start + _CHUNK]
        parts.append(features.matrix(part, signals_of(part)))
        progress("reading", min(start + _CHUNK, len(contents)), len(contents))
    if not parts:
        parts = [features.matrix([], [])]
    return Examples(
        sparse.vstack(parts).tocsr(),
        snapshot.spam,
        snapshot.weights,
        clusters([f"{content.title} {content.text}" for content in contents]),
    )


def train(
    posts: Examples,
    *,
    parent: LinearScorer | None = None,
    strength: float | None = None,
    anchors: Examples | None = None,
    progress: Progress = silent,
) -> Trained:
    """The model of these posts, shrunk towards `parent`; calibrated on folds.

    `anchors` are learnt besides, so that the labels of one queue do not make it forget what is
    spam anywhere; nothing is measured or calibrated on them. Without `strength`: STRENGTH, or
    the one of CHILD_STRENGTHS that does best on the folds.

    Raises TooFewLabels below LEAST_OF_CLASS labels of a class.
    """
    spam, ham = int(posts.spam.sum()), int((~posts.spam).sum())
    if min(spam, ham) < LEAST_OF_CLASS:
        raise TooFewLabels(f"{spam} spam and {ham} ham; {LEAST_OF_CLASS} of each are needed.")
    base = calibrated(parent) if parent is not None else None
    usual = (STRENGTH,) if base is None else CHILD_STRENGTHS
    strengths = usual if strength is None else (strength,)
    strength, log_odds = _best_strength(posts, base, strengths, anchors, progress)
    calibration = fit_platt(
        log_odds,
        posts.spam,
        weights=posts.weights,
        prior=Platt(),
        prior_strength=CALIBRATION_PRIOR,
    )
    progress("fitting", 0, 1)
    weights = _fit(posts.with_anchors(anchors), strength, base).rounded()
    progress("fitting", 1, 1)
    return Trained(weights, calibration, strength, calibration.probabilities(log_odds))


def calibrated(scorer: LinearScorer) -> Weights:
    """Weights whose plain log-odds are the scorer's calibrated ones."""
    slope, shift = scorer.calibration.slope, scorer.calibration.shift
    vector = scorer.weights.vector * np.float32(slope)
    return Weights(vector, scorer.weights.bias * slope + shift)


def cross_fit(
    posts: Examples,
    *,
    strength: float,
    parent: Weights | None = None,
    anchors: Examples | None = None,
    progress: Progress = silent,
) -> Numbers:
    """Log-odds of each post by a model that saw neither it nor its near-duplicates."""
    fold = folds(posts.cluster, posts.spam, FOLDS)
    found = np.zeros(len(posts.spam))
    for number in range(FOLDS):
        progress("cross-fitting", number, FOLDS)
        seen = posts.keep(fold != number).with_anchors(anchors)
        weights = _fit(seen, strength, parent)
        found[fold == number] = weights.log_odds(posts.matrix[fold == number])
    progress("cross-fitting", FOLDS, FOLDS)
    return found


def _fit(posts: Examples, strength: float, parent: Weights | None) -> Weights:
    return fit(posts.matrix, posts.spam, strength=strength, parent=parent, weights=posts.weights)


def _best_strength(
    posts: Examples,
    base: Weights | None,
    strengths: Sequence[float],
    anchors: Examples | None,
    progress: Progress,
) -> tuple[float, Numbers]:
    """The strength of least weighted log-loss on folds, and the log-odds there."""
    best: tuple[float, float, Numbers] | None = None
    for strength in strengths:
        log_odds = cross_fit(
            posts, strength=strength, parent=base, anchors=anchors, progress=progress
        )
        loss = float(posts.weights @ losses(Platt().probabilities(log_odds), posts.spam))
        if best is None or loss < best[0]:
            best = (loss, strength, log_odds)
    if best is None:
        raise ValueError("no strength to choose from")
    return best[1], best[2]
