"""Exact bounds of a share from a uniform sample that is looked at once.

Clopper, Pearson, The use of confidence or fiducial limits illustrated in the case of the
binomial, Biometrika 1934. Without replacement from a counted stratum: the same construction with
the hypergeometric distribution (Buonaccorsi, A note on confidence intervals for proportions in
finite populations, The American Statistician 1987).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.special import betainc, betaincinv, gammaln

from classifiers.arrays import Numbers


@dataclass(frozen=True, slots=True)
class Interval:
    """Ends of an interval, both within it."""

    low: float
    high: float

    @property
    def width(self) -> float:
        return self.high - self.low

    def __contains__(self, value: float) -> bool:
        return self.low <= value <= self.high

    def shown(self, factor: float) -> list[float]:
        """Both ends times a factor, rounded away from each other to three figures or whole numbers.

        >>> Interval(0.00126, 0.0111).shown(1_000.0), Interval(0.0, 0.5411).shown(1_000.0)
        ([1.26, 11.1], [0.0, 542.0])
        """
        ends = []
        for end, outwards in ((self.low, math.floor), (self.high, math.ceil)):
            size = end * factor
            step = 100.0 if size < 10.0 else 10.0 if size < 100.0 else 1.0
            # What is a round number but for the last bits stays one.
            ends.append(outwards(round(size * step, 6)) / step)
        return ends

    def __mul__(self, factor: float) -> Interval:
        return Interval(self.low * factor, self.high * factor)


def check(found: float, of: float, delta: float) -> None:
    """Raises ValueError for counts or a chance of error that cannot be."""
    if not 0 <= found <= of:
        raise ValueError(f"{found} of {of} cannot be")
    if not 0.0 < delta < 1.0:
        raise ValueError(f"a chance of error of {delta} says nothing")


def upper(found: int, of: int, delta: float) -> float:
    """The share that is exceeded with a chance of at most `delta`; 1 without a sample.

    >>> round(upper(0, 60, 0.05), 3)
    0.049
    """
    check(found, of, delta)
    return 1.0 if found == of else float(betaincinv(found + 1, of - found, 1.0 - delta))


def lower(found: int, of: int, delta: float) -> float:
    """The share that is missed from below with a chance of at most `delta`."""
    check(found, of, delta)
    return 0.0 if found == 0 else float(betaincinv(found, of - found + 1, delta))


def interval(found: int, of: int, delta: float = 0.05) -> Interval:
    """Both bounds, each at half of `delta`."""
    return Interval(lower(found, of, delta / 2), upper(found, of, delta / 2))


def most(found: int, sampled: int, of: int, delta: float, overlooked: float = 0.0) -> int:
    """How many of `of` posts have the property at most, where `sampled` were drawn of them.

    Draws are uniform and without replacement. Whoever looks at a post that has the property does
    not see it with a chance of at most `overlooked`, each time anew: even where all were drawn,
    there may be more than were found.
    """
    check(found, sampled, delta)
    if sampled > of:
        raise ValueError(f"{sampled} of {of} cannot have been drawn")
    # The chance to find so few falls as there are more: the last that is not too unlikely.
    least, beyond = found, (of if overlooked else of - (sampled - found)) + 1
    while beyond - least > 1:
        middle = (least + beyond) // 2
        if _at_most(found, sampled, middle, of, overlooked) >= delta:
            least = middle
        else:
            beyond = middle
    return least


def fewest(found: int, sampled: int, of: int, delta: float, invented: float = 0.0) -> int:
    """How many of `of` posts have the property at least; see `most`.

    The property is seen in a post that lacks it with a chance of at most `invented`.
    """
    return of - most(sampled - found, sampled, of, delta, invented)


def _at_most(found: int, sampled: int, having: int, of: int, overlooked: float) -> float:
    """The chance that a sample finds so few, where `having` of `of` have the property.

    As scipy.stats has it, which every process that judges would otherwise carry: 30 MB.
    """
    highest = min(sampled if overlooked else found, having)
    places = np.arange(max(0, sampled - (of - having)), highest + 1, dtype=np.float64)
    among = _ln_choose(having, places) + _ln_choose(of - having, sampled - places)
    chances = np.exp(among - _ln_choose(of, np.float64(sampled)))
    # Of `places` posts that were drawn and have it, more than were found had to be overlooked.
    more = np.maximum(places - found, 0.0)
    seen = np.where(more > 0.0, betainc(np.maximum(more, 1.0), found + 1.0, overlooked), 1.0)
    return float((chances * seen).sum())


def _ln_choose(of: int, chosen: Numbers | np.float64) -> Numbers:
    return np.asarray(gammaln(of + 1.0) - gammaln(chosen + 1.0) - gammaln(of - chosen + 1.0))
