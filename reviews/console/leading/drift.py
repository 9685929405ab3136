"""What who leads a site is shown of drift: charts from daily counts, their tables, open alarms."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from moderation.models import Site
from reviews.console.leading.paging import page_of
from reviews.console.leading.sources import waiting_alarms
from reviews.console.views import members_only, person
from reviews.models import Alarm, AlarmKind, DriftReport
from reviews.people.permissions import sites_of
from reviews.roles import Act

CHARTED = 3
"""Features that have a line in the chart: those with most evidence."""
HIGHEST = 0.25
"""PSI that reaches the top of a chart at least: from there on a shift is large by convention."""


@dataclass(frozen=True, slots=True)
class Line:
    """One feature in the chart, in percent of its width and height."""

    name: str
    points: str
    number: int


@dataclass(frozen=True, slots=True)
class SiteDrift:
    """One site, as the page shows it."""

    site: Site
    report: DriftReport | None
    figures: Mapping[str, Any]
    lines: tuple[Line, ...]
    highest: float
    alarms: tuple[Alarm, ...]
    settles: bool
    """Whether whoever looks may answer alarms."""


@require_safe
@members_only(Act.MEASURE)
def page(request: HttpRequest) -> HttpResponse:
    user = person(request)
    pages = page_of(request, sites_of(user, Act.MEASURE), AlarmKind.DRIFT)
    led = list(pages)
    reports = {row.site_id: row for row in DriftReport.objects.filter(site__in=led)}
    waiting: dict[int | None, list[Alarm]] = {}
    for alarm in waiting_alarms(led, AlarmKind.DRIFT):
        waiting.setdefault(alarm.site_id, []).append(alarm)
    settles = set(sites_of(user, Act.SETTLE).values_list("pk", flat=True))
    shown = [
        _shown(site, reports.get(site.pk), waiting.get(site.pk, ()), site.pk in settles)
        for site in led
    ]
    return render(request, "console/drift.html", {"sites": shown, "pages": pages, "here": "drift"})


def _shown(
    site: Site, report: DriftReport | None, waiting: Sequence[Alarm], settles: bool
) -> SiteDrift:
    figures = report.figures if report else {}
    lines, highest = _lines(figures)
    return SiteDrift(site, report, figures, lines, highest, tuple(waiting), settles)


def _lines(figures: Mapping[str, Any]) -> tuple[tuple[Line, ...], float]:
    days, moved = figures.get("days", []), figures.get("moved", [])[:CHARTED]
    if len(days) < 2:
        return (), HIGHEST
    names = [row["feature"] for row in moved]
    highest = max([HIGHEST, *(day["psi"].get(name, 0.0) for day in days for name in names)])
    step = 100.0 / (len(days) - 1)
    lines = tuple(
        Line(
            row["name"],
            " ".join(
                f"{place * step:.2f},{_height(day['psi'].get(row['feature'], 0.0), highest):.2f}"
                for place, day in enumerate(days)
            ),
            number,
        )
        for number, row in enumerate(moved, start=1)
    )
    return lines, highest


def _height(psi: float, highest: float) -> float:
    """Percent from the top."""
    return 100.0 - 100.0 * psi / highest
