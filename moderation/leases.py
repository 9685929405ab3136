"""Long jobs hold a lease row, so that no two processes do one job at a time.

    with leases.hold("retention") as lease:
        for slice in ...:
            lease.keep()
            ...

A holder that dies loses its lease with its database session; one that stalls, after LEASE. It
learns so at its next `keep`, and must write nothing more.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from django.db.models import F, QuerySet
from django.utils import timezone

from moderation.exceptions import LeaseLost, LeaseTaken
from moderation.models.lease import SESSION, JobLease

LEASE: Final = timedelta(seconds=60)
RENEW_EVERY: Final = timedelta(seconds=10)
FREE: Final = datetime(1970, 1, 1, tzinfo=UTC)
"""The end of a lease that was given back: past, also by a clock that is put back."""


class Hold:
    """A hold on one row, for as long as `rows` still finds it as the holder left it."""

    def __init__(self, rows: QuerySet[Any], now: datetime | None = None) -> None:
        self._rows = rows
        self._renewed = now or timezone.now()

    def keep(self) -> None:
        """Renew the lease when it is time to. Raises LeaseLost when another holds the row."""
        now = timezone.now()
        if now - self._renewed >= RENEW_EVERY:
            self.check(now)

    def check(self, now: datetime | None = None, **values: Any) -> None:
        """Renew the lease now, and write `values` with it. Raises LeaseLost.

        The row stays locked to the end of a transaction around this: whoever writes in that
        transaction is the only one to do so.
        """
        now = now or timezone.now()
        if not self._rows.update(**fresh(now), **values):
            raise LeaseLost
        self._renewed = now


def fresh(now: datetime) -> dict[str, Any]:
    """Return the values of a lease that this session takes or renews."""
    return {"lease_until": now + LEASE, **SESSION}


@contextmanager
def hold(name: str, *, now: datetime | None = None) -> Iterator[Hold]:
    """Hold the job of that name for the length of a `with` block.

    Raises LeaseTaken when another process is at it.
    """
    now = now or timezone.now()
    JobLease.objects.get_or_create(name=name, defaults={"lease_until": FREE})
    free = JobLease.objects.filter(name=name).lapsed(now)
    if not free.update(term=F("term") + 1, **fresh(now)):
        raise LeaseTaken
    term = JobLease.objects.values_list("term", flat=True).get(name=name)
    ours = JobLease.objects.filter(name=name, term=term)
    try:
        yield Hold(ours, now)
    finally:
        ours.update(lease_until=FREE)
