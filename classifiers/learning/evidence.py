"""What a learner sees of one post: no text, no words, only numbers made from them."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from classifiers import features
from classifiers.types import Signal

SIGNAL_VALUE: Final = 0.4
"""What a signal of full strength counts as, beside n-grams whose values are about a tenth."""
CERTAIN: Final = 6.0
"""Log-odds beyond which the global model is not believed more."""

Places = NDArray[np.int64]
Values = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Evidence:
    """One post as a learner sees it."""

    buckets: Places
    """Columns below `features.HASHED`: its n-grams, and signals that no model knows."""
    values: Values
    """One a bucket."""
    numeric: Values
    """One in [0, 1] for each name in `features.NUMERIC`."""
    log_odds: float
    """What the global model, the heuristics and the rules together say."""

    @property
    def certain(self) -> float:
        """The global log-odds, within what is believed; 0 where they are not a number."""
        return float(np.clip(np.nan_to_num(self.log_odds), -CERTAIN, CERTAIN))


def gather(
    chunk: features.Chunk,
    log_odds: Sequence[float],
    signals: Sequence[Sequence[Signal]] = (),
) -> list[Evidence]:
    """One a post of the chunk, in order.

    `signals[i]` may be all that was noticed in the post: those that `features` knows are in the
    matrix already and are passed over; each other code gets a bucket of its own, so a learner
    finds out what behaviour means on its site.
    """
    matrix = chunk.matrix
    noticed = signals or [()] * matrix.shape[0]
    found = []
    for row, (log_odd, here) in enumerate(zip(log_odds, noticed, strict=True)):
        part = slice(matrix.indptr[row], matrix.indptr[row + 1])
        columns, values = matrix.indices[part].astype(np.int64), matrix.data[part]
        hashed = columns < features.HASHED
        numeric = np.zeros(len(features.NUMERIC), dtype=np.float32)
        numeric[columns[~hashed] - features.HASHED] = values[~hashed]
        buckets, strengths = _signals(here)
        found.append(
            Evidence(
                np.concatenate([columns[hashed], buckets]),
                np.concatenate([values[hashed], strengths]).astype(np.float32),
                numeric,
                float(log_odd),
            )
        )
    return found


def _signals(noticed: Sequence[Signal]) -> tuple[Places, Values]:
    """Buckets and values of the signals that `features` does not know."""
    strength: dict[int, float] = {}
    for signal in noticed:
        if signal.code not in _KNOWN and not signal.failed:
            bucket = zlib.crc32(signal.code.encode()) >> (32 - features.BITS)
            value = SIGNAL_VALUE * min(max(signal.value, 0.0), 1.0)
            strength[bucket] = max(strength.get(bucket, 0.0), value)
    return (
        np.array(list(strength), dtype=np.int64),
        np.array(list(strength.values()), dtype=np.float32),
    )


_KNOWN: Final = frozenset(features.NUMERIC)
