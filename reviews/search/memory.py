"""What a site remembers of a post's address and of the domains that it links to."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from moderation import statements
from moderation.models import Post
from moderation.types import ListKind
from reviews.search.indexing import key_of

MOST: Final = 200
"""Posts that are counted of each, the newest of an address; more tell nothing new."""
DOMAINS: Final = 5

FROM_ADDRESS: Final = """
SELECT %(name_{n})s AS name, outcome FROM (
    SELECT outcome FROM moderation_post
    WHERE site_id = %(site)s AND ip = %(ip)s::inet AND id <> %(post)s AND hidden_at IS NULL
    ORDER BY created_at DESC LIMIT %(most)s
) AS seen
"""
LINKING: Final = """
SELECT %(name_{n})s AS name, outcome FROM (
    SELECT p.outcome FROM reviews_searchentry e JOIN moderation_post p ON p.id = e.post_id
    WHERE e.keys @> ARRAY[%(key_{n})s]::bigint[] AND e.site_id = %(site)s
        AND p.id <> %(post)s AND p.hidden_at IS NULL
    LIMIT %(most)s
) AS seen
"""
COUNT: Final = """
SELECT name, count(*), count(*) FILTER (WHERE outcome = 'block'),
    count(*) FILTER (WHERE outcome = 'allow')
FROM ({each}) AS all_of_them GROUP BY name
"""


@dataclass(frozen=True, slots=True)
class Met:
    """Other posts of the site with the same address, or that link to the same domain."""

    value: str
    posts: int = 0
    blocked: int = 0
    allowed: int = 0

    @property
    def many(self) -> bool:
        """Whether there are, or may be, more than were counted."""
        return self.posts >= MOST


def remembered(post: Post, domains: Sequence[str]) -> dict[str, Met]:
    """Return what is remembered of the post's address and of these domains; one query."""
    values: dict[str, Any] = {"site": post.site_id, "post": post.pk, "most": MOST, "ip": post.ip}
    parts = [f"({part})" for part in _parts(post, domains[:DOMAINS], values)]
    if not parts:
        return {}
    found = statements.rows(COUNT.format(each=" UNION ALL ".join(parts)), values)
    counted = {name: Met(name, *counts) for name, *counts in found}
    names = [str(value) for key, value in values.items() if key.startswith("name_")]
    return {name: counted.get(name, Met(name)) for name in names}


def _parts(post: Post, domains: Sequence[str], values: dict[str, Any]) -> Iterator[str]:
    if post.ip is not None:
        values["name_0"] = str(post.ip)
        yield FROM_ADDRESS.format(n=0)
    for number, domain in enumerate(domains, start=1):
        values[f"name_{number}"] = domain
        values[f"key_{number}"] = key_of(post.site_id, ListKind.DOMAIN, domain)
        yield LINKING.format(n=number)
