"""The limit "of the posts that the machine allows, at most m are spam", watched while it serves.

Allowed posts are drawn at random for people to judge. Each that somebody calls spam is judged
again, so of honest posts only few end as spam (`Mistakes.spam_of_honest_twice`); while the limit is
kept, no draw ends as spam with a chance of more than `called(m)`, whatever came before it. The
evidence against that is a mixture of likelihood ratios over larger shares and over the day on which
it began (`sequences.evidence_since`): a number that exceeds 1 / DELTA with a chance of at most
DELTA in the whole of WATCHED_DAYS, however often one looks.

Against the limit only what two people called spam counts, and silence counts for it; against the
bound that is shown, silence counts as spam. So neither is better for not looking.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

from classifiers.arrays import Flags, Numbers
from classifiers.guarantees import sequences, watch
from classifiers.guarantees.reviewers import Mistakes

WATCHED_DAYS: Final = 365
"""Then the watch begins anew: its chance of error is for so long."""
BROKEN: Final = -math.log(watch.DELTA_A_YEAR)
"""Evidence, as a natural logarithm, from which on a limit is broken beyond doubt."""
DELTA: Final = 0.05
"""Chance of error of the bound that is shown."""
FAR: Final = 1_000_000
"""Draws beyond which none are waited for."""


@dataclass(frozen=True, slots=True)
class AllowedDraws:
    """Allowed posts that were drawn, and have settled."""

    drawn: int
    spam: int
    """That people called spam."""
    unanswered: int

    def __post_init__(self) -> None:
        if not 0 <= self.spam + self.unanswered <= self.drawn or min(self.spam, self.drawn) < 0:
            raise ValueError(f"such counts cannot be: {self}")


def called(limit: float, mistakes: Mistakes) -> float:
    """The largest chance with which a draw ends as spam while the limit is kept."""
    return limit + (1.0 - limit) * mistakes.spam_of_honest_twice


def doubt(spam: Flags, days: Numbers, *, limit: float, mistakes: Mistakes) -> float:
    """Natural logarithm of the evidence against the limit; 0 is none.

    `spam` says of each draw, in order, whether two people called it spam, `days` on which of the
    WATCHED_DAYS it was drawn, from 0 on.
    """
    allowed = called(limit, mistakes)
    if not len(spam) or not 0.0 < allowed < 1.0:
        return 0.0
    return sequences.evidence_since(
        spam, days, allowed, watched=WATCHED_DAYS, prior=sequences.SOMEWHAT_LARGER
    )


def at_most(seen: AllowedDraws, mistakes: Mistakes, delta: float = DELTA) -> float:
    """Of the allowed posts, the share that is spam is at most this, at all times at once.

    `seen` is a uniform sample of them: of unequal chances, what the least would have drawn. Spam
    comes in waves, on whose busy days less is drawn.
    """
    found = 1.0 - mistakes.honest_of_spam * (1.0 + mistakes.honest_of_spam)
    if found <= 0.0 or not seen.drawn:
        return 1.0
    said = sequences.upper(seen.spam + seen.unanswered, seen.drawn, delta)
    return min(said / found, 1.0)


def needed(
    seen: AllowedDraws, limit: float, mistakes: Mistakes, delta: float = DELTA
) -> int | None:
    """Draws, those seen included, after which the bound would be within the limit if the share of
    spam among them stayed; None where that is beyond FAR.
    """

    def holds(drawn: int) -> bool:
        grown = drawn / seen.drawn
        bad = math.floor((seen.spam + seen.unanswered) * grown)
        return at_most(AllowedDraws(drawn, bad, 0), mistakes, delta) <= limit

    if not seen.drawn or not holds(FAR):
        return None
    low, high = seen.drawn - 1, FAR
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if holds(middle) else (middle, high)
    return high
