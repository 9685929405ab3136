"""Several opinions -> one, by what each is worth on this site.

Log-odds are weighed by a logistic regression over the posts in memory, fitted with each label. It
is not told what the regression says of these posts now that it knows their labels, but what it
would say without, nearly. Where one class is rare, posts not learnt from lie much further on the
side of the usual class than those learnt from, and only so can be seen by how much.

A post counts the less the more later ones surprised: what came before a change of what is usual is
forgotten at the change, and a site where nothing happens forgets nothing (Fortescue, Kershenbaum,
Ydstie: Implementation of self-tuning regulators with variable forgetting factors, Automatica 1981).

Beside the result stands the global model: both are trusted by their log-loss on the last labels
(Herbster, Warmuth: Tracking the best expert, Machine Learning 1998), so a learner that was misled
gives way to the global model within some labels, and gets its say back when it deserves it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from classifiers.arrays import Flags, Numbers

START: Final = (1.5, 0.5, 0.0)
"""Weights of the regression and of the tally, and the bias, before the first label."""
AT_LAST: Final = (1.0, 0.5, 0.0)
"""Where these are looked for after many: what has learnt from few posts is held back by its own
prior, and says less than it might; what has learnt from many is taken at its word."""
HALFWAY: Final = 100.0
"""Posts after which they are looked for halfway between."""
DEVIATION: Final = (0.3, 0.3, 3.0)
"""How far from there they may well be: standard deviations of their Gaussian prior."""
FORGETTING: Final = 0.15
"""How much less a post counts, in nats, for each later one that was wholly wrong."""
FURTHEST: Final = 100.0
"""Log-odds of an opinion beyond which it is not followed."""
NEWTON_STEPS: Final = 4
"""The next label goes on where these stopped."""
FADING: Final = 0.98
"""What is left of a label's say about trust after each further label."""
FEW: Final = 3.0
"""Labels after which the learner has half the say that its trust would give it: the regression is
far too sure of what is usual, and of nothing else, while it knows hardly a post."""
HEAD_START: Final = 2.0
"""How far the learner is trusted before it was wrong or right, in log-odds of trust. Where the
global model was trained on the site's own labels, that far less: then it is the learner that has
to earn its say, and what the model would block is not asked about anew with each model."""
MOST_TRUST: Final = 6.0
"""Log-odds of trust beyond which nobody gets: whoever was right for long can soon be wrong."""
WORST: Final = 4.0
"""Log-loss of one post above which nobody loses more trust."""


@dataclass(frozen=True, slots=True, eq=False)
class Fusion:
    """Weights, (3,), and the learner's lead."""

    weights: Numbers
    lead: float
    """How much less the learner lost than the global model, in faded nats."""
    familiar: bool = False
    """Whether the global model knows the site."""

    @classmethod
    def new(cls, *, familiar: bool = False) -> Fusion:
        return cls(np.array(START), 0.0, familiar)

    @property
    def head_start(self) -> float:
        """Log-odds of trust in the learner before it was wrong or right."""
        return -HEAD_START if self.familiar else HEAD_START

    @property
    def trust(self) -> float:
        """What the learner's share in what is said would be after many labels, in (0, 1)."""
        return float(0.5 + 0.5 * np.tanh(0.5 * (self.lead + self.head_start)))

    def say(self, labels: int) -> float:
        """Share of the learner in what is said, in [0, 1): 0 before the first label."""
        return self.trust * labels**2 / (labels**2 + FEW**2)

    def learnt(self, opinions: Numbers) -> float:
        """Log-odds of the learner alone; `opinions` are (regression, tally)."""
        return float(self.weights[:-1] @ opinions + self.weights[-1])

    def log_odds(self, opinions: Numbers, base: float, labels: int) -> float:
        """The log-odds of all opinions together; `base` is what the global model says."""
        say = self.say(labels)
        return say * self.learnt(opinions) + (1.0 - say) * base

    def judged(self, opinions: Numbers, base: float, spam: bool, weight: float) -> Fusion:
        """Weighed anew after the label of a post: the trust that is due then."""
        apart = loss(base, spam) - loss(self.learnt(opinions), spam)
        lead = FADING * self.lead + min(weight, 1.0) * apart
        trust = max(-MOST_TRUST, min(lead + self.head_start, MOST_TRUST))
        return replace(self, lead=trust - self.head_start)

    def weighed(
        self, opinions: NDArray[np.floating], spam: Flags, counts: NDArray[np.floating]
    ) -> Fusion:
        """Fitted to these posts, oldest first; the same where there is one class only.

        `opinions` are (posts, 2), `counts` what each label counts.
        """
        if spam.all() or not spam.any():
            return self
        within = np.clip(np.nan_to_num(opinions), -FURTHEST, FURTHEST)
        rows = np.append(within, np.ones((len(within), 1)), axis=1).astype(np.float64)
        weights, pull = self.weights, np.array(DEVIATION) ** -2.0
        wrong = np.abs(spam - _chance(rows @ weights))
        counts = counts * np.exp(FORGETTING * (np.cumsum(wrong) - wrong.sum()))
        centre = expected(len(spam))
        for _ in range(NEWTON_STEPS):
            chance = _chance(rows @ weights)
            slope = rows.T @ (counts * (spam - chance)) - pull * (weights - centre)
            spread = counts * chance * (1.0 - chance)
            step = np.linalg.solve((rows * spread[:, None]).T @ rows + np.diag(pull), slope)
            weights = weights + step / max(1.0, float(np.abs(step).max()))
        return replace(self, weights=weights)


def expected(posts: int) -> Numbers:
    """Where the weights and the bias are looked for, (3,), by what was learnt from so many."""
    few = HALFWAY / (HALFWAY + posts)
    return few * np.array(START) + (1.0 - few) * np.array(AT_LAST)


def _chance(log_odds: Numbers) -> Numbers:
    return np.asarray(0.5 + 0.5 * np.tanh(0.5 * log_odds))


def loss(log_odds: float, spam: bool) -> float:
    return min(float(np.logaddexp(0.0, -log_odds if spam else log_odds)), WORST)
