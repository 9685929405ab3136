"""`Prefer: wait=SECONDS` (RFC 7240): answer once the post is decided, if that is soon."""

from __future__ import annotations

import re
import threading
import time

from django.db import connection

from moderation.types import Status

MOST_SECONDS = 10
WAIT = re.compile(r'(?:^|[,;])\s*wait\s*=\s*"?(\d{1,9})"?\s*(?=[,;]|$)', re.ASCII | re.IGNORECASE)
FIRST_PAUSE = 0.01
LONGEST_PAUSE = 0.05
MOST_WAITERS = 24
"""Who waits keeps one of the process's threads (32 by default) and database connections:
a quarter of them stay for everybody else."""

# Through the ORM each look takes three times the processor time, and there are many.
STATUS = "SELECT status FROM moderation_post WHERE id = %s"

_waiters = threading.BoundedSemaphore(MOST_WAITERS)


def wait_seconds(header: str) -> int:
    """Return how long the client prefers to wait, at most 10 s; 0 if it does not.

    >>> wait_seconds("respond-async, wait=30")
    10
    """
    match = WAIT.search(header[:1_000])
    return min(int(match[1]), MOST_SECONDS) if match else 0


def wait_until_decided(post_id: str, *, seconds: float) -> bool | None:
    """Return whether the post stopped being pending in time.

    None at once if as many requests as the process can spare are waiting already. Looks at
    one row by its primary key each time, in no transaction.
    """
    if not _waiters.acquire(blocking=False):
        return None
    try:
        return _poll(post_id, seconds)
    finally:
        _waiters.release()


def _poll(post_id: str, seconds: float) -> bool:
    end = time.monotonic() + seconds
    pause = FIRST_PAUSE
    while _status(post_id) == Status.PENDING:
        left = end - time.monotonic()
        if left <= 0:
            return False
        time.sleep(min(pause, left))
        pause = min(pause * 1.25, LONGEST_PAUSE)
    return True


def _status(post_id: str) -> str:
    with connection.cursor() as cursor:
        cursor.execute(STATUS, [post_id])
        return str(cursor.fetchone()[0])
