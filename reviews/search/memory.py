"""What a site remembers of a post's addresses and of the domains that it links to."""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from moderation import statements
from moderation.models import Post
from moderation.types import ListKind, Outcome
from reviews.labels.blind import judged_on, withheld_among
from reviews.people.permissions import Given
from reviews.search.indexing import key_of
from reviews.search.windows import backwards

if TYPE_CHECKING:
    from django.contrib.auth.models import User

MOST: Final = 200
"""Posts that are counted of each, the newest of those that were read; more tell nothing new."""
REACH: Final = 2_000
"""Posts with a domain or an e-mail address that one stretch of time reads; any, of more."""
DOMAINS: Final = 5
LAST: Final = UUID(int=2**128 - 1)

FROM_ADDRESS: Final = """
SELECT %(name_{n})s AS name, id, outcome FROM (
    SELECT id, outcome FROM moderation_post
    WHERE site_id = %(site)s AND ip = %(ip)s::inet AND id <> %(post)s AND hidden_at IS NULL
    ORDER BY created_at DESC LIMIT %(most)s
) AS seen
"""
# One stretch of time after the other, the newest first, until there are enough: of a domain or an
# e-mail address that many posts have, only a few would else be sorted out of very many. PostgreSQL
# plans no part that has a limit within for parallel workers, so they come one after the other.
KEYED: Final = """
SELECT %(name_{n})s AS name, id, outcome FROM ({stretches} LIMIT %(most)s) AS seen
"""
# What is found by the index is neither ordered nor limited before it is found (MATERIALIZED), or
# the planner walks along all posts in hope of common ones; it is found as far as it is asked for.
STRETCH: Final = """(
WITH linking AS MATERIALIZED (
    SELECT post_id FROM reviews_searchentry
    WHERE keys @> ARRAY[%(key_{n})s]::bigint[] {within}
        AND post_id <> %(post)s AND post_id < %(before_{m})s
)
SELECT p.id, p.outcome FROM (
    SELECT post_id FROM (SELECT post_id FROM linking LIMIT %(reach)s) AS found
    ORDER BY post_id DESC LIMIT %(most)s
) AS newest JOIN moderation_post p ON p.id = newest.post_id
WHERE p.site_id = %(site)s AND p.hidden_at IS NULL
)"""
WITHIN: Final = "AND places && %(within_{m})s::bigint[]"
BY_AUTHOR: Final = """
SELECT NULL, id, outcome FROM (
    SELECT id, outcome FROM moderation_post
    WHERE author_id = %(author)s AND id <> %(post)s ORDER BY id DESC LIMIT %(most)s
) AS seen
"""


@dataclass(frozen=True, slots=True)
class Met:
    """Other posts of the site with the same IP or e-mail address, or a link to the same domain."""

    value: str
    posts: int = 0
    blocked: int = 0
    allowed: int = 0
    many: bool = False
    """Whether there are, or may be, more than were looked at."""


@dataclass(frozen=True, slots=True)
class Memory:
    """What is known of other posts, without those that whoever asks may yet have to judge blind."""

    of: Mapping[str, Met]
    """By IP address, e-mail address and domain."""
    of_author: bool
    """Whether what was answered about the author's posts may be told: none of them is left out."""


def remembered(
    post: Post,
    domains: Sequence[str],
    user: User,
    *,
    email: str = "",
    given: Given | None = None,
) -> Memory:
    """Return what is remembered of the post's IP address, of `email` and of these domains."""
    values: dict[str, Any] = {
        "site": post.site_id,
        "post": post.pk,
        "most": MOST,
        "reach": REACH,
        "ip": post.ip,
        "author": post.author_id,
    }
    statement = " UNION ALL ".join(f"({part})" for part in _parts(post, email, domains, values))
    found = statements.rows(statement, values) if statement else []
    judged = judged_on(user, post.site_id, given)
    withheld = withheld_among([*{pk for _, pk, _ in found}], judged)
    counted: dict[str, Counter[str]] = defaultdict(Counter)
    for name, pk, outcome in found:
        if pk not in withheld:
            counted[name][outcome or ""] += 1
    names = [str(value) for key, value in values.items() if key.startswith("name_")]
    of_author = not any(name is None and pk in withheld for name, pk, _ in found)
    read = Counter(name for name, _, _ in found)
    met = {name: _met(name, counted[name], many=read[name] >= MOST) for name in names}
    return Memory(met, of_author)


def _met(name: str, outcomes: Counter[str], *, many: bool) -> Met:
    return Met(name, outcomes.total(), outcomes[Outcome.BLOCK], outcomes[Outcome.ALLOW], many)


def _parts(post: Post, email: str, domains: Sequence[str], values: dict[str, Any]) -> Iterator[str]:
    if post.author_id is not None:
        yield BY_AUTHOR
    if post.ip is not None:
        values["name_0"] = str(post.ip)
        yield FROM_ADDRESS.format(n=0)
    keyed = [(domain, ListKind.DOMAIN, domain) for domain in domains[:DOMAINS]]
    if email:
        keyed.append((email, ListKind.ADDRESS, email.strip().lower()))
    for number, (name, kind, value) in enumerate(keyed, start=1):
        values[f"name_{number}"] = name
        values[f"key_{number}"] = key_of(post.site_id, kind, value)
        yield KEYED.format(n=number, stretches=_stretches(number, values))


def _stretches(number: int, values: dict[str, Any]) -> str:
    before, parts = LAST, []
    for m, stretch in enumerate(backwards(int(time.time() * 1000))):
        values[f"before_{m}"], values[f"within_{m}"] = before, list(stretch.keys)
        within = WITHIN.format(m=m) if stretch.keys else ""
        parts.append(STRETCH.format(n=number, m=m, within=within))
        before = stretch.start
    return " UNION ALL ".join(parts)
