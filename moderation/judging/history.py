"""What a site remembers, fetched for a whole batch before any heuristic runs.

Every count reads a bounded stretch of one index, however busy an author or address is.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from classifiers.sighting import DAY, MOST, copied
from classifiers.types import History
from moderation import statements
from moderation.models import Decision, Post, PostRevision
from moderation.types import PEOPLE, Outcome

SEEN = f"""
SELECT asked.id, own.hour, address.hour, same.posts, same.authors
FROM unnest(%s::uuid[], %s::bigint[], %s::bigint[], %s::inet[], %s::bytea[], %s::timestamptz[])
    AS asked (id, site_id, author_id, ip, fingerprint, moment)
LEFT JOIN LATERAL (
    SELECT count(*) AS hour FROM (
        SELECT FROM moderation_post p
        WHERE p.author_id = asked.author_id AND p.id <> asked.id
            AND p.created_at > moment - interval '1 hour' AND p.created_at <= moment
        ORDER BY p.created_at DESC LIMIT {MOST}
    ) AS seen
) AS own ON asked.author_id IS NOT NULL
LEFT JOIN LATERAL (
    SELECT count(*) AS hour FROM (
        SELECT FROM moderation_post p
        WHERE p.site_id = asked.site_id AND p.ip = asked.ip AND p.id <> asked.id
            AND p.created_at > moment - interval '1 hour' AND p.created_at <= moment
        ORDER BY p.created_at DESC LIMIT {MOST}
    ) AS seen
) AS address ON asked.ip IS NOT NULL
LEFT JOIN LATERAL (
    SELECT count(*) AS posts, count(DISTINCT author_id) FILTER (
        WHERE author_id IS DISTINCT FROM asked.author_id
    ) AS authors
    FROM (
        SELECT p.author_id FROM moderation_post p
        WHERE p.site_id = asked.site_id AND p.fingerprint = asked.fingerprint
            AND p.id <> asked.id
            AND p.created_at > moment - interval '1 day' AND p.created_at <= moment
        ORDER BY p.created_at DESC LIMIT {MOST}
    ) AS seen
) AS same ON asked.fingerprint IS NOT NULL
"""  # noqa: S608 - nothing of it comes from outside

# A person's word about the same words stands unless a person took it back. What a key called spam
# counts once somebody vouches for it: whoever holds the key could have any words blocked.
SAID = """
SELECT asked.id, bool_or(d.label = 'spam' AND (
    d.source <> 'feedback' OR EXISTS (
        SELECT FROM moderation_feedback f
        WHERE f.post_id = d.post_id AND f.revision = d.revision
            AND f.label = 'spam' AND f.vouched
    )
)) AND NOT bool_or(d.label = 'ham')
FROM unnest(%s::uuid[], %s::bigint[], %s::bytea[]) AS asked (id, site_id, fingerprint)
JOIN moderation_decision d
    ON d.site_id = asked.site_id AND d.fingerprint = asked.fingerprint AND d.label <> ''
WHERE NOT EXISTS (
    SELECT FROM moderation_decision later
    WHERE later.supersedes_id = d.id AND later.revision = d.revision
        AND later.source NOT IN ('machine', 'expiry')
)
GROUP BY asked.id
"""


# As `Author` counts them: a label that a person took back counts no more from then on.
RECORD = f"""
SELECT asked.id, count(*) FILTER (WHERE d.label = 'spam'), count(*) FILTER (WHERE d.label = 'ham')
FROM unnest(%s::uuid[], %s::bigint[], %s::timestamptz[]) AS asked (id, author_id, moment)
CROSS JOIN LATERAL (
    SELECT p.id FROM moderation_post p
    WHERE p.author_id = asked.author_id AND p.id <> asked.id AND p.created_at <= asked.moment
    ORDER BY p.created_at DESC LIMIT {MOST}
) AS earlier
JOIN moderation_decision d
    ON d.post_id = earlier.id AND d.label <> '' AND d.created_at < asked.moment
WHERE NOT EXISTS (
    SELECT FROM moderation_decision later
    WHERE later.supersedes_id = d.id AND later.revision = d.revision
        AND later.source NOT IN ('machine', 'expiry') AND later.created_at < asked.moment
)
GROUP BY asked.id
"""  # noqa: S608 - nothing of it comes from outside


@dataclass(frozen=True, slots=True)
class Remembered:
    """What the site knows about one post before it is judged."""

    history: History
    copied: bool = False
    """The same words as spam that a person confirmed, and nobody called honest."""
    blocked_before: bool = False
    """The last word a person said about an earlier revision was to block it."""


@dataclass(frozen=True, slots=True)
class _Seen:
    author_hour: int | None
    address_hour: int | None
    same: int | None
    same_authors: int | None


def fingerprint_of(words: PostRevision) -> bytes | None:
    """Return what copies of these words have in common; None for too few of them to tell."""
    return copied(words.title, words.text)


def recall(
    posts: Sequence[Post], words: Sequence[PostRevision], fingerprints: Sequence[bytes | None]
) -> list[Remembered]:
    """Return what is remembered of each post, in order, as of when it was submitted.

    `posts` carry their authors; `words[i]` is the present revision of `posts[i]`.
    """
    seen = _seen(posts, fingerprints)
    beside = _beside(posts, fingerprints)
    copied = _copied(posts, fingerprints)
    blocked = blocked_before(posts)
    return [
        Remembered(
            history=_history(post, said, seen[post.pk], beside.get(post.pk, [])),
            copied=post.pk in copied,
            blocked_before=post.pk in blocked,
        )
        for post, said in zip(posts, words, strict=True)
    ]


def verdicts_then(posts: Sequence[Post]) -> dict[UUID, tuple[int, int]]:
    """What people had said of the authors' other posts when these came: spam and honest ones.

    Nothing for posts whose author had no record, or is not named.
    """
    rows = [(post.pk, post.author_id, post.submitted_at) for post in posts if post.author_id]
    if not rows:
        return {}
    found = statements.run(RECORD, [list(column) for column in zip(*rows, strict=True)])
    return {post_id: (spam, ham) for post_id, spam, ham in found}


def blocked_before(posts: Sequence[Post]) -> set[UUID]:
    """Return the ids of posts of which a person blocked an earlier revision."""
    edited = [post.pk for post in posts if post.revision > 1]
    if not edited:
        return set()
    last_words = (
        Decision.objects.filter(post_id__in=edited, source__in=PEOPLE)
        .order_by("post_id", "-id")
        .distinct("post_id")
    )
    return {word.post_id for word in last_words if word.outcome == Outcome.BLOCK}


def _seen(posts: Sequence[Post], fingerprints: Sequence[bytes | None]) -> dict[UUID, _Seen]:
    rows = [
        (post.pk, post.site_id, post.author_id, post.ip, print_, post.submitted_at)
        for post, print_ in zip(posts, fingerprints, strict=True)
    ]
    seen = statements.run(SEEN, [list(column) for column in zip(*rows, strict=True)])
    return {row[0]: _Seen(*row[1:]) for row in seen}


def _beside(posts: Sequence[Post], fingerprints: Sequence[bytes | None]) -> dict[UUID, list[Post]]:
    """The posts of the batch itself that say the same; their rows do not know it yet."""
    groups: defaultdict[tuple[int, bytes], list[Post]] = defaultdict(list)
    for post, print_ in zip(posts, fingerprints, strict=True):
        if print_ is not None:
            groups[(post.site_id, print_)].append(post)
    return {
        post.pk: [
            other
            for other in group
            if other is not post and post.submitted_at - DAY < other.created_at <= post.submitted_at
        ]
        for group in groups.values()
        if len(group) > 1
        for post in group
    }


def _copied(posts: Sequence[Post], fingerprints: Sequence[bytes | None]) -> set[UUID]:
    rows = [
        (post.pk, post.site_id, print_)
        for post, print_ in zip(posts, fingerprints, strict=True)
        if print_ is not None
    ]
    if not rows:
        return set()
    said = statements.run(SAID, [list(column) for column in zip(*rows, strict=True)])
    return {post_id for post_id, is_spam in said if is_spam}


def _history(post: Post, words: PostRevision, seen: _Seen, beside: list[Post]) -> History:
    author = post.author
    return History(
        now=post.submitted_at,
        registered_at=words.registered_at or (author.registered_at if author else None),
        author_first_seen=author.created_at if author else None,
        author_posts_last_hour=seen.author_hour,
        author_spam_verdicts=author.spam_verdicts if author else 0,
        author_ham_verdicts=author.ham_verdicts if author else 0,
        address_posts_last_hour=seen.address_hour,
        same_text_last_day=_sum(seen.same, len(beside)),
        same_text_other_authors_last_day=_sum(
            seen.same_authors, len({p.author_id for p in beside} - {None, post.author_id})
        ),
    )


def _sum(stored: int | None, beside: int) -> int | None:
    return None if stored is None else stored + beside
