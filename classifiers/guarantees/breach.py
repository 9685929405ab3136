"""Evidence that a promise in force is broken, from what came day by day while it was.

Of the honest posts that the model allows or blocks at most a share a is blocked, as a certificate
shows, and no more of them are honest than it allows and those that it blocks wrongly. So to each
post that it allows there come at most a / (1 - a) wrong blocks; where blocks are drawn with
probability p, at most o = p * a / (1 - a) that are drawn. Those of one author come together: the
same signature, the same link. So authors multiply, and what one of them was blocked for adds: for
each factor r > 1

    product over authors of (1 + (r - 1) * found of the author)
             * product over posts allowed and over found of (1 + o) / (1 + o * r)
             * product over blocks drawn of 1 / (1 + e * (r - 1))

e being the largest probability with which blocked spam is called honest. It begins at 1 and is a
supermartingale, whatever the volumes, the share of spam and p become, since all of these are
counted, and however many posts of an author are blocked: what a further one adds is expected when
his first comes. Authors are supposed to come apart from one another. r may differ from day to day:
once it is the same on all, once 1 but on days of which few blocks are drawn, which count for little
beside others, and once 1 on days of which unusually many posts are allowed: a flood of spam that is
let through would else speak for the model. The evidence is the mean over these, over FACTORS, and
over the day from which on it is reckoned, as in `sequences.evidence_since`; it exceeds 1 / delta
with a chance of at most delta (Ville 1939).
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from classifiers.arrays import Counts, Flags, Numbers
from classifiers.guarantees import watch
from classifiers.guarantees.reviewers import Mistakes

FACTORS: Final = np.array([1.25, 1.5, 2.0, 2.5, 3.0, 4.0, 6.0, 10.0, 20.0])
"""How many times more wrong blocks there may be than were promised."""
FEW: Final = 0.5
"""Of the greatest chance of a block to be drawn until then: on days with no more than that few are
drawn."""
OF_FEW: Final = 0.25
"""Weight of what is reckoned of such days alone."""
MANY: Final = 2.0
"""Times the median of the days until then: more allowed posts are unusual."""
OF_USUAL: Final = 0.25
"""Weight of what is reckoned without such days."""
TINY: Final = 1e-300


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """Blocks that were found to be wrong, author by author."""

    day: Counts
    """On which the first of each author's was blocked."""
    blocks: Counts
    """How many of each author's were found."""

    @classmethod
    def of(cls, days: Iterable[int], authors: Iterable[Hashable]) -> Found:
        """From the day and the author of each block, oldest first."""
        first: dict[Hashable, int] = {}
        blocks: Counter[Hashable] = Counter()
        for day, author in zip(days, authors, strict=True):
            first.setdefault(author, day)
            blocks[author] += 1
        return cls(
            np.array([*first.values()], dtype=np.int64),
            np.array([blocks[author] for author in first], dtype=np.int64),
        )


@dataclass(frozen=True, slots=True, eq=False)
class Days:
    """What came on each day of a certificate; all of one length, but for what was found."""

    others: Numbers
    """Posts that the model allowed."""
    chance: Numbers
    """The greatest with which a block was drawn."""
    drawn: Numbers
    """Blocks that were drawn and count."""
    once: Found
    """Of these, those that somebody called honest."""
    twice: Found
    """Of these, those that two people called honest, apart from one another."""
    worst: Found
    """As `once`, with those that nobody judged in time."""


def evidence(days: Days, *, most: float, mistakes: Mistakes) -> float:
    """Natural logarithm of the evidence against the promise; 0 is none.

    The mean of the evidence of two counts. What two people agree on is hardly ever an error, so
    that it is enough where most posts are spam; what one says comes sooner, and is all there is
    where one person judges alone.
    """
    return _of_both(days, days.once, most, mistakes)


def unwatched(days: Days, *, most: float, mistakes: Mistakes) -> float:
    """As `evidence`, where whatever nobody judged counts as called honest by one person; the same
    where everything was judged.
    """
    return _of_both(days, days.worst, most, mistakes)


def _of_both(days: Days, once: Found, most: float, mistakes: Mistakes) -> float:
    by_one = _mean(days, once, most, mistakes.honest_of_spam)
    by_two = _mean(days, days.twice, most, mistakes.honest_of_spam_twice)
    return float(np.logaddexp(by_one, by_two) - math.log(2.0))


def evidence_by_known(
    known: Sequence[int], *, others: int, blocked: int, most: float, mistakes: Mistakes
) -> float:
    """As `evidence`, of so many known wrong blocks of each of some authors; more may be unknown.

    What appeals found may stop a promise, and never earn one: who appeals is no sample.
    """
    if not known:
        return 0.0
    found = Found(np.zeros(len(known), dtype=np.int64), np.array(known, dtype=np.int64))
    posts, blocks = np.array([float(others)]), np.array([float(blocked)])
    days = Days(posts, np.ones(1), blocks, found, found, found)
    logs = _logs(days, days.once, most, mistakes.honest_of_spam, FACTORS[None])
    return float(np.logaddexp.reduce(logs[0]) - math.log(len(FACTORS)))


def _mean(days: Days, found: Found, most: float, mistaken: float) -> float:
    """The mean of all days' evidence, of that of days of which few blocks are drawn, and of that of
    days of which no more posts are allowed than usually.
    """
    few = days.chance <= FEW * np.maximum.accumulate(days.chance)
    weighed = (
        (1.0 - OF_FEW - OF_USUAL, np.ones(len(few))),
        (OF_FEW, few),
        (OF_USUAL, _usual(days.others)),
    )
    logs = [
        math.log(weight)
        + _since(_logs(days, found, most, mistaken, 1.0 + (FACTORS - 1.0) * which[:, None]))
        for weight, which in weighed
    ]
    return float(np.logaddexp.reduce(logs))


def _usual(others: Numbers) -> Flags:
    """Whether no more posts came on each day than usually; days without any are none."""
    until = (others[: day + 1] for day in range(len(others)))
    medians = [np.median(each[each > 0.0]) if each.any() else 0.0 for each in until]
    return np.asarray(others <= MANY * np.array(medians))


def _since(logs: Numbers) -> float:
    """The mean since the first day, with half of the weight, and since each of the others."""
    logs = logs[: watch.LASTS_DAYS]
    if not len(logs):
        return 0.0
    since = np.cumsum(logs[::-1], axis=0)[::-1]
    weights = np.full(len(since), 0.5 / (watch.LASTS_DAYS - 1))
    weights[0] = 0.5
    each = np.logaddexp.reduce(since, axis=1) - math.log(len(FACTORS)) + np.log(weights)
    # Days to come have no evidence yet, which counts as even.
    later = math.log(max(1.0 - float(weights.sum()), TINY))
    return float(np.logaddexp(np.logaddexp.reduce(each), later))


def _logs(days: Days, found: Found, most: float, mistaken: float, factors: Numbers) -> Numbers:
    """Logarithm of each day's evidence, for each of its factors; shape (days, factors).

    What an author was blocked for belongs to the day of the first.
    """
    size = len(days.others)
    odds = (days.chance * most / (1.0 - most))[:, None]
    trials = (days.others + np.bincount(found.day, found.blocks, size))[:, None]
    factors = np.broadcast_to(factors, (size, len(FACTORS)))
    logs = -trials * np.log((1.0 + odds * factors) / (1.0 + odds))
    logs -= days.drawn[:, None] * np.log1p(mistaken * (factors - 1.0))
    np.add.at(logs, found.day, np.log1p(found.blocks[:, None] * (factors[found.day] - 1.0)))
    return np.asarray(logs)
