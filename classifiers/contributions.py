"""Parts of the log-odds as people are told them: few, signed, and adding up."""

from __future__ import annotations

import string
from collections.abc import Sequence
from typing import Final

from classifiers.types import REST, USUAL, Contribution

SHOWN: Final = 8
REST_SENTENCE: Final = "Everything else together."
USUAL_SENTENCE: Final = "The usual share of spam, before any word is read."
_AROUND: Final = string.punctuation + "“”‘’„«»…¡¿–—"


def bare(word: str) -> str:
    """As people know a word, without the punctuation around it.

    >>> bare("“casino!”")
    'casino'
    >>> bare("!!!")
    '!!!'
    """
    return word.strip(_AROUND) or word


def side(weight: float) -> str:
    return "spam" if weight > 0 else "honest posts"


def statistic(code: str, what: str, weight: float) -> Contribution:
    """The contribution of a number that every text has, such as its length."""
    return Contribution(code, f"{what} speaks for {side(weight)}.", weight)


def adding_up(
    parts: Sequence[Contribution], log_odds: float | None, least: float = 0.0
) -> tuple[Contribution, ...]:
    """The largest parts, those that only tell something, what is usual, and last what is left of
    the log-odds.

    Rounded to four decimals, at which they add up. Parts smaller than `least` go into the rest.
    """
    usual = sum(part.weight for part in parts if part.code == USUAL)
    told = [part for part in parts if part.code != USUAL]
    ranked = sorted(told, key=lambda part: (-abs(part.weight), part.code, part.sentence))
    shown = [
        Contribution(part.code, part.sentence, round(part.weight, 4))
        for part in [part for part in ranked if part.weight and abs(part.weight) >= least][:SHOWN]
    ]
    shown += [part for part in ranked if not part.weight]
    if round(usual, 4):
        shown.append(Contribution(USUAL, USUAL_SENTENCE, round(usual, 4)))
    if log_odds is not None:
        left = log_odds - sum(part.weight for part in shown)
        shown.append(Contribution(REST, REST_SENTENCE, round(left, 4)))
    return tuple(shown)
