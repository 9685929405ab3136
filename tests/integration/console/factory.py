"""Cases as the pipeline leaves them, written as rows: the console's tests need no worker."""

import hashlib
from datetime import datetime, timedelta
from itertools import count
from typing import Any

from django.utils import timezone

from moderation.models import Author, Decision, Post, PostRevision, Site
from moderation.types import Outcome, PostType
from reviews.models import Case
from reviews.queue.intake import new_case
from reviews.states import Lane
from tests.integration import world

_numbers = count(1)

REASONS = [
    {"code": "links.shortener", "sentence": "A link hides behind a shortener.", "weight": 1.9},
    {"code": "word.followers", "sentence": "The words “cheap followers”.", "weight": 1.2},
    {"code": "author.known", "sentence": "The author has posted for two years.", "weight": -0.8},
]


def make_post(
    site: Site,
    *,
    text: str = "Buy cheap followers at short.example/x",
    author: Author | None = None,
    post: dict[str, Any] | None = None,
    now: datetime | None = None,
    **revision: Any,
) -> Post:
    now = now or timezone.now()
    author = author or Author.objects.create(
        site=site, external_id=f"author-{next(_numbers)}", name="Robin"
    )
    made = Post.objects.create(
        **{
            "site": site,
            "author": author,
            "type": PostType.COMMENT,
            "created_at": now,
            "submitted_at": now,
            **(post or {}),
        }
    )
    digest = hashlib.sha256(text.encode()).hexdigest()
    PostRevision.objects.create(
        post=made, revision=1, text=text, digest=digest, created_at=now, **revision
    )
    return made


def decide(post: Post, *, now: datetime | None = None, **fields: Any) -> Decision:
    """Write the machine's decision on a post: held for review unless told otherwise."""
    now = now or timezone.now()
    usual = {"probability": 0.62, "reasons": REASONS, "model": "starter-1"}
    decision = world.decide(post, now=now, **{**usual, **fields})
    if decision.outcome == Outcome.REVIEW and not decision.published:
        post.hold_until = now + timedelta(hours=24)
        post.save()
    return decision


def make_case(
    site: Site,
    *,
    lane: Lane = Lane.HELD,
    decision: dict[str, Any] | None = None,
    opened: timedelta = timedelta(0),
    **post: Any,
) -> Case:
    """A post with its decision and the open case about it, opened that long ago."""
    now = timezone.now() - opened
    made = make_post(site, now=now, **post)
    decided = decide(made, now=now, **(decision or {}))
    audit = world.draw(decided, 0.5) if lane is Lane.AUDIT else None
    case = new_case(made, decided, lane, now, audit)
    case.save()
    return case
