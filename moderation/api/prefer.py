"""`Prefer: wait=SECONDS` (RFC 7240): answer once the post is decided, if that is soon.

One thread looks for all requests of the process that wait, with one query, and only while some
do. When each looked for itself, the looks of twenty took more of the processor than judging.
"""

from __future__ import annotations

import logging
import re
import threading
import time
from typing import Final
from uuid import UUID

from django.db import connection

from moderation import statements

logger = logging.getLogger(__name__)

MOST_SECONDS: Final = 10
WAIT: Final = re.compile(
    r'(?:^|[,;])\s*wait\s*=\s*"?(\d{1,9})"?\s*(?=[,;]|$)', re.ASCII | re.IGNORECASE
)
APART: Final = 0.01
"""Seconds between two looks."""
MOST_WAITERS: Final = 24
"""Who waits keeps one of the process's threads (32 by default) and database connections:
a quarter of them stay for everybody else."""

DECIDED: Final = """
SELECT id FROM moderation_post WHERE id = ANY(%s::uuid[]) AND status <> 'pending'
"""


def wait_seconds(header: str) -> int:
    """Return how long the client prefers to wait, at most 10 s; 0 if it does not.

    >>> wait_seconds("respond-async, wait=30")
    10
    """
    match = WAIT.search(header[:1_000])
    return min(int(match[1]), MOST_SECONDS) if match else 0


def wait_until_decided(post_id: str, *, seconds: float) -> bool | None:
    """Return whether the post stopped being pending in time.

    None at once if as many requests as the process can spare are waiting already.
    """
    if not _waiters.acquire(blocking=False):
        return None
    try:
        return bool(decided_of({UUID(post_id)})) or _watch.wait(UUID(post_id), seconds)
    finally:
        _waiters.release()


def decided_of(post_ids: set[UUID]) -> set[UUID]:
    """Return which of these posts are not pending."""
    return {row[0] for row in statements.run(DECIDED, [list(post_ids)])}


class Watch:
    """The posts that this process's requests wait for, and the thread that looks for them."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: dict[threading.Event, UUID] = {}
        self._is_watched = False

    def wait(self, post_id: UUID, seconds: float) -> bool:
        """Return whether the post was decided in time."""
        decided = threading.Event()
        with self._lock:
            self._waiting[decided] = post_id
            if not self._is_watched:
                threading.Thread(target=self._look, name="winnow-watch", daemon=True).start()
                self._is_watched = True
        try:
            return decided.wait(seconds)
        finally:
            with self._lock:
                del self._waiting[decided]

    def _look(self) -> None:
        try:
            while waiting := self._left():
                time.sleep(APART)
                try:
                    found = decided_of(set(waiting.values()))
                except Exception as error:  # whoever waits is answered in time, if with 202
                    logger.warning("the watch cannot look: %s", type(error).__name__)
                    connection.close()
                    continue
                for decided, post_id in waiting.items():
                    if post_id in found:
                        decided.set()
        finally:
            connection.close()

    def _left(self) -> dict[threading.Event, UUID]:
        with self._lock:
            waiting = {event: post for event, post in self._waiting.items() if not event.is_set()}
            self._is_watched = bool(waiting)
            return waiting


_waiters = threading.BoundedSemaphore(MOST_WAITERS)
_watch = Watch()
