"""How many decisions were drawn from, and with which chances: all that is asked of volumes."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from classifiers.guarantees.certificates import Level, Volumes
from moderation import statements
from moderation.types import Stratum
from reviews.measuring.draws import ASKED, FROM, Question

# By day, and by the moments at which one may stop, so that one reading answers for each of them.
COUNTED: Final = f"""
SELECT floor(extract(epoch FROM draw.created_at) / 86400)::int,
    width_bucket(extract(epoch FROM draw.created_at)::float, %(moments)s::float[]),
    count(*) FILTER (WHERE draw.stratum = 'allow'),
    count(*) FILTER (WHERE draw.stratum = 'block'),
    min(draw.probability) FILTER (WHERE draw.stratum = 'block'),
    min(draw.probability) FILTER (WHERE draw.stratum = 'allow')
{FROM} WHERE {ASKED} GROUP BY 1, 2
"""  # noqa: S608 - constants
# Of all that the model would block, whatever its threshold: their number is what the probability
# follows.
LEAST: Final = f"""
SELECT floor(extract(epoch FROM draw.created_at) / 86400)::int, min(draw.probability)
{FROM}
WHERE draw.site_id = %(site)s AND draw.stratum = 'block' AND policy.mode = %(mode)s
    AND decision.by = 'model'
    AND draw.created_at >= %(since)s - interval '1 day' AND draw.created_at < %(until)s
GROUP BY 1
"""  # noqa: S608 - constants
FIRST: Final = f"""
SELECT draw.created_at, draw.probability {FROM} WHERE {ASKED} AND draw.stratum = %(stratum)s
ORDER BY draw.created_at, draw.id LIMIT 1
"""


@dataclass(frozen=True, slots=True)
class Day:
    """What was drawn from on one day, between two of the moments that were asked about."""

    number: int
    """Since 1970."""
    part: int
    """How many of the moments lie before it."""
    allowed: int
    would_block: int
    chance: float
    """The least with which a would-be block was drawn; 1 where there was none."""
    chance_of_allowed: float
    """The same of an allowed post."""


@dataclass(frozen=True, slots=True)
class DrawnFrom:
    """What was drawn from, and with which chances, day by day."""

    moments: tuple[float, ...]
    """Until which it can be told, in seconds; in order."""
    days: tuple[Day, ...]
    least: Mapping[int, float]
    """With which a would-be block was drawn, by days since 1970."""
    first_of_allowed: float
    """With which the first allowed post was drawn."""

    def until(self, moment: float, drawn_until: float | None = None) -> Volumes:
        """Before one of the moments; of them all at infinity. Draws of allowed posts count until
        another, where one is given.
        """
        drawn_until = moment if drawn_until is None else drawn_until
        days = self._before(moment)
        allowed = sum(day.allowed for day in days)
        chances = [self._chance(day.number) for day in days]
        weighed = sum(day.allowed * chance for day, chance in zip(days, chances, strict=True))
        came, counts = self._part(moment), self._part(drawn_until)
        rows = [
            (day, (day.number, day.allowed if day.part <= came else 0, day.chance_of_allowed))
            for day in self._before(max(moment, drawn_until))
            if day.allowed
        ]
        levels = Level.of_days(
            self.first_of_allowed,
            (row for day, row in rows if day.part <= counts),
            (row for day, row in rows if day.part > counts),
        )
        mean = weighed / allowed if allowed else 0.0
        return Volumes(allowed, mean, levels, min(chances, default=1.0))

    def would_block(self, moment: float) -> int:
        return sum(day.would_block for day in self._before(moment))

    def least_of_blocks(self, moment: float) -> float:
        return min((day.chance for day in self._before(moment)), default=1.0)

    def _before(self, moment: float) -> list[Day]:
        return [day for day in self.days if day.part <= self._part(moment)]

    def _part(self, moment: float) -> int:
        return bisect_left(self.moments, moment)

    def _chance(self, day: int) -> float:
        """It follows the last 24 hours, so some of a day's posts may have had that of the day
        before, though no would-be block came to tell.
        """
        return min(self.least.get(day - 1, 1.0), self.least.get(day, 1.0))


def counted(asked: Question, moments: Iterable[float] = ()) -> DrawnFrom:
    """Until each of the moments, in seconds."""
    moments = tuple(sorted({*moments, math.inf}))
    rows = statements.run(COUNTED, {**asked.values, "moments": list(moments)})
    days = (
        Day(*counts, *(1.0 if each is None else each for each in chances))
        for *counts, chances in ((*row[:4], row[4:]) for row in rows)
    )
    of_allowed = first(asked, Stratum.ALLOW)
    return DrawnFrom(
        moments,
        tuple(days),
        dict(statements.run(LEAST, asked.values)),
        of_allowed[1] if of_allowed else 1.0,
    )


def first(asked: Question, stratum: Stratum) -> tuple[datetime, float] | None:
    """When the first of them was made, and with which chance it was drawn."""
    rows: Iterable[tuple[datetime, float]] = statements.run(
        FIRST, {**asked.values, "stratum": stratum.value}
    )
    return next(iter(rows), None)
