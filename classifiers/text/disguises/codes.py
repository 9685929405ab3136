"""Letters written as codes that anybody can look up: places in the alphabet, Morse, characters.

Whoever writes so hides words from programs and not from people. What the codes spell is
believed only where it gives common English words that save more bits than they and the choice
of a code take to tell (minimum description length); dates, scores, tables and rows of dots spell
nothing, and stay.
"""

from __future__ import annotations

import re
import string
from collections.abc import Iterable, Mapping
from functools import partial
from math import log2
from typing import Final

from classifiers.text import language, lexicon
from classifiers.text.disguises.parting import parted

_ASCII: Final = string.ascii_lowercase
_SAVED: Final = 8.0
"""Bits that a reading must save: by chance one text in 2 ** 8 of those with such rows would."""
_TELLING: Final = 4
"""Letters; dates spell shorter words by chance."""
_MOST: Final = 400
"""Letters in one row; a longer one is data."""
_FEWEST_SHORT: Final = 3
_SHORTEST: Final = 3
"""Letters of a word that is no common one, and is read beside those that are."""

_DASHES: Final = "\u2010\u2011\u2012\u2013\u2014\u2212_-"
_DOTS: Final = ".\u00b7\u2022\u2219\u22c5\u2981\u30fb"
_UNIT: Final = f"[{_DOTS}{_DASHES}]{{1,6}}"
_GAP: Final = r"(?:[ \t]*[/|\n][ \t]*|[ \t]+)"
_MORSE: Final = re.compile(
    rf"(?<![^\s/|]){_UNIT}(?:{_GAP}{_UNIT}(?![^\s/|])){{2,{_MOST}}}(?:[ \t]*[/|](?!\S))?"
)
_MAYBE_MORSE: Final = {
    plain: re.compile(rf"{sign}{sign}{{0,5}}+(?:{_GAP}{sign}{{1,6}}){{3}}(?![^\s/|])")
    for plain, sign in ((True, "[._-]"), (False, f"[{_DOTS}{_DASHES}]"))
}
"""By whether the text is ASCII, for which a small set is searched faster."""
_BETWEEN_WORDS: Final = re.compile(r"[ \t]*[/|\n][ \t]*|[ \t]{2,}")
_TO_SIGNS: Final = str.maketrans(dict.fromkeys(_DASHES, "-") | dict.fromkeys(_DOTS, "."))
_ROW: Final = (
    ".- -... -.-. -.. . ..-. --. .... .. .--- -.- .-.. -- -. --- .--. --.- .-. ... - ..- ...- "
    ".-- -..- -.-- --.. ----- .---- ..--- ...-- ....- ..... -.... --... ---.. ----."
)
_LETTERS: Final = dict(zip(_ROW.split(), _ASCII + string.digits, strict=True))

_MAYBE_PLACES: Final = re.compile(r"\d([-._:,*+/ ]|, )\d{1,2}\1\d")
_PLACES: Final = re.compile(
    rf"\d(?<![\w$€£._:,*+/-].)\d?(?P<sign>[-._:,*+/])\d{{1,2}}(?:(?P=sign)\d{{1,2}}){{0,{_MOST}}}"
    r"(?![\w%]|(?P=sign)\d)"
)
_SPACED_PLACES: Final = re.compile(
    rf"\d(?<![\w.,:$€£+-].)\d?(?:(?: |, )\d{{1,2}}(?![\w%:/-]|[.,]\d)){{3,{_MOST}}}"
)
_ALPHABETS: Final = (_ASCII, _ASCII[::-1], f"{_ASCII[1:]}a")
"""What 1 to 26 stand for: the alphabet, from its end, or from nought on (where z is missed)."""

_CODED: Final = re.compile(
    rf"(?<![\w.,:+-])(?:"
    rf"[01]{{7,8}}(?:[ ,-]{{1,2}}[01]{{7,8}}){{2,{_MOST}}}|(?:[01]{{8}}){{4,{_MOST}}}"
    rf"|(?:0x)?[0-9a-fA-F]{{2}}(?:[ ,:-]{{1,2}}(?:0x)?[0-9a-fA-F]{{2}}){{2,{_MOST}}}"
    rf"|[0-9]{{2,3}}(?:[ ,-]{{1,2}}[0-9]{{2,3}}){{2,{_MOST}}}"
    rf"|(?:[2-7][0-9a-fA-F]){{8,{_MOST}}}"
    r")(?![\w%])"
)
# What spells anything begins each code with a figure; a look that begins so is searched fast.
_MAYBE_CODED: Final = re.compile(
    r"[0-9](?:[0-9a-fA-F][0-9]?(?:[ ,:-]{1,2}(?:0x)?[0-9][0-9a-fA-F][0-9]?){2}"
    r"|[01]{6}(?<=[01]{7})|(?<=[2-7])[0-9a-fA-F](?:[2-7][0-9a-fA-F]){7})"
)
_CODES: Final = re.compile(r"[0-9a-fA-F]+(?!x)")
_FEW_NUMBERS: Final = re.compile(r"[0-9]{2}(?:[ ,-]{1,2}[0-9]{2}){2,3}")
"""Of these some spell a word by chance."""
_LATIN: Final = re.compile("[A-Za-z]+")
_NUMBER: Final = re.compile(r"\d+")
"""Of any script; so `int` reads them."""
_WORD: Final = re.compile("[a-z]+")


def decoded(text: str) -> str:
    """Return the text with rows of such codes as the letters that they stand for.

    >>> decoded("19-21-2-19-3-18-9-2-5 to my 3-8-1-14-14-5-12, from 12-11-10 to 1-5-11")
    'subscribe to my channel, from 12-11-10 to 1-5-11'
    >>> decoded("... . -. -.. / -- --- -. . -.-- now"), decoded("wait . . . . or - - - -")
    ('send money now', 'wait . . . . or - - - -')
    """
    if _MAYBE_MORSE[text.isascii()].search(text):
        text = _from_morse(text)
    if _MAYBE_CODED.search(text):
        text = _from_codes(text)
    if _MAYBE_PLACES.search(text):
        text = _from_places(text, _PLACES)
        text = _from_places(text, _SPACED_PLACES)
    return text


def _from_morse(text: str) -> str:
    """The text with its rows of points and dashes as letters, if those are words."""
    spelt = {found[0]: _words_of(found[0]) for found in _MORSE.finditer(text)}
    if not believed(word for words in spelt.values() for word in words):
        return text
    read = {row: " ".join(map(apart, words)) for row, words in spelt.items()}
    return _MORSE.sub(partial(_read_from, read), text)


def _words_of(row: str) -> list[str]:
    """The words of one row in Morse; without full stops, that would be an e each."""
    rows = _BETWEEN_WORDS.split(row.translate(_TO_SIGNS).strip(" \t/|\n"))
    words = [
        row
        if set(units := row.split()) - _LETTERS.keys()
        else "".join(map(_LETTERS.__getitem__, units))
        for row in rows
    ]
    return [word.rstrip("e") if lexicon.known(word.rstrip("e")) else word for word in words]


def _from_codes(text: str) -> str:
    """The text with its codes of characters as what they spell, if those are words."""
    rows = dict.fromkeys(found[0] for found in _CODED.finditer(text))
    spelt = {row: letters for row in rows if (letters := _spelt(row))}
    telling = (letters for row, letters in spelt.items() if not _FEW_NUMBERS.fullmatch(row))
    if not believed(word for letters in telling for word in _WORD.findall(letters.lower())):
        return text
    read = {row: words_apart(letters) for row, letters in spelt.items()}
    return _CODED.sub(lambda found: read.get(found[0], found[0]), text)


def _spelt(row: str) -> str:
    """What the codes of characters spell, if it is words and nothing that cannot be shown."""
    codes, bases = _CODES.findall(row), [10]
    if set(row) <= set("01 ,-"):
        bases = [2]
        if len(codes) == 1:
            codes = re.findall("[01]{8}", codes[0])
    elif len(codes) == 1 or any(not code.isdigit() or len(code) == 2 for code in codes):
        if len(codes) == 1:
            codes = re.findall("..", codes[0])
        bases = [16, 10] if all(map(str.isdigit, codes)) else [16]
    for base in bases:
        numbers = [int(code, base) for code in codes]
        if all(0x20 <= number < 0x7F or number in (9, 10, 13) for number in numbers):
            letters = "".join(map(chr, numbers))
            words = list(map(apart, _WORD.findall(letters.lower())))
            if 2 * sum(" " in word or may_be_word(word) for word in words) > len(words):
                return letters
    return ""


def words_apart(letters: str) -> str:
    """With spaces between words that were written as one."""

    def parts(found: re.Match[str]) -> str:
        several = apart(found[0].lower())
        return several if " " in several else found[0]

    return _LATIN.sub(parts, letters)


def _from_places(text: str, pattern: re.Pattern[str]) -> str:
    """The text with its numbers from 1 to 26 as letters, if those are words."""
    rows = {found[0]: list(map(int, _NUMBER.findall(found[0]))) for found in pattern.finditer(text)}
    rows = {row: numbers for row, numbers in rows.items() if 0 < min(numbers) <= max(numbers) <= 26}
    for choice, letters in enumerate(_ALPHABETS if rows else ()):
        spelt = {row: "".join(letters[place - 1] for place in rows[row]) for row in rows}
        if read := readings(spelt, choices=1 + 2 * choice, telling=_TELLING):
            return pattern.sub(partial(_read_from, read), text)
    return text


def readings(spelt: Mapping[str, str], *, choices: int = 1, telling: int = 1) -> dict[str, str]:
    """What rows of a code read as that spell these letters; empty if it is not believed."""
    if not believed(spelt.values(), choices=choices, telling=telling):
        return {}
    return {row: apart(word) for row, word in spelt.items() if may_be_word(word)}


def _read_from(read: Mapping[str, str], found: re.Match[str]) -> str:
    return read.get(found[0], found[0])


def may_be_word(word: str) -> bool:
    """Whether it is a common word, or spelt as some language spells."""
    return lexicon.known(word) or (len(word) >= _SHORTEST and language.bits(word) > 0.0)


def apart(word: str) -> str:
    """The common words that a row of letters is, between spaces; itself if it is none."""
    return word if lexicon.known(word) else parted(word, coded=True) or word


def believed(words: Iterable[str], *, choices: int = 1, telling: int = 1) -> str:
    """The words, if those of `telling` letters save enough, and most do; else empty."""
    read = list(map(apart, words))
    parts = {part for apart in read for part in apart.split()}
    saved = {part: _saved(part) for part in parts}
    enough = sum(bits for part, bits in saved.items() if len(part) >= telling)
    if enough - log2(choices) < _SAVED and sum(saved.values()) < _FEWEST_SHORT * _SAVED:
        return ""
    if 2 * sum(bits > 0.0 for bits in saved.values()) < len(parts):
        return ""
    return " ".join(read)


def _saved(word: str) -> float:
    if lexicon.known(word):
        return lexicon.bits(word)
    return language.bits(word) if len(set(word)) >= _TELLING and word.isalpha() else -1.0
