"""The same request twice is done once and answered the same: the `Idempotency-Key` header.

The row that holds the answer is written in the transaction that does the work, so there is
never one without the other; its unique constraint makes a twin wait until that transaction
ends, and then find the answer. See docs/adr/0005-idempotency.md.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import QuerySet
from django.utils import timezone

from moderation.exceptions import ModerationError
from moderation.models import ApiKey, IdempotencyKey

KEEP = timedelta(hours=24)
PATTERN = re.compile(r"[\x21-\x7e]{1,255}", re.ASCII)
IN_FLIGHT = 0
"""Status of a row whose request is being done; only its own transaction ever sees it."""
ACCEPTED = 202

CLAIM = """
    INSERT INTO moderation_idempotencykey (api_key_id, key, digest, status, response, created_at)
    VALUES (%s, %s, %s, %s, 'null', %s)
    ON CONFLICT (api_key_id, key) DO NOTHING
    RETURNING id
"""


class IdempotencyMismatch(ModerationError):
    """This Idempotency-Key was used within the last 24 hours for another request."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a request was answered with: `body` is JSON text, kept to the byte."""

    status: int
    body: str
    location: str = ""
    post_id: str = ""
    """The post whose decision the caller may wait for, if the answer is about one."""
    replayed: bool = False


@dataclass(frozen=True, slots=True)
class Ticket:
    """One request under one key of a client."""

    api_key: ApiKey
    key: str
    digest: str


def request_digest(*, method: str, path: str, body: bytes) -> str:
    """Return the SHA-256 by which a repeated request is known."""
    return hashlib.sha256(b"\n".join((method.encode(), path.encode(), body))).hexdigest()


def answer_once(ticket: Ticket | None, act: Callable[[], Answer]) -> Answer:
    """Return what `act` answers, or what it answered when the same request came before.

    `act` runs in one transaction with the record of its answer; what it raises leaves no
    trace. Without a ticket its own transaction is enough. Raises IdempotencyMismatch when
    another request used the same key within 24 hours.
    """
    if ticket is None:
        return act()
    while True:
        with transaction.atomic():
            row_id = _claim(ticket)
            if row_id is not None:
                answer = act()
                IdempotencyKey.objects.filter(pk=row_id).update(
                    status=answer.status, response=_stored(answer)
                )
                return answer
        answered = _answered(ticket)
        if answered is not None:
            return answered


def columns(ticket: Ticket | None, answer: Answer) -> dict[str, Any]:
    """Return what a row that holds the answer is made of; all None without a ticket."""
    if ticket is None:
        return dict.fromkeys(("api_key_id", "key", "request_digest", "status", "response"))
    return {
        "api_key_id": ticket.api_key.pk,
        "key": ticket.key,
        "request_digest": ticket.digest,
        "status": answer.status,
        "response": json.dumps(_stored(answer)),
    }


def keep_final(ticket: Ticket | None, answer: Answer) -> Answer:
    """Let an answer that was waited for replace the stored 202; return the one that counts.

    Whoever is first decides, so that all who wait get the same bytes.
    """
    if ticket is None:
        return answer
    replaced = (
        _rows(ticket).filter(status=ACCEPTED).update(status=answer.status, response=_stored(answer))
    )
    if replaced:
        return answer
    stored = _answered(ticket)
    return answer if stored is None else replace(stored, replayed=answer.replayed)


def forget_expired() -> int:
    """Delete answers older than 24 hours; return how many."""
    return IdempotencyKey.objects.filter(created_at__lt=timezone.now() - KEEP).delete()[0]


def _rows(ticket: Ticket) -> QuerySet[IdempotencyKey]:
    return IdempotencyKey.objects.filter(api_key_id=ticket.api_key.pk, key=ticket.key)


def _claim(ticket: Ticket) -> int | None:
    """Insert the ticket's row and return its id; wait for a twin in flight; None if it won."""
    values = (ticket.api_key.pk, ticket.key, ticket.digest, IN_FLIGHT, timezone.now())
    with connection.cursor() as cursor:
        cursor.execute(CLAIM, values)
        row = cursor.fetchone()
    return None if row is None else row[0]


def _answered(ticket: Ticket) -> Answer | None:
    """Return the stored answer; None when there is none any more, so that the key is free."""
    row = _rows(ticket).first()
    if row is None:
        return None
    if row.created_at < timezone.now() - KEEP:
        _rows(ticket).filter(pk=row.pk).delete()
        return None
    if row.digest != ticket.digest:
        raise IdempotencyMismatch
    return Answer(status=row.status, replayed=True, **row.response)


def _stored(answer: Answer) -> dict[str, str]:
    return {"body": answer.body, "location": answer.location, "post_id": answer.post_id}
