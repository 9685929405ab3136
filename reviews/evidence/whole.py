"""How much of two texts is the same to the letter, whatever else was made of their beginnings."""

from __future__ import annotations

from collections import Counter
from typing import Final

NEARLY: Final = 0.8
"""Share of the pieces of both texts that both have (Dice, 1945)."""
PIECE: Final = 8
"""Characters of a piece of a long text: it has nearly all pieces of three that there are."""


def pieces(written: str) -> Counter[str]:
    """Return the pieces of a text and how often it has each, in one case and single spaces."""
    text = " ".join(written.casefold().split())
    return Counter(text[place : place + PIECE] for place in range(len(text) - PIECE + 1))


def share(one: Counter[str], other: Counter[str]) -> float:
    """Return the share, 0 to 1, of the pieces of both that both have.

    >>> share(pieces("one and the same"), pieces("One and\\nthe same"))
    1.0
    """
    return 2.0 * (one & other).total() / max(one.total() + other.total(), 1)
