"""Blocks, appeals against them and answers."""

from datetime import timedelta
from typing import Any

from django.contrib.auth.models import User

from moderation import outbox
from moderation.models import Event, Post, Site
from moderation.types import Outcome
from reviews.judging import appeals
from reviews.models import Appeal, Case, Verdict
from reviews.states import AppealVia, VerdictKind
from tests.integration.reviews.world import make_post
from tests.integration.world import NOW, answer, decide

LATER = NOW + timedelta(hours=1)


def blocked(site: Site, **decision: Any) -> Post:
    post = make_post(site)
    decide(post, **{"outcome": Outcome.BLOCK, "probability": 0.97, **decision})
    return post


def appeal(post: Post, words: str = "It is my own shop.", **given: Any) -> Appeal:
    return appeals.file(post_id=post.pk, via=AppealVia.API, words=words, **{"now": LATER, **given})


def reply(case: Case, user: User, kind: VerdictKind = VerdictKind.NOT_SPAM) -> Verdict:
    return answer(case, user, kind, now=LATER)


def news() -> list[tuple[str, str]]:
    events = Event.objects.filter(kind__startswith="appeal.").order_by("pk")
    return [(event.kind, event.payload["state"]) for event in events]


def tell_all() -> None:
    """Let the subscribers hear of everything, as the relay does."""
    while outbox.deliver():
        pass
