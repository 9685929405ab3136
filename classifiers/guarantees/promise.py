"""The promise "of honest posts, at most a are blocked by the model", from what people judged.

Compare two kinds of posts: honest ones that the model would block, and posts that it allows. Among
these, a share s is of the first kind; with o = s / (1 - s) and a share h of the allowed posts being
honest, the model blocks

    r = o / (o + h)

of the honest posts (those held for people count as if there were none, which makes r larger). Both
kinds are counted: so s stands on thousands of posts although only blocks were judged, and h on a
small uniform sample of allowed posts.

For s: let s_i be the chance that the next of these posts is of the first kind, whatever came before
it, and p_i the probability with which it is drawn if it is. For each bet b in (0, 1]

    product over these posts of exp(b * w_i * s_i)  *  product over found of (1 - b * w_i / p_i)

is a supermartingale that begins at 1 for any weights w_i <= p_i: a step multiplies it in the mean
by exp(b * w * s) * (1 - b * w * s), which is 1 at most. So the sum of w_i * s_i is bounded at all
times at once, however s_i changes from post to post and day to day (`_sum`). People say of honest
posts e that they are spam, so only 1 - e of the first kind is found.

With w_i = p_i days weigh by p: one on which a tenth is drawn says a tenth as much, and takes
nothing from what other days said (`wrongly_blocked`). Where all were drawn alike, that is the share
of posts; else it is supposed that honest posts are wrong no more often on days of which little is
drawn. With w_i the least p of all, days weigh by their posts, and nothing is supposed
(`however_days_differ`); that takes so many posts that it is asked for with less confidence: it can
only refuse.

For h: what the draws of allowed posts say against each h is evidence, too. Labels of the one kind
say nothing of the other, so the two are multiplied: (s, h) is given up where the evidence against s
times JOINED of that against h reaches 1 / delta. To split delta between two bounds would take each
to its worst at once.

Posts are supposed to be wrong independently of one another, but for those of one author, of which
one is blocked, and one counts (`senders`). Of allowed posts several count as one.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final

import numpy as np

from classifiers.arrays import Numbers
from classifiers.guarantees import sequences
from classifiers.guarantees.reviewers import Mistakes

DELTA: Final = 0.05
FOR_HONEST: Final = 0.1
"""Share of the chance of error of a bound of the honest among the allowed posts alone."""
SPAM: Final = (0.1, 1.0, 20.0)
"""Prior of the share of spam among allowed posts; the two are as `sequences.SMALL`."""
IF_UNLIKE: Final = 0.2
"""Chance of error of the bound that only refuses. When a certificate may be followed, good sites
with waves have posts enough for it; with 0.1 those of 200 posts a day would not."""
LEFT: Final = np.array([0, 0.03, 0.06, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9])
"""What each bet leaves of the evidence where a post is found: 1 - b."""
WEIGHTS: Final = np.concatenate(
    [[0.4], np.array([62, 51, 51, 49, 43, 37, 47, 52, 38, 28, 21, 16, 16]) * (0.6 / 511)]
)
"""Of the bets: most on the largest, which is worth most where nothing is found; but even a good
model is wrong once in some hundred posts, and people are sometimes silent."""
JOINED: Final = 0.1, 0.4
"""Evidence x of the allowed posts counts as 1 - u + u * v * x ** (1 - v), whose mean is 1 at most
although x is the largest that it ever was: 1 / x is then a p-value (Shafer, Shen, Vereshchagin,
Vovk, Test martingales, Bayes factors and p-values, Statistical Science 2011)."""
SHARES: Final = np.linspace(0.0, 1.0, 201)
"""Ends of the stretches in which h is looked for."""
NEWTON: Final = 32
CLOSE: Final = 1e-9
FAR: Final = 10_000_000
"""Posts beyond which none are waited for."""


@dataclass(frozen=True, slots=True)
class PeriodCounts:
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
    """How many drawn allowed posts count as one, since posts of one author are alike."""
    part: float = 1.0
    """Of the chance of error for how many allowed posts are honest, what this sample may spend."""
    share: float = 1.0
    """Of the allowed posts, those of which the drawn ones are a sample; of the others none counts
    as honest."""
    least: float | None = None
    """The least with which any would-be block was drawn; `chance` unless said otherwise."""
    chances: tuple[float, ...] = ()
    """With which those that are wrong were drawn; what is not said is the least."""

    def __post_init__(self) -> None:
        if not (0 <= self.spam <= self.drawn and min(self.allowed, self.wrong) >= 0):
            raise ValueError(f"such counts cannot be: {self}")
        if not 0.0 <= self.chance <= 1.0:
            raise ValueError("a chance lies in [0, 1]")
        if len(self.chances) > self.wrong:
            raise ValueError("that many are not wrong")
        if min(self.chances, default=1.0) < self.least_chance:
            raise ValueError("chances lie between the least and 1")
        if self.together < 1.0:
            raise ValueError("a post counts as one at most")

    @property
    def least_chance(self) -> float:
        return self.chance if self.least is None else self.least


@lru_cache(sequences.KEPT)
def wrongly_blocked(seen: PeriodCounts, mistakes: Mistakes, delta: float = DELTA) -> float:
    """Upper bound of the share of honest posts that the model blocks; 1 where nothing is known.

    It holds for all times at once with a chance of error of `delta`, if days on which less is drawn
    are no worse than others.
    """
    return _bound(_as_days_are_alike(seen), seen, mistakes, delta)


@lru_cache(sequences.KEPT)
def however_days_differ(seen: PeriodCounts, mistakes: Mistakes, delta: float = IF_UNLIKE) -> float:
    """The same where honest posts may be wrong more often on some days than on others.

    It holds for all times at which the least chance is one and the same.
    """
    return _bound(_as_days_differ(seen), seen, mistakes, delta)


@lru_cache(sequences.KEPT)
def is_kept(seen: PeriodCounts, mistakes: Mistakes, most: float, delta: float = DELTA) -> bool:
    """Whether neither bound lies above `most`, which is less than 1."""
    if not _is_below(most, _as_days_are_alike(seen), seen, mistakes, delta):
        return False
    return _is_below(most, _as_days_differ(seen), seen, mistakes, IF_UNLIKE)


@dataclass(frozen=True, slots=True, eq=False)
class _Weights:
    """w."""

    found: Numbers
    """Of each wrong one, over the chance with which it was drawn."""
    mean: float


def _as_days_are_alike(seen: PeriodCounts) -> _Weights:
    return _Weights(np.ones(seen.wrong), seen.chance)


def _as_days_differ(seen: PeriodCounts) -> _Weights:
    least = seen.least_chance
    chances = np.array([*seen.chances, *[least] * (seen.wrong - len(seen.chances))])
    return _Weights(least / chances if least else chances, least)


def _bound(weights: _Weights, seen: PeriodCounts, mistakes: Mistakes, delta: float) -> float:
    """The largest share that goes with some s and h which are not given up."""
    weighed = seen.allowed * weights.mean * (1.0 - mistakes.spam_of_honest)
    if weighed <= 0.0:
        return 1.0
    left, needed = _left(weights), _needed(seen, delta)
    # What is given up whatever s is, and of stretches that need as much all but the first.
    open_to = needed > np.logaddexp.reduce(left)
    open_to[1:] &= needed[1:] > needed[:-1]
    if not open_to.any():
        return 0.0
    honest = seen.share * _least_honest(mistakes)[open_to]
    s = _sum(left, 1.0 - LEFT, needed[open_to]) / weighed
    if honest[0] <= 0.0 or (s >= 1.0).any():
        return 1.0
    odds = s / (1.0 - s)
    return float((odds / (odds + honest)).max())


def _is_below(
    most: float, weights: _Weights, seen: PeriodCounts, mistakes: Mistakes, delta: float
) -> bool:
    """Whether `_bound` lies at or below `most`, told without it: the evidence grows with s, so it
    is enough to look where r is `most`."""
    weighed = seen.allowed * weights.mean * (1.0 - mistakes.spam_of_honest)
    if weighed <= 0.0:
        return False
    odds = most / (1.0 - most) * seen.share * _least_honest(mistakes)
    total = odds / (1.0 + odds) * weighed
    each = _left(weights) + np.outer(total, 1.0 - LEFT)
    return bool((np.logaddexp.reduce(each, axis=1) >= _needed(seen, delta)).all())


def _left(weights: _Weights) -> Numbers:
    """Logarithms of the evidence of each bet if s is 0."""
    with np.errstate(divide="ignore"):
        lost = np.log1p(-np.outer(1.0 - LEFT, weights.found)).sum(axis=1)
        return np.asarray(lost + np.log(WEIGHTS))


def _needed(seen: PeriodCounts, delta: float) -> Numbers:
    """Logarithms of the evidence against s with which each stretch of h is given up.

    Within a stretch the least h makes r largest, and against the greatest there is least.
    """
    return -math.log(delta) - _joined(_against(seen, SHARES[1:]))


@lru_cache(sequences.KEPT)
def _least_honest(mistakes: Mistakes) -> Numbers:
    """The least h of each stretch."""
    return np.array([mistakes.honest_at_least(each) for each in SHARES[:-1].tolist()])


def _sum(left: Numbers, bets: Numbers, needed: Numbers) -> Numbers:
    """The sum of w * s at which the evidence reaches each of these logarithms.

    The evidence's logarithm is convex in the sum, so Newton's steps come down from above.
    """
    total = np.min((needed[:, None] - left) / bets, axis=1)
    for _ in range(NEWTON):
        each = left + bets * total[:, None]
        evidence = np.logaddexp.reduce(each, axis=1)
        slope = np.exp(each - evidence[:, None]) @ bets
        before, total = total, total - (evidence - needed) / slope
        if (np.abs(total - before) <= CLOSE * np.abs(before)).all():
            break
    return np.asarray(total)


def _against(seen: PeriodCounts, honest: Numbers) -> Numbers:
    """Logarithm of the evidence that fewer than such shares of the allowed posts are called honest;
    0 is none.
    """
    if seen.drawn == 0:
        return np.zeros(len(honest))
    spam, drawn = seen.spam / seen.together, seen.drawn / seen.together
    said = sequences.smaller(spam, drawn, 1.0 - honest, SPAM)
    return np.maximum(said + math.log(seen.part), 0.0)


def _joined(evidence: Numbers) -> Numbers:
    """What such evidence of the allowed posts may add to that of would-be blocks; logarithms."""
    u, v = JOINED
    return np.asarray(np.logaddexp(math.log(1.0 - u), math.log(u * v) + (1.0 - v) * evidence))


def honest_share(seen: PeriodCounts, mistakes: Mistakes, delta: float = DELTA) -> float:
    """Lower bound of the share of honest posts among the allowed ones."""
    if seen.drawn == 0:
        return 0.0
    spam, drawn = seen.spam / seen.together, seen.drawn / seen.together
    said = 1.0 - sequences.upper(spam, drawn, delta * FOR_HONEST * seen.part, SPAM)
    return seen.share * mistakes.honest_at_least(said)


def allowed_needed(
    seen: PeriodCounts, mistakes: Mistakes, most: float, delta: float = DELTA
) -> int | None:
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
        return is_kept(then, mistakes, most, delta)

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
