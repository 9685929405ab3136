"""What happened on a site since its client last asked, in an order that loses nothing.

Events get their numbers before they are committed, so a smaller number may appear after a larger
one was read. A page therefore ends before the first event that a transaction older than it could
still precede: whoever goes on from the last number seen misses nothing, and gets nothing twice.
"""

from __future__ import annotations

from typing import Final

from django.db.models import BooleanField, Func

from moderation.models import Event, Site
from moderation.types import EventKind

TOLD: Final = (
    EventKind.DECISION_RECORDED,
    EventKind.HOLD_EXPIRED,
    EventKind.APPEAL_FILED,
    EventKind.APPEAL_RESOLVED,
    EventKind.APPEAL_REOPENED,
    EventKind.BLOCK_CAP_REACHED,
    EventKind.PROMISE_CERTIFIED,
    EventKind.PROMISE_BROKEN,
    EventKind.PROMISE_UNWATCHED,
    EventKind.MISSED_EXCEEDED,
)
"""Kinds that a site could not know of: what it did itself is not among them."""
SETTLED: Final = "age(moderation_event.xmin) > age(pg_snapshot_xmin(pg_current_snapshot())::xid)"


def page(site: Site, *, after: int, limit: int) -> list[Event]:
    """At most `limit` events of the site beyond number `after`, the earliest first.

    Few at first while a transaction that began earlier still writes.
    """
    settled = Func(template=SETTLED, output_field=BooleanField())
    found = Event.objects.filter(site=site, kind__in=TOLD, pk__gt=after).annotate(settled=settled)
    ready: list[Event] = []
    for event in found.select_related("post", "decision").order_by("pk")[:limit]:
        if not event.settled:  # type: ignore[attr-defined]
            break
        ready.append(event)
    return ready
