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
from classifiers.ngrams import Grams
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
        scores: list[Score] = []
        for chunk in features.chunks(contents, signals):
            noticed = signals[len(scores) : len(scores) + len(chunk.readings)]
            probabilities = self.calibration.probabilities(self.weights.log_odds(chunk.matrix))
            contributions = self._contributions(chunk, noticed)
            scores += [
                Score(self.name, self.version, float(probability), contribution)
                for probability, contribution in zip(probabilities, contributions, strict=True)
            ]
        return scores

    def _contributions(
        self, chunk: features.Chunk, signals: Sequence[Sequence[Signal]]
    ) -> list[tuple[Contribution, ...]]:
        numeric = self.weights.numeric()
        found = []
        for words, noticed in zip(word_weights(chunk, self.weights), signals, strict=True):
            parts = [_word_contribution(*named) for named in _named(words).items()]
            parts += [
                Contribution(signal.code, signal.sentence, numeric[signal.code] * signal.value)
                for signal in noticed
                if signal.code in numeric
            ]
            found.append(_largest(parts, self.calibration.slope))
        return found


def word_weights(chunk: features.Chunk, weights: Weights) -> list[dict[str, float]]:
    """What each word of each post adds to the log-odds, before calibration.

    An n-gram's share is spread evenly over its characters and a space counts with the word
    before it, so the words of a post add up to all that its n-grams contribute.
    """
    bodies = [reading.body for reading in chunk.readings]
    authors = [reading.author for reading in chunk.readings]
    found: list[dict[str, float]] = [defaultdict(float) for _ in chunk.readings]
    for name, grams in chunk.grams.items():
        texts = authors if name == "author" else bodies
        shares = _shares(grams, features.BLOCK_SCALE[name], weights.hashed)
        _add_words(found, texts, grams, shares)
    return found


def _shares(grams: Grams, scale: float, hashed: NDArray[np.float32]) -> NDArray[np.float64]:
    """What each n-gram occurrence adds to the log-odds, a character."""
    keys, which, counts = np.unique(
        grams.rows * features.HASHED + grams.buckets, return_inverse=True, return_counts=True
    )
    values = features.unit_values(keys // features.HASHED, counts, scale)
    each = values * hashed[keys % features.HASHED] / counts
    return np.asarray(each[which] / (grams.ends - grams.starts), dtype=np.float64)


def _add_words(
    found: Sequence[dict[str, float]],
    texts: Sequence[str],
    grams: Grams,
    shares: NDArray[np.float64],
) -> None:
    """Adds the characters' shares up to words, on the tape that `ngrams.join` makes of texts."""
    size = sum(len(text) + 2 for text in texts)
    steps = np.bincount(grams.starts, shares, size + 1)
    steps -= np.bincount(grams.ends, shares, size + 1)
    by_character = np.cumsum(steps)[:-1]
    words: list[str] = []
    firsts: list[int] = []
    places: list[int] = []
    start = 0
    for place, text in enumerate(texts):
        within = start
        for word in text.split(" "):
            words.append(word)
            firsts.append(within)
            places.append(place)
            # The space before the first word of a text counts with it.
            within += len(word) + (2 if within == start else 1)
        start += len(text) + 2
    sums = np.add.reduceat(by_character, firsts).tolist()
    for place, word, share in zip(places, words, sums, strict=True):
        found[place][word] += share


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
    ranked = sorted(parts, key=lambda part: (-abs(part.weight), part.code, part.sentence))
    return tuple(
        Contribution(part.code, part.sentence, round(part.weight * slope, 4))
        for part in ranked[:SHOWN]
        if abs(part.weight * slope) >= LEAST_SHOWN
    )
