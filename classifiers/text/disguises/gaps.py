"""Words in which signs stand for some of the letters, whatever sign for whichever letter.

What is left of a word says which common one it was. A sign is dear when it is first used and
cheaper when it comes again, and all words of a text are believed together, by the bits that they
save: one word with a picture in it may be anything, three that all become common words may not.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Set
from functools import lru_cache
from typing import Final

import numpy as np

from classifiers.text import lexicon
from classifiers.text.characters import script_of
from classifiers.text.disguises.description import CHOICE, SAVED, SIGN, word_bits

_HIDING: Final = frozenset("#*?_%^~")
"""Signs of ASCII that stand for no letter by their looks and in few spellings."""
_LATIN: Final = re.compile("[a-z]")
_AGAIN: Final = 1.0
"""Bits of a sign that stood for this letter before."""
_VOWELS: Final = frozenset("aeiouy")
_VOWEL: Final = 1.0
"""Bits by which a vowel is hidden more often than another letter."""
_MOST: Final = 100
_TRIED: Final = 100
"""Words that are weighed, the commonest."""


def filled(cores: Iterable[str], read: Iterable[tuple[str, str]] = ()) -> dict[str, str]:
    """Words, in small letters, with signs in them, by what they are; empty if too few say so.

    `read` are words of the same text that are believed, as they were written and what they are.

    >>> filled(["ch📧ck", "y🌕⛎r", "vid📧🌕s", "🌕n", "new🔥"])
    {'ch📧ck': 'check', 'vid📧🌕s': 'videos', 'y🌕⛎r': 'your', '🌕n': 'on'}
    >>> filled(["i❤ny", "new🔥", "snake_case", "sh*t", "f**k"])
    {}
    """
    gapped = [core for core in cores if _is_gapped(core)][:_MOST]
    letters: dict[str, set[str]] = {}
    for written, word in read:
        if len(written) == len(word):
            _learn(letters, written, word)
    if not letters and not any(is_gap(char) for core in gapped for char in core[1:-1]):
        return {}
    meant, saved = {}, SAVED if letters else 0.0
    # First those of which most is left, and the longest of them: they say most about the signs.
    for core in sorted(gapped, key=lambda core: (sum(map(is_gap, core)) - len(core), core)):
        signs = set(filter(is_gap, core))
        # At the edge of a word a picture may stand for itself, and many leave any word.
        if not signs <= letters.keys() and (
            2 * sum(map(is_gap, core)) > len(core) or not any(map(is_gap, core[1:-1]))
        ):
            continue
        word, told = _likeliest(core, letters)
        if not word:
            continue
        _learn(letters, core, word)
        saved += SIGN * len(core) - told - CHOICE
        meant[core] = word
    return meant if saved >= SAVED else {}


def _learn(letters: dict[str, set[str]], written: str, word: str) -> None:
    for sign, letter in zip(written, word, strict=True):
        if is_gap(sign):
            letters.setdefault(sign, set()).add(letter)


@lru_cache(maxsize=4_096)
def is_gap(char: str) -> bool:
    """Whether it is a sign that nobody sets among Latin letters."""
    if char <= "\x7f":
        return char in _HIDING
    category = unicodedata.category(char)
    if category[0] == "L":
        return script_of(char) not in ("LATIN", "COMMON")
    return category in ("So", "Sm", "Sk")


@lru_cache(maxsize=4_096)
def _is_gapped(core: str) -> bool:
    if not 1 < len(core) <= lexicon.LONGEST or not _LATIN.search(core):
        return False
    left = [char for char in core if not "a" <= char <= "z"]
    return 0 < len(left) < len(core) and all(map(is_gap, left))


def _likeliest(core: str, letters: Mapping[str, Set[str]]) -> tuple[str, float]:
    """The word that takes fewest bits, of those that have these letters, and its bits."""
    best = "", SIGN * len(core)
    for word in _fitting(core):
        told = word_bits(word)
        hidden = [pair for pair in zip(core, word, strict=True) if is_gap(pair[0])]
        for place, (sign, letter) in enumerate(hidden):
            again = letter in letters.get(sign, ()) or (sign, letter) in hidden[:place]
            told += (_AGAIN if again else SIGN) - _VOWEL * (letter in _VOWELS)
        if told < best[1]:
            best = word, told
    return best


@lru_cache(maxsize=4_096)
def _fitting(core: str) -> tuple[str, ...]:
    """Words that have these letters in these places."""
    words, letters = lexicon.by_length().get(len(core), ([], np.zeros((0, len(core)), np.uint8)))
    fits = np.ones(len(words), dtype=bool)
    for place, char in enumerate(core):
        if not is_gap(char):
            fits &= letters[:, place] == ord(char)
    return tuple(words[place] for place in np.flatnonzero(fits)[:_TRIED])
