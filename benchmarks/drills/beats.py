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
SECONDS = 5
"""Between two slots of that job."""


@drill(7, "two beats run; one is frozen, then killed")
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
        sent = _sent(service)
    gaps = [b - a for a, b in itertools.pairwise(sent)]
    expected = spent / SECONDS
    return Report(
        measured={
            "sent": len(sent),
            "slots": round(expected, 1),
            "shortest_gap_s": round(min(gaps), 2),
            "longest_gap_s": round(max(gaps), 2),
        },
        criteria={
            "no slot is served twice": min(gaps) > SECONDS * 0.8,
            "no slot is left out": len(sent) >= expected - 2 and max(gaps) < SECONDS * 2,
            "what was sent is what the row counts": abs(counted - len(sent)) <= 1,
        },
    )


def _runs(service: installation.Installation) -> int:
    with service.database() as connection:
        row = connection.execute(
            "SELECT total_run_count FROM django_celery_beat_periodictask WHERE name = %s", [NAME]
        ).fetchone()
    return int(row[0]) if row else 0


def _sent(service: installation.Installation) -> list[float]:
    """When each message of the job was sent, in seconds since 1970, oldest first."""
    with redis.Redis.from_url(service.servers.urls.redis, decode_responses=True) as broker:
        waiting: list[dict[str, Any]] = [json.loads(m) for m in broker.lrange("judge", 0, -1)]
    return sorted(
        # A message expires two slots after it was sent.
        datetime.fromisoformat(message["headers"]["expires"]).timestamp() - 2 * SECONDS
        for message in waiting
        if message["headers"]["task"] == "moderation.tasks.sweep"
    )
