"""When things happen: more by day than by night, campaigns in bursts, people at their hours."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from typing import Final

DAYS: Final = 14
HOURS: Final = (2, 1, 1, 1, 1, 2, 4, 7, 9, 10, 10, 11, 12, 11, 10, 10, 11, 13, 15, 17, 18, 15, 9, 4)
"""How busy each hour of the day is."""
WORKDAY: Final = range(7, 23)
"""Hours in which somebody judges."""
PACE: Final = timedelta(seconds=40)
"""From one answer of a person to the next."""


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
    moment = opened + timedelta(minutes=chance.expovariate(1 / 45) + 1)
    while moment.hour not in WORKDAY:
        morning = moment.replace(hour=WORKDAY.start, minute=0, second=0, microsecond=0)
        moment = morning + timedelta(
            days=moment.hour >= WORKDAY.start, seconds=chance.random() * 5400
        )
    return moment
