"""What happened leaves as a row written in the transaction that made it so; then it is told.

`publish` writes, `deliver` tells the subscribers that `settings.WINNOW_EVENT_SUBSCRIBERS`
names. A subscriber works in the transaction that marks its events delivered: what it writes
is written exactly once. Where it reaches outside the database it must bear repetition.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import cache, partial

import structlog
from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone
from django.utils.module_loading import import_string

from moderation import bulk
from moderation.broker import counters
from moderation.broker.doorbells import CHANNEL, EVENTS
from moderation.models import Event, Post

logger = logging.getLogger(__name__)
log = structlog.get_logger(__name__)

BATCH = 200
FIRST_RETRY = timedelta(seconds=2)
LAST_RETRY = timedelta(minutes=10)

Subscriber = Callable[[list[Event]], object]


def notify(what: str) -> None:
    """Wake the relay when the present transaction commits; see `moderation.broker.relay`."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_notify(%s, %s)", [CHANNEL, what])


def publish(events: Sequence[Event]) -> list[Event]:
    """Write events in the present transaction, which must be the one that made them true."""
    if not connection.in_atomic_block:
        raise transaction.TransactionManagementError("An event belongs to a transaction.")
    if not events:
        return []
    rows = bulk.insert(events)
    notify(EVENTS)
    return rows


def deliver(*, now: datetime | None = None) -> int:
    """Tell one batch of events and return how many were due; 0 means that none is left.

    Events that fail together are told one by one; one that fails alone waits longer each
    time, and holds up no other.
    """
    now = now or timezone.now()
    try:
        return len(_deliver_batch(now))
    except Exception:
        logger.exception("events failed together; telling them one by one")
    due = list(Event.objects.due(now).values_list("pk", flat=True)[:BATCH])
    return sum(_deliver_alone(pk, now) for pk in due)


def _deliver_batch(now: datetime) -> list[Event]:
    with transaction.atomic():
        fresh = Event.objects.due(now).filter(attempts=0).claimed()[:BATCH]
        events = list(fresh or Event.objects.due(now).claimed()[:1])
        _tell(events, now)
        return events


def _deliver_alone(pk: int, now: datetime) -> bool:
    """Whether the event was there to be told; it may have failed again."""
    try:
        with transaction.atomic():
            events = list(Event.objects.due(now).filter(pk=pk).claimed())
            _tell(events, now)
            return bool(events)
    except Exception:
        logger.exception("event %s failed", pk)
    return _put_off(pk, now)


def _put_off(pk: int, now: datetime) -> bool:
    with transaction.atomic():
        event = Event.objects.due(now).filter(pk=pk).claimed().first()
        if event is None:
            return False
        event.attempts = min(event.attempts + 1, 30_000)
        event.next_attempt_at = now + back_off(event.attempts)
        event.save(update_fields=["attempts", "next_attempt_at"])
    counters.count("event_failures", kind=event.kind)
    log.warning(
        "event.failed",
        id=pk,
        kind=event.kind,
        post=str(event.post_id),
        request_id=event.payload.get("request_id", ""),
        attempts=event.attempts,
    )
    return True


def back_off(attempts: int) -> timedelta:
    """Return how long to wait after so many failures: 2 s, doubled up to ten minutes."""
    return min(FIRST_RETRY * 2 ** min(attempts - 1, 20), LAST_RETRY)


def _tell(events: list[Event], now: datetime) -> None:
    by_kind: defaultdict[str, list[Event]] = defaultdict(list)
    for event in events:
        by_kind[event.kind].append(event)
    if len(by_kind) > 1:
        # Each subscriber locks its posts in order; together they would not.
        told_of = Post.objects.filter(pk__in={event.post_id for event in events})
        list(told_of.order_by("pk").select_for_update(no_key=True).values_list("pk"))
    for kind, same in by_kind.items():
        for subscriber in subscribers(kind):
            subscriber(same)
    Event.objects.filter(pk__in=[event.pk for event in events]).update(delivered_at=now)
    told = {kind: len(same) for kind, same in by_kind.items()}
    transaction.on_commit(partial(_count, told))


def _count(told: dict[str, int]) -> None:
    for kind, number in told.items():
        counters.count("events_delivered", number, kind=kind)


def subscribers(kind: str) -> list[Subscriber]:
    """Return who is told of this kind of event; checked at start by `moderation.checks`."""
    return [_imported(path) for path in settings.WINNOW_EVENT_SUBSCRIBERS.get(kind, ())]


@cache
def _imported(path: str) -> Subscriber:
    subscriber: Subscriber = import_string(path)
    return subscriber
