"""What happened in the last hour, day and week, to look at and as CSV."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from io import StringIO

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from moderation.models import Site
from reviews import activity, queue
from reviews.activity import Activity, Fate, Span
from reviews.console.views import members_only, person
from reviews.permissions import sites_of
from reviews.queue import Waiting
from reviews.roles import Act

WORDS = {
    Fate.ALLOWED: "Let through by itself",
    Fate.PASSED: "Let through by people",
    Fate.WAITS: "Waits",
    Fate.RAN_OUT: "Nobody answered in time",
    Fate.STOPPED: "Stopped by people",
    Fate.BLOCKED: "Blocked by itself",
    Fate.WITHDRAWN: "Withdrawn",
}
"""In the order in which they are stacked, the lowest first."""
HEIGHT = 100.0


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a bar; lengths in hundredths of the chart's width and height."""

    fate: Fate
    x: str
    y: str
    width: str
    height: str


@require_safe
@members_only(Act.MEASURE)
def page(request: HttpRequest) -> HttpResponse:
    """The chosen site, or the first; `?as=csv` for the table alone."""
    sites = list(sites_of(person(request), Act.MEASURE).order_by("name"))
    site = _chosen(sites, request.GET.get("site", ""))
    span = Span(request.GET["span"]) if request.GET.get("span") in list(Span) else Span.DAY
    found = activity.of_site(site, span=span, now=timezone.now())
    if request.GET.get("as") == "csv":
        return _csv(found, f"winnow-{site.pk}-{span}.csv")
    context = {
        "found": found,
        "site": site,
        "sites": sites,
        "spans": list(Span),
        "parts": _parts(found),
        "highest": max(slot.posts for slot in found.slots),
        "rows": [(words, fate, found.counts[fate]) for fate, words in WORDS.items()],
        "columns": list(WORDS.values()),
        "slots": [(slot, [slot.counts[fate] for fate in WORDS]) for slot in found.slots],
        "waiting": _standing(queue.waiting(sites=[site])),
        "here": "activity",
    }
    return render(request, "console/activity.html", context)


def _chosen(sites: list[Site], asked: str) -> Site:
    """Return the site of that number, or the first: whoever asks may measure at least one."""
    return next((site for site in sites if str(site.pk) == asked), sites[0])


def _standing(waiting: list[Waiting]) -> dict[str, object]:
    return {
        "cases": sum((part.open for part in waiting), queue.Counted()),
        "oldest": min((part.oldest for part in waiting), default=None),
    }


def _parts(found: Activity) -> list[Part]:
    highest = max(slot.posts for slot in found.slots) or 1
    width = 100.0 / len(found.slots)
    parts: list[Part] = []
    for place, slot in enumerate(found.slots):
        top = HEIGHT
        for fate in WORDS:
            height = HEIGHT * slot.counts[fate] / highest
            top -= height
            if height:
                x, y = f"{place * width + width * 0.1:.3f}", f"{top:.3f}"
                parts.append(Part(fate, x, y, f"{width * 0.8:.3f}", f"{height:.3f}"))
    return parts


def _csv(found: Activity, name: str) -> HttpResponse:
    text = StringIO()
    rows = csv.writer(text)
    rows.writerow(["start", *(str(fate) for fate in WORDS)])
    for slot in found.slots:
        rows.writerow([slot.start.isoformat(), *(slot.counts[fate] for fate in WORDS)])
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return HttpResponse(text.getvalue(), content_type="text/csv; charset=utf-8", headers=headers)
