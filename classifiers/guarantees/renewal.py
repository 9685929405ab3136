"""From which day on draws count for the certificate that is to follow another.

Usually for the days since the last one's period: those are enough where many posts come. On a small
site thirty days seldom carry a promise, and blocking would fall back until there were more. There
the draws of earlier periods count again: the bound that began with one of them holds at all times
at once, so going on with it costs nothing. Which it is, volumes alone decide, once, when the last
certificate may first be followed.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

RENEWED_DAYS: Final = 10
"""Before its end a certificate may be followed by another."""
WIDENED_DAYS: Final = 60
"""Before the last period's end draws may lie that count again."""
ENOUGH: Final = 16.0
"""A promise of a is carried by so many allowed posts times a, times the least probability of a
draw, with three mistakes among the would-be blocks."""


def are_enough(*, allowed: float, chance: float, promise: float) -> bool:
    """Whether so many allowed posts, with this least chance of a would-be block to be drawn, will
    do by themselves.
    """
    return allowed * chance * promise >= ENOUGH


def start(boundaries: Iterable[float], *, last: float) -> float:
    """The earliest bound of an earlier period that is not too old; all in days.

    `last` is the end of the last certificate's period.
    """
    near = [each for each in boundaries if last - WIDENED_DAYS <= each <= last]
    return min(near, default=last)
