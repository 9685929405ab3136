"""Posts that say much the same as one, and what became of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from uuid import UUID

from django.db.models import F
from django.db.models.functions import Left

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
    posts = posts.exclude(status=Status.WITHDRAWN).select_related("decision")
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
