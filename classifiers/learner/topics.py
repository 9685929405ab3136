"""What a site's posts are about, told from the posts alone, before anybody labels one.

N-grams that come together in a site's posts have a part in the same topics, so that what one label
says of some words, it says of others as well (latent semantic analysis: Deerwester, Dumais,
Furnas, Landauer, Harshman: Indexing by latent semantic analysis, JASIS 1990). Posts stand in it by
their n-grams, weighed by how few posts have them; topics are the directions in which these posts
differ most. It needs no language to be known.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from classifiers.arrays import Numbers
from classifiers.learner.evidence import Evidence
from classifiers.learner.memory import BITS, TOPICS, Floats, folded, narrowed

FEWEST: Final = 100
"""Posts of a site from which on it has topics."""
MOST: Final = 1_000
"""Posts that topics are made of, at most."""
COMMON: Final = 3
"""Posts that have an n-gram which counts: what only one or two people wrote is not kept."""
PLACES: Final = 16_384
"""N-grams that count, at most."""
LENGTH: Final = 0.8
"""How far posts lie from the average one, in the mean of squares; embeddings lie about 1 from it.
With more, labels of rare spam teach less (docs/adr/0036-what-a-site-is-about.md)."""
ALIKE: Final = 0.5
"""Share of what the model says of posts about the same in what it is taken to say of one, before
the first label."""
HALFWAY: Final = 50.0
"""Labels with which that share is half as large: where spam is rare it then does harm."""
LATE: Final = 1_000.0
"""Labels with which posts lie half as far apart: n-grams have been learnt well by then, and where
posts are what they were about at first is left to blur them."""
FURTHEST: Final = 2.5
"""Where copies flood a site, all other posts would lie far from the average one."""
LEAST: Final = 1e-6
"""Of a post's length: what differs less does so by rounding."""


def due(posts: int, topics: Topics | None) -> bool:
    """Whether a site with so many posts is to have topics made: with twice as many as before."""
    if topics is None:
        return posts >= FEWEST
    return not topics.complete and posts >= min(2 * topics.posts, MOST)


@dataclass(frozen=True, slots=True, eq=False)
class Topics:
    """Where a post lies among the topics of its site."""

    posts: int
    """How many it was made of."""
    places: NDArray[np.uint16]
    """Buckets of n-grams that count, of 2 ** BITS, rising."""
    rarity: Floats
    """Of each place: ln(posts / posts that have it) + 1, smoothed."""
    basis: NDArray[np.int8]
    """(places, TOPICS), each column in units of its entry of `grains`."""
    grains: Floats
    average: Floats
    """(TOPICS,), of the posts that it was made of."""
    leaning: Floats
    """(TOPICS,): what each adds to the log-odds that the model gives to posts about the same."""
    usual: float
    """The mean of the model's log-odds."""
    agreement: float
    """How these go together with what it says of posts about the same: their correlation."""

    @property
    def complete(self) -> bool:
        """Whether more posts change nothing."""
        return self.posts >= MOST

    @classmethod
    def of(cls, posts: Sequence[Evidence | None]) -> Topics:
        """Those of these posts, but for None; some are empty where the posts are much alike.

        Takes a second for MOST of them. Raises ValueError where all are None.
        """
        judged = [post for post in posts if post is not None]
        matrix = _matrix(judged)
        held = np.bincount(matrix.indices, minlength=matrix.shape[1])
        rarity = np.log((1.0 + matrix.shape[0]) / (1.0 + held)) + 1.0
        often = np.flatnonzero(held >= COMMON)
        telling = np.argsort(-(held * rarity**2)[often], kind="stable")[:PLACES]
        places = np.sort(often[telling])
        weighed = _of_length_one(matrix[:, places], rarity[places])
        basis = _directions(weighed)
        found = np.asarray(weighed @ basis)
        average = found.mean(axis=0)
        length = max(float(np.sqrt(((found - average) ** 2).sum(axis=1).mean())) / LENGTH, LEAST)
        grains = np.abs(basis).max(axis=0, initial=0.0) / 127.0
        grains[grains == 0.0] = 1.0
        said = np.array([post.certain for post in judged])
        leaning, agreement = _leaning((found - average) / length, said)
        return cls(
            len(posts),
            places.astype(np.uint16),
            rarity[places].astype(np.float32),
            np.rint(basis / grains).astype(np.int8),
            (grains / length).astype(np.float32),
            (average / length).astype(np.float32),
            leaning.astype(np.float32),
            float(said.mean()),
            agreement,
        )

    def beside(self, evidence: Evidence, labels: int) -> Evidence:
        """The post as a learner of so many labels sees it among the topics: they stand before its
        embedding, and what the model says of posts about the same beside what it says of this one.
        """
        about = self.among(evidence)
        parts = [about / np.float32(1.0 + (labels / LATE) ** 2)]
        if evidence.embedding is not None:
            parts.append(narrowed(evidence.embedding))
        share = ALIKE * HALFWAY / (HALFWAY + labels)
        alike = float(about @ self.leaning)
        both = (1.0 - share) * (evidence.certain - self.usual) + share * alike
        # A mean of two opinions varies less than either, and is no less sure for that.
        spread = 1.0 - 2.0 * share * (1.0 - share) * (1.0 - self.agreement)
        log_odds = self.usual + both / spread**0.5
        return replace(evidence, embedding=np.concatenate(parts), log_odds=log_odds)

    def among(self, evidence: Evidence) -> Floats:
        """Where the post lies from the average one; shape (TOPICS,)."""
        at, weighed = self.rarer(evidence)
        found = weighed @ self.basis[at].astype(np.float32)
        found = found * self.grains - self.average
        away = float(np.sqrt(found @ found))
        return np.asarray(found * min(1.0, FURTHEST / max(away, LEAST)), dtype=np.float32)

    def rarer(self, evidence: Evidence) -> tuple[NDArray[np.intp], Floats]:
        """Which of `places` the post has, and its n-grams there, weighed by how rare they are; of
        Euclidean length 1, or empty."""
        places, values = folded(evidence)
        at = np.searchsorted(self.places, places.astype(np.uint16))
        known = np.append(self.places.astype(np.int64), -1)[at] == places
        at = at[known]
        weighed = values[known].astype(np.float32) * self.rarity[at]
        length = float(np.sqrt(weighed @ weighed))
        return at, weighed / np.float32(length or 1.0)

    def weighed(self, posts: Sequence[Evidence]) -> sparse.csr_matrix:
        """The same of many posts, one a row; shape (posts, places)."""
        rows = [self.rarer(post) for post in posts]
        ends = np.cumsum([0, *(len(at) for at, _ in rows)])
        at, values = (np.concatenate(each) for each in zip(*rows, strict=True))
        return sparse.csr_matrix((values.astype(float), at, ends), (len(rows), len(self.places)))


def _matrix(posts: Sequence[Evidence]) -> sparse.csr_matrix:
    rows = [folded(post) for post in posts]
    ends = np.cumsum([0, *(len(places) for places, _ in rows)])
    return sparse.csr_matrix(
        (
            np.concatenate([values for _, values in rows]),
            np.concatenate([places for places, _ in rows]),
            ends,
        ),
        shape=(len(rows), 1 << BITS),
    )


def _of_length_one(rows: sparse.csr_matrix, weights: Numbers) -> sparse.csr_matrix:
    """The rows with weighed columns, each of Euclidean length 1, or empty; changed in place."""
    rows.data *= weights[rows.indices]
    of = np.repeat(np.arange(rows.shape[0]), np.diff(rows.indptr))
    lengths = np.sqrt(np.bincount(of, rows.data**2, rows.shape[0]))
    rows.data /= lengths[of]
    return rows


def _directions(rows: sparse.csr_matrix) -> Numbers:
    """The directions in which rows differ most, (columns, TOPICS); 0 where there are no more."""
    # Of so few posts the products with each other are soonest taken apart.
    shares, sides = np.linalg.eigh((rows @ rows.T).toarray())
    shares, sides = shares[::-1][:TOPICS], sides[:, ::-1][:, :TOPICS]
    told = shares > LEAST
    found = np.zeros((rows.shape[1], TOPICS))
    found[:, : len(told)][:, told] = rows.T @ (sides[:, told] / np.sqrt(shares[told]))
    return found


def _leaning(away: Numbers, said: Numbers) -> tuple[Numbers, float]:
    """What each topic adds to what the model said of posts, as far spread, and the correlation
    of both; `away` is (posts, TOPICS)."""
    apart = said - said.mean()
    together = away.T @ apart
    leaning = together * (said.std() / max(float((away @ together).std()), LEAST))
    agreement = float((away @ leaning) @ apart) / max(said.var() * len(said), LEAST)
    return leaning, min(max(agreement, 0.0), 1.0)
