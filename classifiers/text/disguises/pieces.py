"""Words in pieces, with anything between them that is no letter.

No sign is named: brackets, quotation marks, rows of signs, figures and harmless words in brackets
may stand there. What is between is left out where one common word is left and its pieces are none.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from classifiers.text import lexicon
from classifiers.text.disguises.description import ASCII, CHOICE, SIGN, word_bits
from classifiers.text.disguises.elastic import FIGURES

_FEWEST: Final = 4
"""Letters of a word; a shorter one is by chance what is left of too much."""
_LONGEST: Final = 60
"""Characters; what is longer is no word, whatever is between."""
_COMMON: Final = 3_000
"""Rank within which pieces are words of their own."""
_WORTH: Final = 4.0
"""Bits that one word must save beside its pieces."""
_REMEMBERED: Final = 4_096
_CORE: Final = re.compile(r"([a-z].*[a-z])([0-9]?)(?![0-9])", re.DOTALL)
_ALL_OVER: Final = 2
"""Figures within a word from which on one behind it belongs to them."""
_PIECE: Final = re.compile("[a-z]+")
# One sign alone stands between words and in many spellings: for that there is another reader.
_PARTED: Final = re.compile(r"[a-z](?:[^a-z]{2}|[0-9]|[^a-z][a-z]+[^a-z])[^a-z]*[a-z]")
_LINK: Final = re.compile(r"://|@|\bwww\.|(?:[a-z0-9-]+[./]){2}[a-z0-9-]+")
_OPTIONAL: Final = re.compile(r"[a-z]+(?:[(\[][a-z]{1,2}(?:[)\]][a-z]*|$))+")
"""Spellings of which the reader may choose."""
_ASIDE: Final = re.compile(r"[(\[{<][^()\[\]{}<>]*[)\]}>]")


@lru_cache(maxsize=_REMEMBERED)
def whole(token: str) -> str:
    """The token, in small letters, with the common word that its pieces are; empty if none.

    >>> whole("(cha)(nnel),"), whole("vi[...]deo"), whole("su5bs3cr8ibe"), whole("vi(tea)deo")
    ('(channel),', 'video', 'subscribe', 'video')
    >>> whole("it's"), whole("wait...what"), whole("del.icio.us"), whole("up-to-date")
    ('', '', '', '')
    """
    if not _FEWEST < len(token) <= _LONGEST or not _PARTED.search(token) or _LINK.search(token):
        return ""
    if not token.isascii() and any(char.isalpha() for char in token if char not in ASCII):
        return ""
    found = _CORE.search(token)
    if not found:
        return ""
    core, figures = found[1], sum(map(str.isdigit, found[1]))
    if figures >= _ALL_OVER:
        core += found[2]
    pieces = _PIECE.findall(core)
    ranks = lexicon.ranks()
    if all(ranks.get(piece, _COMMON) < _COMMON for piece in pieces) or _OPTIONAL.fullmatch(core):
        return ""
    left = {"".join(pieces), "".join(_PIECE.findall(_ASIDE.sub("", core)))}
    if figures:
        options = [(char,) if char in ASCII else ("", *FIGURES.get(char, "")) for char in core]
        left.add(lexicon.spelt([(choices, False) for choices in options]))
    words = [word for word in left if word in ranks and len(word) >= _FEWEST]
    if not words:
        return ""
    meant = min(words, key=ranks.__getitem__)
    saved = sum(map(_bits, pieces)) - word_bits(meant) - CHOICE
    return token.replace(core, meant, 1) if saved >= _WORTH else ""


def _bits(piece: str) -> float:
    return word_bits(piece) if lexicon.known(piece) else SIGN * len(piece) + CHOICE
