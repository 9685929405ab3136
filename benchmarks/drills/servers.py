"""The database and the broker die, stall and fill up under load, and come back."""

from __future__ import annotations

import random
import threading
import time
from pathlib import Path
from typing import Final

import psycopg

from benchmarks.drills import Report, drill, scaled
from benchmarks.drills.bookkeeping import PENDING
from benchmarks.drills.killing import report_of, serving, wait_without
from benchmarks.installation import Installation, status_of
from config import postgresql, processes

READY: Final = 10.0
"""Seconds until /readyz is good, once the database takes connections again.

Its own recovery takes a second, on a busy machine ten, and none of them is ours.
"""
AWAY: Final = (0.0, 40.0)
"""Seconds for which the database stays away, by turns: who tried for long may try seldom."""


@drill(5, "kill -9 of the postmaster 10 times at load")
def kill_postmaster(scale: float) -> Report:
    chance = random.Random(5)
    told_unready, recovered_after, ready_after = 0, list[float](), list[float]()
    with serving() as (service, client, _):
        kills = scaled(10, scale, least=2)
        for number in range(kills):
            sender = threading.Thread(target=client.send, args=(400, f"postmaster-{number}"))
            sender.start()
            time.sleep(chance.uniform(0.3, 1.5))
            postgres = service.postgres
            postgres.kill()
            told_unready += status_of(f"{service.url}/readyz") == 503
            postgresql.clear_leftovers(_data(service))
            time.sleep(AWAY[number % len(AWAY)])
            began = time.monotonic()
            service.restart(postgres)
            wait_up(service)
            up = time.monotonic()
            _wait_ready(service)
            recovered_after.append(round(up - began, 2))
            ready_after.append(round(time.monotonic() - up, 2))
            sender.join()
        last = time.monotonic()
        wait_without(service, PENDING)
        report = report_of(service, client, time.monotonic() - last)
    wrong = {
        name for name in client.answers if name.isdecimal() and name not in ("202", "200", "503")
    }
    report.measured |= {
        "kills": kills,
        "database_recovered_after_s": recovered_after,
        "ready_after_that_s": ready_after,
    }
    report.criteria |= {
        "/readyz says 503 while the database is gone": told_unready == kills,
        f"/readyz says 200 within {READY:g} s of its return": max(ready_after) <= READY,
        "answers stay 2xx or 503": not wrong,
    }
    return report


def _data(service: Installation) -> Path:
    argv = service.servers.postgres.program.argv
    return Path(argv[argv.index("-D") + 1])


def wait_up(service: Installation) -> None:
    """Return once the database takes connections. Raises RuntimeError after a minute."""

    def up() -> bool:
        try:
            service.database().close()
        except psycopg.OperationalError:
            return False
        return True

    if not processes.wait_until(up, seconds=60):
        raise RuntimeError("the database did not come up again")


def _wait_ready(service: Installation, seconds: float = 60.0) -> None:
    if not processes.wait_until(
        lambda: status_of(f"{service.url}/readyz") == 200, seconds=seconds, pause=0.05
    ):
        raise RuntimeError(f"/readyz was not good within {seconds:g} s")
