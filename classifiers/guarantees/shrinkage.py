"""An estimate of a small community's share that leans on other communities: no bound, no promise.

Shares of communities are taken to come from one Beta distribution, whose mean and concentration
are not known and are averaged over (hierarchical Bayes on a grid, flat in the root of the mean and
the logarithm of the concentration; Gelman and others, Bayesian Data Analysis, 3rd edition, 5.3).
The less a community has been looked at itself, and the more alike the others are, the more it
leans.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.special import betainc, betaln

FEWEST: Final = 3
"""Other communities, to lean on them at all."""
MASS: Final = 0.9
_MEANS: Final = ((np.arange(60) + 0.5) / 60.0) ** 2
_CONCENTRATIONS: Final = np.geomspace(1.0, 3_000.0, 16)
STEPS: Final = 24


@dataclass(frozen=True, slots=True)
class Sample:
    """What was found in a sample of one community; no whole numbers where it is worth so much."""

    found: float
    of: float

    @classmethod
    def weighed(cls, having: Sequence[float], lacking: Sequence[float]) -> Sample:
        """Of posts drawn with these chances: what a uniform sample of the same worth has found.

        Each stands for 1 / chance of them; (sum w)^2 / sum w^2 posts of equal weight would say as
        much (Kish, Survey sampling, 1965).
        """
        found, weights = (sum(1.0 / each for each in of) for of in (having, (*having, *lacking)))
        squares = sum(each**-2 for each in (*having, *lacking))
        if not squares:
            return cls(0.0, 0.0)
        of = weights**2 / squares
        return cls(of * found / weights, of)


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean, and the middle MASS of what is credible."""

    mean: float
    low: float
    high: float


def shrunk(own: Sample, others: Sequence[Sample]) -> Estimate | None:
    """The share of a community, leaning on others; None with fewer than FEWEST of them.

    Raises ValueError for counts that cannot be.
    """
    if any(not 0 <= seen.found <= seen.of for seen in (own, *others)):
        raise ValueError("more found than looked at")
    others = [seen for seen in others if seen.of]
    if len(others) < FEWEST:
        return None
    a = (_MEANS[:, None] * _CONCENTRATIONS).ravel()
    b = ((1.0 - _MEANS[:, None]) * _CONCENTRATIONS).ravel()
    likely = sum(_likelihood(seen, a, b) for seen in (own, *others))
    weights = np.exp(likely - np.max(likely))
    weights /= weights.sum()
    a, b = a + own.found, b + own.of - own.found

    def point(mass: float) -> float:
        low, high = 0.0, 1.0
        for _ in range(STEPS):
            middle = (low + high) / 2.0
            below = float(weights @ betainc(a, b, middle))
            low, high = (middle, high) if below < mass else (low, middle)
        return high

    tail = (1.0 - MASS) / 2.0
    return Estimate(float(weights @ (a / (a + b))), point(tail), point(1.0 - tail))


def _likelihood(seen: Sample, a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Of a beta-binomial, but for what does not depend on a and b."""
    return np.asarray(betaln(a + seen.found, b + seen.of - seen.found) - betaln(a, b))
