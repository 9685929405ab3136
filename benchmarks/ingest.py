"""How fast posts are taken in, against a bare Django view on the same server.

    python -m benchmarks.ingest [--blocks 5] [--seconds 6] [--json]

One web server with the arguments, settings and connection pool of the service answers both:
`POST /api/v1/posts`, with a key, its limit and an Idempotency-Key on every request; and a plain
view (`benchmarks.bare`) that inserts one row and sends one empty Celery task. Blocks of the two
and of batches follow each other in turn; figures are medians of the blocks. No worker runs:
what is measured is taking in, and neither side shares the processors with what comes after.
"""

import argparse
import itertools
import json
import statistics
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

import psutil

from benchmarks import bare, installation, texts, wire
from benchmarks.installation import Child, Installation
from benchmarks.output import print_json

CONNECTIONS: Final = 8
BATCH: Final = 200
BATCH_CONNECTIONS: Final = 4
MANY: Final = 1_000_000_000
AGENT: Final = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


def posts(name: str) -> Iterator[dict[str, Any]]:
    """Yield posts as a site's software sends them, without end."""
    for post in texts.posts(MANY, seed=name, name=name):
        author = post["author"]
        author |= {"email": f"{author['id']}@mail.example", "user_agent": AGENT}
        yield {**post, "permalink": f"https://forum.example/threads/7#{post['external_id']}"}


def single_requests(path: str, headers: dict[str, str], prefix: str) -> Iterator[bytes]:
    for post in posts(prefix):
        keyed = {**headers, "Idempotency-Key": str(uuid.uuid4())}
        yield wire.http_request(path, json.dumps(post).encode(), keyed)


def batch_requests(headers: dict[str, str], prefix: str) -> Iterator[bytes]:
    given = posts(prefix)
    while True:
        body = json.dumps({"posts": list(itertools.islice(given, BATCH))}).encode()
        keyed = {**headers, "Idempotency-Key": str(uuid.uuid4())}
        yield wire.http_request("/api/v1/posts/batch", body, keyed)


@dataclass(frozen=True, slots=True)
class Block:
    """Some seconds of one kind of request; per request or, of batches, per post."""

    requests: int
    per_second: float
    web_ms: float
    postgres_ms: float
    valkey_ms: float
    p50_ms: float
    generator_share: float
    """Processors that the generator kept busy."""

    @property
    def cpu_ms(self) -> float:
        """Of the web process and PostgreSQL, all its processes together."""
        return self.web_ms + self.postgres_ms


def measure(
    service: Installation, web: Child, requests: wire.Requests, *, posts: int, seconds: float
) -> Block:
    before = [cpu_seconds(child) for child in (web, service.postgres, service.valkey)]
    connections = CONNECTIONS if posts == 1 else BATCH_CONNECTIONS
    result = wire.fire(requests, port=web.port, connections=connections, seconds=seconds)
    after = [cpu_seconds(child) for child in (web, service.postgres, service.valkey)]
    if set(result.statuses) != {202}:
        raise RuntimeError(f"Not every request was accepted: {dict(result.statuses)}")
    done = result.statuses[202] * posts
    web_ms, postgres_ms, valkey_ms = (
        (b - a) * 1_000 / done for a, b in zip(before, after, strict=True)
    )
    return Block(
        requests=result.statuses[202],
        per_second=done / result.seconds,
        web_ms=web_ms,
        postgres_ms=postgres_ms,
        valkey_ms=valkey_ms,
        p50_ms=statistics.median(result.latencies) * 1_000,
        generator_share=result.cpu / result.seconds,
    )


def cpu_seconds(child: Child) -> float:
    """Return the processor time of a process and all below it, ended ones included."""
    whole = [psutil.Process(child.process.pid), *child.descendants()]
    times = [process.cpu_times() for process in whole]
    ended = sum(t.children_user + t.children_system for t in times)
    return ended + sum(t.user + t.system for t in times)


def run(*, blocks: int, seconds: float) -> dict[str, Any]:
    with installation.running() as service:
        with service.database(owner=True) as connection:
            connection.execute(bare.TABLE)
            connection.execute("GRANT SELECT, INSERT ON bare_row TO PUBLIC")
        headers = service.create_site().headers
        web = service.start("web", DJANGO_SETTINGS_MODULE="benchmarks.bare.settings")
        kinds: dict[str, tuple[Callable[..., Iterator[bytes]], int]] = {
            "bare": (partial(single_requests, "/bare", {}), 1),
            "single": (partial(single_requests, "/api/v1/posts", headers), 1),
            "batch": (partial(batch_requests, headers), BATCH),
        }
        measured: dict[str, list[Block]] = {kind: [] for kind in kinds}
        for block in range(blocks + 1):
            for kind, (requests, count) in kinds.items():
                given = partial(requests, f"{kind}-{block}")
                measured[kind].append(measure(service, web, given, posts=count, seconds=seconds))
        singles, batches = (
            sum(block.requests for block in measured[kind]) for kind in ("single", "batch")
        )
        check_stored(service, posts=singles + batches * BATCH, requests=singles + batches)
        # The first block of each warms up.
        return summary({kind: found[1:] for kind, found in measured.items()})


def check_stored(service: Installation, *, posts: int, requests: int) -> None:
    """Raise RuntimeError unless every post is there with its words and every request's key."""
    tables = ("moderation_post", "moderation_postrevision", "moderation_idempotencykey")
    with service.database() as connection:
        counted = [connection.execute(f"SELECT count(*) FROM {t}").fetchone() for t in tables]
    if counted != [(posts,), (posts,), (requests,)]:
        raise RuntimeError(f"{posts} posts by {requests} requests, but there are {counted}.")


def summary(measured: dict[str, list[Block]]) -> dict[str, Any]:
    def ratio(one: str, other: str, name: str) -> float:
        pairs = zip(measured[one], measured[other], strict=True)
        return statistics.median(getattr(a, name) / getattr(b, name) for a, b in pairs)

    figures = ("per_second", "web_ms", "postgres_ms", "valkey_ms", "p50_ms", "generator_share")
    return {
        "single_ratio": round(ratio("single", "bare", "per_second"), 3),
        "single_cpu_ratio": round(ratio("bare", "single", "cpu_ms"), 3),
        "batch_ratio": round(ratio("batch", "single", "per_second"), 1),
        "batch_cpu_ratio": round(ratio("single", "batch", "cpu_ms"), 1),
        "batch_posts": BATCH,
        **{
            kind: {
                name: round(statistics.median(getattr(block, name) for block in found), 3)
                for name in figures
            }
            for kind, found in measured.items()
        },
    }


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.ingest")
    parser.add_argument("--blocks", type=int, default=5, help="of each kind")
    parser.add_argument("--seconds", type=float, default=6.0, help="of each block")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    options = parser.parse_args()
    found = run(blocks=options.blocks, seconds=options.seconds)
    print_json(found, options)


if __name__ == "__main__":
    main()
