"""Sites, the people who review their posts, what was decided and what they answer."""

import threading
from collections.abc import Callable, Collection
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from itertools import count
from typing import Any

from django.contrib.auth.models import User
from django.db import connection
from django.test import Client

from moderation import sites
from moderation.models import AuditDraw, Decision, Post, Site
from moderation.types import Ground, Mode, Outcome, Source, Status, Stratum
from reviews.judging.verdicts import submit_verdict
from reviews.models import Case, Membership, Verdict
from reviews.states import VerdictKind

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
_numbers = count(1)


def make_site(name: str = "", **changes: Any) -> Site:
    site = sites.create_site(name=name or f"Site {next(_numbers)}", mode=Mode.PROVISIONAL)
    if changes:
        sites.change_policy(site=site, **changes)
    return site


def make_moderator(*of: Site, username: str = "", **fields: Any) -> User:
    user = User.objects.create_user(
        username or f"moderator{next(_numbers)}", password="winnowed grain", **fields
    )
    Membership.objects.bulk_create(Membership(user=user, site=site) for site in of)
    return user


def browser_of(user: User, **how: Any) -> Client:
    """A browser in which somebody is logged in."""
    client = Client(**how)
    client.force_login(user)
    return client


def at_once(work: Callable[[Any], object], arguments: Collection[Any]) -> None:
    """Work on each argument in a thread with a connection of its own, from the same moment on.

    Raises what one of them raised.
    """
    start = threading.Barrier(len(arguments))

    def run(argument: Any) -> None:
        try:
            start.wait(timeout=60)
            work(argument)
        finally:
            connection.close()

    with ThreadPoolExecutor(len(arguments)) as pool:
        list(pool.map(run, arguments))


def decide(
    post: Post,
    outcome: Outcome = Outcome.REVIEW,
    *,
    source: Source = Source.MACHINE,
    published: bool | None = None,
    audit: float | None = None,
    now: datetime = NOW,
    **fields: Any,
) -> Decision:
    """Put a decision in force, without events; with `audit`, drawn with that probability."""
    post.refresh_from_db()
    values: dict[str, Any] = {
        "by": Ground.PERSON if Source(source).is_person else Ground.MODEL,
        "probability": 0.6,
        "would_be": outcome,
        "mode": Mode.PROVISIONAL,
        "policy": sites.policy_of(post.site),
        **fields,
    }
    decision = Decision.objects.create(
        post=post,
        site_id=post.site_id,
        revision=post.revision,
        outcome=outcome,
        published=outcome == Outcome.ALLOW if published is None else published,
        source=source,
        supersedes_id=post.decision_id,
        created_at=now,
        **values,
    )
    Post.objects.filter(pk=post.pk).update(
        status=Status.DECIDED, outcome=outcome, decision=decision, decided_at=now
    )
    post.refresh_from_db()
    if audit is not None:
        draw(decision, audit)
    return decision


def draw(decision: Decision, probability: float) -> AuditDraw:
    """Write that the decision was drawn for an audit."""
    return AuditDraw.objects.create(
        decision=decision,
        site_id=decision.site_id,
        stratum=Stratum(str(decision.would_be)),
        probability=probability,
        draw=probability / 2,
        selected=True,
        created_at=decision.created_at,
    )


def answer(
    case: Case,
    user: User,
    kind: VerdictKind = VerdictKind.SPAM,
    *,
    now: datetime | None = NOW,
    **fields: Any,
) -> Verdict:
    """Submit what somebody says who has just seen the case."""
    case.refresh_from_db()
    fields = {"seen_decision_id": case.decision_id, **fields}
    return submit_verdict(case_id=case.pk, user=user, kind=kind, now=now, **fields)
