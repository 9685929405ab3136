"""One strange word, read in all ways at once.

Who writes figures for letters also draws letters out, and puts signs between them. So every sign
of a word has the letters that it may stand for, a sign said several times may stand for one
letter or two, and the sign that stands between the others is passed over. Of all that the word
may then be, the commonest English word is taken; if it may be none, it stays as it is.
"""

from __future__ import annotations

import re
import string
from collections import Counter
from functools import lru_cache
from itertools import groupby
from typing import Final

from classifiers.text import lexicon
from classifiers.text.characters import STACKING_MARKS, script_of
from classifiers.text.disguises.likenesses import likenesses

FIGURES: Final = {
    "0": "o",
    "1": "il",
    "3": "e",
    "4": "a",
    "5": "s",
    "6": "gb",
    "7": "t",
    "8": "b",
    "9": "g",
    "@": "a",
    "$": "s",
    "!": "il",
    "|": "il",
    "€": "e",
    "£": "l",
    "+": "t",
    "(": "c",
    "¢": "c",
}
_AFTER: Final = ".,!?:;)]}\"'…"
_BEFORE: Final = "([{\"'"
_LETTERS: Final = frozenset(string.ascii_lowercase)
_LONGEST: Final = 120
"""Characters; what is longer is no word, however it is drawn out."""
_FEWEST: Final = 3
_DRAWN: Final = re.compile(r"(.)\1\1", re.DOTALL)
_REMEMBERED: Final = 4_096


@lru_cache(maxsize=_REMEMBERED)
def read(token: str) -> str:
    """The token, in small letters, with the common word that it is; empty if it is none.

    A word of letters of one other alphabet is none.

    >>> read("c✨h✨4✨nn✨3✨1!"), read("ccchhh@nnn31"), read("mother-in-law"), read("10.11.16")
    ('channel!', 'channel', '', '')
    >>> read("жжж-аа-кк")
    ''
    """
    core = token.rstrip(_AFTER).lstrip(_BEFORE)
    if len(core) < _FEWEST or len(core) > _LONGEST or "://" in core:
        return ""
    between = _between(core)
    signs = core.replace(between, "") if between else core
    letters = sum(char in _LETTERS or not char.isascii() for char in signs)
    if 3 * letters < len(signs) or not (between or _DRAWN.search(core) or not core.isascii()):
        return ""
    if not (between or core.isascii() or _is_mixed(signs)):
        return ""
    runs = [
        (char, len(list(run)) > 1) for char, run in groupby(signs) if char not in STACKING_MARKS
    ]
    if len(runs) < _FEWEST:
        return ""
    options = [(_looks(char), twice) for char, twice in runs]
    meant = lexicon.spelt(options) if all(choices for choices, _ in options) else ""
    return token.replace(core, meant, 1) if len(meant) >= _FEWEST else ""


def _between(core: str) -> str:
    """The sign that stands between letters, at least twice and not only between words."""
    counts = Counter(
        char for char in core if not (char.isalnum() or char in STACKING_MARKS or _is_letter(char))
    )
    if not counts:
        return ""
    sign, count = counts.most_common(1)[0]
    parts = core.split(sign)
    if count < 2 or (len(counts) > 1 and sign in FIGURES and 2 * count < len(core) - 1):
        return ""
    if sign in FIGURES and max(map(len, parts)) > 2:
        return ""
    ranks = lexicon.ranks()
    return "" if all(len(part) > 1 and part in ranks for part in parts) else sign


def _is_letter(char: str) -> bool:
    """Whether a sign is or shows a letter, though Unicode may call it a symbol."""
    return char.isalpha() or (not char.isascii() and bool(_looks(char)))


def _is_mixed(signs: str) -> bool:
    return len({script_of(char) for char in signs if _is_letter(char)}) > 1


def _looks(char: str) -> tuple[str, ...]:
    """What a sign may stand for by its looks, the likeliest first; empty if nothing."""
    if char in _LETTERS:
        return (char,)
    return tuple(FIGURES.get(char) or likenesses(char))
