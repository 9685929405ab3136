"""Pages of sites, for who leads more of them than fit on one."""

from __future__ import annotations

from django.core.paginator import Page, Paginator
from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest

from moderation.models import Site
from reviews.models import Alarm, AlarmKind

SITES = 20
"""On one page."""


def page_of(
    request: HttpRequest, sites: QuerySet[Site], kind: AlarmKind | None = None
) -> Page[Site]:
    """The page that is asked for: by name, and first those on which such an alarm waits.

    What is no number is the first page, and a number beyond the last one the last.
    """
    ordered = sites.order_by("name", "pk")
    if kind is not None:
        alarms = Alarm.objects.filter(site=OuterRef("pk"), kind=kind, answered_at=None)
        ordered = sites.alias(waits=Exists(alarms)).order_by("-waits", "name", "pk")
    return Paginator(ordered, SITES).get_page(request.GET.get("page"))
