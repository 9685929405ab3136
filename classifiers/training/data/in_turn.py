"""The posts of a file judged in turn, as they would have come to a site that saw nothing before.

What the site saw is what earlier posts of the file said, whatever their labels are.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Final

from classifiers.assess import assess_batch
from classifiers.tables.values import EARLIEST, LATEST
from classifiers.training.data.dataset import Row
from classifiers.training.data.played_site import Arrival, PlayedSite
from classifiers.types import Assessment, History, Scorer

BATCH: Final = 64
ALLOWED: Final = 0.3
"""Probability below which a site's usual policy lets a post through."""
PER_DAY: Final = 200
"""Posts that are a day where times do not tell."""
_BEGINNING: Final = datetime(2000, 1, 1, tzinfo=UTC)


def judged(
    rows: Sequence[Row], scorers: Sequence[Scorer], *, beside: bool = True
) -> Iterator[Assessment]:
    """One Assessment a row, in order; without `beside` each post stands alone.

    As in serving, posts of one batch know of each other that they came, and only of those before
    it whether they seemed honest.
    """
    clocked = in_order(rows)
    site = PlayedSite(clocked=clocked)
    for start in range(0, len(rows), BATCH):
        batch = rows[start : start + BATCH]
        posts = [
            Arrival(row.content, _moment(row, start + place, clocked), row.author)
            for place, row in enumerate(batch)
        ]
        histories = site.recall(posts) if beside else [History()] * len(posts)
        contents = [row.content for row in batch]
        found = assess_batch(contents, histories, [()] * len(posts), scorers)
        if beside:
            site.count([_is_honest(each) for each in found])
        yield from found


def in_order(rows: Sequence[Row]) -> bool:
    """Whether rows have times of their own, in this century, none before the one above it.

    Other times are passed over, as mere dates are: in one collection all honest posts have one and
    no spam has, in others the newest come first.
    """
    times = [row.time for row in rows]
    known = all(EARLIEST <= time < LATEST for time in times)
    return known and len(set(times)) * 2 > len(times) and all(a <= b for a, b in pairwise(times))


def _moment(row: Row, place: int, clocked: bool) -> datetime:
    if clocked:
        return datetime.fromtimestamp(row.time, UTC)
    return _BEGINNING + place * timedelta(days=1) / PER_DAY


def _is_honest(assessment: Assessment) -> bool:
    return assessment.probability is not None and assessment.probability < ALLOWED
