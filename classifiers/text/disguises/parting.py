"""Words written as one, taken apart again."""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import lru_cache
from typing import Final

from classifiers.text import lexicon

_FEWEST: Final = 7
_LONGEST: Final = 14
_MOST_COMMON_OF: Final = {1: 1_000, 2: 1_000, 3: 800, 4: 4_000}
"""By length: how common a word must be to be one of several written as one."""
_TOO_DEAR: Final = 1_000.0
_MOST_COMMON_OF_CODED: Final = {1: 1_000, 2: 1_000, 3: 4_000}
_WORTH: Final = {False: 1.45, True: 2.0}
"""What may be believed for each letter, in nats; to tell it by itself takes 3.3."""
_MOST: Final = 1_000
"""Letters; more are not looked at."""
_REMEMBERED: Final = 4_096


@lru_cache(maxsize=_REMEMBERED)
def parted(word: str, *, coded: bool = False) -> str:
    """The common words that were written as one, between spaces; empty if it is not several.

    What was `coded` letter by letter is no word of another language: there less is asked.

    >>> parted("subscribetomychannel"), parted("szczebrzeszyn")
    ('subscribe to my channel', '')
    """
    if not _FEWEST <= len(word) <= _MOST:
        return ""
    most = _MOST_COMMON_OF_CODED if coded else _MOST_COMMON_OF
    # The cheapest way to spell what comes before each place: cost, words.
    best: list[tuple[float, tuple[str, ...]]] = [(0.0, ())]
    for end in range(1, len(word) + 1):
        options = (
            (best[start][0] + price, (*best[start][1], word[start:end]))
            for start in range(max(0, end - _LONGEST), end)
            if (price := _price(word[start:end], most)) < _TOO_DEAR
        )
        best.append(min(options, default=(_TOO_DEAR, ())))
    cost, parts = best[-1]
    return " ".join(parts) if cost < _WORTH[coded] * len(word) and len(parts) > 1 else ""


def _price(part: str, most: Mapping[int, int]) -> float:
    """What it costs to believe in one word of several: rare and short ones are by chance."""
    rank = lexicon.ranks().get(part)
    if rank is None or rank > most.get(len(part), len(lexicon.ranks())):
        return _TOO_DEAR
    return math.log(rank + 20.0) + 1.0
