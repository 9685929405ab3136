"""Judges and the broker are killed while posts come in: each post is decided once, and soon."""

from __future__ import annotations

import itertools
import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

import httpx
import psutil
import redis

from benchmarks import texts
from benchmarks.drills import Report, drill, scaled
from benchmarks.drills.bookkeeping import PATIENCE, PENDING, UNTOLD, broken, counted, wait_for
from benchmarks.installation import Child, Installation, SiteAccess, running
from config import processes

POSTS: Final = 10_000
SOON: Final = 60.0
"""Seconds from the last kill to the last decision."""
BACK: Final = 30.0
"""Seconds from the broker's return to the decision on a post that came without it."""
BATCH: Final = 100
SINGLES: Final = 25
"""Requests of one post after each batch: a fifth of all posts."""

HELD: Final = """
SELECT EXISTS (
    SELECT FROM moderation_post p JOIN pg_stat_activity s
        ON s.pid = p.session_pid AND s.backend_start = p.session_start
    WHERE p.status = 'pending' AND p.attempts > 0
)
"""


@dataclass(slots=True)
class Client:
    """Sends made-up posts, batches and single ones, and remembers what was accepted."""

    url: str
    site: SiteAccess
    accepted: set[str] = field(default_factory=set)
    answers: Counter[str] = field(default_factory=Counter)

    def send(self, count: int, name: str) -> None:
        """Send so many posts; what is refused is sent again until it is taken."""
        bodies = list(texts.posts(count, name=name, seed=name))
        with httpx.Client(base_url=self.url, headers=self.site.headers, timeout=60) as http:
            while bodies:
                batch, bodies = bodies[:BATCH], bodies[BATCH:]
                self._post(http, "/api/v1/posts/batch", {"posts": batch})
                singles, bodies = bodies[:SINGLES], bodies[SINGLES:]
                for body in singles:
                    self._post(http, "/api/v1/posts", body)

    def _post(self, http: httpx.Client, path: str, body: dict[str, Any]) -> None:
        while True:
            try:
                answer = http.post(path, json=body)
            except httpx.TransportError as error:
                self.answers[type(error).__name__] += 1
                time.sleep(0.2)
                continue
            self.answers[str(answer.status_code)] += 1
            if answer.is_success:
                break
            time.sleep(0.2)
        said = answer.json()
        posts = [each["post"] for each in said["results"]] if "results" in said else [said]
        self.accepted.update(post["id"] for post in posts)


@drill(1, "kill -9 of a whole worker 20 times during 10,000 posts")
def kill_workers(scale: float) -> Report:
    def kill(service: Installation, worker: Child, chance: random.Random) -> None:
        _kill([psutil.Process(worker.process.pid), *worker.descendants()])
        worker.process.wait()
        service.restart(worker, wait=False)

    return _under_kills(scaled(POSTS, scale), scaled(20, scale, least=2), kill)


@drill(2, "kill -9 of one pool child 50 times")
def kill_pool_children(scale: float) -> Report:
    def kill(service: Installation, worker: Child, chance: random.Random) -> None:
        # A killed child is replaced within moments.
        there = processes.wait_until(
            lambda: bool(worker.descendants()),
            seconds=PATIENCE,
            alive=lambda: worker.process.poll() is None,
        )
        if not there:
            raise RuntimeError("the worker ended:\n" + worker.log()[-3000:])
        _kill([chance.choice(worker.descendants())])

    return _under_kills(scaled(POSTS, scale), scaled(50, scale, least=2), kill)


def kill_both(posts: int, kills: int) -> Report:
    """Kill a whole worker so often, and at every third time Valkey too: for the tests."""
    done = itertools.count(1)

    def kill(service: Installation, worker: Child, chance: random.Random) -> None:
        _kill([psutil.Process(worker.process.pid), *worker.descendants()])
        worker.process.wait()
        if next(done) % 3 == 0:
            service.valkey.kill()
            service.restart(service.valkey)
        service.restart(worker, wait=False)

    return _under_kills(posts, kills, kill, durable=False)


@drill(3, "kill -9 of Valkey during ingest, FLUSHALL, restart")
def kill_broker(scale: float) -> Report:
    with serving() as (service, client, _):
        chance = random.Random(3)
        rounds = scaled(6, scale, least=2)
        for number in range(rounds):
            with _sending(client, scaled(POSTS, scale) // rounds, f"broker-{number}"):
                time.sleep(chance.uniform(0.2, 1.0))
                service.valkey.kill()
                time.sleep(chance.uniform(0.5, 5.0))
                service.restart(service.valkey)
                time.sleep(chance.uniform(0.0, 1.0))
                _flush(service)
        last = time.monotonic()
        wait_without(service, PENDING)
        seconds = time.monotonic() - last
        report = report_of(service, client, seconds)
    wrong = {name for name in client.answers if name[0] != "2" and name != "503"}
    report.criteria["answers stay 2xx or 503"] = not wrong
    return report


@drill(4, "broker down when a post arrives")
def post_without_broker(scale: float) -> Report:
    waited = []
    with serving() as (service, client, _):
        for number, down in enumerate((1, 5, 20, 60)[: scaled(4, scale, least=2)]):
            service.valkey.kill()
            client.send(1, f"lonely-{number}")
            time.sleep(down)
            back = time.monotonic()
            service.restart(service.valkey)
            wait_without(service, PENDING)
            waited.append(round(time.monotonic() - back, 1))
        report = report_of(service, client, max(waited))
    report.measured["seconds_after_return"] = waited
    report.criteria["every answer is 202"] = set(client.answers) == {"202"}
    report.criteria[f"decided within {BACK:g} s of its return"] = max(waited) <= BACK
    return report


def _under_kills(
    posts: int,
    kills: int,
    kill: Callable[[Installation, Child, random.Random], None],
    *,
    durable: bool = True,
) -> Report:
    """Kill while posts come in, each time when somebody holds some of them."""
    chance = random.Random(kills)
    with serving(durable) as (service, client, worker), service.database() as database:
        for number in range(kills):
            with _sending(client, posts // kills, f"kill-{number}"):
                found = processes.wait_until(
                    lambda: bool(database.execute(HELD).fetchone()[0]),  # type: ignore[index]
                    seconds=PATIENCE,
                    pause=0.01,
                )
                if not found:
                    raise RuntimeError("nobody judged:\n" + worker.log()[-3000:])
                time.sleep(chance.uniform(0.0, 0.3))
                last = time.monotonic()
                kill(service, worker, chance)
        waiting = counted(database, PENDING)
        wait_without(service, PENDING)
        report = report_of(service, client, time.monotonic() - last)
    report.measured["kills"] = kills
    report.measured["pending_when_all_was_sent"] = waiting
    report.criteria[f"decided within {SOON:g} s of the last kill"] = (
        report.measured["seconds_to_last_decision"] <= SOON
    )
    return report


@contextmanager
def serving(durable: bool = True) -> Iterator[tuple[Installation, Client, Child]]:
    with running(durable=durable) as service:
        started = {name: service.start(name, wait=False) for name in ("web", "worker", "beat")}
        site = service.create_site()
        for child in started.values():
            service.wait_ready(child)
        service.wait_readyz()
        yield service, Client(service.url, site), started["worker"]


@contextmanager
def _sending(client: Client, count: int, name: str) -> Iterator[None]:
    """Send posts beside the block; returns when all are accepted."""
    failures: list[BaseException] = []

    def send() -> None:
        try:
            client.send(count, name)
        except BaseException as error:
            failures.append(error)

    thread = threading.Thread(target=send)
    thread.start()
    try:
        yield
    finally:
        thread.join()
    if failures:
        raise failures[0]


def report_of(service: Installation, client: Client, seconds: float) -> Report:
    wait_without(service, UNTOLD)
    with service.database() as database:
        found = broken(database, client.accepted)
        measured = {
            "posts": len(client.accepted),
            "answers": dict(client.answers),
            "seconds_to_last_decision": round(seconds, 1),
            "tried_again": counted(
                database, "SELECT count(*) FROM moderation_post WHERE attempts > 1"
            ),
            "most_attempts": counted(database, "SELECT max(attempts) FROM moderation_post"),
            "given_up": counted(database, "SELECT count(*) FROM moderation_decision WHERE failed"),
        }
    return Report(
        measured=measured,
        criteria={
            "some were accepted": bool(client.accepted),
            **{f"{name}: none": not n for name, n in found.items()},
        },
    )


def _supervise(service: Installation) -> None:
    for child in service.children:
        if child.process.poll() is not None:
            service.restart(child, wait=False)


def wait_without(service: Installation, statement: str) -> None:
    """Wait until none is left, starting again what ends, as those who run the service do."""
    with service.database() as database:
        wait_for(database, statement, meanwhile=lambda: _supervise(service))


def _kill(targets: list[psutil.Process]) -> None:
    for process in targets:
        try:
            process.kill()
        except psutil.NoSuchProcess:
            continue


def _flush(service: Installation) -> None:
    with redis.Redis.from_url(service.servers.urls.redis) as broker:
        while True:
            try:
                broker.flushall()
                return
            except redis.ConnectionError:
                time.sleep(0.1)
