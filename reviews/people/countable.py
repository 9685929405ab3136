"""Which answers, second looks and appeals are told of: a number and its list are the same rows.

Neither tells which open case measures somebody. Of a second look nothing is told while it is open,
while a third person is asked about it, or before the next midnight: a number that moved with its
answer would tell. What somebody passed on of a third person's case is told once that is closed.
What is about hidden posts is left out.
"""

from __future__ import annotations

from datetime import datetime

from django.db.models import Count, Q, QuerySet
from django.utils import timezone

from moderation.models import Site
from reviews.models import Appeal, Case, Look, Verdict
from reviews.states import CaseState, Lane, LookKind


def answers(site: Site, *, since: datetime, until: datetime) -> QuerySet[Verdict]:
    """Return the answers of a stretch of time, also those that were taken back."""
    settling = Q(disputed_by__isnull=False) | Q(settles_check__isnull=False)
    disputes = Case.objects.filter(settling, site=site, state=CaseState.OPEN)
    still_blind = (
        Q(case__state=CaseState.OPEN)
        | Q(case__post__in=disputes.values("post"))
        | Q(created_at__gte=midnight())
    )
    given = Verdict.objects.filter(
        case__site=site,
        case__post__hidden_at=None,
        undoes=None,
        created_at__gte=since,
        created_at__lt=until,
    )
    return given.exclude(still_blind, case__lane=Lane.LOOK).exclude(case__in=disputes)


def number(given: QuerySet[Verdict]) -> int:
    """Return how many answers these are: one to many is one, whatever it answered."""
    counted = given.aggregate(
        singly=Count("pk", filter=Q(bulk_item=None)),
        to_many=Count("bulk_item__action", distinct=True),
    )
    return int(counted["singly"] + counted["to_many"])


def compared(site: Site, *, since: datetime, until: datetime) -> QuerySet[Look]:
    """Return the second looks of one person at another's answer, by when they were answered."""
    return Look.objects.filter(
        Q(dispute=None) | ~Q(dispute__state=CaseState.OPEN),
        site=site,
        kind=LookKind.SECOND,
        own=False,
        answer__created_at__gte=since,
        answer__created_at__lt=min(until, midnight()),
        verdict__undone_by=None,
        answer__undone_by=None,
        verdict__case__post__hidden_at=None,
    )


def appeals(site: Site) -> QuerySet[Appeal]:
    """Return the appeals that are told of."""
    return Appeal.objects.filter(site=site, post__hidden_at=None)


def midnight() -> datetime:
    """Up to when is counted what moves with answers that measure."""
    return timezone.now().replace(hour=0, minute=0, second=0, microsecond=0)
