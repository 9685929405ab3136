"""Posts that were written from the same text as another and changed here and there.

A copy has one stretch of the text whole, wherever else it was changed, and nearly all its pieces.
Every post that was decided is found so, whoever decided it. Where either is longer than the index
holds, both are read to their ends, or they are no copies.
"""

from __future__ import annotations

from collections import Counter
from typing import Final
from uuid import UUID

from classifiers.text.normalize import normalize
from moderation import statements
from moderation.models import PostRevision
from reviews.evidence.whole import NEARLY, pieces, share
from reviews.search.grams import LONGEST, grams, read_as
from reviews.search.windows import site_key

STRETCHES: Final = 8
SHORTEST: Final = 12
"""Characters of a stretch."""
LOOKED_AT: Final = 2_000
"""Posts that have a stretch in common, which are compared."""
LONG_ONES: Final = 20
"""Posts that are read to their ends: the newest."""

ALIKE: Final = """
SELECT post_id, cardinality(grams),
    (SELECT count(*) FROM unnest(grams) AS g WHERE g = ANY(%(grams)s::int[]))
FROM (
    SELECT post_id, grams FROM reviews_searchentry
    WHERE places @> ARRAY[%(place)s]::bigint[] AND ({stretches}) LIMIT %(most)s
) AS entry
"""
TO_THE_END: Final = """
SELECT id, CASE WHEN row_number() OVER (ORDER BY id DESC) <= %s THEN written END FROM (
    SELECT p.id, concat_ws(E'\\n', nullif(r.title, ''), nullif(r.text, '')) AS written
    FROM moderation_post p
    JOIN moderation_postrevision r ON r.post_id = p.id AND r.revision = p.revision
    WHERE p.id = ANY(%s)
) AS post WHERE length(written) > %s
"""


def copied(words: PostRevision, site_id: int) -> list[UUID]:
    """Return the posts of a site that have NEARLY the same pieces; two queries at most.

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
    alike = {
        pk
        for pk, size, common in rows
        if pk != words.post_id and 2.0 * common / (len(own) + size) >= NEARLY
    }
    return sorted(alike - _otherwise(written, alike))


def _otherwise(written: str, alike: set[UUID]) -> set[UUID]:
    """Those of which the index holds no more than the beginning, and that go on otherwise."""
    shortest = 0 if len(written) > LONGEST else LONGEST
    long = statements.rows(TO_THE_END, [LONG_ONES, list(alike), shortest]) if alike else []
    own = pieces(written) if long else Counter()
    return {pk for pk, text in long if text is None or share(own, pieces(text)) < NEARLY}


def _stretches(text: str) -> list[str]:
    """Return neighbouring pieces of a text, of equal length.

    >>> _stretches("thirty letters, or a few more.")
    ['thirty letters,', ' or a few more.']
    """
    text = text[:LONGEST]
    count = min(STRETCHES, len(text) // SHORTEST)
    length = len(text) // count if count else 0
    return [text[length * n : length * (n + 1)] for n in range(count)]
