"""Copies of posts as careless or cunning people would have typed them.

A model that learns from them beside the posts themselves gives weight to what is left of a word
when a letter or a space went astray, and to no single run of letters alone. Spam and honest posts
are altered alike, so that being altered says nothing. The slips are those of any keyboard, in any
script; no attack of `benchmarks.attacks` was taken from here, or the other way round.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Final

from classifiers.features import bounded
from classifiers.types import Content

SHARES: Final = (0.3, 0.6, 1.0)
"""Of the words or gaps of a copy that are altered; drawn for each."""
SPACES: Final = 1.0 / 3.0
"""Share of the copies in which spaces go astray; in the others, letters."""
BOTH: Final = 0.3
"""Share in which both do."""
_PIECE: Final = 8
"""Letters of which one goes astray at most: some scripts put no spaces between words."""
_FEWEST: Final = 3
_LINK: Final = re.compile(r"://|@|\w\.\w")
_WORD: Final = re.compile(r"\S+")
_PIECES: Final = re.compile(rf"\S{{1,{_PIECE}}}")

Slip = Callable[[str, str, random.Random], str]


def copies(contents: Sequence[Content], seed: int = 0) -> list[Content]:
    """One copy of each post, in order, the same for the same posts and seed.

    Links stay whole, and who wrote it and where stays as it is.
    """
    chance = random.Random(seed)  # noqa: S311
    return [
        replace(
            content,
            title=altered(content.title, chance),
            text=altered(bounded(content.text), chance),
        )
        for content in contents
    ]


def altered(text: str, chance: random.Random) -> str:
    """The text with letters, spaces or both astray."""
    spaces, both = chance.random() < SPACES, chance.random() < BOTH
    if spaces or both:
        text = _spaced_wrongly(text, chance)
    return text if spaces and not both else _misspelt(text, chance)


def _misspelt(text: str, chance: random.Random) -> str:
    letters = "".join(filter(str.isalpha, text)).lower() or "e"
    share = chance.choice(SHARES)

    def piece(found: re.Match[str]) -> str:
        if len(found[0]) < _FEWEST or chance.random() >= share:
            return found[0]
        return chance.choice(_SLIPS)(found[0], letters, chance)

    def word(found: re.Match[str]) -> str:
        return found[0] if _LINK.search(found[0]) else _PIECES.sub(piece, found[0])

    return _WORD.sub(word, text)


def _left_out(piece: str, _: str, chance: random.Random) -> str:
    place = chance.randrange(len(piece))
    return piece[:place] + piece[place + 1 :]


def _put_in(piece: str, letters: str, chance: random.Random) -> str:
    place = chance.randrange(len(piece) + 1)
    return piece[:place] + chance.choice(letters) + piece[place:]


def _exchanged(piece: str, letters: str, chance: random.Random) -> str:
    place = chance.randrange(len(piece))
    return piece[:place] + chance.choice(letters) + piece[place + 1 :]


def _repeated(piece: str, _: str, chance: random.Random) -> str:
    place = chance.randrange(len(piece))
    return piece[:place] + piece[place] * chance.choice((2, 3)) + piece[place + 1 :]


def _swapped(piece: str, _: str, chance: random.Random) -> str:
    place = chance.randrange(len(piece) - 1)
    return piece[:place] + piece[place + 1] + piece[place] + piece[place + 2 :]


def _shuffled(piece: str, _: str, chance: random.Random) -> str:
    inner = list(piece[1:-1])
    chance.shuffle(inner)
    return piece[0] + "".join(inner) + piece[-1]


_SLIPS: Final[tuple[Slip, ...]] = (
    _left_out,
    _put_in,
    _exchanged,
    _repeated,
    _swapped,
    _shuffled,
)


def _spaced_wrongly(text: str, chance: random.Random) -> str:
    """Spaces left out, moved by a letter, or put into words: one of the three, or all by turns."""
    share = chance.choice(SHARES)
    kind = chance.randrange(4)
    tokens = text.split(" ")
    written = tokens[0]
    for before, token in pairwise(tokens):
        if _LINK.search(before) or _LINK.search(token) or chance.random() >= share:
            written += f" {token}"
            continue
        what = kind if kind < 3 else chance.randrange(3)
        if what == 0:
            written += token
        elif what == 1 and len(token) >= _FEWEST:
            written += f"{token[0]} {token[1:]}"
        elif what == 2 and len(token) > _FEWEST:
            place = chance.randrange(1, len(token))
            written += f" {token[:place]} {token[place:]}"
        else:
            written += f" {token}"
    return written
