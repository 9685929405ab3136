"""Which way of writing made a text's strange words, and what they are by it.

A noisy channel. In a text that is otherwise English each strange word is the commonest word that
any way makes of it; where most words are strange, as in every other language, one way must
explain at least half of them before any is changed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from operator import itemgetter
from typing import Final

from classifiers.text import lexicon
from classifiers.text.disguises.affixes import unaffixed
from classifiers.text.disguises.keys import turned
from classifiers.text.disguises.parting import parted
from classifiers.text.disguises.ways import (
    RARE_WAYS,
    REMEMBERED,
    TELLING,
    WAYS,
    Way,
    commonplace,
    shortened,
    voweled,
)

_LONE: Final = 7
"""Letters from which on one word is enough."""
_ENOUGH: Final = 12
"""Letters of words that one rare way reads, at least."""
_SAMPLE: Final = 8
_DRAWN: Final = re.compile(r"([a-z])\1\1")


def mended(strange: Iterable[str]) -> dict[str, str]:
    """Single words of a text that is otherwise English.

    A short word may be a name or an abbreviation, unless a longer one was written in its way.
    """
    replaced = {}
    ways = set()
    short = []
    for word in strange:
        if len(word) < TELLING and not _DRAWN.search(word):
            short.append(word)
            continue
        if found := _commonest(word):
            replaced[word], way = found
            ways.add(way)
        elif parts := parted(word):
            replaced[word] = parts
    rest = [word for word in strange if len(word) >= TELLING and word not in replaced]
    for way in RARE_WAYS if rest else ():
        found_too = {word: meant for word in rest if (meant := way(word))}
        if sum(map(len, found_too)) >= _ENOUGH:
            replaced |= found_too
            rest = [word for word in rest if word not in replaced]
    if rest:
        replaced |= turned(rest) or unaffixed(rest)
    for word in short:
        meant = next((meant for way in WAYS if way in ways and (meant := way(word))), "")
        if meant := meant or commonplace(shortened(word)):
            replaced[word] = meant
    return replaced


@lru_cache(maxsize=REMEMBERED)
def _commonest(word: str) -> tuple[str, Way] | None:
    """The commonest word that any way makes of it, and the way."""
    ranks = lexicon.ranks()
    found = [(ranks[meant], meant, way) for way in WAYS if (meant := way(word))]
    return min(found, key=itemgetter(0))[1:] if found else None


def explained(strange: Sequence[str]) -> dict[str, str]:
    """Words of a text most of which are strange: by the way that explains enough of them."""
    sample = [word for word in strange if len(word) >= TELLING][:_SAMPLE]
    if not sample:
        return _without_vowels(strange)
    fewest = max((len(sample) + 1) // 2, 2 if len(sample[0]) < _LONE else 1)
    ways: tuple[Way, ...] = (*WAYS, parted, *RARE_WAYS)
    for way in ways:
        if _explains(way, sample, fewest):
            replaced = {word: meant for word in strange if (meant := way(word))}
            rest = [word for word in strange if word not in replaced]
            return replaced | (mended(rest) if 2 * len(rest) < len(strange) else {})
    return turned(strange) or unaffixed(strange) or _without_vowels(strange)


def _without_vowels(strange: Sequence[str]) -> dict[str, str]:
    """Words of a text in which next to no word has a vowel after its first letter."""
    bare = [word for word in strange if lexicon.consonants(word) == word]
    replaced = {word: meant for word in bare if (meant := voweled(word))}
    return replaced if len(replaced) > 1 and 2 * len(replaced) >= len(strange) else {}


def _explains(way: Way, sample: Sequence[str], fewest: int) -> bool:
    """Whether at least `fewest` of the words can be read in that way."""
    may_miss = len(sample) - fewest
    for word in sample:
        if not way(word):
            may_miss -= 1
            if may_miss < 0:
                return False
    return may_miss >= 0
