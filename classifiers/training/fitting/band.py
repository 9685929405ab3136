"""Chooses where the encoder is asked: the narrowest band that costs nothing worth having.

Measured on posts that neither part had seen. For every threshold that a site may usually have,
the spam missed and the honest posts caught through not asking, less those spared, must stay
within a small share of their class, and the log-loss must rise hardly at all. Where no such band
is narrow enough to be paid for, the one that leaves the least log-loss of those that are.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np
from numpy.typing import NDArray

from classifiers.arrays import Flags, Numbers
from classifiers.calibration import probabilities
from classifiers.scorers.head import Band
from classifiers.training.evaluate import losses, roc_auc

THRESHOLDS: Final = np.array([0.1, 0.2, 0.3, 0.5, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99])
"""Usual limits of review and of blocking."""
MISSED: Final = 0.005
"""Share of spam that may be missed at any of them; of ham caught, a tenth of it."""
LOSS: Final = 0.03
"""Rise of the log-loss and of 1-ROCA, as a share of it; and what is forgiven besides."""
RANK: Final = 0.1
RANK_FLOOR: Final = 0.0002
LOSS_FLOOR: Final = 0.0005
EDGES: Final = (0.5, 0.4, 0.3, 0.2, 0.1, 0.05, 0.03, 0.02, 0.015, 0.01, 0.005, 0.002, 0.001)
"""Probabilities where a band may begin; 1 less these where it may end."""

MOST: Final = 0.2
"""Share of the posts that may be asked about: asking one costs as much as judging five."""

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
    """The harmless band that asks the fewest, or the best of those that ask few enough.

    All arrays have one row a post; `weights` say what it counts for in log-loss and in the share
    that is asked. What is stranger or longer than all but 2 % of them is always asked about,
    unless more of it than `limit` is foreign.
    """
    strange, long = float(np.quantile(unfamiliar, USUAL)), int(np.quantile(lengths, USUAL))
    best, least = Band(0.0, 0.0, strange, long, limit), np.inf
    for low, high in _bands():
        band = Band(low, high, strange, long, limit)
        asked = band.asks(cheap, unfamiliar, lengths, foreign)
        share = float(np.average(asked, weights=weights))
        if share > MOST or share - 1.0 >= least:
            continue
        cascade = np.where(asked, full, cheap)
        # Below all log-losses, and the lower the fewer are asked.
        cost = (
            share - 1.0
            if harmless(cascade, full, spam)
            else float(np.average(losses(probabilities(cascade), spam), weights=weights))
        )
        if cost < least:
            best, least = band, cost
    return best


def harmless(cascade: Numbers, full: Numbers, spam: Flags) -> bool:
    """Whether the one may stand for the other; both are calibrated log-odds."""
    ours, theirs = probabilities(cascade), probabilities(full)
    for found, which, share in (
        (np.less, spam, MISSED),
        (np.greater_equal, ~spam, MISSED / 10.0),
    ):
        wrong = found.outer(ours[which], THRESHOLDS).sum(axis=0)
        before = found.outer(theirs[which], THRESHOLDS).sum(axis=0)
        if (wrong - before).max() > share * which.sum():
            return False
    loss = float(losses(theirs, spam).mean())
    if float(losses(ours, spam).mean()) > loss * (1.0 + LOSS) + LOSS_FLOOR:
        return False
    areas = roc_auc(cascade, spam), roc_auc(full, spam)
    if areas[0] is None or areas[1] is None:
        return True
    return 1.0 - areas[0] <= (1.0 - areas[1]) * (1.0 + RANK) + RANK_FLOOR


def _bands() -> Iterator[tuple[float, float]]:
    edges = [float(np.log((1.0 - edge) / edge)) for edge in EDGES]
    for low in edges:
        for high in edges:
            yield -low, high
