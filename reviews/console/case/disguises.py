"""What a text reads as once its disguises are taken off, and where each word of that stands. Pure.

Normalising keeps no places, and its steps are too many for each to keep them. So the two texts
are laid beside each other, word by word: where they differ, the fewest words as written are
looked for that read as the next word. What no such words are found for is one piece together.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby
from typing import Final

from classifiers.text.normalize import normalize

READ: Final = 30_000
"""Characters of a text that are laid beside what they read as; nobody reads on after that."""
AHEAD: Final = 40
"""Words within which both texts must say the same again."""
DIFFERENCES: Final = 60
"""Stretches that differ and are looked into; a text with more is one piece from there on."""
LETTERS: Final = 24
"""Words as written that one word may be made of, as when its letters stand apart."""
APART: Final = 2
"""Spaces and signs more than it reads with, from which on the letters of a word stand apart."""

_WORD: Final = re.compile(r"\S+")


@dataclass(frozen=True, slots=True)
class Piece:
    """Some words as they are written, and what they read as."""

    start: int
    end: int
    reads: str
    place: int
    """Where that begins in the text as read."""

    def part(self, start: int, end: int) -> tuple[int, int]:
        """Return where a part of what it reads as is written: the whole, where no letter tells."""
        if self.end - self.start != len(self.reads):
            return self.start, self.end
        low, high = max(start - self.place, 0), min(end - self.place, len(self.reads))
        return self.start + low, self.start + high


@dataclass(frozen=True, slots=True)
class Reading:
    """A text as models read it, and its words in order."""

    text: str
    pieces: tuple[Piece, ...]
    disguised: tuple[Piece, ...]
    """Those whose letters are others than they seem."""

    def written(self, start: int, end: int) -> tuple[int, int] | None:
        """Return where a stretch of `text` is written; None where it is not."""
        met = [one for one in self.pieces if one.place < end and one.place + len(one.reads) > start]
        if not met:
            return None
        return met[0].part(start, end)[0], met[-1].part(start, end)[1]


@lru_cache(maxsize=64)
def read(text: str) -> Reading:
    """Return what a text reads as, and which of its words are disguised.

    >>> found = read("Get V 1 a g r a now")
    >>> found.text, [(piece.start, piece.end, piece.reads) for piece in found.disguised]
    ('get viagra now', [(4, 15, 'viagra')])
    """
    text = text[:READ]
    normal = normalize(text)
    pieces: list[Piece] = []
    disguised: list[Piece] = []
    place = 0
    for start, end, reads in _aligned(text, normal.split()):
        if start < end:
            pieces.append(_without_edges(text, Piece(start, end, reads, place)))
            if _is_disguised(text[start:end], reads):
                disguised.append(pieces[-1])
        place += len(reads) + 1
    return Reading(normal, tuple(pieces), tuple(disguised))


def _aligned(text: str, words: list[str]) -> Iterator[tuple[int, int, str]]:
    """Yield start and end of words as written, with what they read as; these in order."""
    spans = [match.span() for match in _WORD.finditer(text)]
    plain = [text[start:end].casefold() for start, end in spans]
    at = said = differences = 0
    while at < len(spans) and said < len(words):
        if plain[at] == words[said]:
            yield *spans[at], words[said]
            at, said = at + 1, said + 1
            continue
        differences += 1
        until = _meet(plain[at:], words[said:]) if differences <= DIFFERENCES else None
        ahead, later = until or (len(spans) - at, len(words) - said)
        yield from _pieces(text, spans[at : at + ahead], words[said : said + later])
        at, said = at + ahead, said + later
    if said < len(words) and spans:
        yield spans[-1][0], spans[-1][1], " ".join(words[said:])


def _meet(plain: list[str], words: list[str]) -> tuple[int, int] | None:
    """Return after how many words on either side both say the same again, the fewest."""
    for together in range(1, 2 * AHEAD):
        for ahead in range(max(together - AHEAD, 0), min(together, AHEAD) + 1):
            later = together - ahead
            same = plain[ahead : ahead + 2]
            # One short word in common may be chance; at the end there are no two.
            if same and same == words[later : later + 2]:
                return ahead, later
    return None


def _pieces(
    text: str, spans: list[tuple[int, int]], words: list[str]
) -> Iterator[tuple[int, int, str]]:
    """Yield the fewest words as written for the next ones that they read as: mostly one."""
    at = place = 0
    while place < len(words):
        for count in range(1, min(len(spans) - at, LETTERS) + 1):
            reads = normalize(text[spans[at][0] : spans[at + count - 1][1]]).split()
            if reads and reads == words[place : place + len(reads)]:
                break
        else:
            rest = " ".join(words[place:])
            # What is written nowhere only takes its place among what the text reads as.
            yield (spans[at][0], spans[-1][1], rest) if at < len(spans) else (0, 0, rest)
            return
        yield spans[at][0], spans[at + count - 1][1], " ".join(reads)
        at, place = at + count, place + len(reads)


def _is_disguised(written: str, reads: str) -> bool:
    if _letters(written) != _letters(reads):
        return True
    return _signs(written) - _signs(reads) >= APART


def _signs(text: str) -> int:
    """Return how many spaces and signs stand in a text: what is seen and is no letter."""
    return sum(unicodedata.category(char)[0] in "ZPS" for char in text)


def _letters(text: str) -> str:
    """Return letters and digits as they seem, so that case, marks and width make no difference."""
    seen = "".join(
        unicodedata.normalize("NFKC", char) if "\uff00" <= char <= "\uffef" else char
        for char in unicodedata.normalize("NFC", text)
    )
    alike = (char for char in seen.casefold() if char.isalnum())
    # Letters that are drawn out are no disguise, and the text as read has three of them.
    return "".join(char * min(len(list(run)), 3) for char, run in groupby(alike))


def _without_edges(text: str, piece: Piece) -> Piece:
    """Return the piece without the punctuation around it that stands on both sides."""
    start, end, reads, place = piece.start, piece.end, piece.reads, piece.place
    while len(reads) > 1 and not reads[0].isalnum() and text[start] == reads[0]:
        start, reads, place = start + 1, reads[1:], place + 1
    while len(reads) > 1 and not reads[-1].isalnum() and text[end - 1] == reads[-1]:
        end, reads = end - 1, reads[:-1]
    return Piece(start, end, reads, place)
