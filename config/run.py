"""The three long-running processes: `python -m config.run web|worker|beat`.

The supervisor starts the same ones; here is the only place that knows their arguments.
"""

from __future__ import annotations

import os
import socket
import sys

from django.core.exceptions import ImproperlyConfigured

from config import env

PROCESSES = ("web", "worker", "beat")
QUEUES = ("judge", "default", "training")
CELERY = ("-m", "celery", "--app", "config.celery")
WORKER_MEMORY = {
    "MALLOC_TRIM_THRESHOLD_": str(32 * 2**20),
    "MALLOC_MMAP_THRESHOLD_": str(4 * 2**20),
}
"""Bytes. By default the C library gives back what judging a batch took, and asks for it anew for
the next one: a tenth of the processor time. To keep it costs some 20 MiB a process."""


def arguments(name: str, *, host: str, port: int) -> tuple[str, ...]:
    """Return what follows `python` on the command line of a process."""
    if name == "web":
        return (
            *("-m", "granian", "--interface", "wsgi", "--host", host, "--port", str(port)),
            *("--workers", str(env.integer("WINNOW_WEB_WORKERS", 1, least=1, most=64))),
            *("--blocking-threads", str(web_threads())),
            *("--no-ws", "--respawn-failed-workers", "--workers-kill-timeout", "5"),
            "config.wsgi:application",
        )
    if name == "worker":
        return (
            *(*CELERY, "worker", "--queues", ",".join(worker_queues())),
            *("--concurrency", str(env.integer("WINNOW_WORKER_PROCESSES", 2, least=2, most=256))),
            *("--prefetch-multiplier", "1", "-O", "fair", "--without-gossip", "--without-mingle"),
            *("--loglevel", "INFO", "--hostname", worker_name(port)),
        )
    if name == "beat":
        return (*CELERY, "beat", "--loglevel", "INFO", "--pidfile", "")
    raise ValueError(name)


def web_threads() -> int:
    """Return how many requests one web process answers at a time."""
    return env.integer("WINNOW_WEB_THREADS", 32, least=1, most=500)


def worker_queues() -> list[str]:
    """Return what a worker works at. Raises ImproperlyConfigured for a queue there is not."""
    chosen = env.strings("WINNOW_WORKER_QUEUES", QUEUES)
    if not set(chosen) <= set(QUEUES):
        raise ImproperlyConfigured(f"WINNOW_WORKER_QUEUES takes some of {', '.join(QUEUES)}.")
    return chosen


def worker_name(port: int) -> str:
    """Return the name by which this machine's worker is known to others.

    WINNOW_WORKER_NAME tells several workers of one machine apart.
    """
    name = env.text("WINNOW_WORKER_NAME", f"winnow-{port}")
    return f"{name}@{socket.gethostname()}"


def environment(name: str) -> dict[str, str]:
    """Return what a process finds in its environment besides what everybody gets."""
    return {
        **(WORKER_MEMORY if name == "worker" else {}),
        "WINNOW_PROCESS": name,
        "PYTHONUNBUFFERED": "1",
        # One thread a process: on few cores, several cost more than they bring.
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        # The C library keeps memory apart for each thread; dozens of threads here wait mostly.
        "MALLOC_ARENA_MAX": "2",
    }


def main() -> None:
    if len(sys.argv) != 2 or sys.argv[1] not in PROCESSES:
        sys.exit(f"usage: python -m config.run {'|'.join(PROCESSES)}")
    name = sys.argv[1]
    port = env.integer("WINNOW_PORT", 8000, least=1, most=65535)
    command = arguments(name, host=env.text("WINNOW_HOST", "127.0.0.1"), port=port)
    os.execve(sys.executable, [sys.executable, *command], {**os.environ, **environment(name)})  # noqa: S606


if __name__ == "__main__":
    main()
