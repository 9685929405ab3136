"""How much of a text no reader made anything of: ciphers, unknown signs, rows of pictures.

Words of small letters are held against how languages spell at large: whatever its key, a cipher
has pairs of letters that are rarer than chance, and Welsh, Polish or Zulu are far from that.
Rows of numbers or signs are a cipher where they are as many and as unevenly used as the letters
of a text (index of coincidence; Friedman: The Index of Coincidence and Its Applications in
Cryptography, 1922).
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from functools import lru_cache
from itertools import groupby
from typing import Final

from classifiers.text import language, lexicon
from classifiers.text.characters import script_of
from classifiers.text.deciphering import LIVING
from classifiers.text.national import plain

SHORTEST: Final = 12
"""Signs; of fewer nothing is said."""
MOST: Final = 4_000
"""Characters that are looked at."""
_KNOWN_ENOUGH: Final = 3
"""One word in so many is common: then the rest are names, or another's affair."""
_READ_ENOUGH: Final = 0.3
"""Share of letters of a living script other than Latin."""

_FEWEST_PAIRS: Final = 20
_BY_CHANCE: Final = -0.4
"""Bits a pair: languages lie above 0, ciphers about -1.1, keys hit at random about the same."""
_LONGEST: Final = 24
_FEWEST_LETTERS: Final = 4
"""Different ones in a word: laughter has fewer."""

_FEWEST_SIGNS: Final = 8
"""Different ones: who reacts uses one or two again and again."""
_FEWEST_NUMBERS: Final = 20
_MOST_NUMBERS: Final = 32
_COINCIDENCE: Final = (0.045, 0.1)
"""Of letters in texts: .065 in English, .08 in some; 1 / 26 is chance, tables lie on both sides."""
_FEWEST_ROWS: Final = 12
_WRITTEN: Final = LIVING | {
    *("ADLAM", "BALINESE", "CANADIAN_ABORIGINAL", "CHAKMA", "CHEROKEE", "HANIFI_ROHINGYA"),
    *("JAVANESE", "LIMBU", "LISU", "MEETEI_MAYEK", "NKO", "OL_CHIKI", "OSAGE", "SUNDANESE"),
    *("TIFINAGH", "VAI"),
}
"""Scripts that people write, also those of which some signs pass for Latin letters."""
_DRAWING: Final = re.compile(
    "[\u2500-\u259f\u2648-\u265f\U0001f0a0-\U0001f0ff\U0001f1e6-\U0001f1ff]"
)
"""Boxes, signs of the zodiac, chessmen, playing cards and flags."""
_LINK: Final = re.compile(r"\S*(?://|@|www\.)\S*")
_NUMBERS: Final = re.compile(r"(?<![\w.,:$€£#])\d{1,3}(?![\w%:]|[.,]\d)")
_PROGRAM: Final = re.compile(r"[;{}()<>\[\]=_]")
_LETTERS_A_SIGN: Final = 12
"""In programs there are fewer letters to a sign of this kind."""
_WORD: Final = re.compile(r"(?<!\w)[^\W\d_]{2,}(?!\w)")
_ALPHABET: Final = 26


def unread(body: str) -> float:
    """Share of a reading's signs that are neither words nor what honest people write without.

    0 where too little was written. Links, figures and punctuation count for neither side.

    >>> unread("dyngpcmns gz qk qulrzsy lrp kvy jdsr xszsl espol")
    1.0
    >>> unread("wszystkiego najlepszego z okazji urodzin, do zobaczenia jutro 🎂🎉")
    0.0
    """
    text = body[:MOST]
    tokens = text.split()
    if _is_known(tokens):
        return 0.0
    if "." in text or "@" in text:
        tokens = _LINK.sub(" ", text).split()
        text = " ".join(tokens)
    if sum(map(len, tokens)) < SHORTEST or _is_known(tokens):
        return 0.0
    if _of_two_signs(tokens):
        return 1.0
    hidden = _numbers(text)
    told = 0
    if not text.isascii():
        living = sum(_kind(char) == "living" for char in text)
        if living >= _READ_ENOUGH * sum(map(len, tokens)):
            return 0.0
        told += living
        hidden += _strange(text)
    letters, spelt = _latin(text)
    if spelt:
        told += letters
    else:
        hidden += letters
    return hidden / (hidden + told) if hidden >= SHORTEST else 0.0


def _is_known(tokens: Sequence[str]) -> bool:
    return _KNOWN_ENOUGH * sum(map(lexicon.ranks().__contains__, tokens)) >= len(tokens)


@lru_cache(maxsize=4_096)
def _kind(char: str) -> str:
    """What a character is: living, dead (no letter that anybody reads), sign, or nothing."""
    if char <= "\x7f":
        return ""
    script, category = script_of(char), unicodedata.category(char)
    if category in ("Co", "Cn"):
        return "dead"
    if category[0] in "LM" and script not in ("LATIN", "COMMON", "INHERITED"):
        return "living" if script in _WRITTEN else "dead"
    return "sign" if category == "So" and not _DRAWING.match(char) else ""


def _strange(text: str) -> int:
    """How many signs of no living script, and pictures where they are as many as letters."""
    kinds = [(char, kind) for char in text if (kind := _kind(char)) in ("dead", "sign")]
    dead = sum(kind == "dead" for _, kind in kinds)
    signs = [char for char, _ in groupby(char for char, kind in kinds if kind == "sign")]
    # Drawings in Braille use more patterns than an alphabet has letters.
    drawn = len({char for char in signs if "\u2800" < char <= "\u28ff"}) > _ALPHABET
    different = len(set(signs))
    # Letters come again, which a row of different pictures need not.
    again = 4 * len(signs) >= 5 * different
    enough = len(signs) >= SHORTEST and different >= _FEWEST_SIGNS and again and not drawn
    return dead + (len(signs) if enough else 0)


def _numbers(text: str) -> int:
    """How many numbers, where they are used as letters are."""
    numbers = _NUMBERS.findall(text)
    if len(numbers) < _FEWEST_NUMBERS:
        return 0
    counts = Counter(numbers)
    if not _FEWEST_SIGNS <= len(counts) <= _MOST_NUMBERS:
        return 0
    low, high = _COINCIDENCE
    return len(numbers) if low <= _coincidence(counts) <= high else 0


def _coincidence(counts: Counter[str]) -> float:
    """The chance that two of them are the same."""
    total = counts.total()
    return sum(count * (count - 1) for count in counts.values()) / (total * (total - 1))


def _of_two_signs(tokens: Sequence[str]) -> bool:
    """Whether all is written with two signs, in many rows of which few are the same."""
    rows = [token for token in tokens if token not in ("/", "|")]
    return (
        len(rows) >= _FEWEST_ROWS
        and len(set("".join(rows))) == 2
        and len(set(rows)) >= _FEWEST_SIGNS
    )


def _latin(text: str) -> tuple[int, bool]:
    """How many Latin letters stand in words that are no common ones, and if a language did it."""
    words = [word if word.isascii() else "".join(map(plain, word)) for word in _WORD.findall(text)]
    words = [word for word in words if word.isascii() and len(word) <= _LONGEST]
    letters = sum(map(len, words))
    strange = [
        word
        for word in words
        if len(set(word)) >= min(len(word), _FEWEST_LETTERS) and not lexicon.known(word)
    ]
    pairs = sum(map(len, strange)) - len(strange)
    if pairs < _FEWEST_PAIRS or 2 * sum(map(len, strange)) < letters:
        return letters, True
    if _LETTERS_A_SIGN * len(_PROGRAM.findall(text)) > letters:
        return letters, True
    return letters, sum(map(language.bits, strange)) > _BY_CHANCE * pairs
