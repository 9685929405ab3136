"""Audits of posts that were withdrawn wait as long as an answer counts and no longer.

What somebody took back is shown to nobody for the sake of an answer that comes too late. A
certificate that covers nothing, since too many of its blocks have no answer, goes on by late ones:
else whoever floods a site and takes it all back would end it.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from moderation.models import Certificate
from moderation.types import Status, Stratum
from reviews.models import Case
from reviews.queue.intake import Changes, close, lock_open_cases, lock_posts, write
from reviews.queue.priority import DEADLINE
from reviews.states import CaseState

BATCH: Final = 500
GRACE: Final = timedelta(days=1)
"""So long a certificate's look may come after the deadline of the draws that it then waits for."""


@transaction.atomic
def close_late(*, now: datetime | None = None) -> int:
    """Close those whose deadline is over, some at a time; return how many."""
    now = now or timezone.now()
    late = dict(_late(now).order_by("pk").values_list("pk", "post")[:BATCH])
    posts = lock_posts(late.values())
    changes = Changes()
    for case in lock_open_cases([post for post in posts if post.status == Status.WITHDRAWN]):
        if case.pk in late:
            close(case, "The post was withdrawn.", now)
            changes.closed.append(case)
    write(changes, now)
    return len(changes.closed)


def _late(now: datetime) -> QuerySet[Case]:
    """Open audits of what was withdrawn whose answer moves nothing any more."""
    since = Certificate.objects.filter(
        site=OuterRef("site"), created_at__lte=OuterRef("audit__created_at")
    )
    counts = Exists(since.waiting(now)) | Q(
        Exists(since.current(now)), audit__created_at__gt=now - DEADLINE - GRACE
    )
    return Case.objects.filter(
        state=CaseState.OPEN, post__status=Status.WITHDRAWN, audit__created_at__lte=now - DEADLINE
    ).exclude(counts, audit__stratum=Stratum.BLOCK)
