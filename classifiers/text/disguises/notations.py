"""Characters as programs write them: U+0066, \\146, =66, %2566, 0x66, chr(102), base64.

A row of such codes is read where what all rows of a text spell is common words, as other codes
are; see `codes`. What programs, links and mails hold otherwise spells none, and stays.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable
from itertools import pairwise
from typing import Final

from classifiers.text.disguises.codes import believed, may_be_word, words_apart

_MOST: Final = 400
"""Codes in one row; a longer one is data."""
_UNIT: Final = (
    r"(?:(?:[Uu]\+|\\[uUxX]\{?|%[uU]|%25|0[xX])[0-9a-fA-F]{2,8}\}?"
    r"|\\[01][0-7]{2}|=[2-7][0-9A-F](?![0-9A-F]))"
)
_ROW: Final = re.compile(rf"{_UNIT}(?:[ ,;]{{0,2}}{_UNIT}){{2,{_MOST}}}")
_EACH: Final = re.compile(_UNIT)
_CODE: Final = re.compile("[0-9a-fA-F]{2,8}$")
_STARTS: Final = ("U+", "u+", "\\", "%u", "%U", "%25", "0x", "0X")
_MAYBE_EQUAL: Final = re.compile("=[2-7][0-9A-F]=[2-7]")
_MAYBE_CALL: Final = re.compile(r"\([ ]?[0-9]{2,3},[ ]?[0-9]{2,3},")
_CALL: Final = re.compile(
    r"(?i:[a-z_.]{0,40}cha?r[a-z_.]{0,40})"
    rf"\([ ]?([0-9]{{2,3}}(?:,[ ]?[0-9]{{2,3}}){{1,{_MOST}}})[ ]?\)"
)
"""A function of characters by their numbers: chr, fromCharCode, CHAR and the like."""
_NUMBERS: Final = re.compile("[0-9]+")
_WORD: Final = re.compile("[a-z]+")

# What is printable in ASCII begins each group of four with one of these.
_FIRST: Final = "[I-Za-f]"
_TAIL: Final = f"{_FIRST}(?:[A-Za-z0-9+/]{{2}}=|[QgwA]==)"
_GROUP: Final = f"{_FIRST}[A-Za-z0-9+/]{{3}}"
_BASE64: Final = re.compile(
    rf"(?<![\w+/=%.-])(?:(?:{_GROUP}){{1,512}}(?:{_TAIL})?|{_TAIL})(?![\w+/=%-])"
)
_MAYBE_BASE64: Final = re.compile(r"[A-Z](?<=[0-9a-z].)[0-9a-z+/]*(?:[A-Z]|=(?!\w))")
"""Few words have capitals within, and fewer two of them."""


def noted(text: str) -> str:
    """Return the text with rows of such codes as what they spell.

    >>> noted("U+0066 U+0072 U+0065 U+0065 \\\\155\\\\157\\\\156\\\\145\\\\171")
    'free money'
    >>> noted("String.fromCharCode(102,114,101,101) bW9uZXk="), noted("min(97,110,100) = 0x66")
    ('free money', 'min(97,110,100) = 0x66')
    """
    if any(map(text.__contains__, _STARTS)) or ("=" in text and _MAYBE_EQUAL.search(text)):
        text = _from_rows(text, _ROW, _of_units)
    if "(" in text and _MAYBE_CALL.search(text):
        text = _from_rows(text, _CALL, _of_numbers)
    if _MAYBE_BASE64.search(text):
        likely = " ".join(filter(_MAYBE_BASE64.search, text.split()))
        if _from_rows(likely, _BASE64, _of_base64) != likely:
            text = _from_rows(text, _BASE64, _of_base64)
    return text


def _from_rows(text: str, pattern: re.Pattern[str], spell: Callable[[str], str]) -> str:
    rows = dict.fromkeys(found[0] for found in pattern.finditer(text))
    spelt = {row: letters for row in rows if (letters := spell(row))}
    # Lines of a file that is sent in base64 are no words one by one.
    if 2 * len(spelt) < sum(not row[1:].islower() for row in rows):
        return text
    words = [word for letters in spelt.values() for word in _WORD.findall(letters.lower())]
    if not words or not believed(words):
        return text
    read = {row: words_apart(letters) for row, letters in spelt.items()}
    return pattern.sub(lambda found: read.get(found[0], found[0]), text)


def _of_units(row: str) -> str:
    words = [[_number(unit) for unit in _EACH.findall(part)] for part in row.split()]
    spelt = _characters(words[0])
    for before, word in pairwise(words):
        # Between codes that stand by themselves blanks say nothing of words.
        spelt += ("" if len(before) == len(word) == 1 else " ") + _characters(word)
    return spelt if len(spelt.replace(" ", "")) == sum(map(len, words)) else ""


def _number(unit: str) -> int:
    if unit[0] == "\\" and unit[1].isdigit():
        return int(unit[1:], 8)
    unit = unit.removeprefix("%25").rstrip("}")
    found = _CODE.search(unit[2:] if unit[:2] in ("0x", "0X") else unit)
    return int(found[0], 16) if found else 0


def _of_numbers(row: str) -> str:
    return _characters(list(map(int, _NUMBERS.findall(row))))


def _characters(numbers: list[int]) -> str:
    """What they spell, if it is nothing that cannot be shown."""
    return "".join(map(chr, numbers)) if all(0x20 <= one < 0x7F for one in numbers) else ""


def _of_base64(row: str) -> str:
    try:
        text = base64.b64decode(row, validate=True).decode("ascii")
    except (binascii.Error, ValueError):
        return ""
    words = _WORD.findall(text.lower())
    # Any word of four letters is one in base64.
    return text if words and text.isprintable() and all(map(may_be_word, words)) else ""
