"""Posts that say much the same as one, and what became of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from django.db.models import F
from django.db.models.functions import Left

from moderation import hidden_words, statements
from moderation.models import Post, PostRevision
from moderation.types import Status
from reviews.lanes import Lane
from reviews.models import Case, Likeness, Verdict
from reviews.states import VerdictKind

SHOWN: Final = 5
EXCERPT: Final = 200
NEARLY: Final = 0.95
VERY: Final = 0.8
"""Cosines from which on two posts say nearly, and very much, the same."""

# From one post, and what is known to be a copy of it, along pairs that are nearly the same, and
# along the same words, as far as these lead: of a campaign whose posts all differ each is paired
# with a few others only. Each post and each fingerprint is gone on from once, and what nobody
# fetches is not looked for.
SAY_THE_SAME: Final = f"""
WITH RECURSIVE near (id, fingerprint) AS (
    SELECT unnest(%(posts)s::uuid[]), NULL::bytea
    UNION
    SELECT step.id, step.fingerprint FROM near, LATERAL (
        SELECT other_id AS id, NULL::bytea AS fingerprint FROM reviews_likeness
        WHERE post_id = near.id AND similarity >= {NEARLY}
        UNION ALL SELECT post_id, NULL FROM reviews_likeness
        WHERE other_id = near.id AND similarity >= {NEARLY}
        UNION ALL SELECT NULL, fingerprint FROM moderation_post
        WHERE id = near.id AND site_id = %(site)s AND fingerprint IS NOT NULL
        UNION ALL (
            SELECT id, NULL FROM moderation_post
            WHERE site_id = %(site)s AND fingerprint = near.fingerprint
            ORDER BY created_at DESC LIMIT %(most)s
        )
    ) AS step
)
SELECT id FROM near WHERE id IS NOT NULL LIMIT 2 * %(most)s
"""  # noqa: S608 - a constant


@dataclass(frozen=True, slots=True)
class Alike:
    """Another post of the same site."""

    post: Post
    title: str
    excerpt: str
    similarity: float
    case_id: int | None
    """The latest case about it."""
    verdict: Verdict | None
    """The latest answer that decided and was not taken back."""

    @property
    def how(self) -> str:
        if self.similarity >= NEARLY:
            return "Nearly the same"
        return "Very much alike" if self.similarity >= VERY else "Alike"


def alike(post: Post) -> list[Alike]:
    """The posts of its site most like it, nearest first; withdrawn ones are left out."""
    similar = _nearest(post)
    if not similar:
        return []
    posts = Post.objects.filter(pk__in=similar, site=post.site_id, pruned_at=None, hidden_at=None)
    posts = posts.exclude(status=Status.WITHDRAWN).exclude(hidden_words.said())
    posts = posts.select_related("decision")
    found = sorted(posts, key=lambda other: (-similar[other.pk], other.pk))[:SHOWN]
    words = _words(found)
    cases, verdicts = _cases(found), _verdicts(found)
    return [
        Alike(
            post=other,
            title=words.get(other.pk, ("", ""))[0],
            excerpt=words.get(other.pk, ("", ""))[1],
            similarity=similar[other.pk],
            case_id=cases.get(other.pk),
            verdict=verdicts.get(other.pk),
        )
        for other in found
    ]


def say_the_same(
    *, post_id: UUID, site_id: int, most: int, copies: Sequence[UUID] = ()
) -> list[UUID]:
    """Return the posts that say the same as one, or nearly, and it, newest first; one query.

    What says the same as one of `copies` does, too. Where they are more than `most`, at least so
    many, the nearest of them.
    """
    asked = {"posts": [post_id, *copies], "site": site_id, "most": most + 1}
    return sorted((row[0] for row in statements.rows(SAY_THE_SAME, asked)), reverse=True)


def _nearest(post: Post) -> dict[UUID, float]:
    """Those that it found and those that found it. Some more than are shown: some may be gone."""
    pairs = Likeness.objects.order_by("-similarity")
    forth = pairs.filter(post=post).values_list("other", "similarity")[: 4 * SHOWN]
    back = pairs.filter(other=post).values_list("post", "similarity")[: 4 * SHOWN]
    return dict(forth.union(back, all=True))


def _words(posts: list[Post]) -> dict[UUID, tuple[str, str]]:
    rows = PostRevision.objects.filter(post__in=posts, revision=F("post__revision"))
    starts = rows.annotate(start=Left("text", EXCERPT)).values_list("post", "title", "start")
    return {post: (title[:EXCERPT], start) for post, title, start in starts}


def _cases(posts: list[Post]) -> dict[UUID, int]:
    cases = Case.objects.filter(post__in=posts).exclude(lane=Lane.LOOK)
    return dict(cases.order_by("pk").values_list("post", "pk"))


def _verdicts(posts: list[Post]) -> dict[UUID, Verdict]:
    given = Verdict.objects.filter(case__post__in=posts, undone_by=None, decision__isnull=False)
    given = given.exclude(kind=VerdictKind.UNDO).select_related("user", "case").order_by("pk")
    return {verdict.case.post_id: verdict for verdict in given}
