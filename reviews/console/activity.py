"""What happened in the last hour, day and week, to look at and as CSV."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from io import StringIO
from typing import Any, Final
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from classifiers.text.cells import guarded
from moderation.models import Site
from moderation.types import Outcome, Status
from reviews.console.charts import Chart, Row, Series, as_csv, csv_answer
from reviews.console.views import members_only, person
from reviews.measuring import activity
from reviews.measuring.activity import Activity, Deed, Fate, Span
from reviews.people.permissions import sites_of
from reviews.queue import claiming, depth
from reviews.queue.claiming import Waiting
from reviews.roles import Act
from reviews.search import prominent
from reviews.search.searching import By

WORDS: Final = {
    Fate.ALLOWED: "Let through by itself",
    Fate.PASSED: "Let through by people",
    Fate.WAITS: "Waits",
    Fate.RAN_OUT: "Nobody answered in time",
    Fate.STOPPED: "Stopped by people",
    Fate.BLOCKED: "Blocked by itself",
    Fate.WITHDRAWN: "Withdrawn",
}
"""In the order in which they are stacked, the lowest first."""
FOUND_BY: Final[dict[Fate, dict[str, str]]] = {
    Fate.ALLOWED: {"state": Outcome.ALLOW, "by": By.MACHINE},
    Fate.PASSED: {"state": Outcome.ALLOW, "by": By.PEOPLE},
    Fate.WAITS: {"state": Outcome.REVIEW},
    Fate.RAN_OUT: {"by": By.EXPIRY},
    Fate.STOPPED: {"state": Outcome.BLOCK, "by": By.PEOPLE},
    Fate.BLOCKED: {"state": Outcome.BLOCK, "by": By.MACHINE},
    Fate.WITHDRAWN: {"state": Status.WITHDRAWN},
}
"""What search is asked for the posts behind a number."""
DEEDS: Final = {
    "appeals": (
        "Appeals",
        {Deed.FILED: "Filed", Deed.UPHELD: "Upheld", Deed.OVERTURNED: "Overturned"},
    ),
    "looks": ("Second looks", {Deed.ALIKE: "Said the same", Deed.DIFFERED: "Differed"}),
    "answers": ("Answers", {Deed.ANSWERED: "Answers"}),
}
Link = Callable[..., str]


@require_safe
@members_only(Act.MEASURE)
def page(request: HttpRequest) -> HttpResponse:
    """The chosen site, or the first; `?as=csv&of=CHART` for one table alone."""
    sites = list(sites_of(person(request), Act.MEASURE).order_by("name"))
    site = _chosen(sites, request.GET.get("site", ""))
    span = Span(request.GET["span"]) if request.GET.get("span") in list(Span) else Span.DAY
    now = timezone.now()
    found = activity.of_site(site, span=span, now=now)
    link = _links_to(site, found)
    if request.GET.get("as") == "csv":
        return _csv(request.GET.get("of", ""), found, site, link)
    spans = {each: activity.of_site(site, span=each, now=now) for each in Span if each != span}
    spans[span] = found
    context = {
        "found": found,
        "site": site,
        "sites": sites,
        "spans": [spans[each] for each in Span],
        "charts": list(_charts(found, site, link)),
        "campaigns": [
            (each, link(q=each.phrase)) for each in prominent.campaigns(site, start=found.start)
        ],
        "domains": [(each, link(domain=each.name)) for each in _domains(site, found)],
        "waiting": _standing(claiming.waiting(sites=[site])),
        "queue": f"{reverse('console:search')}?{urlencode({'site': site.pk, 'state': 'review'})}",
        "here": "activity",
    }
    return render(request, "console/activity.html", context)


def _chosen(sites: list[Site], asked: str) -> Site:
    """Return the site of that number, or the first: whoever asks may measure at least one."""
    return next((site for site in sites if str(site.pk) == asked), sites[0])


def _standing(waiting: list[Waiting]) -> dict[str, object]:
    return {
        "cases": sum((part.open for part in waiting), claiming.Counted()),
        "oldest": min((part.oldest for part in waiting), default=None),
    }


def _links_to(site: Site, found: Activity) -> Link:
    """Return what makes the address of a search for posts of this site and stretch of time."""

    def link(*, since: datetime = found.start, until: datetime = found.end, **asked: str) -> str:
        question = {
            "site": str(site.pk),
            "since": _minute(since),
            # To the minute, so that the last one is whole.
            "until": _minute(until + timedelta(seconds=59)),
            **asked,
        }
        return f"{reverse('console:search')}?{urlencode(question)}"

    return link


def _minute(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M}"


def _charts(found: Activity, site: Site, link: Link) -> Iterator[Chart]:
    slot = found.span.slot
    yield Chart(
        key="posts",
        title="What became of the posts",
        unit="posts",
        series=[Series(fate, words, link(**FOUND_BY[fate])) for fate, words in WORDS.items()],
        rows=[
            Row(
                each.start,
                [each.counts[fate] for fate in WORDS],
                link(since=each.start, until=each.start + slot),
            )
            for each in found.slots
        ],
        note="Posts are counted as they stand now.",
    )
    depths = depth.of_site(site, start=found.start, end=found.end, slots=len(found.slots))
    yield Chart(
        key="queue",
        title="Cases that wait",
        unit="cases",
        series=[Series("waits", "Cases")],
        rows=[Row(each.start, [each.cases]) for each in depths],
        note="Looked at every five minutes; a bar is the most of its time.",
        summed=False,
    )
    yield Chart(
        key="age",
        title="How long the oldest waits",
        unit="hours",
        series=[Series("age", "Hours")],
        rows=[
            Row(each.start, [None if each.oldest is None else _hours(each.oldest)])
            for each in depths
        ],
        summed=False,
    )
    for key, (title, deeds) in DEEDS.items():
        yield Chart(
            key=key,
            title=title,
            unit=title.lower(),
            series=[Series(deed, words) for deed, words in deeds.items()],
            rows=[Row(each.start, [each.deeds[deed] for deed in deeds]) for each in found.slots],
            note="Up to the last midnight." if key == "looks" else "",
        )


def _hours(length: timedelta) -> float:
    return round(length / timedelta(hours=1), 1)


def _domains(site: Site, found: Activity) -> list[prominent.Domain]:
    return prominent.domains(site, start=found.start, end=found.end)


def _csv(of: str, found: Activity, site: Site, link: Link) -> HttpResponse:
    name = f"winnow-{site.pk}-{found.span}"
    if of == "campaigns":
        rows: list[Any] = prominent.campaigns(site, start=found.start)
        return _table(rows, ("excerpt", "posts", "authors", "blocked", "waiting"), f"{name}-{of}")
    if of == "domains":
        rows = _domains(site, found)
        return _table(rows, ("name", "posts", "before", "authors", "blocked"), f"{name}-{of}")
    charts = {chart.key: chart for chart in _charts(found, site, link)}
    chart = charts.get(of, charts["posts"])
    return as_csv(chart, f"{name}-{chart.key}")


def _table(rows: list[Any], columns: tuple[str, ...], name: str) -> HttpResponse:
    text = StringIO()
    table = csv.writer(text)
    table.writerow(columns)
    for row in rows:
        table.writerow([guarded(str(getattr(row, column))) for column in columns])
    return csv_answer(text.getvalue(), name)
