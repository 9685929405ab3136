"""Which domains, addresses and numbers a site's posts brought, as keyed hashes and sketches.

Writing is one statement behind the decisions, and only of what changes a row: who is counted
already writes nothing. Losing a count, or counting twice, does no harm, so it holds up no
decision and breaks none.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import cache
from typing import Final

from django.conf import settings
from django.db import DatabaseError, connection, transaction

from classifiers.sighting import Mark
from moderation import statements

logger = logging.getLogger(__name__)

UNTRUSTED_KEPT: Final = timedelta(days=30)
"""So long after the last sighting nothing is known of a contact that no honest post brought."""
TRUSTED_KEPT: Final = timedelta(days=365)
MOST: Final = 50_000
"""Rows kept a site; of too many, those go first that no honest post brought."""

FIND = """
SELECT s.site_id, s.hash, s.authors, s.trusted, s.first_at, s.last_at
FROM unnest(%s::bigint[], %s::bigint[]) AS asked (site_id, hash)
JOIN moderation_sighting s ON s.site_id = asked.site_id AND s.hash = asked.hash
"""
# In one order, so that two workers never wait for each other in a circle.
COUNT = """
INSERT INTO moderation_sighting AS s (site_id, hash, authors, trusted, first_at, last_at)
SELECT site_id, hash, authors, trusted, moment, moment
FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[], %s::timestamptz[])
    AS given (site_id, hash, authors, trusted, moment)
ORDER BY site_id, hash
ON CONFLICT (site_id, hash) DO UPDATE SET
    authors = s.authors | excluded.authors, trusted = s.trusted | excluded.trusted,
    first_at = least(s.first_at, excluded.first_at), last_at = greatest(s.last_at, excluded.last_at)
RETURNING 1
"""
OLD = """
DELETE FROM moderation_sighting WHERE last_at < %s OR (last_at < %s AND trusted = 0)
"""
TOO_MANY = f"""
DELETE FROM moderation_sighting s USING (
    SELECT site_id, hash, row_number() OVER (
        PARTITION BY site_id ORDER BY (trusted <> 0) DESC, last_at DESC
    ) AS place
    FROM moderation_sighting WHERE site_id IN (
        SELECT site_id FROM moderation_sighting GROUP BY site_id HAVING count(*) > {MOST}
    )
) AS ranked
WHERE s.site_id = ranked.site_id AND s.hash = ranked.hash AND ranked.place > {MOST}
"""  # noqa: S608 - a constant

Key = tuple[int, int]
"""A site's id and a hash."""


def find(wanted: Iterable[Key]) -> dict[Key, Mark]:
    asked = list(wanted)
    if not asked:
        return {}
    found = statements.run(FIND, [list(column) for column in zip(*asked, strict=True)])
    return {(site_id, hash_): Mark(*rest) for site_id, hash_, *rest in found}


def write(rows: Iterable[tuple[int, int, int, int, datetime]]) -> None:
    """Adds what was seen: site, hash, authors' bits, those of trusted ones, and when.

    A database that refuses is noted, and that is all.
    """
    given = sorted(rows)
    if not given:
        return
    try:
        with transaction.atomic():
            statements.run(COUNT, [list(column) for column in zip(*given, strict=True)])
    except DatabaseError as error:
        logger.warning("sightings were not counted: %s", type(error).__name__)


def forget(*, now: datetime) -> int:
    """Deletes sightings that are old or too many; how many."""
    with connection.cursor() as cursor:
        cursor.execute(OLD, [now - TRUSTED_KEPT, now - UNTRUSTED_KEPT])
        gone = cursor.rowcount
        cursor.execute(TOO_MANY)
        return gone + int(cursor.rowcount)


def hash_of(site_id: int, what: str) -> int:
    digest = hashlib.blake2b(
        what.encode(errors="replace"),
        key=_secret(),
        salt=site_id.to_bytes(8, "little"),
        digest_size=8,
    ).digest()
    return int.from_bytes(digest, "little", signed=True)


def key() -> str:
    """Tells hashes of one secret from those of another: after a change all would look new."""
    return hashlib.blake2b(b"which", key=_secret(), digest_size=8).hexdigest()


@cache
def _secret() -> bytes:
    return hashlib.blake2b(settings.SECRET_KEY.encode(), person=b"winnow.sighting").digest()
