"""How languages in Latin letters spell at large: which letters follow which.

Nothing here knows a language. Pairs of letters go by how English has them and by how often a
letter stands in texts of twenty languages; set against letters that fall by chance, ciphers lie
far below what is written in any of them.
"""

from __future__ import annotations

import string
from collections import Counter
from collections.abc import Sequence
from functools import cache, lru_cache
from itertools import pairwise
from math import log2
from typing import Final

from classifiers.text import lexicon

_FREQUENCIES: Final = (
    *(10.5, 1.7, 2.5, 3.8, 10.0, 1.0, 1.9, 2.6, 8.0, 1.3, 3.0, 4.5, 3.3),
    *(7.2, 6.5, 2.4, 0.4, 5.5, 5.6, 5.8, 4.5, 1.9, 1.1, 0.3, 1.7, 1.7),
)
"""Of a to z, in parts of a hundred: about the mean of twenty languages, told by hand."""
_MIXED: Final = 0.3
"""How much the pairs of letters follow from those alone."""
_LATER: Final = 1.0
"""Bits that each less likely reading of a sign costs."""


@cache
def pairs() -> dict[str, float]:
    """Bits by which languages write a pair of small letters more often than chance does."""
    letters = string.ascii_lowercase
    total = sum(_FREQUENCIES)
    usual = dict(zip(letters, (share / total for share in _FREQUENCIES), strict=True))
    follow = {one: Counter[str]() for one in letters}
    for word in lexicon.ranks():
        if len(word) > 2 and word.isalpha():
            for one, other in pairwise(word):
                follow[one][other] += 1
    return {
        one + other: log2(
            len(letters)
            * ((1.0 - _MIXED) * counts[other] / max(counts.total(), 1) + _MIXED * usual[other])
        )
        for one, counts in follow.items()
        for other in letters
    }


@lru_cache(maxsize=4_096)
def bits(word: str) -> float:
    """What a word of small letters saves, told as languages spell and not letter by letter.

    >>> bits("wszystkiego") > 0 > bits("qulrzsyvkx")
    True
    """
    table = pairs()
    return sum(table.get(one + other, 0.0) for one, other in pairwise(word))


def likeliest(options: Sequence[str]) -> str:
    """One letter of each option, so that languages would spell it; the first ones say more.

    >>> likeliest(["a", "i", "pr", "d", "pr", "o", "p"])
    'airdrop'
    """
    table = pairs()
    best = {"": (0.0, "")}
    for option in options:
        best = {
            letter: max(
                (saved + table.get(before + letter, 0.0) - _LATER * place, read + letter)
                for before, (saved, read) in best.items()
            )
            for place, letter in enumerate(option)
        }
    return max(best.values())[1]
