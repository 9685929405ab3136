"""How well one judges, shown to oneself, and a site's people together, shown to who leads."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from reviews.console.views import members_only, person
from reviews.measuring import quality
from reviews.people.permissions import sites_of
from reviews.roles import Act


@require_safe
@members_only(Act.SEE)
def page(request: HttpRequest) -> HttpResponse:
    user = person(request)
    led = list(sites_of(user, Act.MEASURE).order_by("name"))
    context = {
        "own": quality.of_person(user) if sites_of(user).exists() else [],
        "sites": quality.of_sites(led[:SITES]),
        "more": max(0, len(led) - SITES),
        "here": "quality",
    }
    return render(request, "console/quality.html", context)


SITES = 20
"""Shown on one page."""
