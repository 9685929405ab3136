"""How good probabilities are, by fixed definitions; what cannot be known is None."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

from classifiers.arrays import Flags, Numbers
from classifiers.odds import FLOOR
from classifiers.training.reliability import reliability
from classifiers.types import Metrics

THRESHOLD: Final = 0.5


def metrics(
    probabilities: Numbers,
    spam: Flags,
    cluster: NDArray[np.int64] | None = None,
    *,
    scores: Numbers | None = None,
) -> Metrics:
    """Every figure of `evaluate_model` but the speed; None where it has no meaning.

    `cluster` holds the number of each post's near-duplicates; without, all count as different.
    With `scores` posts are ranked by these, which tell more apart than probabilities: those end
    at FLOOR.
    """
    ranked = probabilities if scores is None else scores
    area = roc_auc(ranked, spam)
    calibration = reliability(probabilities, spam, cluster)
    return {
        "n": len(spam),
        "spam": int(spam.sum()),
        "roc_auc": area,
        "one_minus_roca_percent": None if area is None else 100.0 * (1.0 - area),
        "pr_auc": pr_auc(ranked, spam),
        "recall_at_fpr_1_percent": recall_at_one_in(100, ranked, spam),
        "recall_at_fpr_0_1_percent": recall_at_one_in(1000, ranked, spam),
        "f1": f1(probabilities, spam),
        "ece": calibration["ece"],
        "log_loss": log_loss(probabilities, spam),
        **calibration,
    }


def _one_class(spam: Flags) -> bool:
    return bool(spam.all()) or not spam.any()


def roc_auc(probabilities: Numbers, spam: Flags) -> float | None:
    """Chance that a spam post stands above an honest one; ties count half (Mann-Whitney)."""
    if _one_class(spam):
        return None
    positive, negative = int(spam.sum()), int((~spam).sum())
    ranks = rankdata(probabilities)[spam].sum()
    return float((ranks - positive * (positive + 1) / 2) / (positive * negative))


def pr_auc(probabilities: Numbers, spam: Flags) -> float | None:
    """Average precision: the sum over thresholds of precision times the gain in recall."""
    if _one_class(spam):
        return None
    order = np.argsort(-probabilities, kind="stable")
    ends = np.flatnonzero(np.diff(probabilities[order], append=-np.inf))
    caught = np.cumsum(spam[order])[ends]
    precision = caught / (ends + 1)
    return float(precision @ np.diff(caught, prepend=0) / spam.sum())


def recall_at_one_in(rate: int, probabilities: Numbers, spam: Flags) -> float | None:
    """Share of spam strictly above the (floor(ham / rate) + 1)-th highest ham."""
    ham = np.sort(probabilities[~spam])[::-1]
    if len(ham) < rate or not spam.any():
        return None
    return float((probabilities[spam] > ham[len(ham) // rate]).mean())


def f1(probabilities: Numbers, spam: Flags) -> float | None:
    """Harmonic mean of precision and recall where 0.5 and more is called spam."""
    if _one_class(spam):
        return None
    called = probabilities >= THRESHOLD
    return float(2 * (called & spam).sum() / (called.sum() + spam.sum()))


def log_loss(probabilities: Numbers, spam: Flags) -> float | None:
    """Mean of -ln of the probability given to what was true."""
    return float(losses(probabilities, spam).mean()) if len(spam) else None


def losses(probabilities: Numbers, spam: Flags) -> Numbers:
    """-ln of the probability given to what was true, for each post."""
    bounded = np.clip(probabilities, FLOOR, 1.0 - FLOOR)
    return -np.log(np.where(spam, bounded, 1.0 - bounded))


def errors(probabilities: Numbers, spam: Flags) -> Numbers:
    """1 for each post on the wrong side of 0.5, else 0."""
    return ((probabilities >= THRESHOLD) != spam).astype(np.float64)


def bootstrap_means(
    values: Numbers, cluster: NDArray[np.int64], draws: int, seed: int = 0
) -> Numbers:
    """Means of `values` over `draws` samples of whole clusters, drawn with replacement."""
    names, members = np.unique(cluster, return_inverse=True)
    sums = np.bincount(members, values)
    sizes = np.bincount(members).astype(np.float64)
    generator = np.random.default_rng(seed)
    found = np.empty(draws)
    for draw in range(draws):
        times = np.bincount(generator.integers(0, len(names), len(names)), minlength=len(names))
        found[draw] = (times @ sums) / (times @ sizes)
    return found
