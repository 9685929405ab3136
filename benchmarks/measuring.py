"""How models are compared: their ranking, by bootstrap over near-duplicate clusters."""

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
from scipy.stats import t

from classifiers.arrays import Flags, Numbers, Places
from classifiers.training.evaluate import roc_auc

DRAWS: Final = 2_000


def one_minus_roca(scores: Numbers, spam: Flags) -> float:
    """100 * (1 - area under the ROC curve). Raises ValueError for one class alone."""
    area = roc_auc(scores, spam)
    if area is None:
        raise ValueError("one class alone")
    return 100.0 * (1.0 - area)


def least(spam: Flags) -> float:
    """Half of one misordered pair, as 1-ROCA in percent: what an error of 0 counts in a ratio."""
    return 50.0 / max(float(spam.sum()) * float((~spam).sum()), 1.0)


def bootstrap(
    models: Mapping[str, Numbers], spam: Flags, cluster: Places, draws: int, seed: int = 0
) -> dict[str, Numbers]:
    """1-ROCA in percent of each model over `draws` samples of whole clusters.

    Sample i is the same for every model, and clusters are drawn with replacement.
    """
    names, members = np.unique(cluster, return_inverse=True)
    levels = {key: np.unique(scores, return_inverse=True)[1] for key, scores in models.items()}
    generator = np.random.default_rng(seed)
    found = {key: np.empty(draws) for key in models}
    for draw in range(draws):
        times = np.bincount(generator.integers(0, len(names), len(names)), minlength=len(names))
        weight = times[members].astype(np.float64)
        for key, level in levels.items():
            above = np.bincount(level, weight * spam)
            below = np.bincount(level, weight * ~spam)
            # Honest posts that stand above a spam post, ties by half, of all such pairs.
            wrong = above @ (below.sum() - np.cumsum(below) + below / 2.0)
            found[key][draw] = 100.0 * wrong / max(above.sum() * below.sum(), 1.0)
    return found


def interval(drawn: Numbers, digits: int = 4) -> list[float]:
    """The middle 95 %."""
    return [round(float(end), digits) for end in np.quantile(drawn, (0.025, 0.975))]


def ratio_over_draws(
    pairs: Mapping[str, tuple[Numbers, Numbers]], floors: Mapping[str, float]
) -> dict[str, Any]:
    """The geometric mean over sets and draws of ours / theirs, and its 95 % interval.

    `pairs[set]` are figures of the same two or more draws. By Student's t on logarithms, sets of
    their own variance (Welch, The generalization of "Student's" problem when several different
    population variances are involved, Biometrika 1947).
    """
    logs = [
        np.log(np.maximum(ours, floors[name])) - np.log(np.maximum(theirs, floors[name]))
        for name, (ours, theirs) in pairs.items()
    ]
    if not logs:
        return {"sets": [], "ratio": None, "interval_95": None}
    mean = float(np.mean([each.mean() for each in logs]))
    found = {"sets": list(pairs), "ratio": round(float(np.exp(mean)), 3)}
    if min(map(len, logs)) < 2:
        return found | {"interval_95": None}
    parts = np.array([each.var(ddof=1) / len(each) for each in logs]) / len(logs) ** 2
    freedom = parts.sum() ** 2 / max(
        sum(part**2 / (len(each) - 1) for part, each in zip(parts, logs, strict=True)), 1e-300
    )
    half = float(t.ppf(0.975, max(freedom, 1.0)) * np.sqrt(parts.sum()))
    ends = np.exp([mean - half, mean + half])
    return found | {"interval_95": [round(float(end), 3) for end in ends]}


def geometric_mean_ratio(
    pairs: Mapping[str, tuple[Numbers, Numbers]], floors: Mapping[str, float]
) -> dict[str, Any]:
    """The geometric mean over sets of ours / theirs, and its interval.

    `pairs[set]` are bootstrap draws whose first entry is the figure itself; sets are
    independent, so draws are combined as they come.
    """
    logs = [
        np.log(np.maximum(ours, floors[name])) - np.log(np.maximum(theirs, floors[name]))
        for name, (ours, theirs) in pairs.items()
    ]
    if not logs:
        return {"sets": [], "ratio": None, "interval_95": None}
    mean = np.exp(np.mean(logs, axis=0))
    return {
        "sets": list(pairs),
        "ratio": round(float(mean[0]), 3),
        "interval_95": interval(mean[1:], 3),
    }
