"""A text that is read again without some of its words."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Container, Sequence
from typing import Final

import numpy as np

from classifiers.arrays import Vectors
from classifiers.encoder.reader import Reader, Token

_WORD: Final = re.compile(r"\S{1,40}")
"""What is left out as one: a word, or a part of what is written without spaces."""


class Passage:
    """One text whose words can be left out, with everything else read as it was.

    Windows stay where they were, and those without any of the words are not read again.
    """

    def __init__(self, text: str, reader: Reader, run: Callable[[list[int]], Vectors]) -> None:
        self._reader, self._run = reader, run
        found = list(_WORD.finditer(text))
        starts = [word.start() for word in found]
        # Some tokenizers give the space before a word to its first token, or a token of its own.
        self._windows = [
            [(name, max(bisect_right(starts, at) - 1, 0)) for name, at in tokens]
            for tokens in reader.placed(text)
        ]
        self.words: dict[int, str] = {
            place: found[place].group()
            for place in sorted({place for tokens in self._windows for _, place in tokens})
            if found
        }
        """Those that were read, by their place in the text."""
        self._read = [self._one(tokens, ()) for tokens in self._windows]
        self.vector: Vectors = mean(self._read)
        """Of the whole text, as `Encoder.embed` has it."""

    def without(self, places: Container[int]) -> Vectors:
        """The vector of the text without the words at these places."""
        return mean(
            [
                self._one(tokens, places) if any(place in places for _, place in tokens) else read
                for tokens, read in zip(self._windows, self._read, strict=True)
            ]
        )

    def _one(self, tokens: Sequence[Token], left_out: Container[int]) -> Vectors:
        kept = [name for name, place in tokens if place not in left_out]
        return self._run(self._reader.around(kept))


def mean(vectors: Sequence[Vectors]) -> Vectors:
    """Their mean, brought to length 1."""
    if len(vectors) == 1:
        return vectors[0]
    middle = np.mean(vectors, axis=0)
    return np.asarray(middle / max(float(np.linalg.norm(middle)), 1e-9), dtype=np.float32)
