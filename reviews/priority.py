"""How soon a case should be looked at: one number, fixed when its facts are known. Pure.

    priority = ln(cost of a TIME_CONSTANT of waiting) - opened_at / TIME_CONSTANT

The order of two cases never changes while both wait, so that an index can hold it. Each
TIME_CONSTANT of age counts as much as an e-fold cost; costs lie in [LEAST, MOST], so a case
waits behind newer ones for at most `TIME_CONSTANT * ln(MOST / LEAST)` (about three and a half
hours): nothing starves.
"""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from typing import Final

from reviews.lanes import Lane

TIME_CONSTANT: Final = timedelta(hours=1)
LEAST: Final = 0.05
MOST: Final = 1.5
UNKNOWN: Final = 0.5
"""Stands in for a probability that no judge could give."""

EPOCH: Final = datetime(2025, 1, 1, tzinfo=UTC)

FLOOR: Final[dict[Lane, float]] = {
    Lane.HELD: LEAST,
    Lane.PUBLISHED: LEAST,
    # Many blocks at once are a flood of spam or a model gone wrong: its certainty counts less.
    Lane.OVERFLOW: 0.1,
    # Somebody who read the post says that the machine was wrong.
    Lane.REPORTED: 0.75,
    Lane.AUDIT: 0.2,
}


def cost_of_delay(*, lane: Lane, published: bool, probability: float | None) -> float:
    """Expected harm of leaving a case alone, in [LEAST, MOST]; one unpublished honest post is 1.

    An unpublished post harms if it is honest, a published one if it is spam (seen by many,
    hence half as much again). An audit costs the same whatever the machine thought of it, so
    that neither its place nor its delay depends on what it measures.
    """
    if lane is Lane.AUDIT:
        return FLOOR[lane]
    spam = UNKNOWN if probability is None else probability
    cost = 1.5 * spam if published else 1.0 - spam
    return min(max(cost, FLOOR[lane]), MOST)


def priority(
    *, lane: Lane, published: bool, probability: float | None, opened_at: datetime
) -> float:
    """Higher comes first. The same facts give the same number at any time."""
    cost = cost_of_delay(lane=lane, published=published, probability=probability)
    return math.log(cost) - (opened_at - EPOCH) / TIME_CONSTANT
