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
from html import unescape
from itertools import groupby
from typing import Final

from classifiers.text import language, lexicon
from classifiers.text.characters import BLANK, INVISIBLE, LIVING, script_of
from classifiers.text.disguises.sounds import sounds
from classifiers.text.national import plain

SHORTEST: Final = 12
"""Signs; of fewer nothing is said."""
MOST: Final = 1_000
"""Characters that are looked at."""
_LEFT_OUT: Final = 10
"""One sign in so many is left of a text that readers took away."""
_UNSEEN: Final = INVISIBLE | BLANK
_KNOWN_ENOUGH: Final = 3
"""One word in so many is common: then the rest are names, or another's affair."""
_READ_ENOUGH: Final = 0.3
"""Share of letters of a living script other than Latin."""

_FEWEST_PAIRS: Final = 20
_BY_CHANCE: Final = -0.4
"""Bits a pair: languages lie above 0, ciphers about -1.1, keys hit at random about the same."""
_BY_CHANCE_ABROAD: Final = -0.1
"""The same for words of other alphabets by their sound, where ciphers lie about -.3."""
_SOUNDED: Final = frozenset(("CYRILLIC", "GREEK", "ARMENIAN", "GEORGIAN"))
"""Alphabets that spell vowels, and whose letters' sounds are known."""
_FEWEST_LETTERS: Final = 4
"""Different ones in a word: laughter has fewer."""
_LONG: Final = 5
"""Letters of a word; shorter ones are codes of airports, shares and countries, or abbreviations."""
_OF_LONG: Final = 3
"""One letter in so many stands in long words, at least."""
_VOWELS: Final = re.compile("[aeiouwy]+")
_FEWEST_SYLLABLES: Final = 6

_FEWEST_SIGNS: Final = 8
"""Different ones: who reacts uses one or two again and again."""
_FEWEST_KINDS: Final = 12
"""Different ones in a text: keys hit at random, grids of figures and beats of drums have fewer."""
_FEWEST_NUMBERS: Final = 20
_MOST_NUMBERS: Final = 32
_SPREAD: Final = 2
"""What is measured fills the range that it lies in; numbers of a table are so far apart."""
_COINCIDENCE: Final = (0.045, 0.1)
"""Of letters in texts: .065 in English, .08 in some; 1 / 26 is chance, tables lie on both sides."""
_WRITTEN: Final = LIVING | {
    *("ADLAM", "BALINESE", "CANADIAN_ABORIGINAL", "CHAKMA", "CHEROKEE", "COPTIC"),
    "HANIFI_ROHINGYA",
    *("JAVANESE", "LIMBU", "LISU", "MEETEI_MAYEK", "NKO", "OL_CHIKI", "OSAGE", "SUNDANESE"),
    *("TIFINAGH", "VAI"),
}
"""Scripts that people write, also those of which some signs pass for Latin letters."""
_DRAWING: Final = re.compile(
    "[\u2500-\u259f\u2648-\u265f\U0001f0a0-\U0001f0ff\U0001f1e6-\U0001f1ff]"
)
"""Boxes, signs of the zodiac, chessmen, playing cards and flags."""
_LINK: Final = re.compile(r"(?i)(?:\w://\S|\bwww\.\w|\w@\w)\S*\.\w")
_NUMBERS: Final = re.compile(r"(?<![\w.,:$€£#])\d{1,3}(?![\w%:]|[.,]\d)")
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
    if len(body) <= MOST:
        return _unread(body)
    ends = (*range(MOST, len(body), MOST), len(body))
    return max(_unread(body[end - MOST : end]) for end in ends)


def is_left_out(written: str, body: str) -> bool:
    """Whether a reading holds next to nothing of the letters and figures that people see.

    >>> is_left_out("anything that a reader took away", ""), is_left_out("aaaaaaaaaaah", "aaah")
    (True, False)
    """
    kept = len(body) - body.count(" ")
    if _LEFT_OUT * kept >= len(written):
        return False
    seen = sum(char.isalnum() and char not in _UNSEEN for char, _ in groupby(unescape(written)))
    return seen >= SHORTEST and _LEFT_OUT * kept < seen


def _unread(text: str) -> float:
    tokens = text.split()
    if _is_known(tokens):
        return 0.0
    if "." in text or "@" in text:
        tokens = [token for token in tokens if not _LINK.search(token)]
        text = " ".join(tokens)
    if sum(map(len, tokens)) < SHORTEST or _is_known(tokens):
        return 0.0
    if _of_two_signs(tokens):
        return 1.0
    hidden = _numbers(text)
    told = 0
    if not text.isascii():
        counts = Counter(text)
        living = sum(count for char, count in counts.items() if _kind(char) == "living")
        if living >= _READ_ENOUGH * sum(map(len, tokens)):
            return 0.0 if _is_spelt_abroad(text) else 1.0
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
    places = set(map(int, counts))
    if max(places) - min(places) < _SPREAD * len(places):
        return 0
    return len(numbers) if len(counts) <= _MOST_NUMBERS and _are_letters(counts) else 0


def _are_letters(counts: Counter[str]) -> bool:
    """Whether they are as many and as unevenly used as the letters of a text."""
    total = counts.total()
    pairs = sum(count * (count - 1) for count in counts.values())
    low, high = _COINCIDENCE
    return len(counts) >= _FEWEST_KINDS and low <= pairs / (total * (total - 1)) <= high


def _of_two_signs(tokens: Sequence[str]) -> bool:
    """Whether all is written with two signs, in rows that are used as letters are."""
    if len(set("".join(tokens)) - {"/", "|"}) != 2:
        return False
    # The column of results in a table of truth is of single signs.
    rows = [token for token in tokens if len(token) > 1]
    return len(rows) >= _FEWEST_NUMBERS and _are_letters(Counter(rows))


def _is_spelt_abroad(text: str) -> bool:
    """Whether what other alphabets write sounds like some language; the rest is not judged."""
    words = [
        "".join((sounds(char) or ("",))[0] for char in word)
        for word in _WORD.findall(text)
        if all(script_of(char) in _SOUNDED for char in word)
    ]
    return _is_spelt(words, _BY_CHANCE_ABROAD)


def _latin(text: str) -> tuple[int, bool]:
    """How many Latin letters stand in words that are no common ones, and if a language did it."""
    words = [
        word if word.isascii() else "".join(map(plain, word))
        for word in _WORD.findall(text.replace("_", " "))
    ]
    words = [word for word in words if word.isascii()]
    return sum(map(len, words)), _is_spelt(words, _BY_CHANCE)


def _is_spelt(words: Sequence[str], least: float) -> bool:
    """Whether words of small letters lie above so many bits a pair, or are too few to tell."""
    strange = [
        word
        for word in words
        if len(set(word)) >= min(len(word), _FEWEST_LETTERS) and not lexicon.known(word)
    ]
    letters = "".join(strange)
    pairs = len(letters) - len(strange)
    if pairs < _FEWEST_PAIRS or 2 * len(letters) < sum(map(len, words)):
        return True
    if len(set(letters)) < _FEWEST_KINDS:
        return True
    if _OF_LONG * sum(len(word) for word in strange if len(word) >= _LONG) < len(letters):
        return True
    # Where each word is one syllable, its consonants may be the marks of a tone.
    if len(strange) >= _FEWEST_SYLLABLES and all(len(_VOWELS.findall(word)) == 1 for word in words):
        return True
    return sum(map(language.bits, strange)) > least * pairs
