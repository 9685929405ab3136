"""Telling the workers that there is work. The message is only a doorbell: the row is the work.

A bell that rings and has not been answered is not rung again, so that a busy worker finds
one message waiting and not thousands.
"""

from __future__ import annotations

from contextlib import suppress
from enum import StrEnum
from functools import lru_cache
from typing import Final

from celery import current_app
from django.conf import settings
from redis import Redis
from redis.exceptions import RedisError

CHANNEL: Final = "winnow"
"""What PostgreSQL's NOTIFY is sent on; see `moderation.broker.relay`."""
POSTS: Final = "posts"
EVENTS: Final = "events"
BELL_SECONDS: Final = 2
"""A bell that nobody answered for so long may have been lost, and is rung again."""
BROKER_SECONDS: Final = 1.0
QUEUE: Final = "judge"


class Bell(StrEnum):
    """The tasks that are rung for, by their names."""

    JUDGE = "moderation.tasks.judge_pending"
    DELIVER = "moderation.tasks.deliver_events"


@lru_cache(maxsize=1)
def broker() -> Redis:
    """Return this process's client of the broker, for what is no Celery message."""
    return Redis.from_url(
        settings.REDIS_URL,
        socket_connect_timeout=BROKER_SECONDS,
        socket_timeout=BROKER_SECONDS,
        decode_responses=True,
    )


def ring(bell: Bell) -> bool:
    """Send one message unless one is under way; return whether it was sent.

    Raises RedisError or kombu's OperationalError if the broker cannot be reached.
    """
    if not broker().set(_key(bell), "1", nx=True, ex=BELL_SECONDS):
        return False
    try:
        current_app.send_task(bell.value, queue=QUEUE, retry=False, ignore_result=True)
    except Exception:
        broker().delete(_key(bell))
        raise
    return True


def answer(bell: Bell) -> None:
    """Note that the bell was heard. To be called before looking for work, never after.

    A broker that cannot note it keeps nobody from working.
    """
    with suppress(RedisError):
        broker().delete(_key(bell))


def _key(bell: Bell) -> str:
    return f"winnow:bell:{bell.value.rpartition('.')[2]}"
