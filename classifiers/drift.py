"""Whether posts, scores or errors are still what they were, from daily counts alone.

A feature is counted in bins, a day a row. The first days are the reference. Each later day is
compared with it by PSI and KS, which tell how far it moved, and by a test that tells whether more
than days ever differ: Pearson's statistic over its degrees of freedom, divided by what the days of
the reference give among themselves (quasi-likelihood: McCullagh, Nelder, Generalized linear models,
1989, 4.5), against an F distribution. So many posts a day do not make every day an alarm.

Over features and days: each p becomes an e-value, p ** (-1/2) / 2, whose mean is at most 1 where
nothing changed; an e-detector adds them up as (R + 1) * e (Shin, Ramdas, Rinaldo, E-detectors,
2023), one for each feature. The mean of e-detectors is one, whatever the features have to do with
each other: it reaches 2 ALARM by chance after so many days, in the mean, at least.

Small shifts that stay show in sums. One window of days after another (WINDOWS) is compared with the
reference as a whole, and in the bin that moved most; so that over all windows and features one
alarm in 2 ALARM days is false, each may come with a chance of `least_p`. Windows are not
multiplied: all have the noise of the one reference in common. Both ways together give one false
alarm in ALARM days.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.special import expit, fdtrc, gammaincinv

from classifiers.arrays import Flags, Numbers

ALARM: Final = 365.0
"""Days to a false alarm of a site, in the mean, at least."""
REFERENCE_DAYS: Final = 14
LEAST_POSTS: Final = 200
"""Posts of a reference, at least."""
LEAST_A_DAY: Final = 20
"""Posts of a day that is compared; fewer wait for the next day's."""
SPREAD_RISK: Final = 0.05
"""Chance that days differ more than they are taken to: the upper end of an interval is used, for
the reference is looked at every day."""
WINDOWS: Final = (7, 28)
"""Days that are compared together."""
LEAST_SPREAD: Final = 1.0
"""Days are never taken to differ less than draws of the same do."""
LARGEST: Final = 1e6
SURE: Final = 0.2
"""Standard deviations that the mean errors of the reference's probabilities may lie from what they
were taken to be, as each day explains best: the reference is one, too. Simulated, so few are enough
for the alarm to be as rare as it should, and with twice as many half of the changes are missed."""
WITHIN: Final = np.linspace(-1.0, 1.0, 9)
SMOOTHING: Final = 0.5
"""Posts put into each bin before shares are compared: PSI of an empty bin is infinite."""


@dataclass(frozen=True, slots=True)
class Reference:
    """What was usual: one feature, summed over its days."""

    counts: Numbers
    spread: float
    """Pearson's statistic over its degrees of freedom among the days, at most."""
    freedom: float


@dataclass(frozen=True, slots=True)
class Moved:
    """How one day differs from what was usual."""

    psi: float
    ks: float
    """The largest difference of the two distribution functions, in the order of the bins."""
    p: float


def reference(days: Sequence[Numbers]) -> Reference:
    """What these days, each the counts of one feature, have in common; columns are bins."""
    table = np.array(days, dtype=np.float64)
    total = table.sum(axis=0)
    used, sizes = total > 0, table.sum(axis=1)
    rows = sizes > 0
    freedom = float((rows.sum() - 1) * (used.sum() - 1))
    if freedom <= 0:
        return Reference(total, LEAST_SPREAD, 1.0)
    expected = np.outer(sizes[rows], total[used] / total.sum())
    pearson = float((((table[rows][:, used] - expected) ** 2) / expected).sum())
    least = 2.0 * float(gammaincinv(freedom / 2.0, SPREAD_RISK)) / freedom
    return Reference(total, max(pearson / freedom, LEAST_SPREAD) / least, freedom)


def moved(usual: Reference, day: Numbers) -> Moved:
    """How the counts of a day, or of several together, differ from what was usual."""
    ours, theirs = _shares(usual.counts), _shares(day)
    psi = float(((theirs - ours) * np.log(theirs / ours)).sum())
    plain = [c / max(c.sum(), 1.0) for c in (usual.counts, day)]
    ks = float(np.abs(np.cumsum(plain[1] - plain[0])).max())
    return Moved(psi, ks, _p(usual, day))


def _p(usual: Reference, day: Numbers) -> float:
    """Chance of so large a difference where nothing but days differ.

    Both are compared with their sum, so that a bin which was empty before is no division by zero.
    """
    both = usual.counts + day
    used = both > 0
    freedom = float(used.sum() - 1)
    if freedom <= 0 or not day.sum() or not usual.counts.sum():
        return 1.0
    pearson = 0.0
    for counts in (usual.counts, day):
        expected = both[used] * (counts.sum() / both.sum())
        pearson += float(((counts[used] - expected) ** 2 / expected).sum())
    return float(fdtrc(freedom, usual.freedom, pearson / freedom / usual.spread))


def evidence(p: float) -> float:
    """An e-value: its mean is at most 1 where p is uniform or larger.

    >>> evidence(1.0), evidence(0.0001)
    (0.5, 50.0)
    """
    return min(0.5 * max(p, 1e-300) ** -0.5, LARGEST)


def follow(detectors: Mapping[str, float], evidences: Mapping[str, float]) -> dict[str, float]:
    """The detectors a day later; one that is new begins at zero."""
    return {
        name: min((detectors.get(name, 0.0) + 1.0) * e, LARGEST) for name, e in evidences.items()
    }


def whole(detectors: Mapping[str, float]) -> float:
    """The evidence of all detectors; the alarm is sounded at ALARM."""
    return sum(detectors.values()) / len(detectors) / 2.0 if detectors else 0.0


def least_p(days: int, features: int) -> float:
    """The p at which a window of so many days sounds the alarm."""
    return days / (2.0 * ALARM * len(WINDOWS) * features)


def of_window(usual: Reference, counts: Numbers, days: int, features: int) -> float:
    """The evidence of a window, for one of so many features; the alarm is sounded at ALARM."""
    p = min(1.0, 2.0 * min(_p(usual, counts), _p_of_bin(usual, counts)))
    return min(ALARM * least_p(days, features) / max(p, 1e-300), LARGEST)


def _p_of_bin(usual: Reference, day: Numbers) -> float:
    """The same for the bin that moved most, as one of so many."""
    both = usual.counts + day
    used = both > 0
    sizes = [float(counts.sum()) for counts in (usual.counts, day)]
    if used.sum() < 2 or not all(sizes):
        return 1.0
    share = both[used] / sum(sizes)
    apart = usual.counts[used] / sizes[0] - day[used] / sizes[1]
    pearson = float((apart**2 / (share * (1.0 - share))).max()) / sum(1.0 / n for n in sizes)
    return min(1.0, float(used.sum()) * float(fdtrc(1.0, usual.freedom, pearson / usual.spread)))


Off = tuple[float, float]
"""By how much log-odds were off in the mean, and by how much more or less they may have been."""


def calibration_evidence(
    chances: Numbers, spam: Flags, usual: tuple[Off, Off] = ((0.0, 0.0), (0.0, 0.0))
) -> float:
    """An e-value against probabilities being right, or as wrong as `usual_shifts` says.

    The mean of likelihood ratios of log-odds moved up and down: each is a martingale where spam
    comes with the probability that was said. Of what was usual, whatever explains the answers best.
    """
    odds = _odds(chances)
    sides, base = (odds <= 0.0, odds > 0.0), 0.0
    for side, (shift, around) in zip(sides, usual, strict=True):
        odds[side] += shift
        base += max(_likelihood(odds[side] + by * around, spam[side]) for by in WITHIN)
    with np.errstate(over="ignore"):
        ratios = [np.exp(_likelihood(odds + by, spam) - base) for by in (-1.5, -0.7, 0.7, 1.5)]
    return float(min(np.mean(ratios), LARGEST))


def usual_shifts(chances: Numbers, spam: Flags) -> tuple[Off, Off]:
    """By how much log-odds are off, of probabilities up to 0.5 and of larger ones.

    A model that is too sure is off to both sides: to one shift of all, its errors would look like
    drift.
    """
    odds = _odds(chances)
    low, high = (_shift(odds[side], spam[side]) for side in (odds <= 0.0, odds > 0.0))
    return low, high


def _shift(odds: Numbers, spam: Flags) -> Off:
    """Shrunk: one step of Newton's from zero, thrice."""
    shift, known = 0.0, 1.0
    for _ in range(3):
        now = expit(odds + shift)
        known = float((now * (1.0 - now)).sum() + 1.0)
        shift += float((spam - now).sum() - shift) / known
    return shift, SURE * known**-0.5


def _odds(chances: Numbers) -> Numbers:
    said = np.clip(chances, 1e-4, 1.0 - 1e-4)
    return np.asarray(np.log(said / (1.0 - said)))


def _likelihood(odds: Numbers, spam: Flags) -> float:
    return float((np.where(spam, odds, 0.0) - np.logaddexp(0.0, odds)).sum())


def _shares(counts: Numbers) -> Numbers:
    smoothed = counts + SMOOTHING
    return np.asarray(smoothed / smoothed.sum(), dtype=np.float64)
