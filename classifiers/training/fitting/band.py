"""Chooses where the encoder is asked: the band that keeps most of what it knows, at a bounded cost.

Measured on posts that neither part had seen. For every threshold that a site may usually have,
the spam missed and the honest posts caught through not asking, less those spared, must stay
within a small share of their class; of such bands, the one with the least log-loss and 1-ROCA.
"""

from __future__ import annotations

from itertools import product
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.special import logit

from classifiers.arrays import Flags, Numbers
from classifiers.calibration import probabilities
from classifiers.scorers.head import Band
from classifiers.training.evaluate import losses, roc_auc

THRESHOLDS: Final = np.array([0.1, 0.2, 0.3, 0.5, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99])
"""Usual limits of review and of blocking."""
MISSED: Final = 0.005
"""Share of spam that may be missed at any of them; of ham caught, a tenth of it."""
LOWEST: Final = np.geomspace(0.5, 0.001, 24)
"""Probabilities where a band may begin."""
HIGHEST: Final = (0.5, 0.8, 0.9, 0.95, 0.97, 0.98, 0.99)
"""Probabilities where it may end."""

MOST: Final = 0.2
"""Share of the posts that may be asked about: asking one costs as much as judging five."""
LEAST_ERROR: Final = 1e-4
"""A smaller 1-ROCA counts as this: what a few posts do to it is no reason to ask."""

USUAL: Final = 0.98
"""Share of the posts that are as familiar and as short as is usual."""


def choose(
    cheap: Numbers,
    full: Numbers,
    spam: Flags,
    *,
    weights: Numbers,
    unfamiliar: Numbers,
    lengths: NDArray[np.int64],
    foreign: Numbers,
    limit: float = 1.0,
) -> Band:
    """The best of the bands that ask about few enough, harmless ones before others.

    All arrays have one row a post; `weights` say what it counts for in log-loss. What is stranger
    or longer than all but 2 % of them is always asked about, unless more of it than `limit` is
    foreign. Of bands that leave the same to a hundredth of the encoder's own log-loss and 1-ROCA,
    the one that asks the fewest.
    """
    strange, long = float(np.quantile(unfamiliar, USUAL)), int(np.quantile(lengths, USUAL))
    best, least = Band(0.0, 0.0, strange, long, limit), (True, np.inf, 1.0)
    by_cheap, by_full = (losses(probabilities(each), spam) for each in (cheap, full))
    loss, rank = float(weights @ by_full), max(_rank(full, spam), LEAST_ERROR)
    for low, high in product(LOWEST, HIGHEST):
        band = Band(float(logit(low)), float(logit(high)), strange, long, limit)
        asked = band.asks(cheap, unfamiliar, lengths, foreign)
        share = float(asked.mean())
        if share > MOST:
            continue
        cascade = np.where(asked, full, cheap)
        left = float(weights @ np.where(asked, by_full, by_cheap)) / loss
        left += _rank(cascade, spam) / rank
        found = (not harmless(cascade, full, spam), round(left, 2), share)
        if found < least:
            best, least = band, found
    return best


def harmless(cascade: Numbers, full: Numbers, spam: Flags) -> bool:
    """Whether the one decides as well as the other; both are calibrated log-odds."""
    ours, theirs = probabilities(cascade), probabilities(full)
    for found, which, share in (
        (np.less, spam, MISSED),
        (np.greater_equal, ~spam, MISSED / 10.0),
    ):
        wrong = found.outer(ours[which], THRESHOLDS).sum(axis=0)
        before = found.outer(theirs[which], THRESHOLDS).sum(axis=0)
        if (wrong - before).max() > share * which.sum():
            return False
    return True


def _rank(log_odds: Numbers, spam: Flags) -> float:
    """1-ROCA; 0 where there is but one class."""
    area = roc_auc(log_odds, spam)
    return 0.0 if area is None else 1.0 - area
