"""What stands out among the posts of a stretch of time: words said often, domains that are new.

Both are counted over the newest LOOKED_AT posts, so that a page costs the same on a busy site.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from django.db.models import F

from moderation import hidden_words, statements
from moderation.ids import first_id
from moderation.models import PostRevision, Site
from moderation.types import ListKind
from reviews.evidence.similar import NEARLY
from reviews.labels.blind import judged_by, withheld_of
from reviews.search.indexing import key_of, named_in

if TYPE_CHECKING:
    from django.contrib.auth.models import User

LOOKED_AT: Final = 10_000
SHOWN: Final = 8
LEAST: Final = 3
"""Posts that say the same, or share a domain, before anybody speaks of it."""
EXCERPT: Final = 160

# What is left out is left out of these, and not made up for by older posts: of those nobody has
# looked which may yet have to be judged blind.
LOOKED_OVER: Final = """
SELECT * FROM moderation_post WHERE site_id = %(site)s AND id >= %(first)s
ORDER BY id DESC LIMIT %(looked_at)s
"""
AS_HIDDEN: Final = hidden_words.SAID.format(site="newest.site_id", fingerprint="newest.fingerprint")
NEWEST: Final = f"""
WITH post AS MATERIALIZED (
    SELECT id, author_id, fingerprint, outcome, created_at FROM ({LOOKED_OVER}) AS newest
    WHERE hidden_at IS NULL AND pruned_at IS NULL AND id <> ALL(%(withheld)s::uuid[])
        AND NOT {AS_HIDDEN}
)
"""  # noqa: S608 - constants
# What names a wording: its fingerprint, or the post itself where it is too short to have one.
WORDING: Final = "COALESCE({post}.fingerprint, uuid_send({post}.id))"
# Also by way of posts before the stretch of time: a post is paired with the few most like it, which
# may all be earlier ones.
NEAR: Final = f"""{NEWEST}
SELECT DISTINCT {WORDING.format(post="post")}, {WORDING.format(post="other")}
FROM post, LATERAL (
    SELECT other_id AS id FROM reviews_likeness
    WHERE post_id = post.id AND similarity >= {NEARLY}
    UNION ALL SELECT post_id FROM reviews_likeness
    WHERE other_id = post.id AND similarity >= {NEARLY}
) AS near JOIN moderation_post other ON other.id = near.id
WHERE post.created_at >= %(start)s
"""  # noqa: S608 - constants
SAME: Final = f"""{NEWEST}
SELECT (array_agg(id ORDER BY id DESC))[1], count(*), count(DISTINCT author_id),
    count(DISTINCT {WORDING.format(post="post")}),
    count(*) FILTER (WHERE outcome = 'block'), count(*) FILTER (WHERE outcome = 'review')
FROM post LEFT JOIN unnest(%(wordings)s::bytea[], %(groups)s::int[]) AS known (wording, place)
    ON known.wording = {WORDING.format(post="post")}
WHERE created_at >= %(start)s AND (fingerprint IS NOT NULL OR known.wording IS NOT NULL)
GROUP BY known.place, CASE WHEN known.wording IS NULL THEN fingerprint END
HAVING count(*) >= %(least)s
ORDER BY count(*) DESC, max(created_at) DESC LIMIT %(shown)s
"""  # noqa: S608 - constants
# Of the same posts, those before the stretch of time are what it is compared with.
KEYS: Final = f"""{NEWEST}
SELECT key, (array_agg(id ORDER BY id DESC))[1], count(*) FILTER (WHERE recent),
    count(*) FILTER (WHERE NOT recent), count(DISTINCT author_id) FILTER (WHERE recent),
    count(*) FILTER (WHERE recent AND outcome = 'block')
FROM (
    SELECT id, author_id, outcome, created_at >= %(start)s AS recent, unnest(e.keys) AS key
    FROM post JOIN reviews_searchentry e ON e.post_id = post.id
) AS named
GROUP BY key HAVING count(*) FILTER (WHERE recent) >= %(least)s
    AND count(*) FILTER (WHERE recent) >= 2 * count(*) FILTER (WHERE NOT recent)
ORDER BY 3 DESC, 4, key LIMIT %(candidates)s
"""  # noqa: S608 - constants
CANDIDATES: Final = 5 * SHOWN
"""Keys of which one in five at least is a domain of its own, and not a person's address or the
parent of another."""


@dataclass(frozen=True, slots=True)
class Campaign:
    """Posts that say the same, or nearly (`reviews.evidence.similar.say_the_same`)."""

    post_id: UUID
    """The newest of them."""
    excerpt: str
    posts: int
    authors: int
    wordings: int
    blocked: int
    waiting: int


@dataclass(frozen=True, slots=True)
class Domain:
    """A domain that is linked to at least twice as often as before."""

    name: str
    posts: int
    before: int
    """In a stretch of the same length before."""
    authors: int
    blocked: int


def campaigns(site: Site, *, user: User | None, start: datetime) -> list[Campaign]:
    """Return what was said most often since then.

    Without posts that `user` may yet have to judge blind: of three copies that were all blocked
    each would be known to be.
    """
    asked = _asked(site, user, start, start)
    groups = _groups(statements.rows(NEAR, asked))
    asked |= {"wordings": [*groups], "groups": [*groups.values()]}
    rows = statements.rows(SAME, asked)
    texts = _texts([row[0] for row in rows])
    return [Campaign(pk, texts[pk].text[:EXCERPT], *counts) for pk, *counts in rows if pk in texts]


def domains(site: Site, *, user: User | None, start: datetime, end: datetime) -> list[Domain]:
    """Return the domains that stand out since `start`, the most frequent first.

    Without posts that `user` may yet have to judge blind.
    """
    rows = statements.rows(KEYS, _asked(site, user, start, start - (end - start)))
    texts = _texts([row[1] for row in rows])
    found: dict[UUID, dict[int, str]] = {}
    for pk, words in texts.items():
        named = named_in(words.title, words.text, words.author_url)
        found[pk] = {
            key_of(site.pk, kind, value): value for kind, value in named if kind == ListKind.DOMAIN
        }
    shown: list[Domain] = []
    for key, pk, *counts in rows:
        name = found.get(pk, {}).get(key)
        if name is not None:
            posts, before, authors, blocked = counts
            _add(shown, Domain(name, posts, before, authors, blocked))
    return shown[:SHOWN]


def _groups(pairs: Iterable[tuple[bytes, bytes]]) -> dict[bytes, int]:
    """Return of each wording in these pairs the number of its group: what pairs lead to.

    >>> _groups([(b"a", b"b"), (b"c", b"d"), (b"d", b"a"), (b"e", b"f")])
    {b'a': 0, b'b': 0, b'c': 0, b'd': 0, b'e': 4, b'f': 4}
    """
    of: dict[bytes, int] = {}
    members: dict[int, list[bytes]] = {}
    for pair in pairs:
        for wording in pair:
            if wording not in of:
                of[wording] = len(of)
                members[of[wording]] = [wording]
        into, other = sorted(of[wording] for wording in pair)
        if into != other:
            members[into] += members[other]
            of.update(dict.fromkeys(members.pop(other), into))
    return of


def _add(shown: list[Domain], domain: Domain) -> None:
    """Of a domain and its parent with the same posts, the longer name says more."""
    for place, other in enumerate(shown):
        if other.posts == domain.posts and other.name.endswith(f".{domain.name}"):
            return
        if other.posts == domain.posts and domain.name.endswith(f".{other.name}"):
            shown[place] = domain
            return
    shown.append(domain)


def _asked(site: Site, user: User | None, start: datetime, first: datetime) -> dict[str, Any]:
    asked: dict[str, Any] = {
        "site": site.pk,
        "first": first_id(first),
        "start": start,
        "looked_at": LOOKED_AT,
        "least": LEAST,
        "shown": SHOWN,
        "candidates": CANDIDATES,
    }
    return asked | {"withheld": [*withheld_of(LOOKED_OVER, asked, judged_by(user))]}


def _texts(posts: Sequence[UUID]) -> dict[UUID, PostRevision]:
    present = PostRevision.objects.filter(post__in=posts, revision=F("post__revision"))
    return {row.post_id: row for row in present.only("post", "title", "text", "author_url")}
