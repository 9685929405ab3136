"""What the installation's parts say of themselves, measured in a few cheap statements."""

from __future__ import annotations

import shutil
import threading
import time
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import redis
from django.conf import settings
from django.db import DatabaseError, InterfaceError, connection, transaction
from django.utils import timezone
from django_celery_beat.models import PeriodicTask
from psycopg_pool import PoolTimeout

from classifiers.models import ModelVersion, Stage
from moderation.api import health
from moderation.broker import doorbells, relay
from moderation.broker.pulse import HEARD_KEY, WORKER_KEY
from moderation.models import Certificate
from reviews.lanes import Lane
from reviews.models import Incident, PooledCertificate, RetrainRun
from reviews.operating.types import (
    COUNTED,
    Broker,
    Database,
    Facts,
    Job,
    Learners,
    Open,
    PromiseTakenAway,
    Serving,
    Training,
    Unwatched,
    Waiting,
)

SAMPLE: Final = 200
"""Newest decisions by the machine whose delay is looked at."""
SOON: Final = timedelta(hours=1)
STATEMENT_SECONDS: Final = 3
FRESH_SECONDS: Final = 5.0


_lock = threading.Lock()
_kept: tuple[float, Facts] | None = None
_failing: dict[str, datetime] = {}


def recent() -> Facts:
    """Return facts at most FRESH_SECONDS old; one thread at a time measures."""
    global _kept
    with _lock:
        if _kept is None or time.monotonic() - _kept[0] > FRESH_SECONDS:
            _kept = (time.monotonic(), measure())
        return _kept[1]


def measure() -> Facts:
    """Ask all parts. What does not answer is a fact too: nothing is raised for it."""
    now = timezone.now()
    failed: dict[str, str] = {}
    database = broker = None
    try:
        database = _measure_database(now)
    except (DatabaseError, InterfaceError, PoolTimeout) as error:
        failed["database"] = type(error).__name__
    try:
        broker = _measure_broker()
    except (redis.RedisError, OSError) as error:
        failed["broker"] = type(error).__name__
    for name in ("database", "broker"):
        if name in failed:
            _failing.setdefault(name, now)
        else:
            _failing.pop(name, None)
    disk = shutil.disk_usage(settings.WINNOW_STATE_DIR)
    return Facts(now, database, broker, failed, dict(_failing), disk.free, disk.total)


def _measure_database(now: datetime) -> Database:
    try:
        health.check_migrations()
    except health.NotReady as error:
        # Columns may be missing: nothing else is asked.
        return Database(not_migrated=str(error))
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL statement_timeout = {STATEMENT_SECONDS * 1000}")
        connections, most_connections = _row(cursor, CONNECTIONS)
        return Database(
            connections=connections,
            most_connections=most_connections,
            posts=Waiting(*_row(cursor, PENDING)),
            delays=tuple(row[0] for row in _rows(cursor, DELAYS)),
            events=Waiting(*_row(cursor, EVENTS)),
            held_soon=_row(cursor, HELD_SOON, [now, now + SOON])[0],
            held_over=Waiting(*_row(cursor, HELD_OVER, [now])),
            lanes={
                lane: Waiting(n, oldest) for lane, n, oldest in _rows(cursor, LANES, [LANE_NAMES])
            },
            relay_since=(_rows(cursor, RELAY) or [(None,)])[0][0],
            jobs=tuple(_job(row, now) for row in _jobs()),
            serving=tuple(
                Serving(*row)
                for row in ModelVersion.objects.filter(stage=Stage.PRODUCTION)
                .order_by("slot")
                .values_list("slot", "name", "problem")
            ),
            training=tuple(_training()),
            learners=Learners(*_row(cursor, LEARNERS)),
            promises_taken_away=tuple(_promises_taken_away()),
            promises_unwatched=tuple(_promises_unwatched(now)),
            alarms=Waiting(*_row(cursor, ALARMS)),
            incidents=tuple(_open_incidents()),
            together=PooledCertificate.objects.first(),
        )


def _rows(cursor: Any, sql: str, values: list[Any] | None = None) -> list[tuple[Any, ...]]:
    cursor.execute(sql, values)
    rows: list[tuple[Any, ...]] = cursor.fetchall()
    return rows


def _row(cursor: Any, sql: str, values: list[Any] | None = None) -> tuple[Any, ...]:
    return _rows(cursor, sql, values)[0]


LEARNERS = """
SELECT coalesce(sum(learner.revision), 0)::bigint,
    count(*) FILTER (WHERE EXISTS (
        SELECT FROM reviews_label label
        WHERE label.site_id = learner.site_id AND label.id > learner.looked_label
    )),
    count(*) FILTER (WHERE learner.problem <> '')
FROM moderation_sitelearner learner
"""
ALARMS = "SELECT count(*), min(created_at) FROM reviews_alarm WHERE answered_at IS NULL"
CONNECTIONS = """
SELECT (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend')::int,
    current_setting('max_connections')::int
"""
PENDING = f"""
SELECT count(*), min(submitted_at), count(*) FILTER (WHERE attempts > 1) FROM (
    SELECT submitted_at, attempts FROM moderation_post WHERE status = 'pending'
    ORDER BY submitted_at LIMIT {COUNTED}
) AS pending
"""  # noqa: S608 - constants
# Along the primary key: the newest decisions, whoever made them.
DELAYS = f"""
SELECT extract(epoch FROM d.created_at - r.created_at)::float
FROM (SELECT * FROM moderation_decision ORDER BY id DESC LIMIT {SAMPLE}) AS d
JOIN moderation_postrevision r ON r.post_id = d.post_id AND r.revision = d.revision
WHERE d.source = 'machine' ORDER BY d.id DESC
"""  # noqa: S608 - constants
EVENTS = f"""
SELECT count(*), min(created_at), count(*) FILTER (WHERE attempts > 0) FROM (
    SELECT created_at, attempts FROM moderation_event WHERE delivered_at IS NULL
    ORDER BY next_attempt_at, id LIMIT {COUNTED}
) AS undelivered
"""  # noqa: S608 - constants
HELD_SOON = f"""
SELECT count(*) FROM (
    SELECT FROM moderation_post WHERE hold_until > %s AND hold_until <= %s LIMIT {COUNTED}
) AS held
"""  # noqa: S608 - constants
HELD_OVER = f"""
SELECT count(*), min(hold_until) FROM (
    SELECT hold_until FROM moderation_post WHERE hold_until <= %s
    ORDER BY hold_until LIMIT {COUNTED}
) AS held
"""  # noqa: S608 - constants
LANE_NAMES = [lane.value for lane in Lane]
# Each lane of each site along its own stretch of an index, which holds all that is asked.
LANES = f"""
SELECT lane.name, least(sum(seen.n), {COUNTED})::int, min(seen.oldest)
FROM moderation_site AS site, unnest(%s::text[]) AS lane (name), LATERAL (
    SELECT count(*) AS n, min(opened_at) AS oldest FROM (
        SELECT opened_at FROM reviews_case
        WHERE site_id = site.id AND lane = lane.name AND state = 'open'
        ORDER BY opened_at LIMIT {COUNTED}
    ) AS c
) AS seen
WHERE seen.n > 0 GROUP BY lane.name ORDER BY lane.name
"""  # noqa: S608 - constants
RELAY = f"""
SELECT a.backend_start FROM pg_locks l JOIN pg_stat_activity a USING (pid)
WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1
    AND l.classid = {relay.LOCK >> 32} AND l.objid = {relay.LOCK & 0xFFFFFFFF}
    AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""  # noqa: S608 - constants


def _jobs() -> list[PeriodicTask]:
    tasks = PeriodicTask.objects.filter(enabled=True).exclude(task="celery.backend_cleanup")
    return list(tasks.select_related("interval", "crontab").order_by("name"))


def _job(task: PeriodicTask, now: datetime) -> Job:
    since = task.last_run_at or task.date_changed
    remaining = task.schedule.remaining_estimate(since)
    return Job(task.name, task.last_run_at, max(-remaining, timedelta(0)))


def _training() -> list[Training]:
    newest = RetrainRun.objects.order_by("slot", "-pk").distinct("slot")
    return [
        Training(run.slot, run.state, run.reason, run.finished_at or run.started_at)
        for run in newest[:50]
    ]


def _promises_taken_away() -> list[PromiseTakenAway]:
    return [
        PromiseTakenAway(str(row.site), row.broken, row.ended_because, row.ended_at)
        for row in Certificate.objects.taken_away().select_related("site")[:50]
        if row.ended_at is not None
    ]


def _promises_unwatched(now: datetime) -> list[Unwatched]:
    found = Certificate.objects.wanted().current(now).unwatched(now).select_related("site")
    return [
        Unwatched(str(row.site), row.watched_at or row.created_at, row.unwatched_because)
        for row in found[:50]
    ]


def _open_incidents() -> list[Open]:
    found = Incident.objects.filter(closed_at=None).select_related("site").order_by("opened_at")
    return [Open(str(row.site), row.kind, row.opened_at) for row in found[:50]]


def _measure_broker() -> Broker:
    client: Any = doorbells.broker()
    info = client.info("memory")
    keys = list(client.scan_iter(match=f"{WORKER_KEY}*", count=1_000))
    models = client.mget(keys) if keys else []
    heard = None
    with suppress(TypeError, ValueError):
        heard = datetime.fromtimestamp(float(client.get(HEARD_KEY)), UTC)
    return Broker(
        workers={
            key.removeprefix(WORKER_KEY): model
            for key, model in zip(keys, models, strict=True)
            if model is not None
        },
        heard=heard,
        messages=client.llen(doorbells.QUEUE),
        memory=info["used_memory"],
        most_memory=info.get("maxmemory", 0),
    )
