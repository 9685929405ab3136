"""A linear model over hashed n-grams and numeric features, calibrated."""

from __future__ import annotations

import string
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from classifiers import features
from classifiers.calibration import Platt
from classifiers.ngrams import Grams, join
from classifiers.types import Content, Contribution, Score, Signal

SHOWN: Final = 8
LONGEST_WORD_SHOWN: Final = 40
_AROUND: Final = string.punctuation + "“”‘’„«»…¡¿–—"
LEAST_SHOWN: Final = 0.01
"""Contributions below this share of the log-odds tell people nothing."""


@dataclass(frozen=True, slots=True, eq=False)
class Weights:
    """What a linear model has learnt. `vector` has `features.COLUMNS` entries, float32."""

    vector: NDArray[np.float32]
    bias: float = 0.0

    @classmethod
    def zero(cls) -> Weights:
        return cls(np.zeros(features.COLUMNS, dtype=np.float32))

    @property
    def hashed(self) -> NDArray[np.float32]:
        return self.vector[: features.HASHED]

    def numeric(self) -> dict[str, float]:
        """Weight by name of the numeric feature."""
        tail = self.vector[features.HASHED :].tolist()
        return dict(zip(features.NUMERIC, tail, strict=True))

    @classmethod
    def of(cls, hashed: NDArray[np.float32], numeric: Mapping[str, float], bias: float) -> Weights:
        """A feature that the model did not know weighs nothing; one that is gone is dropped."""
        tail = [numeric.get(name, 0.0) for name in features.NUMERIC]
        return cls(np.concatenate([hashed, np.array(tail, dtype=np.float32)]), bias)

    def log_odds(self, matrix: sparse.csr_matrix) -> NDArray[np.float64]:
        """Uncalibrated, one a row."""
        return np.asarray(matrix @ self.vector, dtype=np.float64) + self.bias


@dataclass(frozen=True, slots=True, eq=False)
class LinearScorer:
    """Implements `Scorer`."""

    version: str
    weights: Weights
    calibration: Platt = field(default_factory=Platt)
    name: str = "linear"

    def score(
        self, contents: Sequence[Content], signals: Sequence[Sequence[Signal]]
    ) -> list[Score]:
        """One `Score` a content, in order, with its eight largest contributions."""
        if not contents:
            return []
        log_odds = self.weights.log_odds(features.matrix(contents, signals))
        probabilities = self.calibration.probabilities(log_odds)
        contributions = self._contributions(contents, signals)
        return [
            Score(self.name, self.version, float(probability), contribution)
            for probability, contribution in zip(probabilities, contributions, strict=True)
        ]

    def _contributions(
        self, contents: Sequence[Content], signals: Sequence[Sequence[Signal]]
    ) -> list[tuple[Contribution, ...]]:
        numeric = self.weights.numeric()
        by_word = word_weights([features.read(content) for content in contents], self.weights)
        found = []
        for words, noticed in zip(by_word, signals, strict=True):
            parts = [_word_contribution(*named) for named in _named(words).items()]
            parts += [
                Contribution(signal.code, signal.sentence, numeric[signal.code] * signal.value)
                for signal in noticed
                if signal.code in numeric
            ]
            found.append(_largest(parts, self.calibration.slope))
        return found


def word_weights(readings: Sequence[features.Reading], weights: Weights) -> list[dict[str, float]]:
    """What each word of each post adds to the log-odds, before calibration.

    An n-gram's share is spread evenly over its characters and a space counts with the word
    before it, so the words of a post add up to all that its n-grams contribute.
    """
    found: list[dict[str, float]] = []
    for reading in readings:
        by_word: dict[str, float] = defaultdict(float)
        for name, grams in features.blocks([reading]):
            text = reading.author if name == "author" else reading.body
            scale = features.BLOCK_SCALE[name]
            for word, share in _spread(text, grams, scale, weights.hashed):
                by_word[word] += share
        found.append(by_word)
    return found


def _spread(
    text: str, grams: Grams, scale: float, hashed: NDArray[np.float32]
) -> list[tuple[str, float]]:
    if not len(grams.buckets):
        return []
    buckets, which, counts = np.unique(grams.buckets, return_inverse=True, return_counts=True)
    values = features.unit_values(np.zeros_like(buckets), counts, scale)
    shares = (values * hashed[buckets] / counts)[which] / (grams.ends - grams.starts)
    codes = join([text]).codes
    steps = np.bincount(grams.starts, shares, len(codes) + 1)
    steps -= np.bincount(grams.ends, shares, len(codes) + 1)
    by_character = np.cumsum(steps)[:-1]
    words = text.split(" ")
    firsts = np.cumsum([0] + [len(word) + 1 for word in words[:-1]]) + 1
    firsts[0] = 0  # the space before the first word counts with it
    return list(zip(words, np.add.reduceat(by_character, firsts).tolist(), strict=True))


def _named(words: Mapping[str, float]) -> dict[str, float]:
    """Words as people know them, without the punctuation around them."""
    named: dict[str, float] = defaultdict(float)
    for word, weight in words.items():
        named[word.strip(_AROUND) or word] += weight
    return named


def _word_contribution(word: str, weight: float) -> Contribution:
    shown = word if len(word) <= LONGEST_WORD_SHOWN else f"{word[:LONGEST_WORD_SHOWN]}…"
    usual = "spam" if weight > 0 else "honest posts"
    return Contribution("word", f"“{shown}” is more usual in {usual}.", weight)


def _largest(parts: Sequence[Contribution], slope: float) -> tuple[Contribution, ...]:
    scaled = (
        Contribution(part.code, part.sentence, round(part.weight * slope, 4)) for part in parts
    )
    ranked = sorted(scaled, key=lambda part: (-abs(part.weight), part.code, part.sentence))
    return tuple(part for part in ranked[:SHOWN] if abs(part.weight) >= LEAST_SHOWN)
