"""How many spam and honest posts each n-gram was in: a second opinion, of another kind.

Naive Bayes over the n-grams that say most (Graham, A plan for spam, 2002; Robinson, A
statistical approach to the spam problem, 2003). Where regression weighs n-grams against each
other, this counts each for itself: it errs on other posts, and needs no search.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from classifiers import features
from classifiers.arrays import Numbers
from classifiers.learner.evidence import Evidence

BITS: Final = 17
SMOOTHING: Final = 0.1
"""Posts of each class in which every n-gram is taken to have been before the first label."""
TELLING: Final = 100
"""N-grams that count: those whose shares differ most."""
FULL: Final = 1_000.0
"""Posts of a class at which all its counts are halved: float16 counts to 2048, sites change."""
SCALE: Final = 120.0
"""Sum of log-ratios that counts as log-odds of 1."""
LIMIT: Final = 6.0


@dataclass(frozen=True, slots=True, eq=False)
class Tally:
    """Posts a bucket, (2, buckets): honest ones first, then spam; and posts in all."""

    counts: NDArray[np.float16]
    posts: Numbers

    @classmethod
    def new(cls) -> Tally:
        return cls(np.zeros((2, 1 << BITS), dtype=np.float16), np.zeros(2))

    @property
    def rarer(self) -> float:
        """Share of the rarer class, with one post more of each, in (0, 0.5]."""
        return float((self.posts.min() + 1.0) / (self.posts.sum() + 2.0))

    def log_odds(self, evidence: Evidence) -> float:
        """One post's log-odds in [-LIMIT, LIMIT]; 0 before there are labels of both classes."""
        ratios = self.ratios(_buckets(evidence.buckets))
        if len(ratios) > TELLING:
            ratios = ratios[np.argpartition(np.abs(ratios), -TELLING)[-TELLING:]]
        return _sum(ratios)

    def of_places(self, evidence: Evidence) -> Numbers:
        """What each bucket of a post adds; nearly all of it, as buckets may share a count."""
        ratios = self.ratios(evidence.buckets >> (features.BITS - BITS))
        if len(ratios) > TELLING:
            ratios[np.argpartition(np.abs(ratios), -TELLING)[:-TELLING]] = 0.0
        telling = ratios[ratios != 0.0]
        return ratios * (_sum(telling) / telling.sum() if telling.sum() else 0.0)

    def ratios(self, buckets: NDArray[np.int64]) -> Numbers:
        """ln of how much more usual each bucket is in spam; 0 for one never seen."""
        if not self.posts.all():
            return np.zeros(len(buckets))
        counts = self.counts[:, buckets].astype(np.float64)
        shares = (counts + SMOOTHING) / (self.posts[:, None] + 2.0 * SMOOTHING)
        return np.where(counts.any(axis=0), np.log(shares[1] / shares[0]), 0.0)

    def familiar(self, evidence: Evidence) -> float:
        """Share of its buckets that a labelled post held, beyond what chance would fill."""
        met = np.asarray(self.counts.any(axis=0))
        filled, found = float(met.mean()), met[_buckets(evidence.buckets)]
        if not len(found) or filled == 1.0:
            return float(len(found) > 0)
        return max((float(found.mean()) - filled) / (1.0 - filled), 0.0)

    def learn(self, evidence: Evidence, spam: bool, weight: float) -> Tally:
        counts, posts = self.counts.copy(), self.posts.copy()
        if posts[int(spam)] + weight > FULL:
            counts[int(spam)] *= np.float16(0.5)
            posts[int(spam)] *= 0.5
        counts[int(spam), _buckets(evidence.buckets)] += np.float16(weight)
        posts[int(spam)] += float(np.float16(weight))
        return Tally(counts, posts)


def _sum(ratios: Numbers) -> float:
    """Log-odds of these ratios; few count for more each than many."""
    if not len(ratios):
        return 0.0
    total = float(ratios.sum()) * (TELLING / len(ratios)) ** 0.5
    return float(np.clip(total / SCALE, -LIMIT, LIMIT))


def _buckets(buckets: NDArray[np.int64]) -> NDArray[np.int64]:
    return np.unique(buckets >> (features.BITS - BITS))
