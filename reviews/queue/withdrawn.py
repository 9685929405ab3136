"""Audits of posts that were withdrawn wait until their deadline and no longer.

What somebody took back is shown to nobody for the sake of an answer that comes too late.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from django.db import transaction
from django.utils import timezone

from moderation.types import Status
from reviews.models import Case
from reviews.queue.intake import Changes, close, lock_open_cases, lock_posts, write
from reviews.queue.priority import DEADLINE
from reviews.states import CaseState

BATCH: Final = 500


@transaction.atomic
def close_late(*, now: datetime | None = None) -> int:
    """Close those whose deadline is over, some at a time; return how many."""
    now = now or timezone.now()
    late = Case.objects.filter(
        state=CaseState.OPEN, post__status=Status.WITHDRAWN, audit__created_at__lte=now - DEADLINE
    )
    posts = lock_posts(late.order_by("pk").values_list("post", flat=True)[:BATCH])
    changes = Changes()
    for case in lock_open_cases([post for post in posts if post.status == Status.WITHDRAWN]):
        if case.audit is not None and case.audit.created_at <= now - DEADLINE:
            close(case, "The post was withdrawn.", now)
            changes.closed.append(case)
    write(changes, now)
    return len(changes.closed)
