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
once it is the same on all, and once 1 but on days of which few blocks are drawn, which count for
little beside others.

Spam that is let through would speak for the model, however much of it whoever floods a site sends.
So once only those posts that were allowed count that were drawn, with probability q, and that
nobody called spam who was asked: each honest one is among them with a probability of q * (1 - f) at
least, f being the largest with which honest posts are called spam. To each of these there come at
most o = p / (q * (1 - f)) * a / (1 - a) wrong blocks that are drawn; all else is as above.

The evidence is the mean over these three, over FACTORS, and over the day from which on it is
reckoned, as in `sequences.evidence_since`; it exceeds 1 / delta with a chance of at most delta
(Ville 1939).
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
OF_AUDITS: Final = 0.25
"""Weight of what is reckoned of allowed posts that were drawn, and not of all."""
TINY: Final = 1e-300


@dataclass(frozen=True, slots=True, eq=False)
class WrongBlocks:
    """Blocks that were found to be wrong, author by author."""

    day: Counts
    """On which the first of each author's was blocked."""
    blocks: Counts
    """How many of each author's were found."""

    @classmethod
    def of(cls, days: Iterable[int], authors: Iterable[Hashable]) -> WrongBlocks:
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
class Audits:
    """Posts that the model allowed, that were drawn, and that nobody called spam who was asked."""

    day: Counts
    """On which each was allowed."""
    chance: Numbers
    """With which it was drawn."""
    least: Numbers
    """The least chance with which an allowed post was drawn on each day or the one before."""


@dataclass(frozen=True, slots=True, eq=False)
class Days:
    """What came on each day of a certificate; all of one length, but for what was found."""

    others: Numbers
    """Posts that the model allowed."""
    audits: Audits
    """Of these."""
    chance: Numbers
    """The greatest with which a block was drawn."""
    drawn: Numbers
    """Blocks that were drawn and count."""
    once: WrongBlocks
    """Of these, those that somebody called honest."""
    twice: WrongBlocks
    """Of these, those that two people called honest, apart from one another."""
    worst: WrongBlocks
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


def _of_both(days: Days, once: WrongBlocks, most: float, mistakes: Mistakes) -> float:
    called_spam = mistakes.spam_of_honest
    by_one = _mean(days, once, most, mistakes.honest_of_spam, called_spam)
    by_two = _mean(days, days.twice, most, mistakes.honest_of_spam_twice, called_spam)
    return float(np.logaddexp(by_one, by_two) - math.log(2.0))


def evidence_by_known(
    known: Sequence[int],
    *,
    others: int,
    audits: Audits,
    blocked: int,
    most: float,
    mistakes: Mistakes,
) -> float:
    """As `evidence`, of so many known wrong blocks of each of some authors; more may be unknown.

    What appeals found may stop a promise, and never earn one: who appeals is no sample.
    """
    if not known:
        return 0.0
    blocks = np.log1p(np.array(known)[:, None] * (FACTORS - 1.0)).sum(axis=0)
    blocks -= blocked * np.log1p(mistakes.honest_of_spam * (FACTORS - 1.0))
    odds = most / (1.0 - most)
    every = blocks - _of_trials(np.array([others + sum(known)]), np.array([odds]))[0]
    # On which days these were blocked is left aside.
    chances = np.append(audits.chance, max(audits.least.min(initial=1.0), TINY))
    counts = np.append(np.ones(len(audits.chance)), sum(known))
    odds /= 1.0 - mistakes.spam_of_honest
    audited = blocks - _of_trials(counts, odds / chances).sum(axis=0)
    weights = np.log([[1.0 - OF_AUDITS], [OF_AUDITS]])
    logs = weights + np.stack([every, audited])
    return float(np.logaddexp.reduce(logs, axis=None) - math.log(len(FACTORS)))


def _mean(
    days: Days, found: WrongBlocks, most: float, mistaken: float, called_spam: float
) -> float:
    """The mean of all days' evidence, of that of days of which few blocks are drawn, and of that
    which counts of the allowed posts the drawn ones alone.
    """
    odds = days.chance * most / (1.0 - most)
    few = days.chance <= FEW * np.maximum.accumulate(days.chance)
    blocks = _of_blocks(days, found, mistaken)
    every = blocks - _of_trials(days.others + _a_day(found, len(few)), odds)
    audited = blocks - _of_audits(days, found, odds / (1.0 - called_spam))
    weighed = (
        (1.0 - OF_FEW - OF_AUDITS, every),
        (OF_FEW, np.where(few[:, None], every, 0.0)),
        (OF_AUDITS, np.where(_usual(days)[:, None], audited, 0.0)),
    )
    return float(np.logaddexp.reduce([math.log(w) + _since(logs) for w, logs in weighed]))


def _usual(days: Days) -> Flags:
    """Whether allowed posts were drawn with no less than half of the usual chance on each day."""
    least, came = days.audits.least, days.others > 0.0
    until = (least[: day + 1][came[: day + 1]] for day in range(len(least)))
    medians = [np.median(each) if len(each) else 0.0 for each in until]
    return np.asarray(least >= FEW * np.array(medians))


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


def _of_blocks(days: Days, found: WrongBlocks, mistaken: float) -> Numbers:
    """What each day's blocks say, of which so many were found, as a logarithm for each factor;
    shape (days, factors).

    What an author was blocked for belongs to the day of the first.
    """
    logs = -days.drawn[:, None] * np.log1p(mistaken * (FACTORS - 1.0))
    np.add.at(logs, found.day, np.log1p(found.blocks[:, None] * (FACTORS - 1.0)))
    return np.asarray(logs)


def _of_trials(count: Numbers, odds: Numbers) -> Numbers:
    """What so many posts of such odds say for the promise; shape (odds, factors)."""
    odds = odds[:, None]
    return np.asarray(count[:, None] * np.log((1.0 + odds * FACTORS) / (1.0 + odds)))


def _of_audits(days: Days, found: WrongBlocks, odds: Numbers) -> Numbers:
    """The same of allowed posts that were drawn, and of what was found; shape (days, factors)."""
    least = np.maximum(days.audits.least, TINY)
    logs = _of_trials(_a_day(found, len(odds)), odds / least)
    each = _of_trials(np.ones(len(days.audits.day)), odds[days.audits.day] / days.audits.chance)
    np.add.at(logs, days.audits.day, each)
    return logs


def _a_day(found: WrongBlocks, days: int) -> Numbers:
    return np.bincount(found.day, found.blocks, days).astype(np.float64)
