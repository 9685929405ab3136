"""Posts with decisions, as the deciding flow leaves them, and the people who review them."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from classifiers.types import AuthorFacts, Content
from moderation.ids import id_at
from moderation.models import Event, Post, PostRevision, Site
from moderation.submitting.posts import submit
from moderation.types import Draft, EventKind, Status
from reviews import retention
from reviews.models import Case, Retention
from reviews.queue.intake import follow_decisions
from tests.integration.world import NOW, decide

CANARY = "canary7391"


def make_post(site: Site, text: str = "Is this still for sale?", external_id: str | None = None):
    (post,) = submit(
        site=site, drafts=[Draft(Content(text=text), external_id=external_id)], now=NOW
    )
    return post


def edit(post: Post, text: str = "Now with other words") -> None:
    """Gives the post new words, which wait for a judgement."""
    Post.objects.filter(pk=post.pk).update(revision=post.revision + 1, status=Status.PENDING)
    post.refresh_from_db()
    PostRevision.objects.create(
        post=post, revision=post.revision, text=text, digest="-", created_at=NOW
    )


def event(post: Post, kind: EventKind = EventKind.DECISION_RECORDED, **payload: object) -> Event:
    return Event.objects.create(
        kind=kind,
        site_id=post.site_id,
        post=post,
        decision_id=post.decision_id,
        payload=payload,
        next_attempt_at=NOW,
        created_at=NOW,
    )


def make_case(site: Site, text: str = "Is this still for sale?", **decision: Any) -> Case:
    """A case about a fresh post, opened as the event of its decision opens it."""
    post = make_post(site, text)
    decide(post, **decision)
    follow_decisions(post_ids=[post.pk], now=NOW)
    return Case.objects.get(post=post, state="open")


def make_old_post(site: Site, monkeypatch: pytest.MonkeyPatch, days: int) -> Post:
    """A decided post that came in so many days ago, with the canary in every field."""
    moment = timezone.now() - timedelta(days=days)
    counted = Post.objects.count()
    made = id_at(moment, counted)
    monkeypatch.setattr("moderation.submitting.posts.uuid7", lambda: made)
    content = Content(
        text=f"{CANARY} text",
        title=CANARY,
        permalink=f"https://{CANARY}.example",
        context=CANARY,
        author=AuthorFacts(
            name=CANARY, email=f"{CANARY}@mail.example", url=CANARY, user_agent=CANARY
        ),
    )
    draft = Draft(
        content=content,
        external_id=f"{CANARY}-{counted}",
        author_id=f"{CANARY}-{counted}",
        metadata={"from": CANARY},
    )
    (post,) = submit(site=site, drafts=[draft], now=moment)
    decide(post, probability=0.05)
    Event.objects.update(delivered_at=moment)
    post.refresh_from_db()
    return post


def forget(site: Site, **days: int) -> retention.Forgotten:
    Retention.objects.update_or_create(site=site, defaults=days)
    return retention.prune(seconds=60, rest=0)
