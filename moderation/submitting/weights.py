"""How much a post matters, as its site says: it changes the order of cases, and no decision."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from django.db import transaction
from django.utils import timezone

from moderation import outbox
from moderation.models import Event, Post
from moderation.types import EventKind, Severity

LEAST: Final = 2.0
"""A number of views that rose or fell by less than this factor changes no order worth a write."""


def weigh(
    *,
    post: Post,
    exposure: float | None = None,
    severity: Severity | None = None,
    now: datetime | None = None,
) -> None:
    """Store what the site says of a published post; None leaves what was said before."""
    now = now or timezone.now()
    with transaction.atomic():
        locked = Post.objects.select_for_update(no_key=True).get(pk=post.pk)
        store(locked, exposure, severity, now)


def store(locked: Post, exposure: float | None, severity: Severity | None, now: datetime) -> None:
    """The same for a post whose row is locked, in the transaction that locked it."""
    differs = severity is not None and severity != locked.severity
    if not differs and not _moved(locked.exposure, exposure):
        return
    locked.exposure = locked.exposure if exposure is None else exposure
    locked.severity = severity or locked.severity
    locked.save(update_fields=["exposure", "severity"])
    event = Event(
        kind=EventKind.POST_WEIGHED,
        site_id=locked.site_id,
        post=locked,
        payload={"revision": locked.revision},
        next_attempt_at=now,
        created_at=now,
    )
    outbox.publish([event])


def _moved(before: float | None, after: float | None) -> bool:
    if after is None:
        return False
    was = 1.0 if before is None else before
    return after != was and (min(was, after) * LEAST <= max(was, after))
