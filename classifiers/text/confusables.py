"""Look-alike letters (Unicode Technical Standard 39) folded to the script of their word.

Honest text in any script stays as it is: folded is only a word that mixes alphabets, or that
poses as another's, and only if each of its letters looks like one of the alphabet it goes to.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import pairwise
from typing import Final

from confusable_homoglyphs.utils import load

from classifiers.text import posing
from classifiers.text.characters import (
    MEMORY,
    STACKING_MARKS,
    STYLED,
    char_class,
    script_of,
    scripts_of,
)

_ALPHABETS = """
    LATIN CYRILLIC GREEK ARMENIAN CHEROKEE COPTIC GEORGIAN LISU DESERET OSAGE CARIAN LYCIAN
    LYDIAN OLD_ITALIC GOTHIC RUNIC TIFINAGH VAI CANADIAN_ABORIGINAL WARANG_CITI ELBASAN
    OLD_PERMIC MIAO BAMUM
"""
ALPHABETS = frozenset(_ALPHABETS.split())
"""Alphabets written left to right with spaces, whose letters do not honestly share a word.
Scripts without spaces or written right to left do meet Latin letters without a space."""

OTHER_ALPHABETS = ALPHABETS - {"LATIN"}

_MAIN_LETTERS = {"LATIN": (0x41, 0x7A), "GREEK": (0x370, 0x3FF), "CYRILLIC": (0x400, 0x45F)}
_WORD = re.compile(rf"(?:[^\W_]|{char_class(STACKING_MARKS)})+")


_RATHER = {"\u04cf": "l"}
"""A letter that Unicode's table sets beside i, and type draws as l."""


def _groups() -> list[set[str]]:
    """The sets of single characters that look like one another."""
    group_of: dict[str, set[str]] = {}
    for char, others in load("confusables.json").items():
        for other in (entry["c"].strip("\u200e") for entry in others):
            if len(char) == 1 == len(other):
                one, two = group_of.get(char, {char}), group_of.get(other, {other})
                if one is not two:
                    one |= two
                    group_of.update(dict.fromkeys(one, one))
    return list({id(group): group for group in group_of.values()}.values())


@cache
def look_alikes() -> dict[str, dict[str, str]]:
    """For each main alphabet: foreign letter -> the letter of the alphabet it looks like."""
    folds: dict[str, dict[str, str]] = {alphabet: {} for alphabet in _MAIN_LETTERS}
    for group in _groups():
        letters = [char for char in group if unicodedata.category(char)[0] == "L"]
        for alphabet, (low, high) in _MAIN_LETTERS.items():
            targets = [
                char
                for char in letters
                if low <= ord(char) <= high
                and script_of(char) == alphabet
                and unicodedata.is_normalized("NFKC", char)
            ]
            if alphabet == "LATIN" and not targets:
                # Small Cyrillic letters look like Latin small capitals, which stand for letters.
                targets = [STYLED[char] for char in letters if char in STYLED]
            for char in letters:
                if targets and script_of(char) in ALPHABETS - {alphabet}:
                    folds[alphabet][char] = min(
                        targets, key=lambda c: (c.isupper() != char.isupper(), c)
                    )
    folds["LATIN"] |= _RATHER
    return folds


@dataclass(frozen=True, slots=True)
class Folded:
    """A text with its look-alikes folded."""

    text: str
    words: tuple[str, ...] = ()
    """The words that changed, as they were written."""
    letters: int = 0
    """How many letters were exchanged."""
    loans: frozenset[str] = frozenset()
    """Mixed words left alone as loan words with an ending of the text's own alphabet."""


@lru_cache(maxsize=MEMORY)
def mixed_words(text: str) -> tuple[str, ...]:
    """Return the words in which letters of two alphabets meet, in order, with repeats.

    >>> mixed_words("pаypal и paypal")
    ('pаypal',)
    """
    if text.isascii() or len(scripts_of(text) & ALPHABETS) < 2:
        return ()
    words = _WORD.findall(text)
    mixed = {
        word for word in set(words) if not word.isascii() and len(scripts_of(word) & ALPHABETS) > 1
    }
    return tuple(filter(mixed.__contains__, words))


@lru_cache(maxsize=MEMORY)
def fold_lookalikes(text: str) -> Folded:
    """Return the text with each disguised word written in one alphabet, where that is possible.

    Disguised are words that mix alphabets, and words of another alphabet that could all be
    Latin, where they spell something only as such.

    >>> fold_lookalikes("раypal").text, fold_lookalikes("send me саѕһ today").text
    ('paypal', 'send me cash today')
    """
    if scripts_of(text).isdisjoint(OTHER_ALPHABETS):
        return Folded(text)
    words = _WORD.findall(text)
    mixed = mixed_words(text)
    home, disguised = _home(words, mixed)
    loans = frozenset(word for word in mixed if home != "LATIN" and _is_loan(word, home))
    suspects = {word for word in words if _only_script(word) in disguised} if disguised else set()
    replaced = {word: _fold_word(word, home) for word in (suspects | set(mixed)) - loans}
    changed = tuple(word for word in words if replaced.get(word, word) != word)
    if not changed:
        return Folded(text, loans=loans)
    return Folded(
        _WORD.sub(lambda found: replaced.get(found[0], found[0]), text),
        changed,
        sum(a != b for word in changed for a, b in zip(word, replaced[word], strict=True)),
        loans,
    )


_OWN: Final = 0.12
"""A text spelt in an alphabet has more than this share of letters that Latin has no likeness of:
Russian and Greek have a third, and one disguised as either next to none."""
_FEWEST_POSING: Final = 4
"""Letters; a shorter word in a Latin text may be one of another language, quoted."""
_SURE: Final = {True: 4.0, False: 12.0}
"""Bits: whether most of the text is Latin already, and what it takes then to read the rest so.
Honest words, all of letters that have a likeness, reach 10 by chance; a quoted one reaches 2.
"""
_MIXED: Final = 4.0
"""Bits that a word of two alphabets adds, if all of it could be Latin, or takes, if it could not.
"""


def _only_script(word: str) -> str:
    """The one alphabet of a word; empty if it has none or several."""
    own = scripts_of(word) & ALPHABETS
    return next(iter(own)) if len(own) == 1 else ""


def _home(words: Sequence[str], mixed: Sequence[str]) -> tuple[str, frozenset[str]]:
    """The alphabet that the text is spelt in, and those that only pose as Latin in it."""
    letters, foldable = Counter[str](), Counter[str]()
    fold = look_alikes()["LATIN"]
    for word, count in Counter(words).items():
        script = _only_script(word)
        if script:
            letters[script] += len(word) * count
            if script != "LATIN":
                foldable[script] += sum(map(fold.__contains__, word)) * count
    disguised = frozenset(
        script
        for script, likely in foldable.items()
        if likely > (1 - _OWN) * letters[script]
        and likely >= _FEWEST_POSING
        and _poses(script, words, mixed, in_latin=letters["LATIN"] >= letters[script])
    )
    spelt = {script: count for script, count in letters.items() if script not in disguised}
    home = max(spelt, key=lambda script: (spelt[script], script), default="LATIN")
    return home, disguised if home == "LATIN" else frozenset()


def _poses(script: str, words: Sequence[str], mixed: Sequence[str], *, in_latin: bool) -> bool:
    """Whether the words of one alphabet are Latin in disguise far more likely than not."""
    fold = look_alikes()["LATIN"]
    told = posing.bits((one for one in dict.fromkeys(words) if _only_script(one) == script), fold)
    for word in set(mixed):
        if not _is_loan(word, script):
            latin = all(char in fold for char in word if script_of(char) == script)
            told += _MIXED if latin else -_MIXED
    return told >= _SURE[in_latin]


def _is_loan(word: str, home: str) -> bool:
    """Whether a Latin word only takes an ending of the alphabet that the text is written in."""
    spelled = [script for script in map(script_of, word) if script in ALPHABETS]
    borders = sum(one != other for one, other in pairwise(spelled))
    return borders == 1 and spelled[0] == "LATIN" and spelled[-1] == home


def _fold_word(word: str, home: str) -> str:
    """The word in one alphabet; the word itself where a letter has no counterpart."""
    spelled = [script_of(char) for char in word]
    counts = Counter(script for script in spelled if script in ALPHABETS)
    order = sorted(counts, key=lambda script: (-counts[script], script != "LATIN"))
    if home == "LATIN":
        order = ["LATIN", *order]
    for alphabet in order:
        fold = look_alikes().get(alphabet, {})
        if all(
            char in fold
            for char, script in zip(word, spelled, strict=True)
            if script in ALPHABETS and script != alphabet
        ):
            return "".join(fold.get(char, char) for char in word)
    return word
