"""Latin letters with marks: those of an orthography stay, those of a disguise come off.

No orthography uses every mark. The national alphabets are read from Python's own character
sets, which were drawn up country by country; a text whose marked letters fit into none of
them is not spelt, but decorated.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from functools import cache
from typing import Final

from confusable_homoglyphs.utils import load

from classifiers.text.characters import STACKING_MARKS, char_class, script_of

_CHARSETS: Final = (
    *("cp1252", "iso8859_2", "iso8859_3", "iso8859_4", "iso8859_9", "iso8859_10", "cp1257"),
    *("iso8859_14", "iso8859_16", "gb2312"),
)
_TONES: Final = "\u0300\u0301\u0303\u0309\u0323"
_TONE_BASES: Final = {
    "vietnamese": ("aăâeêioôơuưy", _TONES, "đ"),
    "west african": ("aeiounmẹọịụɛɔ", "\u0300\u0301\u0304\u0302\u030c\u0303", "ẹọịụṣṅɛɔŋɖƒɣɓɗƙƴ"),
    "transliterated": ("aeiou", "\u0304\u0301", "ṭḍṇṣśḥṃñṅẓġṛḷṁčšžḫʾʿ"),
}
"""Alphabets without a character set: bases, the marks they take, further letters."""

_NAMED: Final = re.compile(
    r"LATIN (?:SMALL|CAPITAL|LETTER SMALL CAPITAL) (?:LETTER )?"
    r"(?:(?:TURNED|REVERSED|INVERTED|SIDEWAYS|DOTLESS|LONG|SCRIPT|OPEN|INSULAR|BARRED) )*"
    r"([A-Z])(?: WITH .+| ROTUNDA)?"
)
FEWEST: Final = 2
"""Marked letters outside every alphabet: fewer are a name from elsewhere."""
_OUTSIDE: Final = 0.2
_DENSE: Final = ((16, 0.4), (6, 0.65))
"""Letters, and the share of marked ones among so many that only languages with tones exceed."""
_TONAL: Final = frozenset(("vietnamese", "west african", "gb2312"))
_UNIT: Final = re.compile(rf"[^\W\d_]{char_class(STACKING_MARKS)}*")


def _letters(charset: str) -> frozenset[str]:
    """The letters of a character set that are not ASCII, small, composed."""
    found = set()
    for first in range(0x80, 0x100):
        seconds = range(0xA1, 0xFF) if charset == "gb2312" else (None,)
        for second in seconds:
            code = bytes([first] if second is None else [first, second])
            try:
                char = code.decode(charset)
            except UnicodeDecodeError:
                continue
            if char.isalpha() and script_of(char) == "LATIN":
                found.add(char.lower())
    return frozenset(found)


@cache
def _alphabets() -> dict[str, frozenset[str]]:
    alphabets = {charset: _letters(charset) for charset in _CHARSETS}
    for name, (bases, marks, more) in _TONE_BASES.items():
        toned = {unicodedata.normalize("NFC", base + mark) for base in bases for mark in marks}
        alphabets[name] = frozenset(toned) | frozenset(bases) | frozenset(more)
    return alphabets


@cache
def _alike() -> dict[str, str]:
    """Latin letter -> the ASCII letter that Unicode's table of confusables sets beside it."""
    found: dict[str, str] = {}
    for char, others in load("confusables.json").items():
        if len(char) == 1 and not char.isascii() and script_of(char) == "LATIN":
            plain = [one["c"] for one in others if len(one["c"]) == 1 and one["c"].isascii()]
            letters = sorted(one for one in plain if one.isalpha())
            if letters:
                found[char] = letters[-1].lower()
    return found


@cache
def plain(letter: str) -> str:
    """Return the ASCII letter under a Latin one with marks; the letter itself if there is none.

    >>> plain("é"), plain("ø"), plain("ɟ"), plain("ж")
    ('e', 'o', 'j', 'ж')
    """
    base = unicodedata.normalize("NFD", letter)[0]
    if base.isascii():
        return base
    named = _NAMED.fullmatch(unicodedata.name(base, ""))
    if named:
        return named[1] if base.isupper() else named[1].lower()
    return _alike().get(base, letter)


def undecorated(text: str) -> str:
    """Return the text, composed before, without the marks on Latin letters if they spell nothing.

    >>> undecorated("f̊r̊éẽ ṁöñëÿ"), undecorated("très âgé")
    ('free money', 'très âgé')
    """
    if not any(map(_may_decorate, set(text))):
        return text
    counts = Counter(_UNIT.findall(text))
    marked = Counter[str]()
    letters = 0
    for unit, count in counts.items():
        if script_of(unit[0]) == "LATIN":
            letters += count
            if not unit.isascii():
                marked[unit] += count
    if marked and _is_decoration(marked, letters):
        exchanged = {unit: plain(unit) for unit in marked}
        return _UNIT.sub(lambda found: exchanged.get(found[0], found[0]), text)
    return text


def _may_decorate(char: str) -> bool:
    return char > "\x7f" and (script_of(char) == "LATIN" or char in STACKING_MARKS)


def _is_decoration(marked: Counter[str], letters: int) -> bool:
    total = sum(marked.values())
    if total < FEWEST:
        return False
    small = Counter[str]()
    for unit, count in marked.items():
        small[unit.lower()] += count
    fits = {
        name: sum(count for unit, count in small.items() if unit in alphabet)
        for name, alphabet in _alphabets().items()
    }
    most = max(fits.values())
    outside = total - most
    if outside >= FEWEST and outside > _OUTSIDE * total:
        return True
    best = {name for name, fit in fits.items() if fit == most}
    return not best & _TONAL and any(
        letters >= fewest and total > share * letters for fewest, share in _DENSE
    )
