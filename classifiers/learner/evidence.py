"""What a learner sees of one post: no text, no words, only numbers made from them."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from classifiers import features, odds
from classifiers.arrays import Places
from classifiers.types import Assessment, Signal

SIGNAL_VALUE: Final = 0.4
"""What a signal of full strength counts as, beside n-grams whose values are about a tenth."""
CERTAIN: Final = 6.0
"""Log-odds beyond which the global model is not believed more."""

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
    embedding: Values | None = None
    """What the text means, counted from the average post's where that is known; where the model's
    encoder was asked."""
    meant: float = 0.0
    """Log-odds that such a meaning has anywhere; 0 where nothing is known."""

    @property
    def certain(self) -> float:
        """The global log-odds, within what is believed; 0 where they are not a number."""
        return _believed(self.log_odds)

    @property
    def inclined(self) -> float:
        """What its meaning says anywhere, within what is believed; 0 where that is no number."""
        return _believed(self.meant)


def see(assessment: Assessment) -> Evidence | None:
    """What a learner sees of a post that was judged; None where no number was formed.

    Signals that `features` knows are among the numeric features; each other code gets a bucket
    of its own, so that a learner finds out what behaviour means on its site.
    """
    seen = next((score.seen for score in assessment.scores if score.seen), None)
    if seen is None or assessment.probability is None:
        return None
    buckets, strengths = _signals(assessment.signals)
    embedding = seen.embedding
    if embedding is not None and seen.average is not None:
        embedding = embedding - seen.average
    return Evidence(
        np.concatenate([seen.places.astype(np.int64), buckets]),
        np.concatenate([seen.values, strengths]).astype(np.float32),
        seen.numeric,
        odds.log_odds(assessment.probability),
        embedding,
        seen.meant,
    )


def _believed(log_odds: float) -> float:
    return float(np.clip(np.nan_to_num(log_odds), -CERTAIN, CERTAIN))


def bucket(code: str) -> int:
    """Where a signal that `features` does not know has its weight."""
    return zlib.crc32(code.encode()) >> (32 - features.BITS)


def _signals(noticed: Sequence[Signal]) -> tuple[Places, Values]:
    """Buckets and values of the signals that `features` does not know."""
    strength: dict[int, float] = {}
    for signal in noticed:
        if signal.code not in _KNOWN and not signal.failed:
            place = bucket(signal.code)
            value = SIGNAL_VALUE * min(max(signal.value, 0.0), 1.0)
            strength[place] = max(strength.get(place, 0.0), value)
    return (
        np.array(list(strength), dtype=np.int64),
        np.array(list(strength.values()), dtype=np.float32),
    )


_KNOWN: Final = frozenset(features.NUMERIC)
