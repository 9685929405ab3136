"""What forgetting costs: posts pruned a second, against taking in, and what serving feels of it.

    python -m benchmarks.retention [--posts 100000] [--prune 20000] [--keep DIR] [--json]

One database of `benchmarks.filling`. Words and whole posts are pruned by `reviews.retention`
itself, without its rests; processor time is that of the server's backend and of this process.
Meanwhile nothing else runs, save in the part that asks for a page of posts again and again, once
alone and once while pruning goes on as it does in a worker, at half of the time.
At the end a vacuum is run, as autovacuum would, and as many posts are filled in again: the
tables must not have grown.
"""

import argparse
import statistics
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import psutil
import psycopg

from benchmarks import filling, sizes
from benchmarks.output import print_json
from benchmarks.sizes import Filled

TABLES: Final = (
    "moderation_post",
    "moderation_postrevision",
    "moderation_decision",
    "moderation_score",
    "moderation_auditdraw",
    "moderation_event",
)
SLICE: Final = 500
CHANGED: Final = 0.02
"""Of a table, after which it is vacuumed; as the migrations set it."""
PAGES: Final = 150


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--posts", type=int, default=100_000)
    parser.add_argument("--prune", type=int, default=20_000)
    parser.add_argument("--keep", type=Path)
    parser.add_argument("--json", action="store_true")
    chosen = parser.parse_args()
    tell = (lambda sentence: None) if chosen.json else print
    with sizes.filled(small=1_000, big=chosen.posts, keep=chosen.keep, tell=tell) as pair:
        found = measure(pair.big, chosen.prune)
    print_json(found, chosen)


def measure(filled: Filled, posts: int) -> dict[str, Any]:
    with sizes.using(filled), psycopg.connect(filled.admin_url, autocommit=True) as owner:
        _close_cases(owner)
        before = _bytes(owner)
        ingest, log = _ingest(filled, owner)
        words = _prune(filled, owner, "reviews_forget_words", posts)
        whole = _prune(filled, owner, "reviews_forget_posts", posts)
        latency = _latency_meanwhile(filled)
        gone = filled.posts - owner.execute("SELECT count(*) FROM moderation_post").fetchone()[0]  # type: ignore[index]
        owner.execute("VACUUM (ANALYZE)")
        filling.fill(owner, posts=gone, people=filled.people, checked=False, start=filled.posts)
        after = _bytes(owner)
    return {
        "posts": filled.posts,
        "words": words,
        "whole_posts": whole,
        "ingest_cpu_ms": ingest,
        "ingest_wal_bytes": log,
        "words_to_ingest": round(words["cpu_ms"] / ingest, 2),
        "whole_posts_to_ingest": round(whole["cpu_ms"] / ingest, 2),
        **latency,
        "bytes_before": before,
        "bytes_after_as_many_again": after,
        "growth": round(after / before, 3),
    }


def _close_cases(owner: psycopg.Connection[Any]) -> None:
    """Close what is old: posts with open cases are kept."""
    owner.execute(
        "UPDATE reviews_case SET state = 'closed', closed_at = now(), holder_id = NULL,"
        " lease_until = NULL WHERE state = 'open' AND opened_at < now() - interval '1 day'"
    )
    # The posts that were filled in are younger than facts may be that go.
    owner.execute(
        "ALTER TABLE reviews_retention DROP CONSTRAINT IF EXISTS retention_facts_outlive_figures"
    )
    owner.execute(
        "INSERT INTO reviews_retention (site_id, words_days, facts_days)"
        " SELECT id, 1, 2 FROM moderation_site ON CONFLICT (site_id) DO NOTHING"
    )
    owner.execute("VACUUM (ANALYZE)")


def _prune(
    filled: Filled, owner: psycopg.Connection[Any], function: str, posts: int
) -> dict[str, float]:
    """Prune so many posts of the big site; return posts a second and milliseconds of processor.

    In between, and not counted, the tables are vacuumed as often as autovacuum would.
    """
    from django.db import connection

    from reviews.retention import START

    done, seconds, after = 0, 0.0, START
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        used = _processor(cursor.fetchone()[0])
        cpu = used()
        while done < posts and after is not None:
            began, vacuumed = time.perf_counter(), done + int(filled.posts * CHANGED)
            while done < vacuumed and after is not None:
                cursor.execute(f"SELECT pruned, last FROM {function}(1, %s, %s)", [after, SLICE])
                pruned, after = cursor.fetchone()
                done += pruned
            seconds += time.perf_counter() - began
            owner.execute("VACUUM (ANALYZE)")
        cpu = used() - cpu
    return {
        "posts": done,
        "a_second": round(done / seconds),
        "cpu_ms": round(cpu / done * 1000, 3),
    }


def _ingest(filled: Filled, owner: psycopg.Connection[Any]) -> tuple[float, int]:
    """Return milliseconds of processor and bytes of write-ahead log for one post.

    Posts are taken in and judged in batches of 100, with nobody else at work.
    """
    from django.db import connection

    from classifiers.types import Content
    from moderation import claims
    from moderation.models import Site
    from moderation.submitting import posts
    from moderation.types import Draft

    site = Site.objects.get(pk=1)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        used = _processor(cursor.fetchone()[0])

    def take_in(number: int) -> None:
        drafts = [
            Draft(Content(text=f"An honest question, the {number}th of {i}, about seeds."))
            for i in range(100)
        ]
        posts.submit(site=site, drafts=drafts)
        claims.drain(seconds=60)

    take_in(0)
    began, written = used(), _written(owner)
    for number in range(1, 6):
        take_in(number)
    return round((used() - began) / 500 * 1000, 3), round((_written(owner) - written) / 500)


def _written(owner: psycopg.Connection[Any]) -> int:
    row = owner.execute("SELECT pg_current_wal_insert_lsn() - '0/0'::pg_lsn").fetchone()
    assert row is not None
    return int(row[0])


def _processor(backend: int) -> Callable[[], float]:
    """Return a function that says how many seconds this process and a backend have used."""
    both = [psutil.Process(), psutil.Process(backend)]

    def used() -> float:
        return sum(times.user + times.system for times in (p.cpu_times() for p in both))

    return used


def _latency_meanwhile(filled: Filled) -> dict[str, float]:
    """Return the median milliseconds of a page of posts: alone, and while pruning goes on."""
    from django.test import Client

    from benchmarks.queue import _get

    client = Client(SERVER_NAME="localhost", headers={"Authorization": f"Bearer {filled.key}"})

    def pages() -> float:
        return statistics.median(_get(client, "/api/v1/posts")[0] for _ in range(PAGES)) * 1000

    pages()
    before = pages()
    stop = threading.Event()
    worker = threading.Thread(target=_prune_until, args=(filled, stop))
    worker.start()
    meanwhile = pages()
    stop.set()
    worker.join()
    alone = (before + pages()) / 2
    return {
        "page_ms": round(alone, 2),
        "page_ms_meanwhile": round(meanwhile, 2),
        "page_ratio": round(meanwhile / alone, 2),
    }


def _prune_until(filled: Filled, stop: threading.Event) -> None:
    from reviews.retention import START

    after: UUID | None = START
    with psycopg.connect(filled.url, autocommit=True) as connection:
        while not stop.is_set() and after is not None:
            began = time.perf_counter()
            row = connection.execute(
                "SELECT last FROM reviews_forget_posts(1, %s, %s)", [after, SLICE]
            ).fetchone()
            after = row[0] if row else None
            time.sleep(time.perf_counter() - began)


def _bytes(owner: psycopg.Connection[Any]) -> int:
    row = owner.execute(
        "SELECT sum(pg_total_relation_size(t::regclass)) FROM unnest(%s::text[]) t", [list(TABLES)]
    ).fetchone()
    assert row is not None
    return int(row[0])


if __name__ == "__main__":
    main()
