"""A schedule that several beats share: each periodic job is sent once a slot, by one of them.

Before a beat sends a job it writes, in the job's row, when it ran, on the condition that the
row still says what this beat believes. Of several only one can; the others take over what it
wrote and wait for the next slot. So a second beat costs nothing and no leader is needed.
"""

from __future__ import annotations

import logging
import time
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any, Final

from celery.beat import SchedulingError
from celery.schedules import schedstate
from django.db import DatabaseError
from django.db.models import F
from django_celery_beat.models import PeriodicTask, PeriodicTasks
from django_celery_beat.schedulers import DatabaseScheduler, ModelEntry

logger = logging.getLogger(__name__)

RETRY_SECONDS: Final = 2.0
"""Until a job is tried again that the broker did not take."""
AGAIN_SECONDS: Final = 0.5
"""Until a job is looked at again that another beat has just changed."""
CLOCKS_APART: Final = timedelta(seconds=60)
"""Two machines' clocks may differ by so much."""


class SharedEntry(ModelEntry):
    """One periodic job as this beat knows it."""

    def __init__(self, model: PeriodicTask, app: Any = None) -> None:
        self.known = self.before = model.last_run_at
        """What the row says, None if it never ran; the base class makes up a moment then."""
        super().__init__(model, app)

    def is_due(self) -> schedstate:
        """Return whether the job is to be sent now, and when to look again."""
        if self.known is not None and self.known > self._default_now() + CLOCKS_APART:
            self._put_back()
        return super().is_due()

    def _put_back(self) -> None:
        """Begin a slot now: the job ran by a clock that was put back since, or that is wrong.

        Otherwise nothing would be sent until our clock has come as far, of an hour for an hour.
        """
        moment = self._default_now()
        logger.warning("%s ran later than our clock says; it begins anew", self.name)
        row = PeriodicTask.objects.filter(pk=self.model.pk, last_run_at=self.known)
        if row.update(last_run_at=moment):
            self._learn(moment, self.model.total_run_count)

    def __next__(self) -> SharedEntry:
        """Return the entry of the next slot; `claim` has written this one."""
        return self.__class__(self.model, app=self.app)

    def save(self) -> None:
        """Write nothing: `claim` is the only one to do so."""

    def claim(self) -> bool:
        """Take this slot; False, and what the row says now, when another beat has taken it."""
        moment = self._default_now()
        row = PeriodicTask.objects.filter(pk=self.model.pk, enabled=True)
        ours = row.filter(last_run_at=self.known).update(
            last_run_at=moment, total_run_count=F("total_run_count") + 1
        )
        if ours:
            self.before = self.known
            self._learn(moment, self.model.total_run_count + 1)
            return True
        found = row.values_list("last_run_at", "total_run_count").first()
        if found is None:
            self.model.enabled = False
        else:
            self._learn(*found)
        return False

    def give_back(self) -> None:
        """Undo the last claim, and have every beat look again, unless the job ran since."""
        row = PeriodicTask.objects.filter(pk=self.model.pk, last_run_at=self.known)
        row.update(last_run_at=self.before, total_run_count=F("total_run_count") - 1)
        PeriodicTasks.update_changed()

    def _learn(self, last_run_at: datetime, total_run_count: int) -> None:
        self.model.last_run_at = self.last_run_at = self.known = last_run_at
        self.model.total_run_count = self.total_run_count = total_run_count


class SharedScheduler(DatabaseScheduler):
    """The schedule of django-celery-beat, of which any number of beats may run."""

    Entry = SharedEntry
    _ticked = 0.0

    def tick(self, *args: Any, **kwargs: Any) -> float:
        """Send what is due; return the seconds until something may be."""
        before, self._ticked = self._ticked, time.time()
        if self._ticked < before - CLOCKS_APART.total_seconds():
            # The clock was put back: all that waits for its moment would wait so much longer.
            self._initial_read, self._heap = True, None
        return float(super().tick(*args, **kwargs))

    def is_due(self, entry: SharedEntry) -> schedstate:
        """Return whether this beat is to send the job now; then the slot is taken."""
        due = entry.is_due()
        if not due.is_due or entry.claim():
            return due
        again = entry.is_due()
        return schedstate(False, AGAIN_SECONDS) if again.is_due else again

    def apply_entry(self, entry: SharedEntry, producer: Any = None) -> None:
        """Send the job; what the broker does not take is tried again in a few seconds."""
        try:
            self.apply_async(entry, producer=producer, advance=False)
        except SchedulingError as error:
            why = type(error.__context__ or error).__name__
            logger.warning("%s could not be sent (%s)", entry.name, why)
            self._reconnect()
            time.sleep(RETRY_SECONDS)
            try:
                entry.give_back()
            except DatabaseError as lost:
                logger.error("%s misses a turn (%s)", entry.name, type(lost).__name__)

    def _reconnect(self) -> None:
        """Forget a connection that may be dead: the next job opens another."""
        self.__dict__.pop("producer", None)
        connection = self.__dict__.pop("connection", None)
        if connection is not None:
            with suppress(*connection.connection_errors, OSError):
                connection.release()
