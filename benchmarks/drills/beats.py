"""Two beats: each periodic job is sent once a slot, whichever of them lives."""

from __future__ import annotations

import itertools
import json
import time
from datetime import datetime
from typing import Any

import redis

from benchmarks import installation
from benchmarks.drills import Report, drill, scaled

NAME = "Ring for forgotten work"
TASK = "moderation.tasks.sweep"
SECONDS = 5
"""Between two slots of that job."""
AFTERWARDS = 5
"""Slots after the clock was put back; with it one begins anew, and one is found out about."""
PUT_AHEAD = "UPDATE django_celery_beat_periodictask SET last_run_at = now() + interval '1 hour'"
"""What the rows say after a clock was put back by an hour, or when another machine's is wrong."""
SLOTS = """
SELECT p.task, i.every FROM django_celery_beat_periodictask p
JOIN django_celery_beat_intervalschedule i ON i.id = p.interval_id
WHERE i.period = 'seconds'
"""


@drill(7, "two beats run; one is frozen, then killed; a clock is put back")
def two_beats(scale: float) -> Report:
    """Nobody takes the messages, so that all that was sent can be counted."""
    slots = scaled(24, scale, least=6)
    with installation.running(durable=False) as service:
        beats = [service.start("beat"), service.start("beat")]
        before = _runs(service)
        began = time.time()
        time.sleep(slots / 3 * SECONDS)
        with installation.paused(beats[0]):
            time.sleep(slots / 3 * SECONDS)
        # What was frozen wakes up with an old idea of when the job last ran.
        time.sleep(slots / 6 * SECONDS)
        beats[0].kill()
        time.sleep(slots / 6 * SECONDS)
        spent = time.time() - began
        counted = _runs(service) - before
        jobs = _sent(service)
        with service.database() as connection:
            connection.execute(PUT_AHEAD)
        time.sleep(AFTERWARDS * SECONDS)
        afterwards = len(_sent(service)[TASK]) - len(jobs[TASK])
    sent = jobs[TASK]
    gaps = [b - a for a, b in itertools.pairwise(sent)]
    # Of each job with more than one message: the shortest gap, in slots.
    closest = {
        task: min(b - a for a, b in itertools.pairwise(times)) / jobs.slot[task]
        for task, times in jobs.items()
        if len(times) > 1
    }
    expected = spent / SECONDS
    return Report(
        measured={
            "sent": len(sent),
            "slots": round(expected, 1),
            "shortest_gap_s": round(min(gaps), 2),
            "longest_gap_s": round(max(gaps), 2),
            "sent_after_the_clock_was_put_back": afterwards,
            "jobs": len(jobs),
            "jobs_sent_more_than_once": len(closest),
            "closest_in_slots": round(min(closest.values()), 2),
        },
        criteria={
            "no slot of any job is served twice": min(closest.values()) > 0.8,
            "no slot is left out": len(sent) >= expected - 2 and max(gaps) < SECONDS * 2,
            "what was sent is what the row counts": abs(counted - len(sent)) <= 1,
            "a clock that is put back stops nothing": AFTERWARDS - 3 <= afterwards <= AFTERWARDS,
        },
    )


def _runs(service: installation.Installation) -> int:
    with service.database() as connection:
        row = connection.execute(
            "SELECT total_run_count FROM django_celery_beat_periodictask WHERE name = %s", [NAME]
        ).fetchone()
    return int(row[0]) if row else 0


class Jobs(dict[str, list[float]]):
    """When each message of each task was sent, in seconds since 1970, oldest first."""

    slot: dict[str, float]
    """Seconds between two runs of each task."""


def _sent(service: installation.Installation) -> Jobs:
    with service.database() as connection:
        rows = connection.execute(SLOTS).fetchall()
    jobs = Jobs()
    jobs.slot = {task: float(seconds) for task, seconds in rows}
    with redis.Redis.from_url(service.servers.urls.redis, decode_responses=True) as broker:
        waiting: list[dict[str, Any]] = [
            json.loads(message)
            for queue in broker.scan_iter(_type="list")
            for message in broker.lrange(queue, 0, -1)
        ]
    for headers in (message["headers"] for message in waiting):
        if headers["task"] in jobs.slot:
            # A message expires two slots after it was sent.
            expires = datetime.fromisoformat(headers["expires"]).timestamp()
            sent = expires - 2 * jobs.slot[headers["task"]]
            jobs.setdefault(headers["task"], []).append(sent)
    for times in jobs.values():
        times.sort()
    return jobs
