"""How much waited, and for how long, over time: a row a site every five minutes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db import connection
from django.utils import timezone

from moderation.models import Site
from reviews.models import QueueDepth

EVERY: Final = timedelta(minutes=5)
KEPT: Final = timedelta(days=8)
"""A day longer than what is shown of it."""
UNTOLD: Final = 3 * EVERY
"""For so long what is asked because two differ is not counted: longer than `labels.looks.PAUSE`."""
MOST: Final = 10_000
"""Open cases of a site are counted up to here."""

# The oldest case of each lane stands first in the index that counts. What is asked because two
# differ counts once neither may answer anew: whoever looked would read it off the number.
TAKE: Final = """
INSERT INTO reviews_queuedepth (site_id, taken_at, cases, oldest_seconds)
SELECT site.id, %(bucket)s, waits.n, extract(epoch FROM %(now)s - waits.oldest)::int
FROM moderation_site AS site, LATERAL (
    SELECT count(*) AS n, least(min(opened_at), %(now)s) AS oldest FROM (
        SELECT opened_at FROM reviews_case c
        WHERE site_id = site.id AND state = 'open' AND NOT (
            opened_at > %(told)s AND meant_for <> '{}' AND (
                EXISTS (SELECT FROM reviews_look l WHERE l.dispute_id = c.id)
                OR EXISTS (SELECT FROM reviews_check k WHERE k.dispute_id = c.id)
            )
        ) ORDER BY lane, opened_at LIMIT %(most)s
    ) AS c
) AS waits
ON CONFLICT DO NOTHING
"""


@dataclass(frozen=True, slots=True)
class Depth:
    """The most that waited within a stretch of time; None where nobody looked."""

    start: datetime
    cases: int | None
    oldest: timedelta | None


def take(*, now: datetime | None = None) -> int:
    """Note what waits on each site, once in EVERY whoever asks; how many rows that made."""
    now = now or timezone.now()
    at = {"bucket": bucket(now), "now": now}
    with connection.cursor() as cursor:
        cursor.execute(TAKE, {**at, "told": now - UNTOLD, "most": MOST})
        made = int(cursor.rowcount)
    QueueDepth.objects.filter(taken_at__lt=now - KEPT).delete()
    return made


def bucket(moment: datetime) -> datetime:
    """Return the beginning of the stretch of EVERY that a moment lies in."""
    seconds = EVERY.total_seconds()
    return datetime.fromtimestamp(moment.timestamp() // seconds * seconds, tz=moment.tzinfo)


def of_site(site: Site, *, start: datetime, end: datetime, buckets: int) -> Sequence[Depth]:
    """Return what waited on this site in so many equal stretches of time, the oldest first."""
    length = (end - start) / buckets
    cases: dict[int, int] = {}
    oldest: dict[int, int] = {}
    taken = QueueDepth.objects.filter(site=site, taken_at__gte=start, taken_at__lt=end)
    for moment, n, seconds in taken.values_list("taken_at", "cases", "oldest_seconds"):
        place = int((moment - start) / length)
        cases[place] = max(cases.get(place, 0), n)
        oldest[place] = max(oldest.get(place, 0), seconds or 0)
    return [
        Depth(
            start + length * place,
            cases.get(place),
            timedelta(seconds=oldest[place]) if place in oldest else None,
        )
        for place in range(buckets)
    ]
