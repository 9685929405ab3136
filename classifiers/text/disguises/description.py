"""How many bits a reading of strange words takes, beside telling them sign by sign."""

from __future__ import annotations

import string
from collections.abc import Mapping, Sequence
from functools import lru_cache
from math import log2
from typing import Final

from classifiers.text import language, lexicon

ASCII: Final = frozenset(string.ascii_lowercase)
SIGN: Final = log2(26)
"""Bits of any sign: whoever tells words sign by sign has named the signs as well."""
CHOICE: Final = 1.0
"""Bits that tell whether a word is read by the rule or stands for itself."""
TELLING: Final = 4
"""Letters; shorter words say nothing about a rule."""
FEWEST: Final = 10
"""Letters of all strange words."""
_RANK: Final = 20.0
_ALL_RANKS: Final = 2.7
"""So that the chances of all words, which go by 1 / (rank + _RANK), add up to one."""
SAVED: Final = 10.0
"""Bits that a rule must save: by chance one text in 2 ** 10 would."""
_SHARE: Final = 0.6
"""Of the letters of strange words, at least, that it must explain: there are names besides."""


def word_bits(word: str) -> float:
    """What it takes to name a common word, by its rank."""
    return log2(lexicon.ranks()[word] + _RANK) + _ALL_RANKS


@lru_cache(maxsize=4_096)
def bits(token: str) -> float:
    """What it takes to tell a word sign by sign, as languages spell at large or by chance."""
    letters = "".join(char for char in token if char in ASCII)
    return 1.0 + SIGN * len(token) - max(language.bits(letters), 0.0)


def is_believed(saved: float, read: Mapping[str, str], sample: Sequence[str]) -> bool:
    """Whether what was read of a sample saves enough bits, and is most of it."""
    unread = CHOICE * (len(sample) - len(read))
    return saved - unread >= SAVED and is_most(sum(map(len, read)), sum(map(len, sample)))


def is_most(letters: int, total: int) -> bool:
    """Whether so many letters of strange words are enough to explain."""
    return letters >= _SHARE * total
