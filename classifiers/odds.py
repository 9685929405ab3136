"""Probabilities and their log-odds, kept finite. No NumPy: web processes import this too."""

from __future__ import annotations

import math
from typing import Final

FLOOR: Final = 1e-6
"""No post is surer than this: probabilities lie in [FLOOR, 1 - FLOOR]."""


def log_odds(probability: float) -> float:
    """Return the natural logarithm of the odds, of a probability held within FLOOR."""
    bounded = min(max(probability, FLOOR), 1.0 - FLOOR)
    return math.log(bounded / (1.0 - bounded))


def probability(log_odds: float) -> float:
    """Return the probability of log-odds above -700, where the exponential does not overflow.

    >>> round(probability(2.0), 3)
    0.881
    """
    return 1.0 / (1.0 + math.exp(-log_odds))
