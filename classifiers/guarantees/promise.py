"""The promise "of honest posts, at most a are blocked by the model", from what people judged.

Compare two kinds of posts: honest ones that the model would block, and posts that it allows. Among
these, a share s is of the first kind; with o = s / (1 - s) and a share h of the allowed posts being
honest, the model blocks

    r = o / (o + h)

of the honest posts (those held for people count as if there were none, which makes r larger). Both
kinds are counted: so s stands on thousands of posts although only blocks were judged, and h on a
small uniform sample of allowed posts. The chance of error is split between s and h; each bound is
a confidence sequence, so one may look at any time.

People say of honest posts e that they are spam, so only 1 - e of the first kind is found, and o is
larger by as much. Where would-be blocks are drawn with probability p, an allowed post of that time
counts as p of one: a day on which a tenth is drawn says a tenth as much, and takes nothing from
what other days said. For each o, and each o' < 1 + o that may be the truth instead,

    product over found of o' / o  *  product over allowed posts of (1 + o - o') ** p

is a supermartingale that begins at 1: the next post that is allowed or of the first kind
multiplies it in the mean by ((1 + o - o') ** p + o * (p * o' / o + 1 - p)) / (1 + o), and that is 1
at most, since (1 + d) ** p <= 1 + p * d (Bernoulli's inequality). Mixed over o' / (1 + o) it is
what `sequences.upper` has for a share s of trials: those found, and the sum of p over the allowed.

So days weigh by p, and o is supposed to be the same on all. Where honest posts are wrong more often
on days of which little is drawn, more of them are blocked than that bound says. A second bound,
`however_days_differ`, weighs days by their posts, at less confidence: it can only refuse.

Posts are supposed to be wrong independently of one another, but for those of one author on one day:
as far as these are alike, several count as one (`bursts`).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from classifiers.guarantees import sequences, weighted
from classifiers.guarantees.reviewers import Mistakes

DELTA: Final = 0.05
FOR_HONEST: Final = 0.1
"""Share of the chance of error that is spent on how many allowed posts are honest."""
WRONG: Final = (0.4, 1.0, 400.0)
"""Prior of the share of the first kind: even a good model is wrong once in some hundred posts, and
people are sometimes silent."""
SPAM: Final = (0.1, 1.0, 20.0)
"""Prior of the share of spam among allowed posts; the two are as `sequences.SMALL`."""
EVEN_CHANCE: Final = 0.5
"""Chance of error of a bound that only refuses: as small as for the others would take a site with
waves months, and half refuses most of what is wrong mainly on their days."""
ON_NONE: Final = (*(0.5 / (len(weighted.BETS) - 1),) * (len(weighted.BETS) - 1), 0.5)
"""Weights of that bound's bets: half on that which gains most where nothing is found."""
FAR: Final = 10_000_000
"""Posts beyond which none are waited for."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What is known of one period, one model and one threshold."""

    wrong: int
    """Would-be blocks that were drawn, and are honest or got no answer in time."""
    allowed: int
    """Posts that the model allowed: counted."""
    drawn: int
    """Allowed posts that were drawn."""
    spam: int
    """Of these, spam or without an answer in time."""
    chance: float = 1.0
    """With which would-be blocks were drawn when the allowed posts came, at least: the mean over
    these."""
    together: float = 1.0
    """How many posts count as one, since posts of one author are alike."""
    part: float = 1.0
    """Of the chance of error for how many allowed posts are honest, what this sample may spend."""

    def __post_init__(self) -> None:
        if not (0 <= self.spam <= self.drawn and min(self.allowed, self.wrong) >= 0):
            raise ValueError(f"such counts cannot be: {self}")
        if not 0.0 <= self.chance <= 1.0:
            raise ValueError("a chance lies in [0, 1]")
        if self.together < 1.0:
            raise ValueError("a post counts as one at most")


def wrongly_blocked(seen: Seen, mistakes: Mistakes, delta: float = DELTA) -> float:
    """Upper bound of the share of honest posts that the model blocks; 1 where nothing is known.

    It holds for all times at once with a chance of error of `delta`.
    """
    honest = honest_share(seen, mistakes, delta)
    found = 1.0 - mistakes.spam_of_honest
    trials = seen.allowed * seen.chance + seen.wrong
    if honest <= 0.0 or found <= 0.0 or trials <= 0.0:
        return 1.0
    wrong, trials = seen.wrong / seen.together, trials / seen.together
    share = sequences.upper(wrong, trials, delta * (1.0 - FOR_HONEST), WRONG)
    return _of_honest(share, honest, found)


def however_days_differ(
    seen: Seen, chances: Sequence[float], least: float, mistakes: Mistakes, delta: float = DELTA
) -> float:
    """The same where honest posts may be wrong more often on some days than on others.

    `chances` has the probability with which each wrong would-be block was drawn, `least` the least
    of the period. At any one look it is exceeded with a chance of EVEN_CHANCE at most, and h with
    what `delta` leaves it: the mean of independent steps whose shares differ is no larger than that
    of as many alike (inequality of the means).
    """
    honest = honest_share(seen, mistakes, delta)
    found = 1.0 - mistakes.spam_of_honest
    if honest <= 0.0 or found <= 0.0:
        return 1.0
    posts = seen.allowed + len(chances)
    share = weighted.upper(chances, least, posts, EVEN_CHANCE, ON_NONE, seen.together)
    return _of_honest(share, honest, found)


def _of_honest(share: float, honest: float, found: float) -> float:
    if share >= 1.0:
        return 1.0
    odds = share / (1.0 - share) / found
    return odds / (odds + honest)


def honest_share(seen: Seen, mistakes: Mistakes, delta: float = DELTA) -> float:
    """Lower bound of the share of honest posts among the allowed ones."""
    if seen.drawn == 0:
        return 0.0
    # Of an author's other posts only some were drawn, too (`bursts`).
    alike = 1.0 + (seen.together - 1.0) * min(seen.drawn / max(seen.allowed, 1), 1.0)
    spam, drawn = seen.spam / alike, seen.drawn / alike
    said = 1.0 - sequences.upper(spam, drawn, delta * FOR_HONEST * seen.part, SPAM)
    return mistakes.honest_at_least(said)


def allowed_needed(seen: Seen, mistakes: Mistakes, most: float, delta: float = DELTA) -> int | None:
    """Allowed posts, those seen included, after which the promise would hold if no more would-be
    block were found to be honest, and allowed posts went on as they are; None where never.
    """

    def holds(allowed: int) -> bool:
        grown = allowed / max(seen.allowed, 1)
        then = replace(
            seen,
            allowed=allowed,
            drawn=math.ceil(seen.drawn * grown),
            spam=math.floor(seen.spam * grown),
        )
        return wrongly_blocked(then, mistakes, delta) <= most

    start = max(seen.allowed, 1)
    if seen.drawn == 0 or not holds(FAR):
        return None
    if holds(start):
        return start
    low, high = start, FAR
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if holds(middle) else (middle, high)
    return high
