"""Pieces of words, as numbers that an index can hold: what stands anywhere in a text is found.

Three letters in a row are a piece; of scripts that are written without spaces (Chinese, Japanese,
Korean) also two. A text has all the pieces of everything that stands in it, so whatever lacks one
is no match; what has them all is read again. Pure.
"""

from __future__ import annotations

from typing import Final
from zlib import crc32

LONGEST: Final = 10_000
"""Characters of a text that are taken apart; what stands after them is found by whole words."""
IDEOGRAPHS: Final = "⺀"
"""From here on two letters can be a word."""


def has_no_spaces(text: str) -> bool:
    """Return whether words of this script stand without spaces, so that none can be told."""
    return any(character >= IDEOGRAPHS or "฀" <= character <= "๿" for character in text)


def read_as(text: str) -> str:
    """Return a text as it is taken apart and compared: one case, single spaces."""
    return " ".join(text.casefold().split())


def grams(text: str) -> set[int]:
    """Return the pieces of a text that went through `read_as`, as signed 32-bit numbers."""
    text = text[:LONGEST]
    pieces = {text[i : i + 3] for i in range(len(text) - 2)}
    if any(character >= IDEOGRAPHS for character in text):
        pairs = (text[i : i + 2] for i in range(len(text) - 1))
        pieces |= {pair for pair in pairs if min(pair) >= IDEOGRAPHS}
    return {_number(piece) for piece in pieces}


def _number(piece: str) -> int:
    number = crc32(piece.encode(errors="replace"))
    return number - (1 << 32) if number >= 1 << 31 else number
