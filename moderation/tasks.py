"""Doorbells: each looks for work in the database, does some, and is safe to run twice."""

from __future__ import annotations

import time
from contextlib import suppress
from datetime import timedelta
from typing import Any, Final

from celery import shared_task
from django.utils import timezone
from kombu.exceptions import OperationalError
from redis.exceptions import RedisError

from classifiers.versions import lineup
from moderation import claims, outbox, timeouts
from moderation.broker import doorbells, pulse
from moderation.broker.doorbells import Bell
from moderation.deciding import holds
from moderation.exceptions import LeaseTaken
from moderation.judging import sightings, talks
from moderation.models import Event
from moderation.submitting import idempotency

FORGOTTEN: Final = timedelta(seconds=2)
"""Work that waits longer than this was not rung for."""
DELIVER_SECONDS: Final = 3.0
JUDGE_SECONDS: Final = 10
"""A judge that takes longer hangs: it is interrupted, and killed if that does not help."""
KILL_SECONDS: Final = 15


# A bell whose process was killed over it is rung again: the posts it held are free.
@shared_task(name=Bell.JUDGE.value, reject_on_worker_lost=True)
def judge_pending() -> None:
    """Judge what is pending for a few seconds; ring again if some is left."""
    with timeouts.limited(seconds=JUDGE_SECONDS, kill_seconds=KILL_SECONDS):
        doorbells.answer(Bell.JUDGE)
        if claims.drain(call_help=_call_help):
            doorbells.ring(Bell.JUDGE)


def _call_help() -> None:
    with suppress(RedisError, OperationalError):
        doorbells.ring(Bell.JUDGE)


@shared_task(name=Bell.DELIVER.value)
def deliver_events() -> None:
    """Tell subscribers of events for a few seconds; ring again if some are left."""
    doorbells.answer(Bell.DELIVER)
    end = time.monotonic() + DELIVER_SECONDS
    while outbox.deliver():
        if time.monotonic() > end:
            doorbells.ring(Bell.DELIVER)
            return


@shared_task(name="moderation.tasks.sweep")
def sweep() -> None:
    """Ring for posts and events that nobody came for."""
    if claims.is_work_forgotten(older_than=FORGOTTEN):
        doorbells.ring(Bell.JUDGE)
    if Event.objects.due(timezone.now() - FORGOTTEN).exists():
        doorbells.ring(Bell.DELIVER)


@shared_task(name="moderation.tasks.expire_holds")
def expire_holds() -> None:
    """Give posts that were held for too long their site's fallback."""
    while holds.expire_holds():
        pass


@shared_task(name=pulse.TASK, bind=True)
def heartbeat(self: Any) -> None:
    """Say that this worker lives and with which model it judges."""
    key = f"{pulse.WORKER_KEY}{self.request.hostname}"
    doorbells.broker().set(key, lineup.current().model, ex=pulse.WORKER_SECONDS)
    doorbells.broker().set(pulse.HEARD_KEY, time.time())


@shared_task(name="moderation.tasks.listen")
def listen() -> None:
    """Hear what sites talk of."""
    with suppress(LeaseTaken):
        talks.listen()


@shared_task(name="moderation.tasks.forget_sightings")
def forget_sightings() -> None:
    """Forget links and contacts that nobody brought for long."""
    sightings.forget(now=timezone.now())


@shared_task(name="moderation.tasks.purge_idempotency_keys")
def purge_idempotency_keys() -> None:
    """Forget answers that nobody will ask for again."""
    idempotency.forget_expired()
