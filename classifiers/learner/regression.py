"""Logistic regression around the global model, with the posts that it learnt from at hand.

The log-odds are those of the global model times a slope, plus what the post's meaning says
anywhere times another, plus a bias, plus weights of hashed n-grams, of numeric features and of the
embedding. All of these have a Gaussian prior, centred on what is known anywhere; the minimum of the
penalised log-loss is sought label by label in the dual (Yu, Huang, Lin: Dual coordinate descent
methods for logistic regression and maximum entropy models, Machine Learning 2011): each post has
one coefficient, and the weights are the posts' sum under these. A label moves the coefficient of
its own post and of the few remembered ones that fit worst, so no label is forgotten as in plain
stochastic descent, and none costs a whole fit.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from classifiers import features
from classifiers.arrays import Numbers
from classifiers.learner.evidence import Evidence
from classifiers.learner.memory import (
    BIAS_VARIANCE,
    BITS,
    HASHED_VARIANCE,
    KNOT_VARIANCE,
    KNOTS,
    MEANING_VARIANCE,
    MEANT_VARIANCE,
    NUMERIC_VARIANCE,
    SLOPE_VARIANCE,
    Memory,
    Row,
    as_wide,
    hats,
    scale,
)

SLOPE: Final = 0.4
"""How much of the global model's log-odds is believed before the first label."""
INCLINATION: Final = 0.15
"""And of what meaning says anywhere."""
REPLAYED: Final = 2
"""Remembered posts that a label moves besides its own."""
OWN: Final = 0.7
"""Share of a post's length that other posts do not know of.

The variance that is left when all others are known (Opper, Winther: Gaussian processes for
classification, Neural Computation 2000) over the variance before: on five collections .67 to .85
after 20 labels, .61 to .81 after 50 and .53 to .73 after 300, for nearly all posts alike.
"""
_SEARCH: Final = 12

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Regression:
    """What has been learnt beyond the global model, and from which posts."""

    hashed: Floats
    """One weight a place."""
    numeric: Floats
    """One weight a numeric feature."""
    knots: Floats
    """(numeric features, KNOTS)."""
    meaning: Floats
    """One weight an entry of the embeddings; empty until the first came."""
    bias: float
    slope: float
    """Added to SLOPE."""
    inclination: float
    """Added to INCLINATION."""
    memory: Memory

    @classmethod
    def new(cls) -> Regression:
        count = len(features.NUMERIC)
        return cls(
            np.zeros(1 << BITS, dtype=np.float32),
            np.zeros(count, dtype=np.float32),
            np.zeros((count, KNOTS), dtype=np.float32),
            np.zeros(0, dtype=np.float32),
            0.0,
            0.0,
            0.0,
            Memory.empty(),
        )

    def log_odds(self, row: Row) -> float:
        """The log-odds of one post."""
        learnt = float(self.hashed[row.places] @ row.values)
        learnt += float(_numeric(row.numeric[None], self.numeric, self.knots)[0])
        return self.before(row) + self.bias + learnt + self.of_meaning(row)

    def before(self, row: Row) -> float:
        """What is known anywhere, as far as this site believes it."""
        return (SLOPE + self.slope) * row.base + (INCLINATION + self.inclination) * row.meant

    def of_meaning(self, row: Row) -> float:
        """What the embedding of a post adds."""
        common = min(len(row.meaning), len(self.meaning))
        return float(row.embedding[:common] @ self.meaning[:common])

    def of_places(self, evidence: Evidence) -> Numbers:
        """What each bucket of a post adds."""
        weights = self.hashed[evidence.buckets >> (features.BITS - BITS)]
        return np.asarray(weights * evidence.values * scale(evidence), dtype=np.float64)

    def of_names(self, row: Row) -> Numbers:
        """What each numeric feature of a post adds."""
        parts = _by_name(row.numeric[None], self.numeric, self.knots)
        return np.asarray(parts[0], dtype=np.float64)

    def remembered(self) -> Floats:
        """Log-odds of all posts in memory."""
        memory = self.memory
        entries = self.hashed[memory.places] * memory.steps
        sums = np.concatenate([[0.0], np.cumsum(entries, dtype=np.float64)])
        starts = np.concatenate([[0], memory.ends[:-1]]).astype(np.int64)
        learnt = (sums[memory.ends] - sums[starts]) * memory.units
        learnt += _numeric(memory.numeric, self.numeric, self.knots)
        if len(self.meaning):
            learnt += (memory.meanings @ self.meaning) * memory.grains
        before = (SLOPE + self.slope) * memory.bases
        before += (INCLINATION + self.inclination) * memory.meant
        return np.asarray(before + self.bias + learnt, dtype=np.float32)

    def unseen(self) -> Floats:
        """Log-odds of all posts in memory, nearly as they would be without their own labels.

        A post's own label moved it by its coefficient times its length, of which the others
        would have taught all but OWN (see there).
        """
        own = np.float32(OWN) * self.memory.lengths
        return self.remembered() - own * self.memory.coefficients

    def learn(self, row: Row, spam: bool, weight: float, tallied: float) -> Regression:
        """After one more label, and another look at the posts in memory that fit worst.

        `tallied` is what the tally said of the post before.
        """
        memory = self.memory.add(row, spam, weight, tallied)
        after = replace(self, memory=memory, hashed=self.hashed.copy())
        newest = len(after.memory) - 1
        after = after._moved(newest)
        memory = after.memory
        doubt = memory.weights * (memory.spam - _chance(after.remembered()))
        worst = np.argsort(-np.abs(doubt - memory.coefficients), kind="stable")[:REPLAYED]
        for number in worst.tolist():
            after = after._moved(number)
        return replace(after, memory=after.memory.trimmed())

    def _moved(self, number: int) -> Regression:
        """Sets the coefficient of one remembered post to its best; changes `hashed` in place."""
        memory, row = self.memory, self.memory.row(number)
        low, high, part = hats(row.numeric)
        plain = (row.numeric / np.float32(255.0)) ** 2
        step = _best_step(
            self.log_odds(row),
            float(memory.coefficients[number]),
            float(memory.lengths[number]),
            float(memory.weights[number]),
            bool(memory.spam[number]),
        )
        coefficients = memory.coefficients.copy()
        coefficients[number] += np.float32(step)
        self.hashed[row.places] += np.float32(HASHED_VARIANCE * step) * row.values
        knots = self.knots.copy()
        meaning = as_wide(self.meaning, len(row.meaning))
        names = np.arange(len(low))
        knots[names, low] += np.float32(KNOT_VARIANCE * step) * (1.0 - part)
        knots[names, high] += np.float32(KNOT_VARIANCE * step) * part
        return Regression(
            self.hashed,
            np.asarray(self.numeric + np.float32(NUMERIC_VARIANCE * step) * plain, np.float32),
            knots,
            meaning + np.float32(MEANING_VARIANCE * step) * row.embedding,
            self.bias + BIAS_VARIANCE * step,
            self.slope + SLOPE_VARIANCE * step * row.base,
            self.inclination + MEANT_VARIANCE * step * row.meant,
            replace(memory, coefficients=coefficients),
        )


def _numeric(numeric: NDArray[np.uint8], weights: Floats, knots: Floats) -> Floats:
    """What numeric features add together, one a post."""
    return np.asarray(_by_name(numeric, weights, knots).sum(axis=1), dtype=np.float32)


def _by_name(numeric: NDArray[np.uint8], weights: Floats, knots: Floats) -> Floats:
    """What each adds, (posts, numeric features)."""
    low, high, part = hats(numeric)
    names = np.arange(numeric.shape[1])
    plain = (numeric / np.float32(255.0)) ** 2
    bent = knots[names, low] * (1.0 - part) + knots[names, high] * part
    return np.asarray(plain * weights + bent, dtype=np.float32)


def _chance(log_odds: Floats) -> Floats:
    return np.asarray(0.5 + 0.5 * np.tanh(0.5 * log_odds), dtype=np.float32)


def _best_step(log_odds: float, before: float, length: float, weight: float, spam: bool) -> float:
    """What to add to a coefficient so that it is weight * (label - probability).

    Newton's steps, halved into the interval that must hold the answer.
    """
    low, high = (-before, weight - before) if spam else (-weight - before, -before)
    step = min(max(0.0, low), high)
    for _ in range(_SEARCH):
        chance = 0.5 + 0.5 * float(np.tanh(0.5 * (log_odds + step * length)))
        slope = weight * (spam - chance) - before - step
        low, high = (step, high) if slope > 0.0 else (low, step)
        better = step + slope / (1.0 + weight * chance * (1.0 - chance) * length)
        better = better if low < better < high else 0.5 * (low + high)
        if abs(better - step) < 1e-5:
            return better
        step = better
    return step
