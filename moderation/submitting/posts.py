"""Taking posts in and out: stored once, worded once a revision, and the relay woken.

Locks are taken in one order everywhere: sites, posts by id, authors by the site's own id.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import fields
from datetime import UTC, datetime
from functools import partial
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.db.models import F
from django.utils import timezone
from uuid_utils.compat import uuid7

from classifiers.types import AuthorFacts, Content
from moderation import outbox, statements, trail
from moderation.broker import counters, doorbells
from moderation.models import Author, Event, Post, PostRevision, Site
from moderation.submitting import weights
from moderation.types import Draft, EventKind, Severity, Status

MAX_BATCH = 1_000

# One statement for both rows of every post: through the ORM it is three, at twice the time.
# Sorted, so that two batches with the same posts wait for each other instead of deadlocking.
INSERT = """
WITH given AS (
    SELECT * FROM json_to_recordset(%s::json) AS given (
        id uuid, external_id text, author_id bigint, type text, ip inet,
        exposure double precision, severity text, text text, title text,
        permalink text, context text, language text, author_name text, author_email text,
        author_url text, user_agent text, registered_at timestamptz, posted_at timestamptz,
        honeypot text, metadata jsonb, digest text
    )
), stored AS (
    INSERT INTO moderation_post (
        id, site_id, external_id, author_id, type, ip, exposure, severity, revision, status,
        attempts, created_at, submitted_at
    )
    SELECT id, %s, external_id, author_id, type, ip, exposure, severity, 1, 'pending', 0, %s, %s
    FROM given ORDER BY external_id, id
    ON CONFLICT (site_id, external_id) WHERE external_id IS NOT NULL DO NOTHING
    RETURNING id
), worded AS (
    INSERT INTO moderation_postrevision (
        post_id, revision, text, title, permalink, context, language, author_name,
        author_email, author_url, user_agent, registered_at, posted_at, honeypot, metadata,
        digest, request_id, traceparent, created_at
    )
    SELECT id, 1, text, title, permalink, context, language, author_name,
        author_email, author_url, user_agent, registered_at, posted_at, honeypot, metadata,
        digest, %s, %s, %s
    FROM given JOIN stored USING (id)
)
SELECT id, pg_notify(%s, %s) FROM stored
"""

AUTHORS = """
WITH given AS (
    SELECT * FROM unnest(%s::text[], %s::text[], %s::text[], %s::text[], %s::timestamptz[])
        AS given (external_id, name, email, url, registered_at)
), known AS (
    SELECT a.id, a.external_id, a.name, a.email, a.url, a.registered_at
    FROM moderation_author a JOIN given USING (external_id) WHERE a.site_id = %s
), fresh AS (
    INSERT INTO moderation_author (
        site_id, external_id, name, email, url, registered_at, created_at, spam_verdicts,
        ham_verdicts
    )
    SELECT %s, external_id, name, email, url, registered_at, %s, 0, 0
    FROM given WHERE external_id NOT IN (SELECT external_id FROM known) ORDER BY external_id
    ON CONFLICT (site_id, external_id) DO NOTHING
    RETURNING id, external_id, name, email, url, registered_at
)
SELECT * FROM known UNION ALL SELECT * FROM fresh
"""

REVISE = """
UPDATE moderation_post SET
    revision = given.revision, type = given.type, ip = given.ip, author_id = given.author_id,
    status = 'pending', outcome = NULL, hold_until = NULL, attempts = 0,
    fingerprint = CASE WHEN hidden_at IS NOT NULL THEN fingerprint END,
    lease_until = NULL, submitted_at = %s, decided_at = NULL
FROM unnest(%s::uuid[], %s::int[], %s::text[], %s::inet[], %s::bigint[])
    AS given (id, revision, type, ip, author_id)
WHERE moderation_post.id = given.id
"""

# By name, because copying dataclasses to the depth takes several times as long.
CONTENT = [field.name for field in fields(Content)]
AUTHOR = [field.name for field in fields(AuthorFacts)]
DETAILS = ("name", "email", "url", "registered_at")


def submit(*, site: Site, drafts: Sequence[Draft], now: datetime | None = None) -> list[Post]:
    """Store up to `MAX_BATCH` posts in one transaction; return one Post a draft, in order.

    An external id that is known with the same content gives the post as it stands; with
    other content, or after a withdrawal, the post gets a new revision and is pending again.
    What a draft says of exposure and severity is kept as `moderation.submitting.weights` keeps it.
    An external id that comes twice in one call counts as submitted twice, in order: both
    results are the same post, and only its last revision is judged.
    """
    if len(drafts) > MAX_BATCH:
        raise ValueError(f"At most {MAX_BATCH} posts at once.")
    if not drafts:
        return []
    now = now or timezone.now()
    digests = [digest(draft) for draft in drafts]
    with transaction.atomic():
        authors = _find_authors(site, drafts, now)
        posts = _insert(site, drafts, digests, authors, now)
        repeated = [i for i, post in enumerate(posts) if post is None]
        if repeated:
            _repeat(site, drafts, digests, authors, posts, repeated, now)
        authors.update_details(drafts)
    return [post for post in posts if post is not None]


def new(*, site: Site, draft: Draft, now: datetime) -> Post:
    """Return a post as it will be once it is stored, but for its author."""
    post = Post(
        id=uuid7(),
        site=site,
        external_id=draft.external_id or None,
        type=draft.content.type,
        ip=draft.content.author.ip or None,
        exposure=draft.exposure,
        severity=draft.severity or Severity.NORMAL,
        created_at=now,
        submitted_at=now,
    )
    post._state.adding = False
    post._state.db = connection.alias
    return post


def withdraw(*, post: Post, now: datetime | None = None) -> Post:
    """Return the post as withdrawn: nobody decides of it any more. A second time is none."""
    now = now or timezone.now()
    with transaction.atomic():
        locked = Post.objects.select_for_update(no_key=True).get(pk=post.pk)
        if locked.status == Status.WITHDRAWN:
            return locked
        locked.status = Status.WITHDRAWN
        locked.outcome = locked.hold_until = locked.lease_until = None
        locked.save(update_fields=["status", "outcome", "hold_until", "lease_until"])
        event = Event(
            kind=EventKind.POST_WITHDRAWN,
            site_id=locked.site_id,
            post=locked,
            payload={"revision": locked.revision},
            next_attempt_at=now,
            created_at=now,
        )
        outbox.publish([event])
    return locked


def words(draft: Draft) -> dict[str, Any]:
    """Return what a revision of the post consists of, by column."""
    content, author = draft.content, draft.content.author
    return {
        "text": content.text,
        "title": content.title,
        "permalink": content.permalink,
        "context": content.context,
        "language": content.language,
        "author_name": author.name,
        "author_email": author.email,
        "author_url": author.url,
        "user_agent": author.user_agent,
        "registered_at": draft.registered_at,
        "posted_at": draft.posted_at,
        "honeypot": content.honeypot,
        "metadata": dict(draft.metadata),
    }


def digest(draft: Draft) -> str:
    """Return the SHA-256, in hexadecimal, over everything submitted in canonical JSON."""
    content = draft.content
    parts = {
        "content": {
            **{name: getattr(content, name) for name in CONTENT},
            "author": {name: getattr(content.author, name) for name in AUTHOR},
        },
        "author": draft.author_id,
        "registered_at": _moment(draft.registered_at),
        "posted_at": _moment(draft.posted_at),
        "metadata": dict(draft.metadata),
    }
    canonical = json.dumps(parts, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


def _moment(moment: datetime | None) -> str | None:
    return moment.astimezone(UTC).isoformat() if moment else None


class _Authors:
    """The authors of one call, by the site's own id for them."""

    def __init__(self, rows: list[Author]) -> None:
        self._by_name = {row.external_id: row for row in rows}

    def id_of(self, draft: Draft) -> int | None:
        return self._by_name[draft.author_id].pk if draft.author_id else None

    def update_details(self, drafts: Sequence[Draft]) -> None:
        """Keep what the site says now; what it leaves out stays as it was."""
        changed = set()
        for draft in drafts:
            if draft.author_id and _learn(self._by_name[draft.author_id], draft):
                changed.add(draft.author_id)
        for name in sorted(changed):
            self._by_name[name].save(update_fields=DETAILS)


def _learn(author: Author, draft: Draft) -> bool:
    told = {name: value for name, value in _details(draft).items() if value}
    if all(getattr(author, name) == value for name, value in told.items()):
        return False
    for name, value in told.items():
        setattr(author, name, value)
    return True


def _details(draft: Draft) -> dict[str, Any]:
    facts = draft.content.author
    return {
        "name": facts.name,
        "email": facts.email,
        "url": facts.url,
        "registered_at": draft.registered_at,
    }


def _find_authors(site: Site, drafts: Sequence[Draft], now: datetime) -> _Authors:
    named = {draft.author_id: draft for draft in drafts if draft.author_id}
    if not named:
        return _Authors([])
    details = [_details(draft) for draft in named.values()]
    columns = [[row[name] for row in details] for name in DETAILS]
    rows: list[Author] = []
    while len(rows) < len(named):
        # Once more if another transaction has stored one of them meanwhile. Not by ON CONFLICT
        # DO UPDATE: it would lock authors before posts.
        found = statements.run(AUTHORS, [list(named), *columns, site.pk, site.pk, now])
        rows = [_author(row) for row in found]
    return _Authors(rows)


def _author(row: tuple[Any, ...]) -> Author:
    return Author.from_db(connection.alias, ["id", "external_id", *DETAILS], row)


def _insert(
    site: Site, drafts: Sequence[Draft], digests: list[str], authors: _Authors, now: datetime
) -> list[Post | None]:
    """Store what is new; None stands for an external id that was there, or came before."""
    posts: list[Post | None] = []
    given: set[str] = set()
    for draft in drafts:
        if draft.external_id and draft.external_id in given:
            posts.append(None)
            continue
        given.add(draft.external_id or "")
        post = new(site=site, draft=draft, now=now)
        post.author_id = authors.id_of(draft)
        posts.append(post)
    rows = [
        _row(post, draft, digest)
        for post, draft, digest in zip(posts, drafts, digests, strict=True)
        if post is not None
    ]
    lines = json.dumps(rows, default=str)
    origin = trail.here()
    came_from = (origin.request_id, origin.traceparent)
    values = [lines, site.pk, now, now, *came_from, now, doorbells.CHANNEL, doorbells.POSTS]
    stored: set[UUID] = {row[0] for row in statements.run(INSERT, values)}
    _count(len(stored))
    return [post if post and post.pk in stored else None for post in posts]


def _row(post: Post, draft: Draft, digest: str) -> dict[str, Any]:
    return {
        "id": post.pk,
        "external_id": post.external_id,
        "author_id": post.author_id,
        "type": post.type,
        "ip": post.ip,
        "exposure": post.exposure,
        "severity": post.severity,
        "digest": digest,
        **words(draft),
    }


def _repeat(
    site: Site,
    drafts: Sequence[Draft],
    digests: list[str],
    authors: _Authors,
    posts: list[Post | None],
    repeated: list[int],
    now: datetime,
) -> None:
    """Fill the gaps in `posts` with the posts that were there, revised where words changed."""
    known = _lock(site, [drafts[i].external_id for i in repeated])
    worded: list[PostRevision] = []
    revised: dict[UUID, Post] = {}
    said = dict(
        PostRevision.objects.filter(
            post_id__in=[post.pk for post in known.values()], revision=F("post__revision")
        ).values_list("post_id", "digest")
    )
    for i in repeated:
        post = posts[i] = known[drafts[i].external_id or ""]
        weights.store(post, drafts[i].exposure, drafts[i].severity, now)
        if said[post.pk] == digests[i] and post.status != Status.WITHDRAWN:
            continue
        said[post.pk] = digests[i]
        _reword(post, drafts[i], authors, now)
        worded.append(_revision(post, drafts[i], digests[i], now))
        revised[post.pk] = post
    for i, earlier in enumerate(posts):
        if earlier is not None:
            posts[i] = revised.get(earlier.pk, earlier)
    if worded:
        PostRevision.objects.bulk_create(worded)
        _store_revised(list(revised.values()), now)


def _lock(site: Site, external_ids: Sequence[str | None]) -> dict[str, Post]:
    rows = (
        Post.objects.filter(site=site, external_id__in=set(external_ids))
        .order_by("id")
        .select_for_update(no_key=True)
    )
    return {row.external_id or "": row for row in rows}


def _reword(post: Post, draft: Draft, authors: _Authors, now: datetime) -> None:
    post.revision += 1
    post.type = draft.content.type
    if post.hidden_at is None:
        # Of a hidden post it is preserved who wrote what first, and from where.
        post.ip, post.author_id = draft.content.author.ip or None, authors.id_of(draft)
        post.fingerprint = None
    post.status = Status.PENDING
    post.outcome = post.hold_until = post.lease_until = None
    post.decided_at = None
    post.attempts = 0
    post.submitted_at = now


def _revision(post: Post, draft: Draft, digest: str, now: datetime) -> PostRevision:
    origin = trail.here()
    return PostRevision(
        post=post,
        revision=post.revision,
        digest=digest,
        request_id=origin.request_id,
        traceparent=origin.traceparent,
        created_at=now,
        **words(draft),
    )


def _store_revised(posts: list[Post], now: datetime) -> None:
    rows = [(post.pk, post.revision, post.type, post.ip, post.author_id) for post in posts]
    with connection.cursor() as cursor:
        cursor.execute(REVISE, [now, *(list(column) for column in zip(*rows, strict=True))])
    outbox.notify(doorbells.POSTS)
    _count(len(posts))


def _count(stored: int) -> None:
    transaction.on_commit(partial(counters.count, "posts_accepted", stored))
