"""Ways in which a word that nobody writes may be one that everybody reads.

Each takes a word of small letters, and returns the common English word that it is if it was
written so; empty if it is none.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable
from functools import cache, lru_cache
from typing import Final

from classifiers.text import lexicon

TELLING: Final = 4
"""Letters; a shorter word is too often the likeness of another by chance."""
_COMMON: Final = 3_000
"""Rank within which a word may be taken for another that looks or sounds like it."""
_COMMONPLACE: Final = 300
REMEMBERED: Final = 4_096
"""Strange words whose readings are kept: a community uses the same ones again."""
_FEWEST_ASTRAY: Final = 6
_STUTTER: Final = re.compile(r"([a-z]{1,4})(?:[^\w\s]{0,3}\1)*[^\w\s]{0,3}(\1[a-z]+)")
_RUNS: Final = re.compile(r"([a-z])\1*")

Way = Callable[[str], str]


@lru_cache(maxsize=REMEMBERED)
def shortened(word: str) -> str:
    """Letters drawn out or doubled."""
    plain = lexicon.squeezed(word)
    if plain == word:
        return ""
    runs = [len(run[0]) for run in _RUNS.finditer(word)]
    for meant in lexicon.by(lexicon.squeezed, plain):
        kept = [len(run[0]) for run in _RUNS.finditer(meant)]
        if all(few <= many for few, many in zip(kept, runs, strict=True)):
            return meant
    return ""


def _turned_round(word: str) -> str:
    return _if_known(word[::-1])


def _enciphered(word: str) -> str:
    return _if_known(codecs.encode(word, "rot13"))


@lru_cache(maxsize=REMEMBERED)
def stuttered(word: str) -> str:
    """Its beginning several times."""
    if (
        not any(word.startswith(word[:length], length) for length in (1, 2, 3, 4))
        and word.isalpha()
    ):
        return ""
    found = _STUTTER.fullmatch(word)
    return _if_known(found[2]) if found else ""


def _if_known(word: str) -> str:
    return word if lexicon.known(word) else ""


@lru_cache(maxsize=REMEMBERED)
def _swapped(word: str) -> str:
    """Two neighbouring letters."""
    if len(word) < TELLING - 1:
        return ""
    ranks = lexicon.ranks()
    tries = (
        word[:place] + word[place + 1] + word[place] + word[place + 2 :]
        for place in range(len(word) - 1)
    )
    found = min((word for word in tries if word in ranks), key=ranks.__getitem__, default="")
    common = {TELLING - 1: _COMMONPLACE, TELLING: _COMMON}.get(len(word), len(ranks))
    return found if ranks.get(found, common) < common else ""


def voweled(word: str) -> str:
    """Vowels left out."""
    if lexicon.consonants(word) != word:
        return ""
    meant = next(iter(lexicon.by(lexicon.consonants, word)), "")
    return meant if len(word) >= TELLING - 1 else commonplace(meant)


@lru_cache(maxsize=REMEMBERED)
def _by_accent(word: str) -> str:
    """Written as it sounds where voice makes no difference."""
    if len(word) < TELLING:
        return ""
    meant = next(iter(lexicon.by(lexicon.voiceless, lexicon.voiceless(word))), "")
    return _as_common_as_short(meant)


@lru_cache(maxsize=REMEMBERED)
def _wound(word: str) -> str:
    """Its end set before its beginning."""
    if len(word) < TELLING:
        return ""
    return _as_common_as_short(next(iter(lexicon.by(lexicon.wound, lexicon.wound(word))), ""))


@lru_cache(maxsize=REMEMBERED)
def _shuffled(word: str) -> str:
    """The letters between the first and the last in any order."""
    if len(word) <= TELLING:
        return ""
    meant = next(iter(lexicon.by(lexicon.shuffled, lexicon.shuffled(word))), "")
    return meant if len(word) > TELLING + 1 else _common(meant)


@lru_cache(maxsize=REMEMBERED)
def _one_astray(word: str) -> str:
    """One letter within too many, too few or wrong; at their ends words of all languages differ."""
    if len(word) < _FEWEST_ASTRAY:
        return ""
    for meant in _by_ends().get(word[0] + word[-1], ()):
        if abs(len(meant) - len(word)) <= 1 and _one_apart(word, meant):
            return meant
    return ""


@cache
def _by_ends() -> dict[str, tuple[str, ...]]:
    """The common words by their first and last letters, the commonest first."""
    found: dict[str, list[str]] = {}
    for word, rank in lexicon.ranks().items():
        if rank < _COMMON and len(word) >= _FEWEST_ASTRAY - 1:
            found.setdefault(word[0] + word[-1], []).append(word)
    return {ends: tuple(words) for ends, words in found.items()}


def _one_apart(one: str, other: str) -> bool:
    """Whether one letter put in, left out or exchanged makes the one the other."""
    shorter, before, after = min(len(one), len(other)), 0, 0
    while before < shorter and one[before] == other[before]:
        before += 1
    while after < shorter - before and one[-1 - after] == other[-1 - after]:
        after += 1
    return before + after >= max(len(one), len(other)) - 1


def _common(word: str) -> str:
    return word if lexicon.ranks().get(word, _COMMON) < _COMMON else ""


WAYS: Final[tuple[Way, ...]] = (
    shortened,
    _turned_round,
    _enciphered,
    stuttered,
    _swapped,
    voweled,
    _shuffled,
    _one_astray,
)
RARE_WAYS: Final[tuple[Way, ...]] = (_wound, _by_accent)
"""What one word is by chance too often."""


def _as_common_as_short(word: str) -> str:
    if len(word) > 2 * TELLING - 1:
        return word
    return _common(word) if len(word) > TELLING else commonplace(word)


def commonplace(word: str) -> str:
    return word if lexicon.ranks().get(word, _COMMON) < _COMMONPLACE else ""
