"""Words that each bear the same needless letters: behind, before or within them.

Whoever puts "ay" behind each word and its first letters before that (pig Latin), or "ub" before
each vowel, adds one string to all. It is found by counting what strange words have in common,
and believed if common English words are left, by the bits that they save beyond it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from itertools import pairwise
from math import log2
from typing import Final

from classifiers.text import lexicon

_LENGTHS: Final = (2, 3, 4)
_LETTER: Final = log2(26)
_SAVED: Final = 20.0
_FEWEST: Final = 3
_SHORTEST: Final = 3
"""Letters that are left of a word, to count as explained."""
_TRIED: Final = 3
"""Strings of each kind that are tried, those that most words have."""
_SAMPLE: Final = 30
_LOOKED_AT: Final = 3
_MOVED: Final = 3
"""Letters that may stand behind a word instead of before it."""

Strip = Callable[[str, str], str]


def unaffixed(strange: Sequence[str]) -> dict[str, str]:
    """Strange words without what most of them have too much; empty if that explains too few.

    >>> unaffixed(["leasepay", "endsay", "ashcay", "oneymay", "odaytay"])["oneymay"]
    'money'
    >>> unaffixed(["plubeasube", "subend", "cubash", "mubonubey"])["cubash"]
    'cash'
    """
    words = [word for word in strange if len(word) > _SHORTEST + 1][:_SAMPLE]
    fewest = max(_FEWEST, -(-3 * len(words) // 5))
    if len(words) < fewest or not _share_any(words, fewest):
        return {}
    best, found = 0.0, dict[str, str]()
    for strip, affix in _candidates(words, fewest):
        read = {word: meant for word in words if (meant := _meant(strip(word, affix)))}
        saved = sum(map(_saved, read.values())) - _LETTER * len(affix)
        if len(read) >= fewest and saved > max(best, _SAVED):
            best = saved
            found = {
                word: _meant(strip(word, affix), shortest=1) or word
                for word in strange
                if affix in word
            }
    return {word: meant for word, meant in found.items() if meant != word}


def _share_any(words: Sequence[str], fewest: int) -> bool:
    """Whether a pair of letters is in so many words: a cheap look, as in most texts none is."""
    missing = len(words) - fewest
    pairs = {
        one + other for word in words[: missing + 1][:_LOOKED_AT] for one, other in pairwise(word)
    }
    text = " ".join(words)
    return any(
        text.count(pair) >= fewest and sum(pair in word for word in words) >= fewest
        for pair in pairs
    )


def _candidates(words: Sequence[str], fewest: int) -> list[tuple[Strip, str]]:
    behind, before, within = Counter[str](), Counter[str](), Counter[str]()
    for word in words:
        behind.update({word[-length:] for length in _LENGTHS})
        before.update({word[:length] for length in _LENGTHS})
        within.update(
            {
                word[place : place + length]
                for length in _LENGTHS
                for place in range(len(word) - length + 1)
            }
        )
    return [
        (strip, affix)
        for counts, strip in ((behind, _behind), (before, _before), (within, _within))
        for affix, count in counts.most_common(_TRIED)
        if count >= fewest
    ]


def _behind(word: str, affix: str) -> str:
    return word.removesuffix(affix) if word.endswith(affix) else ""


def _before(word: str, affix: str) -> str:
    return word.removeprefix(affix) if word.startswith(affix) else ""


def _within(word: str, affix: str) -> str:
    return word.replace(affix, "") if affix in word else ""


def _meant(rest: str, *, shortest: int = _SHORTEST) -> str:
    """The commonest word that the rest is, some of its last letters said first or not."""
    ranks = lexicon.ranks()
    ways = [rest[-moved:] + rest[:-moved] if moved else rest for moved in range(_MOVED + 1)]
    known = [word for word in ways if len(word) >= shortest and word in ranks]
    return min(known, key=ranks.__getitem__, default="")


def _saved(word: str) -> float:
    return lexicon.bits(word) - log2(_MOVED + 1)
