"""Posts that were written from the same text as another and changed here and there.

A copy has one stretch of the text whole, wherever else it was changed, and nearly all its pieces.
Every post that was decided is found so, whoever decided it.
"""

from __future__ import annotations

from typing import Final
from uuid import UUID

from classifiers.text.normalize import normalize
from moderation import statements
from moderation.models import PostRevision
from reviews.search.grams import LONGEST, grams, read_as
from reviews.search.windows import site_key

NEARLY: Final = 0.8
"""Share of the pieces of both texts that both have (Dice, 1945)."""
STRETCHES: Final = 8
SHORTEST: Final = 12
"""Characters of a stretch."""
LOOKED_AT: Final = 2_000
"""Posts that have a stretch in common, which are compared."""

ALIKE: Final = """
SELECT post_id, cardinality(grams),
    (SELECT count(*) FROM unnest(grams) AS g WHERE g = ANY(%(grams)s::int[]))
FROM (
    SELECT post_id, grams FROM reviews_searchentry
    WHERE places @> ARRAY[%(place)s]::bigint[] AND ({stretches}) LIMIT %(most)s
) AS entry
"""


def copied(words: PostRevision, site_id: int) -> list[UUID]:
    """Return the posts of a site that have NEARLY the same pieces; one query at most.

    None where the text is too short for copies to be told.
    """
    written = "\n".join(filter(None, (words.title, words.text)))
    seen, plain = read_as(written), normalize(written)
    own = grams(seen) | grams(plain)
    stretches = [*_stretches(seen), *(_stretches(plain) if plain != seen else ())]
    if not stretches:
        return []
    asked: dict[str, object] = {
        "grams": sorted(own),
        "place": site_key(site_id),
        "most": LOOKED_AT,
    }
    parts = []
    for number, stretch in enumerate(stretches):
        asked[f"stretch_{number}"] = sorted(grams(stretch))
        parts.append(f"grams @> %(stretch_{number})s::int[]")
    statement = ALIKE.format(stretches=" OR ".join(parts))
    rows = statements.rows(statement, asked)
    return [
        pk
        for pk, size, common in rows
        if pk != words.post_id and 2.0 * common / (len(own) + size) >= NEARLY
    ]


def _stretches(text: str) -> list[str]:
    """Return neighbouring pieces of a text, of equal length.

    >>> _stretches("thirty letters, or a few more.")
    ['thirty letters,', ' or a few more.']
    """
    text = text[:LONGEST]
    count = min(STRETCHES, len(text) // SHORTEST)
    length = len(text) // count if count else 0
    return [text[length * n : length * (n + 1)] for n in range(count)]
