"""Whether this container's process does its work: `python -m config.alive web|worker|beat`.

For health checks, every few seconds: hence without Django, whose start costs seconds.
"""

from __future__ import annotations

import sys
import urllib.request

import psycopg
import redis

from config import env, run

BEAT_SECONDS = 60
"""Something on the schedule is rung every five seconds."""


def web() -> bool:
    """Return whether the web server answers."""
    port = env.integer("WINNOW_PORT", 8000)
    with urllib.request.urlopen(f"http://localhost:{port}/healthz", timeout=5) as answer:
        return bool(answer.status == 200)


def worker() -> bool:
    """Return whether this machine's worker showed a sign of life in the last 20 s."""
    port = env.integer("WINNOW_PORT", 8000)
    with redis.Redis.from_url(env.text("REDIS_URL"), socket_timeout=5) as client:
        return bool(client.exists(f"winnow:worker:{run.worker_name(port)}"))


def beat() -> bool:
    """Return whether anything on the schedule was rung lately."""
    with psycopg.connect(env.text("DATABASE_URL"), connect_timeout=5) as connection:
        row = connection.execute(
            # Not by a clock that was put back since.
            "SELECT count(*) FROM django_celery_beat_periodictask"
            " WHERE abs(extract(epoch FROM now() - last_run_at)) < %s",
            [BEAT_SECONDS],
        ).fetchone()
        return bool(row and row[0])


CHECKS = {"web": web, "worker": worker, "beat": beat}


def main() -> None:
    name = sys.argv[1] if len(sys.argv) == 2 else ""
    if name not in CHECKS:
        sys.exit(f"usage: python -m config.alive {'|'.join(CHECKS)}")
    try:
        well = CHECKS[name]()
    except (OSError, psycopg.Error, redis.RedisError) as error:
        sys.exit(f"{name}: {type(error).__name__}")
    sys.exit(0 if well else f"{name}: no sign of life")


if __name__ == "__main__":
    main()
