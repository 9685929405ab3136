"""Words that one rule of the writer's own disguises: found by what it makes common words of.

Strange words are read in three ways: as common words in another order of their letters, as common
words with something needless between, and as common words with any vowels for their own. No order
or sign is named here: the rule is found from the post itself. It is believed only if telling the
post by it takes fewer bits than telling its strange words sign by sign, the rule included (minimum
description length), and if it explains most of them.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence, Set
from functools import lru_cache, partial
from math import factorial, log2, prod
from typing import Final

from classifiers.text import language, lexicon
from classifiers.text.characters import LIVING, script_of
from classifiers.text.disguises.description import (
    CHOICE,
    FEWEST,
    SIGN,
    TELLING,
    bits,
    is_believed,
    is_most,
    word_bits,
)

_LONGEST: Final = 72
_MOST: Final = 300
"""Words of a text that are looked at."""

_REMEMBERED: Final = 4_096
"""Words whose readings are kept: a community uses the same ones again."""
_FEWEST_PARTED: Final = 2
_PARTS: Final = 3
"""Pieces of a word that signs part; in fewer the sign may be one of spelling or of a sentence."""


def solved(strange: Sequence[str]) -> dict[str, str]:
    """Strange words of one text with what they are by the rule that explains most of them.

    >>> solved(["lpaees", "cahs", "yenmo", "alolwance"])["yenmo"]
    'money'
    """
    words = [
        word
        for word in strange
        if 1 < len(word) <= _LONGEST and ((word.isascii() and word.isalpha()) or _is_open(word))
    ][:_MOST]
    if sum(map(len, words)) < FEWEST:
        return {}
    plain = [word for word in words if word.isascii() and word.isalpha()]
    return _reordered(plain) or _rid(words) or _other_vowels(plain)


@lru_cache(maxsize=_REMEMBERED)
def _is_open(word: str) -> bool:
    """Whether it may be anything: letters of living scripts other than Latin have other readers."""
    if _PLAIN.fullmatch(word):
        return False
    return word.isascii() or not any(
        char > "\x7f" and char.isalpha() and script_of(char) in LIVING for char in word
    )


_PLAIN: Final = re.compile(r"[^\Wa-z]*[0-9][^a-z]*|[!-`{-~]*|[^\W\d_]+['-][^\W\d_]+")


def _read(sample: Sequence[str], way: Callable[[str], str]) -> dict[str, str]:
    """What a way makes of the words; none as soon as it cannot be of most, as nearly always."""
    left = total = sum(map(len, sample))
    read = {}
    for word in sample:
        if meant := way(word):
            read[word] = meant
        else:
            left -= len(word)
            if not is_most(left, total):
                return {}
    return read


# In another order


@lru_cache(maxsize=_REMEMBERED)
def _in_order(word: str) -> str:
    return next(iter(lexicon.by(lexicon.ordered, lexicon.ordered(word))), "")


def _reordered(words: Sequence[str]) -> dict[str, str]:
    """Letters moved within each word, in whatever way."""
    sample = [word for word in words if len(word) >= TELLING]
    read = _read(sample, _in_order)
    if not read:
        return {}
    saved = sum(
        bits(word) + _oddness(word) - word_bits(meant) - log2(_orders(word)) - CHOICE
        for word, meant in read.items()
    )
    if not is_believed(saved, read, sample):
        return {}
    return {word: meant for word in words if (meant := _in_order(word))}


def _oddness(word: str) -> float:
    """Bits by which the word is spelt as no language would."""
    return max(-language.bits(word), 0.0)


def _orders(word: str) -> int:
    return factorial(len(word)) // prod(map(factorial, Counter(word).values()))


# With any vowels


def _blind(word: str) -> str:
    return word.translate(_ANY_VOWEL)


@lru_cache(maxsize=_REMEMBERED)
def _with_vowels(word: str) -> str:
    return next(iter(lexicon.by(_blind, _blind(word))), "")


def _other_vowels(words: Sequence[str]) -> dict[str, str]:
    """Each vowel written as any."""
    sample = [word for word in words if len(word) >= TELLING]
    read = _read(sample, _with_vowels)
    if len(read) < _FEWEST_BLIND:
        return {}
    saved = sum(
        bits(word)
        + _oddness(word)
        - word_bits(meant)
        - CHOICE
        - log2(len(_VOWELS)) * sum(map(_VOWELS.count, word))
        for word, meant in read.items()
    )
    if not is_believed(saved, read, sample):
        return {}
    return {word: meant for word in words if (meant := _with_vowels(word))}


_FEWEST_BLIND: Final = 3
"""Words; one or two are rare ones, or names."""
_VOWELS: Final = "aeiou"
_ANY_VOWEL: Final = str.maketrans(_VOWELS, "a" * len(_VOWELS))


# With something needless


def _letters_alone(word: str) -> str:
    pieces = _LETTERS.findall(word)
    return "".join(pieces) if len(pieces) >= _PARTS else ""


_LETTERS: Final = re.compile(r"[^\W\d_]+")
_NAME: Final = 2
"""Letters of a name of markup, at least."""
_RESTS: Final[tuple[Callable[[str], str], ...]] = (
    _letters_alone,
    lambda word: word[::2],
    lambda word: word[1::2],
    lambda word: word[1:-1],
    lambda word: word[2:-2],
    lambda word: word[::3],
    lambda word: word[1::3],
    lambda word: word[2::3],
)


def _names(sample: Sequence[str]) -> set[str]:
    """Names that come again in a word: markup about each part of it."""
    return {
        piece
        for word in sample
        if not word.isalpha() and len(set(pieces := _LETTERS.findall(word))) < len(pieces)
        for piece, count in Counter(pieces).items()
        if count > 1 and len(piece) >= _NAME
    }


def _unframed(names: Set[str], word: str) -> str:
    """What is left of a word without them."""
    found = _LETTERS.findall(word)
    left = [piece for piece in found if piece not in names]
    return "".join(left) if len(left) > 1 and len(left) < len(found) else ""


def _rid(strange: Sequence[str]) -> dict[str, str]:
    """Signs put in, wherever each word has them."""
    sample = [word for word in strange if len(word) >= TELLING]
    best, found = 0.0, {}
    rests = [*_RESTS] if 2 * sum(map(_may_be_rid, sample)) >= len(sample) else []
    if names := _names(sample):
        rests.append(partial(_unframed, names))
    for rest in rests:
        read = _read(sample, partial(_common, rest))
        if len(read) < _FEWEST_PARTED or 2 * len(read) < len(sample):
            continue
        put_in = Counter[str]()
        for word, left in read.items():
            put_in.update(word)
            put_in.subtract(left)
        saved = sum(
            bits(word) + _oddness(word) - word_bits(left) - CHOICE for word, left in read.items()
        )
        saved -= _told(put_in) + log2(len(_RESTS) + 1)
        if saved > best and is_believed(saved, read, sample):
            best = saved
            found = {word: left for word in strange if (left := _common(rest, word))}
    return found


def _common(rest: Callable[[str], str], word: str) -> str:
    left = rest(word)
    return left if 1 < len(left) < len(word) and left in lexicon.ranks() else ""


@lru_cache(maxsize=_REMEMBERED)
def _may_be_rid(word: str) -> bool:
    return any(_common(rest, word) for rest in _RESTS)


def _told(signs: Counter[str]) -> float:
    """Bits of signs that come again: each is named once, then told by how often it is used."""
    total = signs.total()
    return sum(SIGN + count * log2(total / count) for count in signs.values() if count > 0)
