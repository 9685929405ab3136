"""Which words, links and signals moved the probability, and by how much, for people."""

from __future__ import annotations

from collections.abc import Sequence

from classifiers.contributions import adding_up
from classifiers.types import MEANING, REST, Contribution, Score, Signal


def evidence(
    scores: Sequence[Score],
    signals: Sequence[Signal],
    behaviour: Sequence[Contribution] = (),
    log_odds: float | None = None,
) -> tuple[Contribution, ...]:
    """What decides alone, a few parts of the log-odds, largest first, and the rest.

    With `log_odds` they add up to it. Several scorers share the log-odds evenly, so each one's
    parts count 1 / number of scores.
    """
    decisive = [Contribution(s.code, s.sentence, s.log_odds) for s in signals if s.decisive]
    if len(scores) == 1 and scores[0].contributions and not (decisive or behaviour):
        parts = scores[0].contributions
        if log_odds is not None and parts[-1].code == REST:
            return parts  # they add up already
    named = {part.code for part in decisive}
    shared = [*behaviour]
    for score in scores:
        shared += [
            Contribution(part.code, part.sentence, part.weight / len(scores))
            for part in score.contributions
            if part.code != REST
        ]
    shown = adding_up([part for part in shared if part.code not in named], log_odds)
    return (*decisive, *shown)


def told_by(
    parts: Sequence[Contribution], contributions: Sequence[Contribution]
) -> tuple[Contribution, ...]:
    """The contributions with `parts` in place of what the encoder says; they add up as before."""
    if not parts:
        return tuple(contributions)
    found: list[Contribution] = []
    for contribution in contributions:
        found += parts if contribution.code == MEANING else [contribution]
    return tuple(found)
