"""What a site's labels say of its other posts, learnt from by their words as well.

Fifty labels teach little of most words, but the learner has an opinion of each of the site's posts,
labelled or not. A student learns these opinions, as chances, from n-grams alone (self-training:
Scudder, Probability of error of some adaptive pattern-recognition machines, IEEE Transactions on
Information Theory 1965; by kernel ridge regression). Where the learner errs about one post, it is
outvoted by what it says of the posts in such words.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from classifiers.arrays import Numbers
from classifiers.learner.evidence import Evidence
from classifiers.learner.fusion import FADING, MOST_TRUST, loss
from classifiers.learner.memory import Floats
from classifiers.learner.topics import Topics

MOST: Final = 500
"""Posts that teach a student, the newest; with 400 it is worth nearly what it is with 600."""
SHARE: Final = 0.5
"""Of the student in what is said before the first label."""
HALFWAY: Final = 60.0
"""Labels with which that share is half as large; then it soon has none. Where posts come in order
and change, it was late, and cost 3 % with all labels told where it faded more slowly."""
RARE: Final = 0.15
"""Share of the rarer class among the labels below which the student's falls in proportion: labels
of one class alone have taught nothing of the other, and two that agree on it are not surer."""
RIDGE: Final = 1.0
"""Of the squared length of a post's weighed n-grams, which is 1."""
GROWTH: Final = 1.5
"""Labels over those with which the last student was taught, from which on another one is."""
HEAD_START: Final = 2.0
"""How far the student is trusted before it was wrong or right, in log-odds of trust."""
LEAST: Final = 1e-6
"""A spread below which all posts are told the same."""


def due(labels: int, student: Student | None) -> bool:
    """Whether a learner of so many labels is to teach a student: with GROWTH times as many."""
    return labels > 0 and (student is None or labels >= GROWTH * student.labels)


@dataclass(frozen=True, slots=True, eq=False)
class Student:
    """What the learner says of a post, as far as its n-grams tell."""

    labels: int
    """Those of the learner when it was asked."""
    weights: Floats
    """Log-odds, one a place of the site's topics."""
    usual: float
    """The mean of what the learner said."""
    average: float
    """The mean of what the student says."""
    agreement: float
    """The correlation of what it said with what the student says."""
    lead: float = 0.0
    """How much less was lost with the student and those before it than without, in faded nats."""

    @classmethod
    def of(cls, about: Topics, posts: Sequence[Evidence], said: Numbers, labels: int) -> Student:
        """One that was told what a learner of so many labels says of these posts, in log-odds.

        Raises ValueError where there are none.
        """
        if not posts:
            raise ValueError("nobody learns from no posts")
        rows = about.weighed(posts)
        chances = np.tanh(0.5 * said)
        alike = (rows @ rows.T).toarray()
        alike[np.diag_indices_from(alike)] += RIDGE
        coefficients = np.linalg.solve(alike, chances - chances.mean())
        weights = rows.T @ coefficients
        told = rows @ weights
        apart, spread = said - said.mean(), float(told.std())
        if spread < LEAST or said.std() < LEAST:
            return cls(labels, np.zeros(len(weights), np.float32), float(said.mean()), 0.0, 0.0)
        agreement = float((told - told.mean()) @ apart) / (spread * said.std() * len(posts))
        scale = said.std() / spread
        return cls(
            labels,
            (weights * scale).astype(np.float32),
            float(said.mean()),
            float(told.mean() * scale),
            min(max(agreement, 0.0), 1.0),
        )

    @property
    def trust(self) -> float:
        """What is left of the student's share for what it was worth, in (0, 1)."""
        return float(0.5 + 0.5 * np.tanh(0.5 * (self.lead + HEAD_START)))

    def beside(self, log_odds: float, told: float, share: float) -> float:
        """What the learner says and, by that share, what the student says."""
        share *= self.agreement
        both = (1.0 - share) * (log_odds - self.usual) + share * told
        # A mean of two opinions varies less than either, and is no less sure for that.
        spread = 1.0 - 2.0 * share * (1.0 - share) * (1.0 - self.agreement)
        return self.usual + both / float(spread**0.5)

    def told(self, about: Topics, evidence: Evidence) -> float:
        """What it says of a post, beyond what it says of the average one."""
        places, values = about.rarer(evidence)
        return float(values @ self.weights[places]) - self.average

    def judged(self, alone: float, both: float, spam: bool, weight: float) -> Student:
        """After a label of a post of which the learner said this alone, and this with it."""
        lead = FADING * self.lead + min(weight, 1.0) * (loss(alone, spam) - loss(both, spam))
        return replace(self, lead=max(-MOST_TRUST, min(lead + HEAD_START, MOST_TRUST)) - HEAD_START)


def share(labels: int, rarer: float) -> float:
    """Of a student in what is said after so many labels, if it is trusted.

    `rarer` is the share of the rarer class among them (`Tally.rarer`).
    """
    return SHARE / (1.0 + (labels / HALFWAY) ** 2) * min(1.0, rarer / RARE)
