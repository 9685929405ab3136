"""How well one judges, shown to oneself, and a site's people together, shown to who leads."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from reviews.console.leading.charts import table_as_csv
from reviews.console.leading.paging import page_of
from reviews.console.views import members_only, person
from reviews.measuring import quality
from reviews.measuring.quality import Pooled
from reviews.people.permissions import sites_of
from reviews.roles import Act


@require_safe
@members_only(Act.SEE)
def page(request: HttpRequest) -> HttpResponse:
    user = person(request)
    led = sites_of(user, Act.MEASURE)
    if request.GET.get("as") == "csv":
        whole = quality.of_sites(list(led.order_by("name", "pk")))
        return table_as_csv(COLUMNS, _rows(whole), "quality")
    pages = page_of(request, led)
    context = {
        "own": quality.of_person(user) if sites_of(user).exists() else [],
        "sites": quality.of_sites(list(pages)),
        "pages": pages,
        "here": "quality",
    }
    return render(request, "console/quality.html", context)


def _rows(sites: Iterable[Pooled]) -> Iterator[tuple[object, ...]]:
    for pooled in sites:
        for figure in pooled.figures:
            found = figure.share or figure.agreement
            ends = (found.value, found.low, found.high) if found else (None, None, None)
            of = figure.share.of if figure.share else figure.agreement and figure.agreement.posts
            yield (pooled.site.name, figure.title, *ends, of, figure.missing)


COLUMNS = ("site", "measure", "value", "low", "high", "of", "missing")
