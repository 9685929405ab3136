"""Letters drawn with several signs each: a word of them is a common one or none."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from itertools import islice
from typing import Final

from classifiers.text import lexicon

_DRAWN: Final = {
    "a": ("/\\", "/-\\", "^"),
    "b": ("|3", "|8", "|}"),
    "c": ("(", "<", "["),
    "d": ("|)", "|]", "[)", "|>", "c|"),
    "e": ("[-", "|=-"),
    "f": ("|=", "|#", "/="),
    "g": ("(_+", "(_-"),
    "h": ("|-|", "/-/", "]-[", ")-(", "(-)", "[-]", "}{", "#"),
    "i": ("|", "!", "]["),
    "j": ("_|", "_/", "</"),
    "k": ("|<", "|{", "|("),
    "l": ("|_", "|", "1_"),
    "m": ("|\\/|", "/\\/\\", "|v|", "/v\\", "(v)", "^^", "nn"),
    "n": ("|\\|", "/\\/", "[\\]", "^/"),
    "o": ("()", "[]", "<>"),
    "p": ("|>", "|*", "|°", "|^"),
    "q": ("(_,)", "()_", "<|"),
    "r": ("|2", "|?", "|~", "|^", "/2"),
    "t": ("-|-", "']['", "+", "~|~"),
    "u": ("|_|", "(_)", "[_]", "\\_/", "\\_\\"),
    "v": ("\\/", "|/"),
    "w": ("\\/\\/", "\\^/", "vv", "|/\\|", "\\|/", "(/\\)"),
    "x": ("><", ")(", "}{"),
    "y": ("`/", "'/", "\\|"),
    "z": ("~/_", "-/_"),
}
_UNITS: Final = sorted(
    ((sign, letter) for letter, signs in _DRAWN.items() for sign in signs),
    key=lambda unit: -len(unit[0]),
)
_MAYBE: Final = re.compile(r"[|\\/()<>\[\]{}^_+~-]{2}")
_PLAIN: Final = re.compile("[!-~°]{2,72}")
_TOKEN: Final = re.compile(r"\S+")
_AFTER: Final = ".,?!:;"
_TRIES: Final = 48
_SHORTEST: Final = 3
"""Characters of such a token and of what parts it from the next, at least."""
_MOST: Final = 200
"""Such tokens; a text with more is no text, and stays as it is."""
_COMMON: Final = 300
"""Rank of words that one or two letters are taken for."""


def without_drawings(text: str) -> str:
    """Return the text, in small letters, with drawn words as the common words that they are.

    >>> without_drawings(r"\\|/in m()|\\|ey, c|_ick |-|ere \\/\\/ith |\\/|e <3 (see a/b) :-) |_|")
    'win money, click here with me <3 (see a/b) :-) |_|'
    """
    if not _MAYBE.search(text):
        return text
    drawn = [
        token
        for token in text.split()
        if not token.isalnum() and _MAYBE.search(token) and _PLAIN.fullmatch(token)
    ]
    if len(text) > _SHORTEST * _MOST and len(drawn) > _MOST:
        return text
    meant = {token: word for token in drawn if (word := _as_word(token)) != token}
    return _TOKEN.sub(lambda found: meant.get(found[0], found[0]), text) if meant else text


def _as_word(token: str) -> str:
    core = token.rstrip(_AFTER)
    return _meant(core) + token[len(core) :] if "://" not in core else token


@lru_cache(maxsize=1_024)
def _meant(core: str) -> str:
    """The word, or the token as it is."""
    if lexicon.known(core):
        return core
    best = ""
    ranks = lexicon.ranks()
    for word in islice(_spelt(core, 0, "", _fewest(core)), _TRIES):
        rank = ranks.get(word, _COMMON if len(word) < 3 else len(ranks))
        if rank < (_COMMON if len(word) < 3 else len(ranks)) and len(word) > 1:
            best = word if not best or rank < ranks[best] else best
    return best or core


def _fewest(core: str) -> list[int]:
    """By place, how many letters spell the rest at least; LONGEST + 1 where none can."""
    never = lexicon.LONGEST + 1
    fewest = [never] * len(core) + [0]
    for place in range(len(core) - 1, -1, -1):
        ends = [place + len(sign) for sign, _ in _UNITS if core.startswith(sign, place)]
        if "a" <= core[place] <= "z":
            ends.append(place + 1)
        fewest[place] = min(never, 1 + min((fewest[end] for end in ends), default=never))
    return fewest


def _spelt(core: str, place: int, before: str, fewest: list[int]) -> Iterator[str]:
    """What the signs may spell, longest signs first; each way that is begun comes to an end."""
    if len(before) + fewest[place] > lexicon.LONGEST:
        return
    if place == len(core):
        yield before
        return
    for sign, letter in _UNITS:
        if core.startswith(sign, place):
            yield from _spelt(core, place + len(sign), before + letter, fewest)
    if "a" <= core[place] <= "z":
        yield from _spelt(core, place + 1, before + core[place], fewest)
