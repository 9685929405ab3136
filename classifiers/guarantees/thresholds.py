"""Which threshold is certified: Learn-then-Test with a fixed sequence.

The grid is fixed before any label is seen. "Above this threshold the promise is broken" is tested
from the highest threshold on, each at the whole chance of error, until one test fails: the first
threshold of the sequence that breaks the promise is certified with a chance of at most delta, and
those after it only if it was (Angelopoulos, Bates, Candes, Jordan, Lei, Learn then Test:
calibrating predictive algorithms to achieve risk control, Annals of Applied Statistics 2025;
Wiens, A fixed sequence Bonferroni procedure, Pharmaceutical Statistics 2003). With bounds that hold
at any time this holds at any time too.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

GRID: Final = (0.999, 0.998, 0.995, 0.99, 0.98, 0.95, 0.9, 0.8, 0.7, 0.6, 0.5)


def grid(block_from: float) -> tuple[float, ...]:
    """The thresholds that may be certified for a policy, strictest first."""
    return (*(threshold for threshold in GRID if threshold > block_from), block_from)


def certify(
    thresholds: tuple[float, ...], bound: Callable[[float], float], most: float
) -> tuple[float, float] | None:
    """The last threshold before the first whose bound exceeds `most`, and its bound."""
    certified = None
    for threshold in thresholds:
        found = bound(threshold)
        if found > most:
            break
        certified = (threshold, found)
    return certified
