"""Orders to answer many posts with one answer."""

from typing import Any

from django.contrib.auth.models import User

from moderation.models import Post
from moderation.types import Outcome
from reviews.judging import bulk, scopes
from reviews.judging.scopes import Scope
from reviews.models import (
    BulkAction,
    Case,
)
from reviews.states import VerdictKind

SPAM, HAM, REMOVE = VerdictKind.SPAM, VerdictKind.NOT_SPAM, VerdictKind.REMOVE
ALLOWED: dict[str, Any] = {
    "outcome": Outcome.ALLOW,
    "published": True,
    "would_be": Outcome.REVIEW,
}


BLOCKED: dict[str, Any] = {"outcome": Outcome.BLOCK, "would_be": Outcome.REVIEW}


def of_author(case: Case) -> Scope:
    assert case.post.author is not None
    return scopes.by_author(case_id=case.pk, post=case.post, author=case.post.author)


def order_for_all(case: Case, user: User, kind: VerdictKind = SPAM, **more: Any) -> BulkAction:
    scope = more.pop("scope", None) or of_author(case)
    run = scopes.dry_run(scope, user=user)
    over = more.get("over_people", False)
    return bulk.start(
        scope,
        user=user,
        kind=kind,
        newest=run.newest,
        expected=run.would_decide(kind, over_people=over),
        **more,
    )


def reread(post: Post) -> Post:
    return Post.objects.select_related("decision").get(pk=post.pk)


def snapshot(*posts: Post) -> list[tuple[Any, ...]]:
    """How posts stand, to compare with how they stand later."""
    return [
        (p.outcome, p.status, p.decision.published, p.decision.label, p.hold_until is None)
        for p in map(reread, posts)
        if p.decision is not None
    ]
