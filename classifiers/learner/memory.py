"""The posts that a regression learnt from and can still be moved by, as coarse as there is room."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from classifiers import features
from classifiers.arrays import Flags, Numbers
from classifiers.learner.evidence import Evidence

BITS: Final = 16
KNOTS: Final = 11
"""Places on the square root of a numeric feature between which its weight runs straight."""
HASHED_VARIANCE: Final = 60.0
ALONE: Final = 2.0**0.5
"""How much larger the n-grams of a post are that has no embedding: they must say it all."""
NUMERIC_VARIANCE: Final = 10.0
KNOT_VARIANCE: Final = 1.0
MEANING_VARIANCE: Final = 66.0
BIAS_VARIANCE: Final = 3.0
SLOPE_VARIANCE: Final = 0.1
MEANT_VARIANCE: Final = 0.05
"""Of how far what meaning says anywhere is believed."""
ENTRIES: Final = 64_000
"""N-grams remembered, of all posts together."""
POSTS: Final = 500
MEANINGS: Final = 170_000
"""Entries of topics and embeddings remembered, of all posts together."""
WIDTH: Final = 384
"""Entries of an embedding as it is learnt from; of wider ones, so many sums of theirs."""
TOPICS: Final = 24
"""Entries before these that say what the post is about, where a site has topics."""
WIDEST: Final = 4_096
"""Entries of one embedding that are looked at."""
FEWEST: Final = 300
"""N-grams that a post keeps in memory before the oldest posts make room.

Where there is no room for all, those of the lowest buckets stand for a post's, the same ones in
every post, with the Euclidean length of all. A post is learnt and judged by all it has: of mails
a sample alone ranked worse by a third.
"""
FREED: Final = 0.1
"""Share of ENTRIES that is made free at once, so that not every label has to."""

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Row:
    """A post as the regression sees it, as coarse as it is remembered."""

    places: NDArray[np.uint16]
    steps: NDArray[np.uint8]
    """Values of the places, in units of `unit`."""
    unit: float
    numeric: NDArray[np.uint8]
    """Square roots of the numeric features, in 255ths."""
    base: float
    meaning: NDArray[np.int8]
    """The embedding, in units of `grain`; empty, or all 0, where there is none."""
    grain: float
    meant: float = 0.0
    """What its meaning says anywhere."""

    @property
    def values(self) -> Floats:
        return self.steps * np.float32(self.unit)

    @property
    def embedding(self) -> Floats:
        return self.meaning * np.float32(self.grain)

    @property
    def length(self) -> float:
        """The prior variance of its log-odds."""
        _, _, part = hats(self.numeric)
        plain = (self.numeric / np.float32(255.0)) ** 2
        length = HASHED_VARIANCE * float(self.values @ self.values)
        length += NUMERIC_VARIANCE * float(plain @ plain)
        length += KNOT_VARIANCE * float(((1.0 - part) ** 2 + part**2).sum())
        length += MEANING_VARIANCE * float(self.embedding @ self.embedding)
        length += MEANT_VARIANCE * self.meant**2
        return length + BIAS_VARIANCE + SLOPE_VARIANCE * self.base**2

    @classmethod
    def of(cls, evidence: Evidence) -> Row:
        places, values = folded(evidence)
        values = scale(evidence) * values
        unit = float(np.float32(values.max() / 255.0)) if len(values) else 1.0
        unit = unit if 0.0 < unit < np.inf else 1.0
        roots = np.sqrt(np.clip(np.nan_to_num(evidence.numeric), 0.0, 1.0))
        embedding = np.zeros(0, dtype=np.float32)
        if evidence.embedding is not None:
            embedding = narrowed(evidence.embedding, WIDTH + TOPICS)
        grain = float(np.float32(np.abs(embedding).max(initial=0.0) / 127.0))
        return cls(
            places.astype(np.uint16),
            np.rint(values / unit).astype(np.uint8),
            unit,
            np.rint(roots * 255.0).astype(np.uint8),
            evidence.certain,
            np.rint(embedding / (grain or 1.0)).astype(np.int8),
            grain,
            evidence.inclined,
        )


def narrowed(embedding: Floats, most: int = WIDTH) -> Floats:
    """WIDTH entries where there are more than `most`, of the same length, as near to and far
    from others as before.

    Wider ones are projected at random, always alike (Achlioptas: Database-friendly random
    projections, 2003): of 1,024 entries as they are, 156 posts would be remembered.
    """
    whole = np.nan_to_num(embedding[:WIDEST], posinf=0.0, neginf=0.0).astype(np.float32)
    if len(whole) <= most:
        return whole
    found = whole @ _signs(len(whole))
    length = float(np.linalg.norm(found))
    return np.asarray(found * (float(np.linalg.norm(whole)) / (length or 1.0)), np.float32)


@lru_cache(maxsize=4)
def _signs(size: int) -> Floats:
    """(size, WIDTH) of 1 and -1, the same in every release: a hash has no other stream."""
    bits = hashlib.shake_256(f"{size} to {WIDTH}".encode()).digest(size * WIDTH // 8)
    ones = np.unpackbits(np.frombuffer(bits, dtype=np.uint8)).reshape(size, WIDTH)
    return ones.astype(np.float32) * np.float32(2.0) - np.float32(1.0)


def as_wide(rows: NDArray[Any], width: int) -> NDArray[Any]:
    """The rows with zeros behind the last axis, which then has that many entries at least."""
    missing = max(width - rows.shape[-1], 0)
    return np.pad(rows, [(0, 0)] * (rows.ndim - 1) + [(0, missing)])


def ordinary(row: Row) -> Row:
    """The post as if nothing was noticed in it and its statistics were an ordinary text's."""
    values = np.array([features.ORDINARY.get(name, 0.0) for name in features.NUMERIC])
    return replace(row, numeric=np.rint(np.sqrt(values) * 255.0).astype(np.uint8))


@dataclass(frozen=True, slots=True, eq=False)
class Memory:
    """The posts that can still be moved, oldest first; arrays over posts unless said."""

    ends: NDArray[np.int64]
    """Where each post's entries end."""
    places: NDArray[np.uint16]
    """Over entries."""
    steps: NDArray[np.uint8]
    """Over entries."""
    units: Floats
    numeric: NDArray[np.uint8]
    """(posts, numeric features)."""
    bases: Floats
    spam: Flags
    weights: Floats
    coefficients: Floats
    meanings: NDArray[np.int8]
    """(posts, entries of topics and embedding); as wide as the widest that came."""
    grains: Floats
    tallied: Floats
    """What the tally said of each before its label."""
    lengths: Floats
    meant: Floats

    @classmethod
    def empty(cls) -> Memory:
        none = np.zeros(0, dtype=np.float32)
        return cls(
            np.zeros(0, dtype=np.int64),
            np.zeros(0, dtype=np.uint16),
            np.zeros(0, dtype=np.uint8),
            none,
            np.zeros((0, len(features.NUMERIC)), dtype=np.uint8),
            none,
            np.zeros(0, dtype=bool),
            none,
            none,
            np.zeros((0, 0), dtype=np.int8),
            none,
            none,
            none,
            none,
        )

    def __len__(self) -> int:
        return len(self.ends)

    def row(self, number: int) -> Row:
        part = slice(self.ends[number - 1] if number else 0, self.ends[number])
        return Row(
            self.places[part],
            self.steps[part],
            float(self.units[number]),
            self.numeric[number],
            float(self.bases[number]),
            self.meanings[number],
            float(self.grains[number]),
            float(self.meant[number]),
        )

    def add(self, row: Row, spam: bool, weight: float, tallied: float) -> Memory:
        """The memory with the post behind the others, its coefficient 0."""
        width = max(self.meanings.shape[1], len(row.meaning))
        meanings = [as_wide(some, width) for some in (self.meanings, row.meaning[None])]
        return Memory(
            np.append(self.ends, len(self.places) + len(row.places)),
            np.concatenate([self.places, row.places]),
            np.concatenate([self.steps, row.steps]),
            np.append(self.units, np.float32(row.unit)),
            np.concatenate([self.numeric, row.numeric[None]]),
            np.append(self.bases, np.float32(row.base)),
            np.append(self.spam, spam),
            np.append(self.weights, np.float32(weight)),
            np.append(self.coefficients, np.float32(0.0)),
            np.concatenate(meanings),
            np.append(self.grains, np.float32(row.grain)),
            np.append(self.tallied, np.float32(tallied)),
            np.append(self.lengths, np.float32(row.length)),
            np.append(self.meant, np.float32(row.meant)),
        )

    def trimmed(self) -> Memory:
        """What there is room for; what the rest taught stays.

        The largest posts keep fewer of their n-grams first, then the oldest go.
        """
        most = min(POSTS, MEANINGS // max(self.meanings.shape[1], 1))
        memory = self._without(max(len(self) - most, 0))
        if len(memory.places) <= ENTRIES:
            return memory
        memory = memory._coarser(_level(np.diff(memory.ends, prepend=0)))
        surplus = len(memory.places) - ENTRIES
        if surplus <= 0:
            return memory
        return memory._without(int(np.searchsorted(memory.ends, surplus)) + 1)

    def _coarser(self, most: int) -> Memory:
        """The memory with so many n-grams of each post at most, those of the lowest buckets."""
        sizes = np.diff(self.ends, prepend=0)
        numbers = np.repeat(np.arange(len(sizes)), sizes)
        kept = np.arange(len(self.places)) - (self.ends - sizes)[numbers] < most
        squares = self.steps.astype(np.float64) ** 2
        whole, part = (
            np.bincount(numbers, weights=some, minlength=len(sizes))
            for some in (squares, squares * kept)
        )
        units = self.units * np.sqrt(whole / np.maximum(part, 1.0))
        return replace(
            self,
            ends=np.cumsum(np.minimum(sizes, most)),
            places=self.places[kept],
            steps=self.steps[kept],
            units=np.where(sizes > most, units, self.units).astype(np.float32),
        )

    def _without(self, surplus: int) -> Memory:
        """The memory without so many of the oldest posts."""
        if not surplus:
            return self
        gone = self.ends[surplus - 1]
        return Memory(
            self.ends[surplus:] - gone,
            self.places[gone:],
            self.steps[gone:],
            self.units[surplus:],
            self.numeric[surplus:],
            self.bases[surplus:],
            self.spam[surplus:],
            self.weights[surplus:],
            self.coefficients[surplus:],
            self.meanings[surplus:],
            self.grains[surplus:],
            self.tallied[surplus:],
            self.lengths[surplus:],
            self.meant[surplus:],
        )


def folded(evidence: Evidence) -> tuple[NDArray[np.int64], Numbers]:
    """Places below 2 ** BITS, rising, and values."""
    places, which = np.unique(evidence.buckets >> (features.BITS - BITS), return_inverse=True)
    values: Numbers = np.bincount(which, weights=evidence.values).astype(np.float64)
    return places, values


def scale(evidence: Evidence) -> float:
    """How much larger its n-grams are."""
    return ALONE if evidence.embedding is None else 1.0


def _level(sizes: NDArray[np.int64]) -> int:
    """How many n-grams each post may keep at most, that all together leave FREED of ENTRIES."""
    rising = np.sort(sizes)
    room = (1.0 - FREED) * ENTRIES - (np.cumsum(rising) - rising)
    # Where the smaller posts are whole, what they leave is shared by the larger ones alike.
    shares = room / np.arange(len(rising), 0, -1)
    return max(int(shares[np.argmax(shares <= rising)]), FEWEST)


def hats(numeric: NDArray[np.uint8]) -> tuple[NDArray[np.int64], NDArray[np.int64], Floats]:
    """The knots on either side of each value, and how far it is on the way to the second."""
    where = numeric.astype(np.int64) * (KNOTS - 1)
    low = np.minimum(where // 255, KNOTS - 2)
    part = (where - 255 * low) / np.float32(255.0)
    return low, low + 1, part.astype(np.float32)
