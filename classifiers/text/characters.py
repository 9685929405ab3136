"""Facts about single characters, taken from Unicode's own tables once, at import.

Scripts are named as in Unicode's Scripts.txt, in capitals ("LATIN", "HAN"); a character
without a script of its own is "COMMON", a combining mark "INHERITED".
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Iterable
from functools import lru_cache
from typing import Final

from confusable_homoglyphs.utils import load

MEMORY: Final = 16
"""Texts that each reading of them remembers: the families ask for the same one after another.
Few, as a text may have a hundred thousand characters."""

# Everything assigned below the supplementary ideographs, and the tags: a loop over all
# 1.1 million code points would cost each process 50 ms at import and find nothing more.
_ASSIGNED = (*range(0x20000), *range(0xE0000, 0xE1000))


def char_class(chars: Iterable[str]) -> str:
    """Return a regular expression's class of these characters, as few ranges as possible.

    >>> char_class("abcx")
    '[\\\\U00000061-\\\\U00000063\\\\U00000078-\\\\U00000078]'
    """
    ranges: list[list[int]] = []
    for code in sorted(map(ord, set(chars))):
        if ranges and code == ranges[-1][1] + 1:
            ranges[-1][1] = code
        else:
            ranges.append([code, code])
    return "[" + "".join(f"\\U{low:08x}-\\U{high:08x}" for low, high in ranges) + "]"


def _script_ranges() -> tuple[list[int], list[int], list[str]]:
    data = load("categories.json")
    names = data["iso_15924_aliases"]
    rows = sorted((low, high, names[script]) for low, high, script, _ in data["code_points_ranges"])
    return [r[0] for r in rows], [r[1] for r in rows], [r[2] for r in rows]


_LOWS, _HIGHS, _SCRIPTS = _script_ranges()


class _Scripts(dict[str, str]):
    """A memory of scripts that fills itself; its size is bounded by Unicode's."""

    def __missing__(self, char: str) -> str:
        place = bisect_right(_LOWS, ord(char)) - 1
        inside = place >= 0 and ord(char) <= _HIGHS[place]
        script = self[char] = _SCRIPTS[place] if inside else "UNKNOWN"
        return script


_script_of = _Scripts().__getitem__
_NO_SCRIPT = frozenset(("COMMON", "INHERITED", "UNKNOWN"))


def script_of(char: str) -> str:
    """Return the script of one character; "UNKNOWN" where Unicode names none.

    >>> script_of("д")
    'CYRILLIC'
    """
    return _script_of(char)


@lru_cache(maxsize=MEMORY)
def scripts_of(text: str) -> frozenset[str]:
    """Return the scripts that occur in a text, without COMMON, INHERITED and UNKNOWN."""
    return frozenset(map(_script_of, set(text))) - _NO_SCRIPT


LIVING: Final = frozenset(
    (
        *("LATIN", "CYRILLIC", "GREEK", "ARMENIAN", "GEORGIAN", "HEBREW", "ARABIC", "SYRIAC"),
        *("THAANA", "DEVANAGARI", "BENGALI", "GURMUKHI", "GUJARATI", "ORIYA", "TAMIL", "TELUGU"),
        *("KANNADA", "MALAYALAM", "SINHALA", "THAI", "LAO", "TIBETAN", "MYANMAR", "KHMER"),
        *("MONGOLIAN", "ETHIOPIC", "HAN", "HIRAGANA", "KATAKANA", "HANGUL", "BOPOMOFO", "YI"),
        *("COMMON", "INHERITED", "UNKNOWN"),
    )
)
"""Scripts that people write honestly and in which no sign is taken for a Latin letter by itself."""

# Arabic number signs and their kin are format characters with a shape of their own.
_VISIBLE_FORMAT = frozenset(
    "\u0600\u0601\u0602\u0603\u0604\u0605\u06dd\u070f\u0890\u0891\u08e2\U000110bd\U000110cd"
)
# Default_Ignorable_Code_Point (DerivedCoreProperties.txt) beyond the category Cf.
_IGNORABLE = frozenset(
    map(
        chr,
        (
            *(0x34F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x3164, 0xFFA0),
            *range(0x180B, 0x1810),
            *range(0xFE00, 0xFE10),
            *range(0xE0000, 0xE1000),
        ),
    )
)


def repeats(text: str, times: int) -> bool:
    """Whether some character stands so often in a row, faster than a pattern tells.

    >>> repeats("freee 💰💰💰", 3), repeats("freee 💰💰💰", 4)
    (True, False)
    """
    plain = text.isascii()
    codes = text.encode() if plain else text.encode("utf-32-le", "surrogatepass")
    width = 1 if plain else 4
    # Each character against the next, all at once: the same again leaves zeros.
    number = int.from_bytes(codes, "little")
    against = (number ^ (number >> 8 * width)).to_bytes(len(codes), "little")
    return bytes(width * (times - 1)) in against


def _is_invisible(char: str) -> bool:
    category = unicodedata.category(char)
    if category == "Cf":
        return char not in _VISIBLE_FORMAT
    return category == "Cs" or (category == "Cc" and not char.isspace())


INVISIBLE = frozenset(filter(_is_invisible, map(chr, _ASSIGNED))) | _IGNORABLE
"""Characters without a shape: format and bidi controls, fillers, selectors, tags, surrogates."""

BLANK = frozenset("\u2800")
"""Characters that show nothing but space although Unicode calls them symbols."""

THIN = BLANK | frozenset(map(chr, (*range(0x2000, 0x200B), 0x205F)))
"""Blanks that nobody sets between all words, as there is no key for them."""

BIDI_CONTROLS = frozenset(
    "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
)
JOINERS = frozenset("\u200c\u200d")
SOFT_HYPHEN = "\u00ad"
VARIATION_SELECTORS = frozenset(
    map(chr, (*range(0x180B, 0x180E), *range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0)))
)
TAGS = frozenset(map(chr, range(0xE0000, 0xE0080)))

_JOINING_SCRIPTS = """
    ARABIC SYRIAC MONGOLIAN NKO MANDAIC DEVANAGARI BENGALI GURMUKHI GUJARATI ORIYA TAMIL
    TELUGU KANNADA MALAYALAM SINHALA KHMER MYANMAR TIBETAN JAVANESE BALINESE ADLAM
"""
JOINING_LETTERS = frozenset(
    char
    for low, high, script in zip(_LOWS, _HIGHS, _SCRIPTS, strict=True)
    if script in _JOINING_SCRIPTS.split()
    for char in map(chr, range(low, high + 1))
    if unicodedata.category(char)[0] in "LM"
)
"""Letters and signs of the scripts in which a joiner changes the spelling."""

STACKING_MARKS = frozenset(
    char
    for low, high in ((0x300, 0x36F), (0x1AB0, 0x1AFF), (0x1DC0, 0x1DFF), (0xFE20, 0xFE2F))
    for char in map(chr, range(low, high + 1))
    if unicodedata.combining(char)
)
"""Marks of no script in particular, the ones that are piled upon any letter."""

LETTERS_ON_TOP = {
    char: named[1].lower()
    for char in STACKING_MARKS
    if (named := re.fullmatch(r"COMBINING LATIN SMALL LETTER ([A-Z])", unicodedata.name(char, "")))
}
"""Marks that are letters, written above another one."""

OVERLAYS = frozenset(
    char
    for char in map(chr, (*range(0x334, 0x339), *range(0x488, 0x48A), *range(0x20D0, 0x20F1)))
    if unicodedata.category(char)[0] == "M"
)
"""Strokes and frames drawn over letters; no spelling needs one that has not composed."""

SPELLING_MARKS = frozenset(
    char for char in map(chr, range(0x0483, 0xFB1F)) if unicodedata.category(char)[0] == "M"
) - (STACKING_MARKS | OVERLAYS | INVISIBLE)
"""Vowel signs, points and tones of single scripts: parts of a letter, though none themselves."""

KEYCAP = "\u20e3"
"""The frame of the emoji that are keys of a telephone."""

REORDERED = frozenset(
    char
    for char in map(chr, _ASSIGNED)
    if unicodedata.combining(char)
    or (
        unicodedata.decomposition(char)
        and unicodedata.category(char)[0] in "LM"
        and unicodedata.combining(unicodedata.normalize("NFKD", char)[0])
    )
)
"""Characters that normalisation sorts: a long run of them costs it quadratic time."""


def _plain_letter(char: str) -> str:
    """The Latin letter that a styled one is named after, where NFKC does not know it."""
    named = re.fullmatch(
        r"LATIN LETTER SMALL CAPITAL ([A-Z])"
        r"|(?:CROSSED )?NEGATIVE (?:CIRCLED|SQUARED) LATIN CAPITAL LETTER ([A-Z])"
        r"|PARENTHESIZED LATIN (?:SMALL|CAPITAL) LETTER ([A-Z])",
        unicodedata.name(char, ""),
    )
    return (named[1] or named[2] or named[3]).lower() if named else ""


_NAMED = {
    char: plain
    for low, high in ((0x250, 0x2C0), (0x1D00, 0x1E00), (0x2400, 0x2500), (0xA720, 0xA800))
    for char in map(chr, range(low, high))
    if (plain := _plain_letter(char))
} | {char: plain for char in map(chr, range(0x1F100, 0x1F200)) if (plain := _plain_letter(char))}
# A few small capitals have capitals of their own.
STYLED = _NAMED | {char.upper(): plain for char, plain in _NAMED.items() if len(char.upper()) == 1}
"""Styled Latin letters that compatibility decomposition leaves alone -> the plain letter."""

REGIONAL_INDICATORS = {chr(0x1F1E6 + place): chr(0x61 + place) for place in range(26)}
"""Two of them make a flag; one alone is a letter in a box."""

LETTER_SIGNS = frozenset(
    char
    for char in map(chr, _ASSIGNED)
    if unicodedata.category(char) == "So"
    and (
        char in STYLED
        or char in REGIONAL_INDICATORS
        or unicodedata.normalize("NFKC", char).strip("()").isalnum()
    )
)
"""Symbols that show one letter or figure: in a circle, a square, brackets."""
