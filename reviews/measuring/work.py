"""How long people worked on their answers, told from the times at which they gave them. Pure.

An answer took the time since the one before, unless a break lies between. The first answer after
a break has no such time: it is taken to have lasted as long as that person's median answer, or the
median of all where that person gave too few.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import chain, pairwise
from statistics import median
from typing import Final

BREAK: Final = timedelta(minutes=5)
"""From one answer to the next; whoever takes longer did something else meanwhile."""
ENOUGH: Final = 10
"""Answers whose length is known, before a median of them is used."""


def lengths(given: Mapping[int, Sequence[datetime]]) -> list[tuple[datetime, float]] | None:
    """Return the moment of each answer and its seconds, from each person's moments.

    None where answers were given, and too few came shortly after another to tell.
    """
    # Of two answers the one that is stored later may have been given first: it waited for a lock.
    given = {person: sorted(moments) for person, moments in given.items()}
    known = {person: gaps(moments) for person, moments in given.items()}
    everybody = list(chain.from_iterable(known.values()))
    if not any(given.values()):
        return []
    if len(everybody) < ENOUGH:
        return None
    found = []
    for person, moments in given.items():
        first = median(known[person] if len(known[person]) >= ENOUGH else everybody)
        befores = [datetime.min.replace(tzinfo=UTC), *moments]
        for before, moment in zip(befores, moments, strict=False):
            gap = moment - before
            found.append((moment, gap.total_seconds() if gap < BREAK else first))
    return found


def gaps(moments: Iterable[datetime]) -> list[float]:
    """Return the seconds between answers that follow each other without a break."""
    between = (later - earlier for earlier, later in pairwise(sorted(moments)))
    return [gap.total_seconds() for gap in between if gap < BREAK]
