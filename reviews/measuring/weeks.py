"""How wrong the machine was on a site week by week: measured once each, and kept."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

from django.db import transaction

from moderation.alone import alone
from moderation.models import Site
from reviews.measuring import periods
from reviews.measuring.mistaken import People
from reviews.measuring.periods import WEEK
from reviews.models import MeasuredWeek
from reviews.queue.priority import DEADLINE

LOOKED_BACK: Final = 26
"""Weeks that are measured afterwards where they were not in their time."""


def measure_next(*, site: Site, people: People, now: datetime) -> MeasuredWeek | None:
    """Measure the newest week, from Monday on in UTC, that is over, settled and not measured yet.

    One at a time, so that a site that was never measured is not asked for half a year at once.
    Where that week fails, another is measured, whichever, and the error told: one week that is too
    slow to count would keep all before it from being measured. None where nothing was measured.
    """
    newest = _monday((now - DEADLINE - WEEK).date())
    starts = [newest - number * WEEK for number in range(LOOKED_BACK)]
    # What a clock that was ahead has measured is measured anew.
    measured = MeasuredWeek.objects.filter(
        site=site, start__range=(starts[-1], newest), measured_at__lte=now
    )
    known = set(measured.values_list("start", flat=True))
    created = _monday(site.created_at.date())
    left = [each for each in starts if each >= created and each not in known]
    others = random.sample(left[1:], min(len(left[1:]), 1))
    for start in left[:1] + others:
        with alone(f"measuring the week from {start} of site {site.pk}"), transaction.atomic():
            return _measure(start, site=site, people=people, now=now)
    return None


def _measure(start: date, *, site: Site, people: People, now: datetime) -> MeasuredWeek:
    since = datetime.combine(start, time(), UTC)
    until = since + WEEK
    figures = periods.measure(site=site, since=since, until=until, people=people)
    figures["blocked_posts"] = periods.blocked_posts(site=site, since=since, until=until)
    week, _ = MeasuredWeek.objects.update_or_create(
        site=site, start=start, defaults={"figures": figures, "measured_at": now}
    )
    return week


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())
