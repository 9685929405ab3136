"""Which words moved an encoder's part: by how much less it says without them.

Occlusion (Zeiler, Fergus, Visualizing and understanding convolutional networks, ECCV 2014; for
words: Li, Monroe, Jurafsky, Understanding neural networks through representation erasure,
2016). The text is read at most MOST times more, however long it is: word by word where there are
few, else by spans, of which those that say most are looked into.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from classifiers.arrays import Vectors
from classifiers.contributions import bare, side
from classifiers.encoder.passage import Passage
from classifiers.types import MEANING, Contribution

MOST: Final = 16
"""Times that a text is read without some of its words."""
SPANS: Final = 8
"""Spans that a text of more words is divided into at first."""
SHOWN: Final = 5
LEAST: Final = 0.05
"""Log-odds below which a word is not worth naming."""
LONGEST: Final = 60
"""Characters of a span that are shown."""
WORDS: Final = "meaning.words"


@dataclass(frozen=True, slots=True)
class Span:
    """Some words of a text, and what they add to vector . embedding."""

    text: str
    places: tuple[int, ...]
    amount: float


def spans(passage: Passage, vector: Vectors, most: int = MOST) -> list[Span]:
    """What each word adds, or each span of words; reads the text at most `most` times.

    They do not add up to the whole: words mean together what none of them means alone.
    """
    whole = float(vector @ passage.vector)

    def span(places: Sequence[int]) -> Span:
        said = float(vector @ passage.without(frozenset(places)))
        return Span(_text(passage.words, places), tuple(places), whole - said)

    by_word = _by_word(passage.words)
    if len(by_word) <= most:
        return [span(places) for places in by_word]
    found = [span(places) for places in _divided(list(passage.words), SPANS)]
    for _ in range((most - SPANS) // 2):
        largest = max(found, key=lambda one: (len(one.places) > 1, abs(one.amount)))
        if len(largest.places) == 1:
            break
        found.remove(largest)
        found += [span(places) for places in _divided(largest.places, 2)]
    return found


def by_words(
    passage: Passage, vector: Vectors, usual: float, weight: float
) -> tuple[Contribution, ...]:
    """Parts that add up to `weight`, which is trust * (vector . embedding - usual): the words
    that say most, and what is left. Rounded to four decimals, at which they add up.

    Empty where no trust between 0 and 1 gives this weight: then it was not of this text, or not
    of this vector.
    """
    said = float(vector @ passage.vector) - usual
    trust = weight / said if said else 0.0
    # The weight was rounded, and the embedding may have been made on another machine.
    if not 0.0 < trust < 1.05:
        return ()
    ranked = sorted(spans(passage, vector), key=lambda one: (-abs(one.amount), one.places))
    parts = [
        Contribution(WORDS, f"“{one.text}” makes the text read like {side(amount)}.", amount)
        for one in ranked[:SHOWN]
        if abs(amount := round(trust * one.amount, 4)) >= LEAST
    ]
    if not parts:
        return ()
    left = round(weight - sum(part.weight for part in parts), 4)
    sentence = f"Beyond these words, the text reads like {side(left)}."
    return (*parts, Contribution(MEANING, sentence, left))


def _by_word(words: Mapping[int, str]) -> list[list[int]]:
    """The places of each different word."""
    found: dict[str, list[int]] = defaultdict(list)
    for place, word in words.items():
        found[bare(word)].append(place)
    return list(found.values())


def _divided(places: Sequence[int], count: int) -> list[Sequence[int]]:
    """In order, into as many parts, of about the same size and none of them empty."""
    ends = [len(places) * number // count for number in range(count + 1)]
    return [places[start:end] for start, end in pairwise(ends) if start < end]


def _text(words: Mapping[int, str], places: Sequence[int]) -> str:
    """The words as they stand there; a word that is left out everywhere is told once."""
    if len({bare(words[place]) for place in places}) > 1:
        text = bare(" ".join(words[place] for place in places))
    else:
        text = bare(words[places[0]])
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"
