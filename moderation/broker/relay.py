"""Wakes the workers as soon as something is written: from NOTIFY to one doorbell.

One thread in the main process of every worker; an advisory lock elects the one that
listens, the others wait to take over. Nothing depends on it but speed: what it misses, the
sweeper rings for.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, Final

import psycopg
from celery import Celery, bootsteps
from django.conf import settings

from moderation.broker import counters
from moderation.broker.doorbells import CHANNEL, EVENTS, POSTS, Bell, ring

logger = logging.getLogger(__name__)

LOCK: Final = 0x77696E6E6F77
"""Key of the advisory lock: "winnow" in ASCII."""
APART: Final = {Bell.JUDGE: 0.05, Bell.DELIVER: 0.2}
"""Seconds between two rings of one bell; what comes meanwhile is covered by the second.

A task costs as much as judging ten posts, so under load few posts a task use up the processor.
Who comes alone waits for nothing; and nobody waits for events with a request open.
"""
CHECK: Final = 5.0
"""Seconds between two looks whether the connection still lives."""
ELECTION: Final = 1.0
"""Seconds between two tries to become the one that listens."""
WAIT: Final = 0.25
"""Longest wait for a notification, so that stopping takes no longer."""
FIRST_PAUSE: Final = 0.2
LAST_PAUSE: Final = 5.0

OF_DJANGO: Final = ("pool", "assume_role", "prepare_threshold", "isolation_level")
"""Options of the database that libpq does not know."""

BELLS: Final = {POSTS: Bell.JUDGE, EVENTS: Bell.DELIVER}


class Relay:
    """Listens to one database until it is told to stop; survives the loss of both servers."""

    def __init__(self) -> None:
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="winnow-relay", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Return once the thread has ended, or after five seconds without it."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(timeout=5)

    def _run(self) -> None:
        pause = FIRST_PAUSE
        while not self._stopping.is_set():
            try:
                with connected() as connection:
                    while not self._elected(connection):
                        if self._stopping.wait(ELECTION):
                            return
                    logger.info("the relay listens")
                    pause = FIRST_PAUSE
                    self._listen(connection)
            except psycopg.Error as error:
                logger.warning("the relay lost the database: %s", type(error).__name__)
            except Exception:
                logger.exception("the relay failed")
            self._stopping.wait(pause)
            pause = min(pause * 2, LAST_PAUSE)

    def _elected(self, connection: psycopg.Connection) -> bool:
        row = connection.execute("SELECT pg_try_advisory_lock(%s)", [LOCK]).fetchone()
        return bool(row and row[0])

    def _listen(self, connection: psycopg.Connection) -> None:
        connection.execute(f"LISTEN {CHANNEL}")
        # What was written while nobody listened.
        bells = Bells(set(Bell))
        next_check = time.monotonic() + CHECK
        while not self._stopping.is_set():
            bells.ring_due()
            heard = connection.notifies(timeout=bells.patience(), stop_after=1)
            bells.want(BELLS[note.payload] for note in heard if note.payload in BELLS)
            if time.monotonic() > next_check:
                # A connection that died without a word is told by no notification.
                connection.execute("SELECT 1")
                next_check = time.monotonic() + CHECK


class Bells:
    """Which bells are wanted, and when each may ring next."""

    def __init__(self, wanted: set[Bell]) -> None:
        self.wanted = wanted
        self._not_before = dict.fromkeys(Bell, 0.0)
        self._pause = FIRST_PAUSE

    def want(self, bells: Iterator[Bell]) -> None:
        self.wanted.update(bells)

    def patience(self) -> float:
        """Seconds until something is to be done though nothing is heard."""
        now = time.monotonic()
        moments = [self._not_before[bell] for bell in self.wanted]
        return max(min([*moments, now + WAIT]) - now, 0.001)

    def ring_due(self) -> None:
        """Ring what is wanted; what the broker does not take stays wanted."""
        for bell in sorted(self.wanted):
            now = time.monotonic()
            if now < self._not_before[bell]:
                continue
            try:
                ring(bell)
            except Exception as error:  # the broker is gone: kombu and redis raise many kinds
                logger.warning("the relay cannot ring: %s", type(error).__name__)
                counters.count("broker_errors", where="relay")
                self._put_off(time.monotonic() + self._pause)
                self._pause = min(self._pause * 2, LAST_PAUSE)
                return
            self._pause = FIRST_PAUSE
            self.wanted.discard(bell)
            self._not_before[bell] = now + APART[bell]

    def _put_off(self, moment: float) -> None:
        self._not_before = dict.fromkeys(Bell, moment)


@contextmanager
def connected() -> Iterator[psycopg.Connection]:
    """A connection of the relay's own, which children forked meanwhile cannot disturb."""
    database = settings.DATABASES["default"]
    connection = psycopg.connect(
        host=database["HOST"],
        port=database["PORT"] or None,
        dbname=database["NAME"],
        user=database["USER"],
        password=database["PASSWORD"],
        application_name="winnow-relay",
        autocommit=True,
        **{k: v for k, v in database["OPTIONS"].items() if k not in OF_DJANGO},
    )
    _shared.add(connection.fileno())
    try:
        yield connection
    finally:
        _shared.discard(connection.fileno())
        connection.close()


_shared: set[int] = set()


def _let_go_in_child() -> None:
    """A forked child must neither keep the relay's session alive nor end it by closing it."""
    if not _shared:
        return
    nowhere = os.open(os.devnull, os.O_RDWR)
    for descriptor in _shared:
        with suppress(OSError):
            os.dup2(nowhere, descriptor)
    os.close(nowhere)
    _shared.clear()


os.register_at_fork(after_in_child=_let_go_in_child)


class RelayStep(bootsteps.StartStopStep):
    """Runs the relay while the worker runs."""

    requires = ("celery.worker.components:Pool",)

    def __init__(self, parent: Any, **options: Any) -> None:
        super().__init__(parent, **options)
        self._relay = Relay()

    def start(self, parent: Any) -> None:
        self._relay.start()

    def stop(self, parent: Any) -> None:
        self._relay.stop()

    def terminate(self, parent: Any) -> None:
        self._relay.stop()


def install(app: Celery) -> None:
    """Have every worker of this application run the relay."""
    app.steps["worker"].add(RelayStep)
