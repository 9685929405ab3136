"""When things happen: more by day than by night, campaigns in bursts, people at their hours."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from typing import Final

DAYS: Final = 14
HOURS: Final = (2, 1, 1, 1, 1, 2, 4, 7, 9, 10, 10, 11, 12, 11, 10, 10, 11, 13, 15, 17, 18, 15, 9, 4)
"""How busy each hour of the day is."""
SITTINGS: Final = range(8, 23, 2)
"""Hours at which somebody sits down to answer what waits."""
SITTING: Final = timedelta(minutes=6)


def moments(count: int, *, end: datetime, chance: random.Random) -> list[datetime]:
    """Return so many moments of the last DAYS, in order."""
    found: list[datetime] = []
    while len(found) < count:
        moment = end - timedelta(days=DAYS) * chance.random()
        if chance.random() * max(HOURS) < HOURS[moment.hour]:
            found.append(moment)
    return sorted(found)


def burst(count: int, *, start: datetime, chance: random.Random) -> list[datetime]:
    """Return so many moments of one to three hours."""
    length = timedelta(hours=chance.uniform(1, 3))
    return sorted(start + length * chance.random() for _ in range(count))


def answered_at(opened: datetime, chance: random.Random) -> datetime:
    """Return when somebody comes to a case that was opened then."""
    start = opened.replace(minute=0, second=0, microsecond=0)
    while start <= opened or start.hour not in SITTINGS:
        start += timedelta(hours=1)
    return start + SITTING * chance.random()


def sitting(moment: datetime) -> int:
    """Return the number of the sitting that this moment lies in: people take turns."""
    return moment.toordinal() + moment.hour // SITTINGS.step
