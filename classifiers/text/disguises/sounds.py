"""Which Latin letters a sign of another alphabet stands for: by its sound, or on a keyboard.

An alphabet's letters are mostly named by a word that begins with their sound (BETA, GIMEL,
FEHU), in some alphabets the consonants by a vowel before it (EL, ER): Unicode's names tell. What
they do not tell, and how English writes a sound, is said by hand.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache, lru_cache
from typing import Final

_NAMED: Final = re.compile(
    r"(?P<script>[A-Z]+(?: ITALIC)?) (?:(?:SMALL|CAPITAL|FINAL) )*LETTER "
    r"(?:(?:FINAL|SHORT|LONG) )*(?P<name>[A-Z-]+).*"
)
_ACROPHONIC: Final = frozenset(
    (
        *("GREEK", "COPTIC", "ARMENIAN", "GEORGIAN", "HEBREW", "GOTHIC", "RUNIC", "OGHAM"),
        *("GLAGOLITIC", "PHOENICIAN"),
    )
)
_VOWEL_BEFORE: Final = frozenset(("CYRILLIC", "DESERET", "OLD ITALIC"))
_BEHIND: Final = re.compile(r"E(SH|TH|[FLMNRSX])")
_FIRST: Final = re.compile(r"(SHCH|DZ|SH|ZH|CH|TH|PH|KH|GH|TS|PS|NG|DJ|[A-Z])")
_BY_HAND: Final = {
    "BETA": "b v",
    "ETA": "i e h",
    "UPSILON": "u y",
    "OMEGA": "o w",
    "XI": "x ks",
    "CHI": "ch h x k",
    "HA": "h kh x",
    "YERU": "y i",
    "YERI": "y i",
    "BYELORUSSIAN-UKRAINIAN": "i",
    "IO": "yo o e",
    "IE": "e ye i",
    "YU": "u yu ew",
    "YA": "ya a ia",
    "TSE": "c ts z",
    "LAMDA": "l",
    "ALEF": "a",
    "AYIN": "a e",
    "VAV": "v w u o",
    "BARRED": "o",
    "STRAIGHT": "u",
}
"""Name: what it may be in English, the likeliest first."""
_IN_ENGLISH: Final = {
    "k": "k c q x ck",
    "v": "v w",
    "u": "u w oo",
    "i": "i y e ee",
    "y": "y i j",
    "j": "j g y",
    "f": "f ph",
    "s": "s c",
    "z": "z s",
    "g": "g",
    "zh": "j g zh",
    "h": "h",
    "e": "e a",
    "a": "a u",
    "o": "o a",
    "kh": "h kh",
    "ph": "f ph p",
    "th": "th t",
    "gh": "g gh",
    "dz": "z s",
    "q": "q k c",
    "c": "c ts",
    "x": "x h",
    "shch": "sh",
}
_BRAILLE: Final = dict(zip("⠁⠃⠉⠙⠑⠋⠛⠓⠊⠚⠅⠇⠍⠝⠕⠏⠟⠗⠎⠞⠥⠧⠺⠭⠽⠵", "abcdefghijklmnopqrstuvwxyz", strict=True))
_KEYS: Final = "qwertyuiop[]asdfghjkl;'zxcvbnm,."
_LAYOUTS: Final = (
    "йцукенгшщзхъфывапролджэячсмитьбю",
    "йцукенгшщзхїфівапролджєячсмитьбю",
    ";ςερτυθιοπ[]ασδφγηξκλ;'ζχψωβνμ,.",
    "/'קראטוןםפ][שדגכעיחלךף,זסבהנמצתץ",
    "қңукенгшщзхъфывапролджэячсмитьбю",
)
"""What stands on the keys of _KEYS: Russian, Ukrainian, Greek, Hebrew, Kazakh."""


@lru_cache(maxsize=2_048)
def sounds(char: str) -> tuple[str, ...]:
    """The letters that a sign stands for, the likeliest first; empty where none is known.

    >>> sounds("ж"), sounds("λ"), sounds("ᛗ"), sounds("⠓"), sounds("ь"), sounds("天")
    (('j', 'g', 'zh'), ('l',), ('m',), ('h',), ('',), ())
    """
    if char in _BRAILLE:
        return (_BRAILLE[char],)
    if char in "ьъ":
        return ("",)
    found = _NAMED.fullmatch(unicodedata.name(char, ""))
    if not found:
        base = unicodedata.normalize("NFD", char)[0]
        return sounds(base) if base != char else ()
    script, name = found["script"], found["name"]
    if script not in _ACROPHONIC and script not in _VOWEL_BEFORE:
        return ()
    if name in _BY_HAND:
        return tuple(_BY_HAND[name].split())
    behind = _BEHIND.match(name) if script in _VOWEL_BEFORE else None
    heard = behind or _FIRST.match(name)
    if heard is None:
        return ()
    first = heard[1].lower()
    return tuple(_IN_ENGLISH.get(first, first).split())


@cache
def layouts() -> tuple[dict[str, str], ...]:
    """What each sign of other keyboards is on an English one; letters alone."""
    return tuple(
        {
            sign: key
            for sign, key in zip(layout, _KEYS, strict=True)
            if key.isalpha() and not sign.isascii()
        }
        for layout in _LAYOUTS
    )
