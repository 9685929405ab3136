"""One request sent by many at once, and one client that sends far too many, to two web servers."""

from __future__ import annotations

import http.client
import json
import statistics
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

from benchmarks.drills import Report, drill, scaled
from benchmarks.installation import Child, Installation, SiteAccess, running

CLIENTS: Final = 50
ROUNDS: Final = 40
QUOTA: Final = 300
TIMES: Final = 10
ATTACKERS: Final = 8
PACE: Final = 0.1
"""Seconds between two posts of the key that keeps to its quota."""


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes
    seconds: float


@dataclass(slots=True)
class Client:
    """One kept connection to one web server."""

    web: Child
    site: SiteAccess
    _connection: http.client.HTTPConnection = field(init=False)

    def __post_init__(self) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", self.web.port, timeout=60)

    def post(self, text: str, **headers: str) -> Answer:
        body = json.dumps({"text": text, "author": {"id": "u", "ip": "203.0.113.7"}})
        given = {**self.site.headers, "Content-Type": "application/json", **headers}
        began = time.monotonic()
        self._connection.request("POST", "/api/v1/posts", body, given)
        answer = self._connection.getresponse()
        content = answer.read()
        names = {name.lower(): value for name, value in answer.getheaders()}
        return Answer(answer.status, names, content, time.monotonic() - began)


@drill(8, "one Idempotency-Key from 50 clients at once, to two web servers")
def one_key_at_once(scale: float) -> Report:
    rounds = scaled(ROUNDS, scale, least=3)
    statuses: Counter[int] = Counter()
    bodies, firsts, others = [], [], []
    rivals: list[tuple[int, ...]] = []
    with running() as service:
        webs = [service.start("web"), service.start("web")]
        site = service.create_site()
        clients = [Client(webs[n % 2], site) for n in range(CLIENTS)]
        with ThreadPoolExecutor(CLIENTS) as pool:
            for number in range(rounds):
                start = threading.Barrier(CLIENTS)
                sent = [pool.submit(_at_once, client, start, number) for client in clients]
                answers = [future.result() for future in sent]
                statuses.update(answer.status for answer in answers)
                accepted = [answer for answer in answers if answer.status == 202]
                bodies.append(len({answer.body for answer in accepted}))
                firsts.append(sum("idempotency-replayed" not in a.headers for a in accepted))
                key = {"Idempotency-Key": f"round-{number}"}
                others += [client.post("other words", **key).status for client in clients[:2]]
                rivals.append(_rivals(pool, clients[:2], number))
        stored, keys = _count(service, "moderation_post"), _count(service, _KEYS)
    return Report(
        measured={
            "rounds": rounds,
            "answers": dict(statuses),
            "two_bodies": dict(Counter(f"{one}, {other}" for one, other in rivals)),
            "posts": stored,
        },
        criteria={
            "one row a key": stored == keys == 2 * rounds,
            "of two bodies at once one is taken": set(rivals) <= {(202, 409), (202, 422)},
            "accepted, or 409 while in flight": set(statuses) <= {202, 409},
            "the same bytes to all": set(bodies) == {1},
            "one of them did the work": set(firsts) == {1},
            "another body is refused with 422 by both": set(others) == {422},
        },
    )


_KEYS: Final = "moderation_idempotencykey"


def _at_once(client: Client, start: threading.Barrier, number: int) -> Answer:
    start.wait()
    return client.post(f"Words of round {number}", **{"Idempotency-Key": f"round-{number}"})


def _rivals(pool: ThreadPoolExecutor, clients: list[Client], number: int) -> tuple[int, ...]:
    """Send two bodies under one new key at once; return the statuses, the lower first."""
    start = threading.Barrier(len(clients))
    key = {"Idempotency-Key": f"rivals-{number}"}

    def send(client: Client, words: str) -> int:
        start.wait()
        return client.post(words, **key).status

    return tuple(sorted(pool.map(send, clients, ("these words", "or those words"))))


def _count(service: Installation, table: str) -> int:
    with service.database() as connection:
        row = connection.execute(f"SELECT count(*) FROM {table}").fetchone()
    return int(row[0]) if row else 0


@drill(23, "one key at ten times its quota, to two web servers")
def ten_times_the_quota(scale: float) -> Report:
    quota = scaled(QUOTA, scale, least=30)
    with running() as service:
        webs = [service.start("web"), service.start("web")]
        greedy = service.create_site("Greedy", per_minute=quota)
        honest = service.create_site("Honest")
        with _at_its_pace(honest, webs) as before:
            time.sleep(5)
        began = time.monotonic()
        with _at_its_pace(honest, webs) as beside, ThreadPoolExecutor(ATTACKERS) as pool:
            count = quota * TIMES // ATTACKERS
            runs = pool.map(lambda n: _attack(Client(webs[n % 2], greedy), count), range(ATTACKERS))
            answers = [answer for run in runs for answer in run]
        spent = time.monotonic() - began
        refused = [answer for answer in answers if answer.status == 429]
        waits = [int(answer.headers.get("retry-after", 0)) for answer in refused]
        # As long as the last one that was refused was told to wait.
        time.sleep(waits[-1] if waits else 0)
        after = [Client(web, greedy).post("Patient words").status for web in webs]
        stored = _posts_of(service, greedy)
    statuses = Counter(answer.status for answer in answers)
    return Report(
        measured={
            "quota": quota,
            "sent": len(answers),
            "seconds": round(spent, 1),
            "answers": dict(statuses),
            "retry_after_s": [min(waits, default=0), max(waits, default=0)],
            "honest_answers": dict(Counter(answer.status for answer in beside)),
            "honest_slower_times": round(_median(beside) / _median(before), 2),
        },
        criteria={
            "the whole attack fell into one minute": spent < 60,
            "accepted or 429, nothing else": set(statuses) == {202, 429},
            "each 429 says when to come back": bool(waits) and min(waits) >= 1,
            "the quota is given once, not once a process": statuses[202] == quota,
            "what was accepted is stored, and nothing else": stored == quota + after.count(202),
            "who waits as told is let in": after[0] == 202,
            "other keys are unharmed": {answer.status for answer in beside} == {202},
        },
    )


def _attack(client: Client, count: int) -> list[Answer]:
    return [client.post(f"Buy {number}") for number in range(count)]


@contextmanager
def _at_its_pace(site: SiteAccess, webs: list[Child]) -> Iterator[list[Answer]]:
    """Post steadily, to each web server in turn, for the length of a `with` block."""
    answers: list[Answer] = []
    stop = threading.Event()

    def work() -> None:
        clients = [Client(web, site) for web in webs]
        while not stop.wait(PACE):
            answers.append(clients[len(answers) % 2].post("Good morning"))

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield answers
    finally:
        stop.set()
        thread.join()


def _posts_of(service: Installation, site: SiteAccess) -> int:
    with service.database() as connection:
        row: Any = connection.execute(
            "SELECT count(*) FROM moderation_post WHERE site_id = %s", [site.id]
        ).fetchone()
    return int(row[0])


def _median(answers: list[Answer]) -> float:
    return statistics.median(answer.seconds for answer in answers)
