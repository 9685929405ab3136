"""Which words, links and signals moved the probability, and by how much, for people."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from classifiers.types import Contribution, Score, Signal

SHOWN: Final = 8


def evidence(
    scores: Sequence[Score], signals: Sequence[Signal], behaviour: Sequence[Contribution] = ()
) -> tuple[Contribution, ...]:
    """At most SHOWN parts of the log-odds, largest first; what decides alone stands before all.

    Several scorers share the log-odds evenly, so each one's parts count 1 / number of scores.
    """
    decisive = [Contribution(s.code, s.sentence, s.log_odds) for s in signals if s.decisive]
    named = {part.code for part in decisive}
    parts = [part for part in behaviour if part.code not in named]
    for score in scores:
        parts += [
            Contribution(part.code, part.sentence, part.weight / len(scores))
            for part in score.contributions
            if part.code not in named
        ]
    parts.sort(key=lambda part: -abs(part.weight))
    return (*decisive, *parts)[:SHOWN]
