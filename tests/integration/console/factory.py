"""Cases as the pipeline leaves them, written as rows: the console's tests need no worker."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from itertools import count
from typing import Any

from django.contrib.auth.models import User
from django.utils import timezone

from moderation import sites
from moderation.models import AuditDraw, Author, Decision, Post, PostRevision, Site
from moderation.types import Ground, Mode, Outcome, PostType, Source, Status, Stratum
from reviews.models import Case, Membership
from reviews.queue.intake import new_case
from reviews.states import Lane

_numbers = count(1)

REASONS = [
    {"code": "links.shortener", "sentence": "A link hides behind a shortener.", "weight": 1.9},
    {"code": "word.followers", "sentence": "The words “cheap followers”.", "weight": 1.2},
    {"code": "author.known", "sentence": "The author has posted for two years.", "weight": -0.8},
]


def make_site(name: str = "", **changes: Any) -> Site:
    site = sites.create_site(name=name or f"Site {next(_numbers)}", mode=Mode.PROVISIONAL)
    if changes:
        sites.change_policy(site=site, **changes)
    return site


def make_moderator(*of: Site, username: str = "", **fields: Any) -> User:
    user = User.objects.create_user(
        username or f"moderator{next(_numbers)}", password="winnowed grain", **fields
    )
    for site in of:
        Membership.objects.create(user=user, site=site)
    return user


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
    values: dict[str, Any] = {
        "outcome": Outcome.REVIEW,
        "published": False,
        "source": Source.MACHINE,
        "by": Ground.MODEL,
        "probability": 0.62,
        "would_be": Outcome.REVIEW,
        "reasons": REASONS,
        "mode": Mode.PROVISIONAL,
        "policy": sites.policy_of(post.site),
        "model": "starter-1",
        **fields,
    }
    decision = Decision.objects.create(
        post=post,
        site=post.site,
        revision=post.revision,
        supersedes=post.decision,
        created_at=now,
        **values,
    )
    post.decision, post.outcome, post.status = decision, decision.outcome, Status.DECIDED
    post.decided_at = now
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
    audit = _draw(decided) if lane is Lane.AUDIT else None
    case = new_case(made, decided, lane, now, audit)
    case.save()
    return case


def _draw(decision: Decision) -> AuditDraw:
    stratum = Stratum.ALLOW if decision.outcome == Outcome.ALLOW else Stratum.BLOCK
    return AuditDraw.objects.create(
        decision=decision,
        site=decision.site,
        stratum=stratum,
        probability=0.5,
        draw=0.25,
        selected=True,
        created_at=decision.created_at,
    )
