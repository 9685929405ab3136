"""A post that nobody knows yet, as nearly all are, stored in one statement with its answer.

What `posts` and `idempotency` do in seven statements and with locks, for the case that needs none
of them. It stores all or nothing, and whatever is not plainly new is left to them: a known external
id or Idempotency-Key, an author of whom something new is said.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from django.db import IntegrityError

from moderation import statements, trail
from moderation.broker import counters, doorbells
from moderation.models import Post
from moderation.submitting import idempotency
from moderation.submitting.idempotency import Answer, Ticket
from moderation.submitting.posts import digest, words
from moderation.types import Draft

STORE = """
WITH given AS (
    SELECT %(id)s::uuid AS id, %(site_id)s::bigint AS site_id, %(now)s::timestamptz AS now,
        %(external_id)s::text AS external_id, %(author_id)s::text AS author_id,
        %(author_name)s::text AS name, %(author_email)s::text AS email, %(author_url)s::text AS url,
        %(registered_at)s::timestamptz AS registered_at, %(key)s::text AS key
), author AS (
    SELECT a.id, given.name IN ('', a.name) AND given.email IN ('', a.email)
        AND given.url IN ('', a.url)
        AND coalesce(given.registered_at = a.registered_at, given.registered_at IS NULL) AS told
    FROM given JOIN moderation_author a
        ON a.site_id = given.site_id AND a.external_id = given.author_id
), plain AS (
    SELECT * FROM given
    WHERE NOT EXISTS (SELECT FROM author WHERE NOT told) AND NOT EXISTS (
        SELECT FROM moderation_post p
        WHERE p.site_id = given.site_id AND p.external_id = given.external_id
    )
), claimed AS (
    INSERT INTO moderation_idempotencykey (api_key_id, key, digest, status, response, created_at)
    SELECT %(api_key_id)s::bigint, key, %(request_digest)s, %(status)s::smallint,
        %(response)s::jsonb, now
    FROM plain WHERE key IS NOT NULL
    ON CONFLICT (api_key_id, key) DO NOTHING
    RETURNING id
), fresh AS (
    SELECT * FROM plain WHERE key IS NULL OR EXISTS (SELECT FROM claimed)
), joined AS (
    INSERT INTO moderation_author (
        site_id, external_id, name, email, url, registered_at, created_at, spam_verdicts,
        ham_verdicts
    )
    SELECT site_id, author_id, name, email, url, registered_at, now, 0, 0
    FROM fresh WHERE author_id IS NOT NULL AND NOT EXISTS (SELECT FROM author)
    RETURNING id
), stored AS (
    INSERT INTO moderation_post (
        id, site_id, external_id, author_id, type, ip, exposure, severity, revision, status,
        attempts, created_at, submitted_at
    )
    SELECT id, site_id, external_id,
        (SELECT id FROM author UNION ALL SELECT id FROM joined),
        %(type)s, %(ip)s::inet, %(exposure)s::float8, %(severity)s, 1, 'pending', 0, now, now
    FROM fresh
    RETURNING id
), worded AS (
    INSERT INTO moderation_postrevision (
        post_id, revision, text, title, permalink, context, language, author_name,
        author_email, author_url, user_agent, registered_at, posted_at, honeypot, metadata,
        digest, request_id, traceparent, created_at
    )
    SELECT id, 1, %(text)s, %(title)s, %(permalink)s, %(context)s, %(language)s, name, email,
        url, %(user_agent)s, registered_at, %(posted_at)s::timestamptz, %(honeypot)s,
        %(metadata)s::jsonb, %(digest)s, %(request_id)s, %(traceparent)s, now
    FROM fresh
)
SELECT pg_notify(%(channel)s, %(bell)s) FROM stored
"""


def store(*, post: Post, draft: Draft, ticket: Ticket | None, answer: Answer) -> bool:
    """Store what `posts.new` made, and the answer under its ticket; return whether it was new.

    False when something about it was known, so that nothing was stored, or when a twin came
    first by a moment.
    """
    values: dict[str, Any] = {
        "id": post.pk,
        "site_id": post.site_id,
        "now": post.created_at,
        "external_id": post.external_id,
        "author_id": draft.author_id or None,
        "type": post.type,
        "ip": post.ip,
        "exposure": post.exposure,
        "severity": post.severity,
        **words(draft),
        "metadata": json.dumps(dict(draft.metadata)),
        "digest": digest(draft),
        **asdict(trail.here()),
        "channel": doorbells.CHANNEL,
        "bell": doorbells.POSTS,
        **idempotency.columns(ticket, answer),
    }
    try:
        stored = bool(statements.run(STORE, values))
    except IntegrityError:
        return False
    if stored:
        counters.count("posts_accepted")
    return stored
