"""Whether words of another alphabet are what they seem, or Latin ones drawn with its letters.

Two thirds of the letters of Russian or Greek have a Latin likeness, so that some honest sentences
could all be Latin. What tells is which of the two spells a language: the look of the letters, or
their sound. Words that look like common English ones speak for a disguise, letters that look like
nothing against it, and letters that no one language of the alphabet has together for it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from itertools import islice
from typing import Final

from classifiers.text import language, lexicon
from classifiers.text.disguises.sounds import sounds

_LETTER: Final = 5.0
"""Bits by which a letter without a likeness, or one from elsewhere, tells."""
_MOST: Final = 300
"""Distinct words that are looked at."""
_LONG_ENOUGH: Final = 3
"""Letters; shorter words of any language look like English ones."""
_DRAWN_OUT: Final = re.compile(r"(\w)\1\1+", re.IGNORECASE)
_EVERYWHERE: Final = frozenset("абвгдежзийклмнопрстуфхцчшщъыьэюя" + "αβγδεζηθικλμνξοπρσςτυφχψω")
_BEYOND: Final = tuple(map(frozenset, ("і", "ј", "ѕј", "һіү", "һү", "ӏ")))
"""Letters with a Latin likeness that languages have besides: Ukrainian, Serbian, Macedonian,
Kazakh, Tatar, Chechen."""


def bits(words: Iterable[str], fold: Mapping[str, str]) -> float:
    """How much likelier distinct words are to be Latin by looks than to be honest, in bits.

    `fold` gives the Latin letter that each letter looks like; what it lacks looks like none.
    """
    told = 0.0
    letters: set[str] = set()
    for word in islice(words, _MOST):
        word = _DRAWN_OUT.sub(r"\1", word)
        letters.update(word)
        look = "".join([fold.get(char, char) for char in word]).lower()
        told += _spelt(look) - language.bits(_heard(word.lower()))
    own = sum(char.isalpha() for char in letters - fold.keys())
    beyond = {char.lower() for char in letters & fold.keys()} - _EVERYWHERE
    elsewhere = min(len(beyond - besides) for besides in _BEYOND)
    return told + _LETTER * (elsewhere - own)


def _spelt(look: str) -> float:
    """What a word saves by what it looks like."""
    known = len(look) >= _LONG_ENOUGH and lexicon.known(look)
    return max(language.bits(look), lexicon.bits(look)) if known else language.bits(look)


@lru_cache(maxsize=4_096)
def _heard(word: str) -> str:
    """A word as it sounds, in Latin letters; without the letters whose sound is not known."""
    return "".join([(sounds(char) or ("",))[0] for char in word])
