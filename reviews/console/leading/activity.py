"""What happened in the last hour, day and week, to look at and as CSV."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db.models import OuterRef, Subquery
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from moderation.models import Post, Site
from reviews.console.leading.activity_charts import LinksTo, charts
from reviews.console.leading.charts import as_csv, table_as_csv
from reviews.console.views import members_only, person
from reviews.measuring import activity
from reviews.measuring.activity import Activity, Span
from reviews.people.permissions import sites_of
from reviews.queue import claiming
from reviews.queue.claiming import Waiting
from reviews.roles import Act
from reviews.search import prominent
from reviews.search.behind import Behind

if TYPE_CHECKING:
    from django.contrib.auth.models import User


@require_safe
@members_only(Act.MEASURE)
def page(request: HttpRequest) -> HttpResponse:
    """The chosen site, or the one with the latest post; `?as=csv&of=CHART` for one table alone."""
    user = person(request)
    sites = list(sites_of(user, Act.MEASURE).order_by("name"))
    site = _chosen(sites, request.GET.get("site", ""))
    span = Span(request.GET["span"]) if request.GET.get("span") in list(Span) else Span.DAY
    now = activity.whole_minute(timezone.now())
    as_file = request.GET.get("as") == "csv"
    spans = activity.of_site(site, now=now, longest=span if as_file else Span.WEEK)
    found = spans[span]
    links = LinksTo(site, found)
    if as_file:
        return _csv(request.GET.get("of", ""), found, user, site, links)
    context = {
        "found": found,
        "site": site,
        "sites": sites,
        "spans": list(spans.values()),
        "glance": [(each, LinksTo(site, each)) for each in spans.values()],
        "charts": list(charts(found, site, links)),
        "campaigns": [
            (each, links.posts(like=str(each.post_id)))
            for each in prominent.campaigns(site, user=user, start=found.start)
        ],
        "domains": [(each, links.posts(domain=each.name)) for each in _domains(site, user, found)],
        "waiting": _summed(claiming.waiting_as_told(site, user)),
        "queue": links.cases(Behind.WAITS),
        "here": "activity",
    }
    return render(request, "console/activity.html", context)


def _chosen(sites: list[Site], asked: str) -> Site:
    """Return the site of that number, or the one with the latest post, if any has posts."""
    named = next((site for site in sites if str(site.pk) == asked), None)
    return named or _latest(sites) or sites[0]


def _latest(sites: list[Site]) -> Site | None:
    if len(sites) == 1:
        return None
    newest = Post.objects.filter(site=OuterRef("pk")).order_by("-pk").values("pk")[:1]
    among = Site.objects.filter(pk__in=[site.pk for site in sites])
    return among.annotate(newest=Subquery(newest)).exclude(newest=None).order_by("-newest").first()


def _summed(waiting: list[Waiting]) -> dict[str, object]:
    return {
        "cases": sum((part.open for part in waiting), claiming.Counted()),
        "oldest": min((part.oldest for part in waiting), default=None),
    }


def _domains(site: Site, user: User, found: Activity) -> list[prominent.Domain]:
    return prominent.domains(site, user=user, start=found.start, end=found.end)


def _csv(of: str, found: Activity, user: User, site: Site, links: LinksTo) -> HttpResponse:
    name = f"winnow-{site.pk}-{found.span}"
    if of == "campaigns":
        rows: list[Any] = prominent.campaigns(site, user=user, start=found.start)
        columns: tuple[str, ...] = ("excerpt", "posts", "authors", "wordings", "blocked", "waiting")
        return _rows_as_csv(rows, columns, f"{name}-{of}")
    if of == "domains":
        rows = _domains(site, user, found)
        columns = ("name", "posts", "before", "authors", "blocked")
        return _rows_as_csv(rows, columns, f"{name}-{of}")
    drawn = {chart.key: chart for chart in charts(found, site, links)}
    chart = drawn.get(of, drawn["posts"])
    return as_csv(chart, f"{name}-{chart.key}")


def _rows_as_csv(rows: list[Any], columns: tuple[str, ...], name: str) -> HttpResponse:
    cells = ([getattr(row, column) for column in columns] for row in rows)
    return table_as_csv(columns, cells, name)
