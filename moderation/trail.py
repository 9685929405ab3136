"""One id from a request to the decisions on what it brought, in every line of the log.

The web process binds the id to the request's context; the post's revision keeps it, because a
doorbell serves many posts; whoever decides reads it there.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Final
from uuid import UUID

import structlog
from django.db import transaction

from moderation.broker import counters
from moderation.models import Decision, PostRevision
from moderation.types import Source

log = structlog.get_logger(__name__)

REQUEST_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{7,63}", re.ASCII)
TRACEPARENT: Final = re.compile(r"00-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")


@dataclass(frozen=True, slots=True)
class Origin:
    """The request that brought a revision; empty strings where there was none."""

    request_id: str = ""
    traceparent: str = ""


NOWHERE: Final = Origin()


@dataclass(frozen=True, slots=True)
class Traced:
    """A decision with where its words came from."""

    decision: Decision
    origin: Origin
    submitted_at: datetime


def no_traceparent() -> str:
    return ""


traceparent: Callable[[], str] = no_traceparent
"""Returns the present span's W3C traceparent; `config.telemetry` puts another here."""
listeners: list[Callable[[Sequence[Traced]], None]] = []
"""Told of decisions once they are committed, besides log and counters."""


def request_id_of(given: str, traceparent: str) -> str:
    """Return the id that a request goes by: the client's if it is fit for logs, else a new one.

    >>> request_id_of("order-7731-a", "")
    'order-7731-a'
    """
    if REQUEST_ID.fullmatch(given):
        return given
    trace = TRACEPARENT.fullmatch(traceparent)
    return trace[1] if trace else secrets.token_hex(16)


def here() -> Origin:
    """Return the request that is being answered; an empty one outside of requests."""
    bound = structlog.contextvars.get_contextvars().get("request_id", "")
    return Origin(request_id=bound, traceparent=traceparent())


def decided(traced: Iterable[Traced]) -> None:
    """Once the present transaction is committed: log and count these decisions."""
    transaction.on_commit(partial(_tell, list(traced)))


def _tell(traced: list[Traced]) -> None:
    by_request = here().request_id
    for each in traced:
        decision = each.decision
        seconds = (decision.created_at - each.submitted_at).total_seconds()
        log.info(
            "decision",
            post=str(decision.post_id),
            revision=decision.revision,
            request_id=each.origin.request_id or None,
            by_request=by_request or None,
            outcome=str(decision.outcome),
            source=str(decision.source),
            ground=str(decision.by),
            model=decision.model,
            seconds=round(seconds, 3),
        )
        counters.count(
            "decisions",
            outcome=str(decision.outcome),
            source=str(decision.source),
            ground=str(decision.by),
            mode=str(decision.mode),
        )
        if decision.source == Source.MACHINE:
            counters.observe("decision_delay_seconds", seconds)
    for listener in listeners:
        listener(traced)


def origins_of(posts: Iterable[tuple[UUID, int]]) -> dict[UUID, Origin]:
    """Return where the given revisions of posts came from."""
    wanted = dict(posts)
    rows = PostRevision.objects.filter(post_id__in=wanted).values_list(
        "post_id", "revision", "request_id", "traceparent"
    )
    return {post: Origin(*origin) for post, revision, *origin in rows if wanted[post] == revision}
