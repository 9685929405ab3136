"""From an HTTP request to a stored decision: how many a second, how soon, in how much memory.

    python -m benchmarks.throughput --json

One web process, one worker with two children, one beat, and the servers. While it floods, the
client holds back when more than `BACKLOG` posts wait, so that what is counted is what the whole
path keeps up with. The key figure is one request a post.

Synchronous decisions (`Prefer: wait`) cost more: the answer is read back and sent later, and
batches are small. Their sustained rate is what `WAITERS` clients get who each ask again as soon
as they are answered; "busy" is 70 % of that rate, at fixed moments.

Where rspamd is installed, the same texts go to it as mail messages, between our own windows
(see `benchmarks.rspamd`).
"""

import argparse
import itertools
import json
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import psutil

from benchmarks import load, rspamd, texts
from benchmarks.drills.bookkeeping import PENDING, counted
from benchmarks.installation import Installation, SiteAccess, running

BACKLOG: Final = 500
BATCH: Final = 100
CLIENTS: Final = 8
LIGHT_PER_SECOND: Final = 5.0
BUSY_SHARE: Final = 0.7
WAITERS: Final = 24
"""As many as one web process lets wait."""
WAIT: Final = {"Prefer": "wait=10"}

DECIDED: Final = "SELECT count(*) FROM moderation_decision"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.throughput")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--seconds", type=float, default=30.0, help="length of each window")
    options = parser.parse_args()
    result = measure(options.seconds)
    if options.json:
        print(json.dumps(result))
        return
    for name, value in result.items():
        print(f"{name:28} {value}")


def measure(seconds: float) -> dict[str, Any]:
    """Return all figures; each window is that long."""
    with running() as service, rspamd.running() as other:
        service.start("web")
        service.start("worker")
        service.start("beat")
        service.wait_readyz()
        site = service.create_site()
        decided_per_second(service, site, single(site), seconds=min(seconds, 5.0))
        before = rspamd.per_second(other, seconds / 2)
        singles = decided_per_second(service, site, single(site), seconds=seconds)
        after = rspamd.per_second(other, seconds / 2)
        batched = decided_per_second(service, site, batched_requests(site), seconds=seconds)
        light = latency(service, site, LIGHT_PER_SECOND, seconds * 2)
        sustained = waiting_per_second(service, site, seconds=seconds)
        busy = latency(service, site, sustained * BUSY_SHARE, seconds)
        memory = memory_of(service)
        cpu = singles.pop("cpu_ms_a_post")
    theirs = round((before + after) / 2, 1) if before is not None and after is not None else None
    return {
        "decided_per_second": singles["per_second"],
        "decided_per_second_in_batches": batched["per_second"],
        "cpu_ms_a_post": cpu,
        "cpu_ms_a_post_in_batches": batched["cpu_ms_a_post"],
        "sync_p50_ms": light.quantile_ms(0.5),
        "sync_p99_ms": light.quantile_ms(0.99),
        "sync_answers": light.statuses,
        "sync_per_second": round(sustained, 1),
        "busy_per_second": round(sustained * BUSY_SHARE, 1),
        "busy_p50_ms": busy.quantile_ms(0.5),
        "busy_p99_ms": busy.quantile_ms(0.99),
        "busy_answers": busy.statuses,
        **memory,
        "rspamd_per_second": theirs,
        "rspamd_ratio": round(singles["per_second"] / theirs, 2) if theirs else None,
        "rspamd": rspamd.VERSION_SAID,
        "cores": psutil.cpu_count(),
        "load_average": [round(each, 2) for each in psutil.getloadavg()],
    }


_run = itertools.count()


def single(site: SiteAccess, headers: dict[str, str] | None = None) -> Iterator[load.Request]:
    """Yield requests of one post each, without end."""
    for body in _bodies():
        yield load.request("/api/v1/posts", body, {**site.headers, **(headers or {})})


def batched_requests(site: SiteAccess) -> Iterator[load.Request]:
    """Yield requests of `BATCH` posts each, without end."""
    for batch in load.batches(_bodies(), BATCH):
        yield load.request("/api/v1/posts/batch", {"posts": batch}, site.headers)


def _bodies() -> Iterator[dict[str, Any]]:
    number = next(_run)
    return texts.posts(sys.maxsize, seed=number, name=f"run-{number}")


def decided_per_second(
    service: Installation, site: SiteAccess, requests: Iterator[load.Request], *, seconds: float
) -> dict[str, Any]:
    """Return what the whole path keeps up with, and what each part of it spends on a post."""
    with (
        service.database() as database,
        _holding_back(service) as hold,
        load.flooding(service.url, requests, clients=CLIENTS, hold=hold) as answers,
    ):

        def decided() -> int:
            row = database.execute(DECIDED).fetchone()
            return int(row[0]) if row else 0

        time.sleep(min(seconds, 2.0))
        first, began, spent = decided(), time.monotonic(), cpu_seconds(service)
        time.sleep(seconds)
        count, took = decided() - first, time.monotonic() - began
        cost = {name: total - spent.get(name, 0.0) for name, total in cpu_seconds(service).items()}
    refused = {status: n for status, n in answers.statuses.items() if status != 202}
    if refused:
        raise RuntimeError(f"not all was accepted: {refused}")
    _settle(service)
    return {
        "per_second": round(count / took, 1),
        "cpu_ms_a_post": {name: round(cost[name] * 1000 / count, 2) for name in cost},
    }


def latency(
    service: Installation, site: SiteAccess, per_second: float, seconds: float
) -> load.Answers:
    """Return how long `Prefer: wait` takes at that pace."""
    answers = load.at_pace(
        service.url, single(site, WAIT), per_second=per_second, seconds=seconds, clients=WAITERS
    )
    _settle(service)
    return answers


def waiting_per_second(service: Installation, site: SiteAccess, *, seconds: float) -> float:
    """Return how many decisions a second clients get that wait for each."""
    requests = single(site, WAIT)
    with load.flooding(service.url, requests, clients=WAITERS) as answers:
        time.sleep(min(seconds, 2.0))
        first, began = answers.statuses.get(200, 0), time.monotonic()
        time.sleep(seconds)
        rate = (answers.statuses.get(200, 0) - first) / (time.monotonic() - began)
    _settle(service)
    return rate


def cpu_seconds(service: Installation) -> dict[str, float]:
    """Return the processor time spent so far, by part."""
    spent: dict[str, float] = {}
    for part, process in _processes(service):
        try:
            times = process.cpu_times()
        except psutil.NoSuchProcess:
            continue
        spent[part] = spent.get(part, 0.0) + times.user + times.system
    return spent


def memory_of(service: Installation) -> dict[str, Any]:
    """Return proportional set sizes in MB: pages that processes share are divided among them."""
    each = [(part, process.memory_full_info().pss / 1e6) for part, process in _processes(service)]
    servers = ("postgresql", "valkey")
    return {
        "memory_mb": round(sum(size for part, size in each if part not in servers)),
        "memory_of_servers_mb": round(sum(size for part, size in each if part in servers)),
        "memory_in_all_mb": round(sum(size for _, size in each)),
        "memory_by_process_mb": [
            [part, round(size)] for part, size in sorted(each, key=lambda one: one[0])
        ],
    }


def _processes(service: Installation) -> list[tuple[str, psutil.Process]]:
    """Every process of the service, with the part that it belongs to."""
    parts = [(child.program.name.partition("-")[0], child) for child in service.children]
    parts += [("postgresql", service.postgres), ("valkey", service.valkey)]
    return [
        (name, process)
        for name, child in parts
        for process in (psutil.Process(child.process.pid), *child.descendants())
    ]


@contextmanager
def _holding_back(service: Installation) -> Iterator[threading.Event]:
    """An event that is set while too many posts wait."""
    hold, stop = threading.Event(), threading.Event()

    def watch() -> None:
        with service.database() as database:
            while not stop.wait(0.1):
                if counted(database, PENDING) > BACKLOG:
                    hold.set()
                else:
                    hold.clear()

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield hold
    finally:
        stop.set()
        thread.join()


def _settle(service: Installation) -> None:
    """Return when nothing waits any more."""
    with service.database() as database:
        while counted(database, PENDING):
            time.sleep(0.1)


if __name__ == "__main__":
    main()
