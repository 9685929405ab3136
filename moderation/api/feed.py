"""What happened on a site since its client last asked, in an order that loses nothing.

Events of transactions that still run are not there yet, whatever numbers they have. They are told
by transaction, and only those older than all that run: what comes later comes behind. (As
PostgreSQL's own logical decoding tells by commit; `pg_snapshot_xmin` is the oldest that runs.)
"""

from __future__ import annotations

from typing import Final, NamedTuple

from django.db.models import BigIntegerField, Func

from moderation import statements
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
NEXT: Final = "SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint"


class Place(NamedTuple):
    """After an event: the transaction that wrote it, and its number."""

    transaction: int = 0
    number: int = 0

    def __str__(self) -> str:
        return f"{self.transaction}-{self.number}"

    @classmethod
    def parse(cls, cursor: str) -> Place:
        """The place that `after` names, in a checked form; of another database the beginning."""
        place = cls(*map(int, cursor.split("-")))
        ((beyond,),) = statements.rows(NEXT, [])
        # Restored elsewhere, a database counts its transactions anew.
        return place if place.transaction < beyond else cls()


def page(site: Site, *, after: Place, limit: int) -> tuple[list[Event], Place]:
    """At most `limit` events behind a place, in order, and the place behind the last of them."""
    oldest = Func(
        template="pg_snapshot_xmin(pg_current_snapshot())::text::bigint",
        output_field=BigIntegerField(),
    )
    found = (
        Event.objects.filter(site=site, transaction__gte=after.transaction)
        .exclude(transaction=after.transaction, pk__lte=after.number)
        .filter(transaction__lt=oldest, kind__in=TOLD)
        .select_related("post", "decision")
        .order_by("transaction", "pk")[:limit]
    )
    events = list(found)
    last = events[-1] if events else None
    return events, Place(last.transaction or 0, last.pk) if last else after
