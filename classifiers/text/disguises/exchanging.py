"""Words in which signs stand for letters, each mostly for the same: solved as a cryptogram is.

A key says how each letter is written. It is looked for word by word: a sign is dear when it is
first used for a letter and cheap when it comes again, so the key that makes common words of most
is the one that takes the fewest bits. Letters mostly stand for themselves in a post that is
altered in part, and for no other in a full cryptogram; both are solved by the same search.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache, lru_cache
from math import log2
from typing import Final

import numpy as np
from numpy.typing import NDArray

from classifiers.text import language, lexicon
from classifiers.text.disguises.description import (
    ASCII,
    CHOICE,
    FEWEST,
    TELLING,
    bits,
    is_believed,
    word_bits,
)
from classifiers.text.disguises.elastic import FIGURES
from classifiers.text.disguises.likenesses import likenesses

_SAMPLE: Final = 10
_FIRST: Final = 4
_QUICK: Final = (5, 5)
_WIDE: Final = (50, 10)
"""Keys that are pursued for the first words and the others: few where most letters stand for
themselves; many, where a quick search found nothing and there is enough to find."""
_MANY: Final = 30
"""Letters of strange words."""
_SEARCHED: Final = 6_000
_ALL: Final = 1_000_000
"""Words that the key is looked for with, the commonest; and those that are read by it."""
_NAME: Final = 3.0
"""Bits that naming a sign's letter is not yet counted with while others may use it."""
_AGAIN: Final = 1.0
_OTHER: Final = 0.5
_LEFT: Final = 12.0
"""Signs that are left for the next letter, in the mean over a key: 26! is 10.6 ** 26."""
_ALIKE: Final = 0.1
"""Chance that a letter is written as a sign that looks like it."""
_OPEN: Final = 0.4
"""How many times a letter must be seen written so that this counts as much as all beforehand."""
_ANOTHER: Final = 0.3
_BY_ANY: Final = 0.5
_UNSEEN: Final = 10.0
"""How much a sign that stands for some letters will stand for any."""
_FEWEST_EXCHANGED: Final = 3
"""Words; forms of one count once."""
_FEWEST_SIGNS: Final = 8
"""Different ones; of fewer common words are made too easily."""
_BY_CHANCE: Final = -0.1
"""Bits a pair of letters; honest words of any language mostly lie far above."""
_JOINT: Final = re.compile("[./&:,!?)('\u2018\u2019-]+")
_PIECE: Final = re.compile("[./&:,!?)('\u2018\u2019-]+|[^./&:,!?)('\u2018\u2019-]+")
_WITHIN: Final = re.compile(r"[a-z][^a-z]+[a-z]|[^ -~]")

Numbers = NDArray[np.float64]


@cache
def _words(most: int) -> dict[int, tuple[list[str], NDArray[np.int64], Numbers]]:
    """By length: the common words, their letters from 0 on, of shape (words, length), and bits."""
    found: dict[int, list[str]] = {}
    for word, rank in lexicon.ranks().items():
        if len(word) > 1 and word.isalpha() and rank < most:
            found.setdefault(len(word), []).append(word)
    return {
        length: (
            words,
            np.frombuffer("".join(words).encode(), np.uint8).reshape(-1, length).astype(np.int64)
            - ord("a"),
            np.array([word_bits(word) for word in words]),
        )
        for length, words in found.items()
    }


@lru_cache(maxsize=4_096)
def _beforehand(sign: str) -> Numbers:
    """The chance that each letter is written as this sign, before any word is read."""
    if sign in ASCII:
        chance = np.full(26, _OTHER / _LEFT)
        chance[_number(sign)] += 1.0 - _OTHER
        return chance
    chance = np.full(26, _OTHER / _LEFT)
    alike = FIGURES.get(sign, "") or likenesses(sign)
    chance[[_number(letter) for letter in alike if letter in ASCII]] += _ALIKE
    return chance


def _number(letter: str) -> int:
    return ord(letter) - ord("a")


@dataclass(slots=True, eq=False)
class _Key:
    """Some words read, and what they tell of how letters are written."""

    counts: Mapping[str, Numbers] = field(default_factory=dict)
    """By sign: how often it stood for each letter."""
    letters: Numbers = field(default_factory=lambda: np.zeros(26))
    signs: float = 0.0
    saved: float = 0.0
    named: int = 0
    """Signs that stand for another letter; each way of a sign counts."""
    read: Mapping[str, str] = field(default_factory=dict)
    _memo: dict[str, tuple[Numbers, Numbers]] = field(default_factory=dict)

    def _chances(self, sign: str) -> Numbers:
        chance = _OPEN * _beforehand(sign)
        if sign in self.counts:
            count = self.counts[sign]
            if np.count_nonzero(count) > 1:
                chance = chance + _OPEN * _BY_ANY * count.sum() / (self.signs + _UNSEEN)
            else:
                chance = _ANOTHER * chance
            chance = chance + count
        chances: Numbers = chance / (self.letters + _OPEN)
        return chances

    def _costs(self, sign: str) -> tuple[Numbers, Numbers]:
        """Bits for each letter that the sign may stand for; the same less what its name takes."""
        if sign not in self._memo:
            told = -np.log2(self._chances(sign))
            new = np.full(26, _NAME)
            if sign in ASCII:
                new[_number(sign)] = 0.0
            if sign in self.counts:
                new[self.counts[sign] > 0] = 0.0
            self._memo[sign] = (told, told - new)
        return self._memo[sign]

    def costs(self, token: str, most: int, *, named: bool = True) -> Numbers:
        """Bits of a token for each word of its length among so many words."""
        _, letters, bits = _words(most)[len(token)]
        total = bits.copy()
        first: dict[str, NDArray[np.int64]] = {}
        for place, sign in enumerate(token):
            column = letters[:, place]
            cost = self._costs(sign)[0 if named else 1][column]
            if sign in first:
                # What it stood for in this word already, it may again.
                cost = np.where(column == first[sign], np.minimum(cost, _AGAIN), cost)
            else:
                first[sign] = column
            total += cost
        return total

    def with_word(self, token: str, meant: str) -> _Key:
        counts, letters = dict(self.counts), self.letters.copy()
        grown = _Key(counts, letters, self.signs, 0.0, self.named, {**self.read, token: meant})
        cost = word_bits(meant)
        for sign, letter in zip(token, meant, strict=True):
            number = _number(letter)
            cost -= log2(grown._chances(sign)[number])
            count = counts[sign].copy() if sign in counts else np.zeros(26)
            grown.named += not count[number] and sign != letter
            count[number] += 1.0
            counts[sign] = count
            letters[number] += 1.0
            grown.signs += 1.0
        grown.saved = self.saved + bits(token) - cost - CHOICE
        return grown

    def without(self) -> _Key:
        return replace(self, saved=self.saved - CHOICE)


def exchanged(strange: Sequence[str]) -> dict[str, str]:
    """Strange words with what they are by the key that explains most of them; empty if none does.

    >>> exchanged(["plqxsq", "chxnnql", "shxrq", "vidqo", "frqq", "mobilq"])["chxnnql"]
    'channel'
    """
    ranks, lengths = lexicon.ranks(), _words(_SEARCHED).keys()
    pieces = {
        piece for word in strange for piece in ((word,) if word.isalpha() else _JOINT.split(word))
    }
    words = sorted(piece for piece in pieces if len(piece) in lengths and piece not in ranks)
    sample = [word for word in words if len(word) >= TELLING and _is_spelt(word)]
    searches = _searches(sample)
    if not searches:
        return {}
    # Words whose pattern few others have come first, as they tell most.
    sample = sorted(sample, key=lambda word: (_like(word), -len(word), word))[:_SAMPLE]
    for first, later in searches:
        key = _key(sample, first, later)
        saved = key.saved + CHOICE * (len(sample) - len(key.read))
        if is_believed(saved, key.read, sample):
            return _by(key, words, strange)
    return {}


def _by(key: _Key, words: Sequence[str], strange: Sequence[str]) -> dict[str, str]:
    """What words, or the pieces of them, are by a key."""
    meant = {}
    for word in words:
        costs = key.costs(word, _ALL)
        best = int(costs.argmin())
        if costs[best] < bits(word) + CHOICE:
            meant[word] = _words(_ALL)[len(word)][0][best]
    return {
        word: "".join(meant.get(piece, piece) for piece in _PIECE.findall(word))
        for word in strange
        if not meant.keys().isdisjoint(_JOINT.split(word))
    }


def _key(sample: Sequence[str], first: int, later: int) -> _Key:
    """The key that saves most, by a search that pursues so many of the likeliest ones."""
    beam = [_Key()]
    for place, token in enumerate(sample):
        width = first if place < _FIRST else later
        words = _words(_SEARCHED)[len(token)][0]
        grown: list[tuple[float, _Key, str]] = []
        for key in beam:
            promise = key.saved + _NAME * key.named - CHOICE
            grown.append((promise, key, ""))
            costs = key.costs(token, _SEARCHED, named=False)
            few = min(width, len(costs))
            likely = np.argpartition(costs, few - 1)[:few]
            grown += [(promise + bits(token) - costs[one], key, words[one]) for one in likely]
        grown.sort(key=lambda one: -one[0])
        beam = [
            key.with_word(token, word) if word else key.without() for _, key, word in grown[:width]
        ]
    return max(beam, key=lambda key: key.saved)


def _is_spelt(word: str) -> bool:
    return word.isalpha() or _WITHIN.search(word) is not None


@cache
def _patterns() -> Counter[tuple[int, ...]]:
    return Counter(map(_pattern, lexicon.ranks()))


def _pattern(word: str) -> tuple[int, ...]:
    """The same for words whose letters come again in the same places."""
    return tuple(map(word.index, word))


def _like(word: str) -> int:
    """How many words have this one's pattern; a pattern of none tells least."""
    return _patterns()[_pattern(word)] or len(lexicon.ranks())


def _searches(sample: Sequence[str]) -> tuple[tuple[int, int], ...]:
    """The searches that are worth their time, a hundred times that of reading a post otherwise.

    None where words are spelt as languages spell.
    """
    letters = sum(map(len, sample))
    if len({word[:TELLING] for word in sample}) < _FEWEST_EXCHANGED or letters < FEWEST:
        return ()
    if len(set("".join(sample))) < _FEWEST_SIGNS:
        return ()
    both = (_QUICK, _WIDE) if letters >= _MANY else (_QUICK,)
    plain = [word for word in sample if word.isascii() and word.isalpha()]
    if 2 * len(plain) <= len(sample):
        return both
    pairs = sum(map(len, plain)) - len(plain)
    return both if sum(map(language.bits, plain)) < _BY_CHANCE * pairs else ()
