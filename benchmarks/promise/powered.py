"""Does prediction-powered inference narrow what is said of missed spam?

    python -m benchmarks.promise.powered [--json] [--data DIR] [--shelf DIR] [--sites N]

Of the allowed posts of a period all scores f are known, and n are drawn and judged (y). The share
of spam is then the mean of f over all, plus the mean of y - f over the drawn (Angelopoulos and
others, Prediction-powered inference, Science 2023). Its bound by betting on y - f in [-f, 1]
(Waudby-Smith, Ramdas 2024) is held against the exact one that stands on y alone. `limit` is what
the ratio of widths tends to with any number of labels: the root of the ratio of variances, with f
as it is and with the best multiple of f, which nobody knows.
"""

from collections.abc import Sequence
from typing import Any, Final

import numpy as np

from benchmarks.promise.posts import Pool, figure
from benchmarks.promise.sites import REVIEW_FROM
from classifiers.arrays import Numbers
from classifiers.guarantees import exact, weighted

PREVALENCES: Final = (0.1, 0.2, 0.35)
DRAWN: Final = (56, 560)
"""In four weeks: two a day, and twenty."""
POSTS: Final = 4_200
"""Allowed in four weeks by a site of 200 posts a day."""
DELTA: Final = 0.05
RUNS: Final = 20
STEPS: Final = 30


def powered(spam: Numbers, scores: Numbers, mean: float) -> float:
    """The upper bound of the share of spam at DELTA, by betting on what scores leave of it."""
    left = spam - scores
    bets, even = np.asarray(weighted.BETS), -np.log(len(weighted.BETS))

    def stays(m: float) -> bool:
        wealth = np.log1p(np.outer(bets / (1.0 - m) * (1.0 - 1e-9), m - left)).sum(axis=1)
        return bool(np.logaddexp.reduce(wealth + even) < -np.log(DELTA))

    low, high = float(left.min()), 1.0 - 1e-9
    for _ in range(STEPS):
        middle = (low + high) / 2.0
        low, high = (middle, high) if stays(middle) else (low, middle)
    return min(mean + high, 1.0)


def allowed(pool: Pool, prevalence: float) -> tuple[Numbers, Numbers, Numbers]:
    """Spam, score and weight of each allowed post, at this share of spam among all posts."""
    weight = np.where(
        pool.spam, prevalence / pool.spam.sum(), (1.0 - prevalence) / (~pool.spam).sum()
    )
    kept = pool.scores < REVIEW_FROM
    return pool.spam[kept].astype(float), pool.scores[kept], weight[kept] / weight[kept].sum()


def limits(pool: Pool, prevalence: float) -> tuple[float, float]:
    """What the ratio of widths tends to: with the scores as they are, and at best."""
    spam, scores, weight = allowed(pool, prevalence)

    def covariance(one: Numbers, other: Numbers) -> float:
        return float(weight @ (one * other) - (weight @ one) * (weight @ other))

    of_spam, of_scores = covariance(spam, spam), covariance(scores, scores)
    both = covariance(spam, scores)
    as_it_is = (of_spam + of_scores - 2.0 * both) / of_spam
    return float(np.sqrt(as_it_is)), float(np.sqrt(1.0 - both**2 / (of_scores * of_spam)))


def run(
    generator: np.random.Generator, pool: Pool, prevalence: float, drawn: int
) -> tuple[float, float, float]:
    """The truth of one site's four weeks, its exact bound and its powered one."""
    spam, scores, weight = allowed(pool, prevalence)
    posts = generator.choice(len(spam), POSTS, p=weight)
    chosen = generator.choice(posts, drawn, replace=False)
    found = int(spam[chosen].sum())
    plain = exact.most(found, drawn, POSTS, DELTA) / POSTS
    return (
        float(spam[posts].mean()),
        plain,
        powered(spam[chosen], scores[chosen], float(scores[posts].mean())),
    )


def measure(found: Sequence[Pool], runs: int, seed: int = 8) -> dict[str, Any]:
    """All figures."""
    generator = np.random.default_rng(seed)
    cases = [(pool, prevalence) for pool in found for prevalence in PREVALENCES]
    ends = np.array([limits(*case) for case in cases])
    told: dict[str, Any] = {
        "limit_as_it_is": _spread(ends[:, 0]),
        "limit_at_best": _spread(ends[:, 1]),
    }
    for drawn in DRAWN:
        truths, plain, with_scores = np.array(
            [run(generator, *case, drawn) for case in cases for _ in range(runs)]
        ).T
        ratio = ((with_scores - truths) / (plain - truths).clip(1e-9)).reshape(len(cases), runs)
        told[str(drawn)] = {
            "runs": len(truths),
            "covered": round(float((plain >= truths).mean()), 4),
            "covered_powered": round(float((with_scores >= truths).mean()), 4),
            "bound_ratio_median": round(float(np.median(with_scores / plain)), 3),
            "narrower_share": round(float((with_scores < plain).mean()), 3),
            "cases_narrower_in_the_median": int((np.median(ratio, axis=1) < 1.0).sum()),
            "cases": len(cases),
        }
    return told


def _spread(values: Numbers) -> dict[str, float]:
    return {
        "least": round(float(values.min()), 3),
        "median": round(float(np.median(values)), 3),
        "most": round(float(values.max()), 3),
    }


if __name__ == "__main__":
    figure("promise.powered", measure, RUNS, quick=2, of="runs a platform and share of spam")
