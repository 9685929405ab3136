"""The encoder's part of a model, and when it is asked.

An encoder costs as much as judging twenty posts without it. It is asked where its answer may
change the outcome: where the cheap log-odds lie in a band that was chosen by measured risk
(`classifiers.training.fitting.band`), or where the post is unlike what the band was measured on.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from classifiers.arrays import Flags, Numbers, Vectors
from classifiers.familiarity import Doubt

DIMENSIONS: Final = 8_192
"""More than any encoder has that two cores could serve."""


@dataclass(frozen=True, slots=True)
class Band:
    """Where cheap judgement is not enough."""

    low: float
    high: float
    """Cheap log-odds; the encoder is asked from `low` to `high`."""
    unfamiliar: float = 1.0
    """It is asked of every post of which a larger share is unfamiliar than this."""
    length: int = 1 << 30
    """And of every post of more characters."""
    foreign: float = 1.0
    """But of none of which it cannot read a larger share, as `Encoder.unread` has it."""

    def asks(
        self,
        cheap: Numbers,
        unfamiliar: Numbers,
        lengths: NDArray[np.int64],
        foreign: Numbers,
    ) -> Flags:
        """One a post."""
        return self.doubts(cheap, unfamiliar, lengths) & (foreign <= self.foreign)

    def doubts(
        self,
        cheap: Numbers,
        unfamiliar: Numbers,
        lengths: NDArray[np.int64],
        moved: Numbers | None = None,
    ) -> Flags:
        """Where it would be asked if it could read everything; one a post.

        `moved` are the log-odds with what behaviour and rules add.
        """
        moved = cheap if moved is None else moved
        doubtful = np.zeros(len(cheap), dtype=bool)
        for log_odds in (cheap, moved):
            doubtful |= (self.low <= log_odds) & (log_odds <= self.high)
        # Between the two there is doubt as well: one side says spam and the other does not.
        doubtful |= (cheap < self.low) != (moved < self.low)
        doubtful |= (unfamiliar > self.unfamiliar) | (lengths > self.length)
        return doubtful

    def as_dict(self) -> dict[str, float]:
        return {
            "low": self.low,
            "high": self.high,
            "unfamiliar": self.unfamiliar,
            "length": self.length,
            "foreign": self.foreign,
        }

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> Band:
        """Raises ValueError, TypeError or KeyError for anything but what `as_dict` gives."""
        low, high = _finite(stored["low"]), _finite(stored["high"])
        if low > high:
            raise ValueError("a band ends before it begins")
        strange, foreign = _finite(stored["unfamiliar"]), _finite(stored["foreign"])
        return cls(low, high, strange, int(_finite(stored["length"])), foreign)


@dataclass(frozen=True, slots=True, eq=False)
class Head:
    """Full log-odds = slope * raw log-odds + vector . embedding + shift, times trust."""

    encoder: str
    """Digest of the encoder whose embeddings it was fitted on; no other will do."""
    name: str
    vector: Vectors
    slope: float
    shift: float
    band: Band
    usual: float = 0.0
    """vector . embedding of the average post: contributions are measured from it."""
    doubt: Doubt = field(default_factory=Doubt)

    def log_odds(self, raw: Numbers, embeddings: Vectors, unfamiliar: Numbers) -> Numbers:
        """Calibrated; one a row."""
        found = self.slope * raw + embeddings @ self.vector + self.shift
        return np.asarray(found * self.doubt.trust(unfamiliar), dtype=np.float64)

    def as_dict(self) -> dict[str, Any]:
        """All but the vector."""
        return {
            "digest": self.encoder,
            "name": self.name,
            "slope": self.slope,
            "shift": self.shift,
            "usual": self.usual,
            "band": self.band.as_dict(),
            "doubt": self.doubt.as_dict(),
        }

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any], vector: Vectors) -> Head:
        """Raises ValueError, TypeError or KeyError for anything but what `as_dict` gives."""
        if not (isinstance(stored["digest"], str) and isinstance(stored["name"], str)):
            raise TypeError("an encoder is named by two strings")
        slope = _finite(stored["slope"])
        if slope <= 0.0:
            raise ValueError("a calibration needs a positive slope")
        return cls(
            stored["digest"],
            stored["name"],
            vector,
            slope,
            _finite(stored["shift"]),
            Band.from_dict(stored["band"]),
            _finite(stored["usual"]),
            Doubt.from_dict(stored["doubt"]),
        )


def _finite(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not np.isfinite(value):
        raise ValueError("a number is not finite")
    return float(value)
