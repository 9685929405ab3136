"""Makes posts findable, off the hot path: entries follow the decisions, in the order of their ids.

Every revision comes to be decided, so nothing has to be written when a post comes in. Decisions
may be committed in another order than that of their ids, so those of the last minute are looked at
again; what has its entry already costs one look into an index.

What is found by its words is forgotten with them: posts are locked while they are read, so that
none loses its words meanwhile.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from django.db import connection, transaction
from django.utils import timezone

from classifiers.text.normalize import normalize
from moderation import leases, lists
from moderation.lists import Subject
from moderation.types import ListKind
from reviews.models import SearchProgress
from reviews.search.grams import grams, read_as

BATCH: Final = 200
WINDOW: Final = 2_000
"""Decisions looked at before it is written how far that was."""
WORDS: Final = 50_000
"""Characters of a post that are searched for words."""
SETTLED: Final = timedelta(minutes=1)
"""Longer than any transaction that writes decisions takes."""

DUE: Final = """
SELECT d.id, d.post_id, d.created_at, p.pruned_at IS NULL AND p.hidden_at IS NULL
    AND e.post_id IS NULL
FROM (
    SELECT id, post_id, revision, created_at FROM moderation_decision
    WHERE id > %s ORDER BY id LIMIT %s
) AS d
JOIN moderation_post p ON p.id = d.post_id
LEFT JOIN reviews_searchentry e ON e.post_id = d.post_id AND e.revision >= d.revision
ORDER BY d.id
"""
READ: Final = """
SELECT p.id, p.site_id, r.revision, r.title, r.text, r.author_url, r.author_email
FROM moderation_post p
JOIN moderation_postrevision r ON r.post_id = p.id AND r.revision = p.revision
WHERE p.id = ANY(%s) AND p.pruned_at IS NULL AND p.hidden_at IS NULL
ORDER BY p.id
FOR KEY SHARE OF p
"""
WRITE: Final = """
INSERT INTO reviews_searchentry (post_id, site_id, revision, words, grams, keys)
VALUES (%s, %s, %s, to_tsvector('simple', %s), %s::int[], %s::bigint[])
ON CONFLICT (post_id) DO UPDATE SET revision = excluded.revision, words = excluded.words,
    grams = excluded.grams, keys = excluded.keys
"""


@dataclass(frozen=True, slots=True)
class _Words:
    post_id: UUID
    site_id: int
    revision: int
    title: str
    text: str
    author_url: str
    author_email: str


def follow(*, seconds: float, clock: Callable[[], float] = time.monotonic) -> int:
    """Write entries for so long at most; how many. Raises LeaseTaken."""
    end, written = clock() + seconds, 0
    with leases.hold("search") as lease:
        progress, _ = SearchProgress.objects.get_or_create(pk=1)
        more = True
        while more and clock() < end:
            with connection.cursor() as cursor:
                cursor.execute(DUE, [progress.decision_id, WINDOW])
                due = cursor.fetchall()
            settled = timezone.now() - SETTLED
            last = progress.decision_id
            fresh = False
            for first in range(0, len(due), BATCH):
                batch = due[first : first + BATCH]
                written += _write([post_id for _, post_id, _, missing in batch if missing])
                for pk, _, created_at, _ in batch:
                    fresh = fresh or created_at >= settled
                    last = last if fresh else pk
                lease.keep()
                if clock() >= end:
                    break
            more = len(due) == WINDOW and last > progress.decision_id
            if last > progress.decision_id:
                progress.decision_id = last
                progress.save(update_fields=["decision_id"])
    return written


def _write(posts: Sequence[UUID]) -> int:
    if not posts:
        return 0
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(READ, [sorted(set(posts))])
        rows = [_entry(_Words(*row)) for row in cursor.fetchall()]
        cursor.executemany(WRITE, rows)
    return len(rows)


def _entry(words: _Words) -> tuple[Any, ...]:
    written = "\n".join(filter(None, (words.title, words.text, words.author_url)))[:WORDS]
    # As it was written, and as it reads once disguises are taken off.
    plain = normalize(written)
    seen = read_as(written)
    both = written if plain == seen else f"{written}\n{plain}"
    found = grams(seen) | grams(plain)
    named = named_in(words.title, words.text, words.author_url, words.author_email)
    keys = sorted({key_of(words.site_id, *one) for one in named})
    return words.post_id, words.site_id, words.revision, both, sorted(found), keys


def named_in(
    title: str, text: str, author_url: str, author_email: str = ""
) -> set[tuple[str, str]]:
    """Return the kinds and values by which lists would match such a post: domains, an address."""
    hosts, _ = lists.hosts_in((title, text, author_url))
    subject = Subject(site_id=0, email=author_email.strip().lower(), links=hosts)
    return set(lists.candidates(subject))


def key_of(site_id: int, kind: ListKind | str, value: str) -> int:
    """Return the number by which posts of a site are found that have such a domain or address."""
    what = f"{site_id} {ListKind(kind).value} {value}"
    digest = hashlib.blake2b(what.encode(errors="replace"), digest_size=8).digest()
    return int.from_bytes(digest, "little", signed=True)
