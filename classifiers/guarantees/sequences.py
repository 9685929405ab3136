"""Bounds of a share that hold at all times at once: one may look after every label, and stop.

With a prior on the share, the chance that the prior gave to what was seen, over the chance that q
gives to it, is a martingale of mean 1 if q is the truth; so it exceeds 1 / delta at any time with
a chance of at most delta (Ville, Étude critique de la notion de collectif, 1939; Robbins,
Statistical methods related to the law of the iterated logarithm, Annals of Mathematical Statistics
1970), and what it exceeds is given up. Howard, Ramdas, McAuliffe, Sekhon, Time-uniform,
nonparametric, nonasymptotic confidence sequences, Annals of Statistics 2021, has all of this.

Priors are fixed in advance. For a share that is hoped to be small, some of the weight is on 0: half
of it, so long as nothing is found, makes looking at any time cost a factor of two in delta.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache
from typing import Final

import numpy as np
from scipy.special import betaincc, betaln

from classifiers.arrays import Counts, Flags, Numbers
from classifiers.guarantees.exact import Interval, check

SMALL: Final = (0.5, 0.5, 30.0)
"""Prior of a share that is hoped to be small: the weight of 0, and the Beta prior of the rest."""
LARGER: Final = (1.0, 4.0)
"""Beta prior of a share that exceeds what was promised, cut off below that."""
SOMEWHAT_LARGER: Final = (1.0, 20.0)
"""The same where what is promised is small and the excess is thought to be small, too."""
STEPS: Final = 44
KEPT: Final = 100_000
TINY: Final = 1e-300

Prior = tuple[float, float, float]


@lru_cache(KEPT)
def upper(found: float, of: float, delta: float, prior: Prior = SMALL) -> float:
    """The share that is ever exceeded, after any number of labels, with a chance of `delta`.

    Where c posts count as one, both counts are divided by c, which need not divide them: the c-th
    root of the evidence is evidence even if every c posts are wrong together (by Hölder).
    """
    check(found, of, delta)
    if found == of:
        return 1.0
    least = _seen(found, of, prior) + math.log(delta)
    return _edge(lambda q: _likelihood(found, of, q) > least, found / of, 1.0)


def lower(found: int, of: int, delta: float) -> float:
    """The share that is ever missed from below with a chance of `delta`; as `upper` of the rest."""
    return 1.0 - upper(of - found, of, delta)


def interval(found: int, of: int, delta: float) -> Interval:
    """Both ends, that together are ever missed with a chance of `delta`."""
    return Interval(lower(found, of, delta / 2.0), upper(found, of, delta / 2.0))


def smaller(found: float, of: float, shares: Numbers, prior: Prior = SMALL) -> Numbers:
    """Natural logarithm of the evidence that the share is smaller than each of these; `upper` is
    where it reaches ln(1 / delta). Where no more than such a share was found it is 0 at least.
    """
    check(found, of, 0.5)
    with np.errstate(divide="ignore", invalid="ignore"):
        right = (of - found) * np.log1p(-shares) if of > found else 0.0
        wrong = found * np.log(shares) if found else 0.0
        return np.where(shares > found / of, _seen(found, of, prior) - wrong - right, -np.inf)


@lru_cache(KEPT)
def floor(found: int, of: int, delta: float) -> float:
    """As `lower`, for a share that is hoped to be small: how much of it is certain."""
    check(found, of, delta)
    if found == 0:
        return 0.0
    least = _seen(found, of, SMALL) + math.log(delta)
    return 1.0 - _edge(lambda c: _likelihood(found, of, 1.0 - c) > least, 1.0 - found / of, 1.0)


def evidence(
    found: int | Counts, of: int | Counts, allowed: float, prior: tuple[float, float] = LARGER
) -> Numbers:
    """Natural logarithm of the evidence that a share exceeds `allowed`; one for each count.

    It exceeds ln(1 / delta), at any time, with a chance of at most `delta` where no label was
    more likely than `allowed` to be found, whatever came before it. `prior` is the Beta prior of
    the larger share.
    """
    if not 0.0 < allowed < 1.0:
        raise ValueError("a share between 0 and 1 is allowed")
    a, b = prior
    k, n = np.asarray(found, dtype=np.float64), np.asarray(of, dtype=np.float64)
    if (k < 0).any() or (k > n).any():
        raise ValueError("that many cannot have been found")
    beyond = np.maximum(betaincc(k + a, n - k + b, allowed) / betaincc(a, b, allowed), TINY)
    seen = betaln(k + a, n - k + b) - betaln(a, b) + np.log(beyond)
    return np.asarray(seen - k * np.log(allowed) - (n - k) * np.log1p(-allowed))


def evidence_since(
    wrong: Flags,
    days: Numbers,
    allowed: float,
    *,
    watched: int,
    prior: tuple[float, float] = LARGER,
) -> float:
    """As `evidence`, for labels of which more are found from some day on: it need not be the first.

    The mean of the evidence since the first day, with half of the weight, and since each of the
    others of `watched` days; `days` gives the day of each label, from 0 on, in order.
    """
    starts = np.searchsorted(days, np.arange(watched))
    starts = starts[starts < len(wrong)]
    if not len(starts):
        return 0.0
    before = np.concatenate([[0], np.cumsum(wrong)])
    found, of = before[-1] - before[starts], len(wrong) - starts
    weights = np.full(len(starts), 0.5 / max(watched - 1, 1))
    weights[0] = 0.5
    # Days to come have no evidence yet, which counts as even.
    later = math.log(max(1.0 - float(weights.sum()), TINY))
    logs = evidence(found, of, allowed, prior) + np.log(weights)
    return float(np.logaddexp(np.logaddexp.reduce(logs), later))


def _seen(found: float, of: float, prior: Prior) -> float:
    """Logarithm of the chance that the prior of a small share gave to what was seen."""
    nothing, a, b = prior
    spread = math.log1p(-nothing) + float(betaln(found + a, of - found + b) - betaln(a, b))
    if found:
        return spread
    return float(np.logaddexp(math.log(nothing), spread))


def _likelihood(found: float, of: float, q: float) -> float:
    """Logarithm of the chance of one order of what was seen."""
    if (q <= 0.0 and found) or (q >= 1.0 and of > found):
        return -math.inf
    return (found * math.log(q) if found else 0.0) + (
        (of - found) * math.log1p(-q) if of > found else 0.0
    )


def _edge(stays: Callable[[float], bool], low: float, high: float) -> float:
    """Where `stays` changes from true, at `low`, to false."""
    for _ in range(STEPS):
        middle = (low + high) / 2.0
        low, high = (middle, high) if stays(middle) else (low, middle)
    return high
