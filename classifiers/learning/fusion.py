"""Several opinions -> one, by what each was worth so far on this site.

Log-odds are weighed by an online logistic regression with a step size of its own for each
weight (Duchi, Hazan, Singer: Adaptive subgradient methods, JMLR 2011). Beside the result
stands the global model: both are trusted by their log-loss on the last labels (Herbster,
Warmuth: Tracking the best expert, Machine Learning 1998), so a learner that was misled gives
way to the global model within some labels, and gets its say back when it deserves it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

START: Final = (1.0, 0.5, 0.0)
"""Weights of the regression and of the tally, and the bias, before the first label."""
PACE: Final = 0.05
FADING: Final = 0.98
"""What is left of a label's say about trust after each further label."""
HEAD_START: Final = 1.0
"""How far the learner is trusted before it was wrong or right, in log-odds of trust."""
WORST: Final = 4.0
"""Log-loss of one post above which nobody loses more trust."""

Numbers = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Fusion:
    """Weights and the sums of their squared slopes, each (3,); and the learner's lead."""

    weights: Numbers
    squares: Numbers
    lead: float
    """How much less the learner lost than the global model, in faded nats."""

    @classmethod
    def new(cls) -> Fusion:
        return cls(np.array(START), np.ones(len(START)), 0.0)

    @property
    def trust(self) -> float:
        """Share of the learner in what is said, in (0, 1)."""
        return float(0.5 + 0.5 * np.tanh(0.5 * (self.lead + HEAD_START)))

    def learnt(self, opinions: Numbers) -> float:
        """Log-odds of the learner alone; `opinions` are (regression, tally)."""
        return float(self.weights[:-1] @ opinions + self.weights[-1])

    def log_odds(self, opinions: Numbers, base: float) -> float:
        """Of both; `base` is what the global model says."""
        return self.trust * self.learnt(opinions) + (1.0 - self.trust) * base

    def learn(self, opinions: Numbers, base: float, spam: bool, weight: float) -> Fusion:
        """After the label of a post of which these opinions were held before it."""
        learnt = self.learnt(opinions)
        error = spam - float(0.5 + 0.5 * np.tanh(0.5 * learnt))
        slopes = weight * error * np.append(opinions, 1.0)
        squares = self.squares + slopes * slopes
        lead = FADING * self.lead + min(weight, 1.0) * (_loss(base, spam) - _loss(learnt, spam))
        return Fusion(self.weights + PACE * slopes / np.sqrt(squares), squares, lead)


def _loss(log_odds: float, spam: bool) -> float:
    return min(float(np.logaddexp(0.0, -log_odds if spam else log_odds)), WORST)
