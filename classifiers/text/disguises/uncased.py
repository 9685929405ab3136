"""Scripts without capitals: what their words are drawn out with, pointed with and taken apart by.

Their signs are often whole words or syllables, and many set no spaces. So what stands between
single ones is taken out only where it is the same at least three times, and no mark of lists.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from classifiers.text.characters import INVISIBLE, SPELLING_MARKS, char_class

_TATWEEL: Final = "\u0640\u07fa"
"""Strokes that only draw a word out, in Arabic and N'Ko."""
_POINTS: Final = frozenset(
    char
    for low, high in ((0x591, 0x5C7), (0x610, 0x61A), (0x64B, 0x65F), (0x670, 0x670),
                      (0x6D6, 0x6ED), (0x8CA, 0x8FF))
    for char in map(chr, range(low, high + 1))
    if unicodedata.category(char) == "Mn" and char not in INVISIBLE
)  # fmt: skip
"""Vowels and marks of recitation, Hebrew and Arabic: most people write without."""
_LEFT_OUT: Final = _POINTS | frozenset(_TATWEEL)
_WITHOUT: Final = dict.fromkeys(map(ord, _LEFT_OUT))

_LETTERS: Final = (
    "\u05d0-\u074f\u0780-\u07ff\u0900-\u0eff\u1000-\u109f\u1200-\u137f\u1780-\u17ff"
    "\u3005-\u3007\u3041-\u318f\u3400-\u9fff\uac00-\ud7af"
)
"""Hebrew to Thai and Lao, Burmese, Ethiopic, Khmer, and the scripts of East Asia."""
_MAYBE: Final = re.compile(f"[{_LETTERS}]")
_MARK: Final = char_class(SPELLING_MARKS)
_JOINED_BELOW: Final = char_class(
    char for char in SPELLING_MARKS if unicodedata.combining(char) == 9
)
_LETTER: Final = rf"(?![\W\d_])[{_LETTERS}]"
_ONE: Final = rf"(?:{_LETTER}(?:{_JOINED_BELOW}{_LETTER})?{_MARK}{{0,4}})"
"""One sign as people see it: a letter, or two that have grown together, with its marks."""
_SIGN: Final = rf"[ \t]?(?:(?!{_MARK})[^\w\s]|_){{1,3}}[ \t]?"
_PARTED: Final = re.compile(rf"({_ONE})({_SIGN})(?:{_ONE}\2){{2,}}{_ONE}")
_BETWEEN: Final = re.compile(rf"({_ONE})({_SIGN})(?={_ONE})")
# Of Thai and Lao: elsewhere whole sentences are in words of one sign.
_ALONE: Final = rf"(?:(?![\W\d_])[\u0e01-\u0eff]{_MARK}{{0,4}})"
_SPACED: Final = re.compile(rf"(?<!\S){_ALONE}(?:[ \t]{_ALONE}){{4,}}(?!\S)")
_MAYBE_SPACED: Final = re.compile(rf"[ \t](?:{_ALONE}[ \t]){{3}}")
_OF_LISTS: Final = frozenset("、,;:/・+=—>→。!?།་፡()[]{}<>「」『』【】《》〈〉\"'“”‘’")
"""What stands between the parts of a list or of a sentence, also when each is one sign."""
_FEWEST: Final = 4
_FEWEST_KINDS: Final = 3
"""Different signs: a call or laughter repeats one or two."""


def unpointed(text: str) -> str:
    """Return the text without the points and strokes that Arabic and Hebrew need not write.

    >>> unpointed("مُحَمَّـــد"), unpointed("שָׁלוֹם")
    ('محمد', 'שלום')
    """
    return text if _LEFT_OUT.isdisjoint(text) else text.translate(_WITHOUT)


def joined(text: str) -> str:
    """Return the text with words joined that the same sign parts after each letter.

    >>> joined("加➕微➕信➕赚➕钱"), joined("แ.ท.ง.บ.อ.ล"), joined("무★료★카★지★노 가★입")
    ('加微信赚钱', 'แทงบอล', '무료카지노 가입')
    >>> joined("东、南、西、北"), joined("ジョン・スミス"), joined("一.二.三.四")
    ('东、南、西、北', 'ジョン・スミス', '一.二.三.四')
    """
    if not _MAYBE.search(text):
        return text
    signs: set[str] = set()

    def close_up(found: re.Match[str]) -> str:
        run, sign = found[0], found[2]
        if not _is_parted(run, sign) or (sign == "." and _is_abbreviation(found)):
            return run
        if not sign.isascii():
            signs.add(sign)
        return run.replace(sign, "")

    text = _PARTED.sub(close_up, text)
    if signs:
        # Once it parts letters in one word, it does so in shorter ones.
        text = _BETWEEN.sub(lambda found: found[1] if found[2] in signs else found[0], text)
    if _MAYBE_SPACED.search(text):
        text = _SPACED.sub(_without_spaces, text)
    return text


def _is_parted(run: str, sign: str) -> bool:
    """Whether these are the letters of a word, and not a list, a table or a row of calls."""
    shown = sign.strip()
    if not _OF_LISTS.isdisjoint(shown) or ".." in shown or (shown.isascii() and shown != sign):
        return False
    return _is_word(run.split(sign))


def _is_abbreviation(found: re.Match[str]) -> bool:
    """Whether the last sign begins the next word, and few stand before it."""
    after = found.string[found.end() : found.end() + 1]
    return after.isalpha() and found[0].count(".") < _FEWEST


def _without_spaces(found: re.Match[str]) -> str:
    signs = found[0].split()
    return "".join(signs) if _is_word(signs) else found[0]


def _is_word(signs: list[str]) -> bool:
    if len(set(signs)) < _FEWEST_KINDS:
        return False
    return not all(unicodedata.numeric(sign[0], None) is not None for sign in signs)
