"""Common English words and what people write in chats: enough to tell a reading from a jumble.

`words.txt` has some 15,000, the commonest first. It was made from the frequency dictionary of
SymSpell (MIT licence, Wolf Garbe; counts of the Google Web Trillion Word Corpus), with
abbreviations and names of services by hand. No post was counted for it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from functools import cache
from itertools import islice, product
from math import log2
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_FILE: Final = Path(__file__).with_name("words.txt")
_TRIES: Final = 64
"""Readings of one word that are looked up."""
_PURSUED: Final = 24
"""Beginnings of words that are pursued at once."""
LONGEST: Final = 24
"""Letters; longer runs are no word."""
_LETTER: Final = log2(26)
_RANK: Final = 20.0
"""Added to ranks: of the very commonest words one is as likely as another."""


@cache
def ranks() -> dict[str, int]:
    """Each word with its place, the commonest at 0."""
    return {word: place for place, word in enumerate(_FILE.read_text("ascii").split())}


@cache
def by_length() -> dict[int, tuple[list[str], NDArray[np.uint8]]]:
    """By length: the words of letters, and their letters' codes, of shape (words, length)."""
    # Web processes know words too, and carry no NumPy.
    import numpy as np

    found: dict[int, list[str]] = {}
    for word in ranks():
        if len(word) > 1 and word.isalpha():
            found.setdefault(len(word), []).append(word)
    return {
        length: (words, np.frombuffer("".join(words).encode(), np.uint8).reshape(-1, length))
        for length, words in found.items()
    }


def known(word: str) -> bool:
    """Whether a word, in small letters, is a common one.

    >>> known("please"), known("esaelp")
    (True, False)
    """
    return word in ranks()


def bits(word: str) -> float:
    """What a common word saves, told by its rank and not letter by letter."""
    return _LETTER * len(word) - log2(ranks()[word] + _RANK)


def first_known(choices: Iterable[str]) -> str:
    """The first word that can be spelt by taking one letter of each choice; empty if none can.

    >>> first_known(["pr", "l", "e", "a", "s", "e"])
    'please'
    """
    words = ranks()
    for spelt in islice(product(*choices), _TRIES):
        word = "".join(spelt)
        if word in words:
            return word
    return ""


@cache
def _beginnings() -> frozenset[str]:
    return frozenset(word[:end] for word in ranks() for end in range(1, len(word) + 1))


def spelt(options: Iterable[tuple[Sequence[str], bool]]) -> str:
    """The commonest word that can be spelt with one of each option; empty if none can.

    Options may have several letters or none; those that come with True may be taken twice.

    >>> spelt([(("k", "c"), False), (("a",), True), (("sh", "s"), False)])
    'cash'
    """
    beginnings, known_words = _beginnings(), ranks()
    begun = {""}
    for choices, twice in options:
        grown = {
            longer
            for start in begun
            for choice in choices
            for longer in ((start + choice, start + choice * 2) if twice else (start + choice,))
            if longer in beginnings or not longer
        }
        begun = set(sorted(grown, key=_rank)[:_PURSUED]) if len(grown) > _PURSUED else grown
        if not begun:
            return ""
    return min(
        (word for word in begun if word in known_words), key=known_words.__getitem__, default=""
    )


def _rank(beginning: str) -> tuple[int, str]:
    return ranks().get(beginning, len(ranks())), beginning


_RUN: Final = re.compile(r"(.)\1+")


def squeezed(word: str) -> str:
    """The word with each letter once where it stands several times in a row.

    >>> squeezed("ffrreee")
    'fre'
    """
    return _RUN.sub(r"\1", word)


def consonants(word: str) -> str:
    """The first letter and the consonants after it.

    >>> consonants("subscribe")
    'sbscrb'
    """
    return word[0] + word[1:].translate(_VOWELS)


def ordered(word: str) -> str:
    """The letters in order of the alphabet: the same for a word however they are moved.

    >>> ordered("frined") == ordered("friend")
    True
    """
    return "".join(sorted(word))


def shuffled(word: str) -> str:
    """The first and the last letter, and in order of the alphabet those between.

    >>> shuffled("frined") == shuffled("friend")
    True
    """
    return word[0] + ordered(word[1:-1]) + word[-1]


_VOWELS: Final = str.maketrans("", "", "aeiou")
_SOUNDS: Final = str.maketrans({"c": "k", "q": "k", "x": "ks", "z": "s", "y": "i"})
_SAME_SOUND: Final = re.compile("ee|ea|ie|ey")


def sound(word: str) -> str:
    """A rough spelling by sound, one for the ways in which an English word can be written.

    >>> sound("click") == sound("klik"), sound("please") == sound("pleeze")
    (True, True)
    """
    return squeezed(_SAME_SOUND.sub("i", word.replace("ph", "f")).translate(_SOUNDS))


_VOICELESS: Final = str.maketrans("bdgvz", "ptkfs")


def voiceless(word: str) -> str:
    """The same, with consonants that differ by voice alone as one.

    >>> voiceless("subscripe") == voiceless("subscribe")
    True
    """
    return squeezed(sound(word).translate(_VOICELESS))


def wound(word: str) -> str:
    """The first in order of the alphabet of what the word is when its end is set before it.

    >>> wound("scribesub") == wound("subscribe")
    True
    """
    return min(word[place:] + word[:place] for place in range(len(word)))


@cache
def _commonest(key: Callable[[str], str]) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for word in ranks():
        if len(word) > 1:
            value = key(word)
            found[value] = (*found.get(value, ()), word)
    return found


def by(key: Callable[[str], str], value: str) -> tuple[str, ...]:
    """The words for which `key` gives this value, the commonest first.

    >>> by(squeezed, "fre")
    ('free',)
    """
    return _commonest(key).get(value, ())
