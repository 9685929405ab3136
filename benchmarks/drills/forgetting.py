"""One author is forgotten: their words stand in no table, no file, no log and no message."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from typing import Any, Final

import httpx
import redis

from benchmarks import texts
from benchmarks.console import PASSWORD, Moderator
from benchmarks.drills import Report, drill, scaled
from benchmarks.drills.bookkeeping import UNTOLD, counted, wait_for
from benchmarks.drills.moderators import PEOPLE
from benchmarks.installation import Installation, SiteAccess, running
from config import postgresql

POSTS: Final = 100
"""Of the author who is forgotten, and as many of others."""
CANARY: Final = "canary5150"
ADDRESS: Final = "198.51.100.151"
"""Of the author: what cannot hold the canary, and is as personal."""
SITE: Final = "Measured"
PATIENCE: Final = 120.0
UNDECIDED: Final = "SELECT count(*) FROM moderation_post WHERE status = 'pending'"
OPEN: Final = "SELECT count(*) FROM reviews_case WHERE state = 'open'"
UNSEARCHED: Final = """
SELECT count(*) FROM moderation_post p
WHERE NOT EXISTS (SELECT FROM reviews_searchentry e WHERE e.post_id = p.id)
"""
WORDS: Final = "SELECT count(*) FROM moderation_postrevision WHERE text <> ''"


@drill(25, "erasure of one author, who wrote, edited, reported and appealed")
def forget_author(scale: float) -> Report:
    count = scaled(POSTS, scale, least=10)
    with running() as service:
        for name in ("web", "worker", "beat"):
            service.start(name, wait=False)
        for child in service.children:
            service.wait_ready(child)
        site = service.create_site(SITE)
        program = PEOPLE.format(site=site.id, count=3, password=PASSWORD)
        service.manage("shell", "-v", "0", "-c", program)
        appealed = _write_and_judge(service, site, count)
        for statement in (OPEN, UNTOLD, UNSEARCHED):
            _wait(service, statement)
        before = _places(service)
        others = _one(service, WORDS)
        said = service.manage("forget_author", SITE, CANARY)
        after = _places(service)
        left = _one(service, WORDS)
    return Report(
        measured={
            "posts": count,
            "appeals": appealed,
            "found_before": before,
            "found_after": after,
            "said": said.strip(),
        },
        criteria={
            "it stood in the database before": "table moderation_postrevision" in before,
            "it is found nowhere": not after,
            "others keep their words": left == count < others,
        },
    )


def _body(number: int, words: str = "") -> dict[str, Any]:
    """A post with the canary in every field that a site may send."""
    return {
        "external_id": f"{CANARY}-{number}",
        "type": "comment",
        "text": f"{CANARY} writes again: {words} {number}",
        "title": f"{CANARY} title",
        "context": f"{CANARY} context",
        "permalink": f"https://{CANARY}.example/{number}",
        "author": {
            "id": CANARY,
            "name": f"Ann {CANARY}",
            "email": f"{CANARY}@mail.example",
            "url": f"https://{CANARY}.example/",
            "user_agent": CANARY,
            "ip": ADDRESS,
        },
        "metadata": {CANARY: CANARY},
    }


def _write_and_judge(service: Installation, site: SiteAccess, count: int) -> int:
    """Leave posts, edits, reports and appeals, all judged; return how many appeals there were."""
    with httpx.Client(base_url=f"{service.url}/api/v1", headers=site.headers, timeout=60) as http:

        def send(path: str, body: dict[str, Any], key: str = "") -> dict[str, Any]:
            headers = {"Idempotency-Key": f"{CANARY}-{key}"} if key else {}
            answer = http.post(path, json=body, headers=headers).raise_for_status()
            said: dict[str, Any] = answer.json()
            return said

        others = [send("/posts", body)["id"] for body in texts.posts(count, seed=25)]
        own = [send("/posts", _body(number), f"new-{number}")["id"] for number in range(count)]
        _wait(service, UNDECIDED)
        for number in range(0, count, 5):
            send("/posts", _body(number, "or so"), f"edit-{number}")
        reporter = {"id": CANARY, "role": "member"}
        for post in others[::3]:
            send(f"/posts/{post}/feedback", {"label": "spam", "actor": reporter})
        _wait(service, UNDECIDED)
        _judge(service)
        appeals = 0
        for post in own[::4]:
            appeal = {"text": f"{CANARY} was misunderstood"}
            appeals += http.post(f"/posts/{post}/appeals", json=appeal).is_success
        _judge(service)
    return appeals


def _judge(service: Installation) -> None:
    """Have three moderators answer until nothing is open; nobody answers an appeal against them."""
    [web] = [child for child in service.children if child.program.name.startswith("web")]
    people = [Moderator(web, f"moderator-{number}") for number in range(3)]
    end = time.monotonic() + 10 * PATIENCE
    while _one(service, OPEN):
        if time.monotonic() > end:
            raise RuntimeError(f"{_one(service, OPEN)} cases stay open.")
        for person in people:
            case = person.claim()
            shown = person.look(case) if case else None
            if shown is not None:
                person.answer(shown, "spam")


def _places(service: Installation) -> dict[str, int]:
    """Return where the author stands, and how often: dump, files but the servers', broker."""
    found = {
        name: sum(content.count(word.encode()) for word in (CANARY, ADDRESS))
        for name, content in _everything(service)
    }
    return {name: count for name, count in found.items() if count}


def _everything(service: Installation) -> Iterator[tuple[str, bytes]]:
    command = [postgresql.client("pg_dump"), f"--dbname={service.servers.urls.owner}"]
    dump = subprocess.run(command, capture_output=True, check=True).stdout
    for part in dump.split(b"\nCOPY public.")[1:]:
        yield f"table {part.partition(b' ')[0].decode()}", part
    yield "the rest of the dump", dump.partition(b"\nCOPY public.")[0]
    servers = service.folder / "servers"
    for path in service.folder.rglob("*"):
        if path.is_file() and servers not in path.parents:
            yield str(path.relative_to(service.folder)), path.read_bytes()
    with redis.Redis.from_url(service.servers.urls.redis) as broker:
        for name in broker.scan_iter():
            yield "broker", name + repr(_content(broker, name)).encode()


def _content(broker: redis.Redis, name: bytes) -> Any:
    """Return what stands under a key, element by element: a dump may be compressed."""
    kind = broker.type(name)
    if kind == b"hash":
        return broker.hgetall(name)
    if kind == b"set":
        return broker.smembers(name)
    if kind == b"list":
        return broker.lrange(name, 0, -1)
    return broker.zrange(name, 0, -1) if kind == b"zset" else broker.get(name)


def _one(service: Installation, statement: str) -> int:
    with service.database(owner=True) as database:
        return counted(database, statement)


def _wait(service: Installation, statement: str) -> None:
    with service.database(owner=True) as database:
        wait_for(database, statement)
