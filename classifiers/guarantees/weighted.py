"""Bounds of a share where posts were drawn with unequal probabilities.

Each of n posts is drawn by itself with a known probability p; y = (drawn and found) / p then has
the share as its mean (Horvitz, Thompson, A generalization of sampling without replacement from a
finite universe, JASA 1952), and lies in [0, 1 / least p]. A gambler who bets on y against the
share m has the wealth prod(1 + bet * (m - y)), which cannot be expected to grow if m is the
truth, so that m is given up where it exceeds 1 / delta (Waudby-Smith, Ramdas, Estimating means of
bounded random variables by betting, JRSS B 2024). Wealth here is the mean over BETS fixed in
advance: it needs no order, and holds at any time.

It is supposed that posts come alike: chances p may follow the volume, not the post.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

import numpy as np

from classifiers.arrays import Numbers
from classifiers.guarantees.exact import Interval

BETS: Final = (0.03, 0.1, 0.2, 0.35, 0.5, 0.7, 0.9, 1.0)
"""Shares of the largest bet that cannot ruin, of equal weight."""
EVEN: Final = (1.0 / len(BETS),) * len(BETS)
LITTLE: Final = (*(0.1,) * (len(BETS) - 1), 0.3)
"""Weights of the bets where little is hoped to be found: more on the largest, which is worth most
where nothing is, and nothing once a post of the least chance is found."""
STEPS: Final = 44


def upper(
    found: Sequence[float],
    least: float,
    posts: int,
    delta: float,
    weights: Sequence[float] = EVEN,
) -> float:
    """The share of `posts` that is exceeded with a chance of at most `delta`.

    `found` has the probability with which each found post was drawn; `least` is the least with
    which any was; `weights` are those of the BETS. 1 where nothing is known.
    """
    drawn = _weights(found, least, posts)
    if least == 0.0 or posts == 0:
        return 1.0
    return _bisect(lambda m: not _exceeds(drawn, posts, m, _down(least, m), delta, weights))


def lower(found: Sequence[float], least: float, posts: int, delta: float) -> float:
    """The share that is missed from below with a chance of at most `delta`."""
    weights = _weights(found, least, posts)
    if least == 0.0 or posts == 0:
        return 0.0
    return 1.0 - _bisect(lambda c: not _exceeds(weights, posts, 1.0 - c, _up(1.0 - c), delta))


def interval(found: Sequence[float], least: float, posts: int, delta: float = 0.05) -> Interval:
    """Both bounds, each at half of `delta`."""
    return Interval(lower(found, least, posts, delta / 2), upper(found, least, posts, delta / 2))


def difference(
    worse: Sequence[float], better: Sequence[float], least: float, posts: int, delta: float
) -> float:
    """How much of `posts` is worse rather than better: exceeded with a chance of at most `delta`.

    Of two judges of the same posts: the share that only the first gets wrong, less the share that
    only the second does. `worse` and `better` have the probabilities with which such posts were
    drawn; a post on which both agree says nothing but that it is one of them. 1 where nothing is
    known. It is the bound of `upper` for numbers in [-1 / least, 1 / least].
    """
    lost, won = _weights(worse, least, posts), _weights(better, least, posts)
    if least == 0.0 or posts == 0:
        return 1.0
    if len(lost) + len(won) > posts:
        raise ValueError("that many cannot have been found")
    signed = np.concatenate([lost, -won])

    def stays(share: float) -> bool:
        m = 2.0 * share - 1.0
        return not _exceeds(signed, posts, m, _down(least, m), delta)

    return 2.0 * _bisect(stays) - 1.0


def _weights(found: Sequence[float], least: float, posts: int) -> Numbers:
    chances = np.asarray(found, dtype=np.float64)
    if len(chances) > posts or not 0.0 <= least <= 1.0:
        raise ValueError("that many cannot have been found")
    if len(chances) and not (least <= chances.min() and chances.max() <= 1.0):
        raise ValueError("chances lie between the least and 1")
    return 1.0 / chances if len(chances) else chances


def _down(least: float, m: float) -> Numbers:
    """Bets that y is less than m: the wealth stays positive at y = 1 / least."""
    return np.asarray(BETS) / max(1.0 / least - m, 1e-12) * (1.0 - 1e-9)


def _up(m: float) -> Numbers:
    """Bets that y is more than m, negative: the wealth stays positive at y = 0."""
    return -np.asarray(BETS) / max(m, 1e-12) * (1.0 - 1e-9)


def _exceeds(
    weights: Numbers,
    posts: int,
    m: float,
    bets: Numbers,
    delta: float,
    of_bets: Sequence[float] = EVEN,
) -> bool:
    wealth = (posts - len(weights)) * np.log1p(bets * m)
    if len(weights):
        wealth = wealth + np.log1p(bets[:, None] * (m - weights)).sum(axis=1)
    return bool(np.logaddexp.reduce(wealth + np.log(of_bets)) >= -np.log(delta))


def _bisect(stays: Callable[[float], bool]) -> float:
    """The largest number in [0, 1] that stays; `stays` changes once, from true to false."""
    low, high = 0.0, 1.0
    for _ in range(STEPS):
        middle = (low + high) / 2.0
        low, high = (middle, high) if stays(middle) else (low, middle)
    return high
