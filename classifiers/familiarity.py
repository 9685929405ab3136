"""What a model has met, and what it makes of its own word where it meets what it has not.

A linear model is as loud about the new as about the known, and right less often: the less of a
post's words it has met, the worse it ranks it, down to little better than guessing. So it keeps
which pieces of language (`ngrams.pieces`) it was trained on, one bit for each. Of a post it tells
the share that it surely never met; from the usual share on its log-odds count less, and beyond a
limit a person is asked, whatever they say. How both were chosen is in docs/adr/0032.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from classifiers.arrays import Flags, Numbers

PIECES: Final = 1 << 22
"""Bits of what is known: 150,000 pieces share one with a stranger in 4 of 100 cases."""
DEVIATIONS: Final = 1.645
"""How far below the share that was found the true one may lie: one in twenty lies lower."""
RATES: Final = (4.0, 2.0, 1.0, 0.0)
"""How fast trust may fall; training takes the first that costs nothing where it was trained."""
LIMIT: Final = 0.2
"""Unfamiliar share beyond which a person is asked, at least. Chosen on left-out platforms."""
NEVER: Final = 1.0


@dataclass(frozen=True, slots=True, eq=False)
class MetPieces:
    """Which pieces a model has met: a Bloom filter of one hash (Bloom 1970), PIECES / 8 bytes.

    No word can be read from it; that a word is in it can be guessed.
    """

    bits: NDArray[np.uint8]

    @classmethod
    def none(cls) -> MetPieces:
        return cls(np.zeros(PIECES // 8, dtype=np.uint8))

    @classmethod
    def of(cls, pieces: sparse.csr_matrix) -> MetPieces:
        """All that stands in these rows; PIECES columns."""
        met = np.zeros(PIECES, dtype=bool)
        met[pieces.indices] = True
        return cls(np.packbits(met, bitorder="little"))

    def __or__(self, other: MetPieces) -> MetPieces:
        return MetPieces(self.bits | other.bits)

    def unfamiliar(self, pieces: sparse.csr_matrix) -> Numbers:
        """Share of each row's pieces that were never met, at least, in [0, 1).

        The lower end of Wilson's interval (Wilson: Probable inference, 1927): one word that is
        new says little, ten that are new say nearly all.
        """
        places = pieces.indices
        known = self.bits[places >> 3] >> (places & 7) & 1
        counts = np.diff(pieces.indptr).astype(np.float64)
        rows = np.repeat(np.arange(len(counts)), np.diff(pieces.indptr))
        strange = np.bincount(rows, known == 0, len(counts))
        share, spread = strange / np.maximum(counts, 1.0), DEVIATIONS**2
        within = np.sqrt(spread * share * (1.0 - share) * counts + spread**2 / 4.0)
        least = (counts * share + spread / 2.0 - within) / (counts + spread)
        return np.asarray(np.where(strange > 0, np.maximum(least, 0.0), 0.0), dtype=np.float64)


@dataclass(frozen=True, slots=True)
class Doubt:
    """Trust is exp(-rate * (unfamiliar - usual)), and 1 up to `usual`.

    >>> Doubt(0.25, 4.0).trust(np.array([0.2, 0.5])).round(2).tolist()
    [1.0, 0.37]
    """

    usual: float = 1.0
    """Unfamiliar share that few posts of the known kind pass."""
    rate: float = RATES[0]
    limit: float = NEVER
    """Beyond it the model cannot answer alone."""

    def trust(self, unfamiliar: Numbers) -> Numbers:
        """What log-odds are multiplied by, one for each share."""
        return np.exp(-self.rate * np.maximum(unfamiliar - self.usual, 0.0))

    def strange(self, unfamiliar: Numbers) -> Flags:
        """Where a person is asked."""
        return np.asarray(unfamiliar > self.limit)

    def as_dict(self) -> dict[str, float]:
        return {"usual": self.usual, "rate": self.rate, "limit": self.limit}

    @classmethod
    def from_dict(cls, stored: Mapping[str, object]) -> Doubt:
        """Raises ValueError for anything but shares and a rate that is not negative."""
        usual, rate, limit = stored.get("usual"), stored.get("rate"), stored.get("limit")
        if not isinstance(usual, int | float) or not 0.0 <= usual <= 1.0:
            raise ValueError("doubt begins at a share, from 0 to 1")
        if not isinstance(rate, int | float) or not 0.0 <= rate <= 100.0:
            raise ValueError("doubt grows at a rate from 0 on")
        if not isinstance(limit, int | float) or not 0.0 <= limit <= 1.0:
            raise ValueError("doubt ends at a share, from 0 to 1")
        return cls(float(usual), float(rate), float(limit))
