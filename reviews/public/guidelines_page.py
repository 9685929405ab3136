"""A site's guidelines for everybody who has their address, where the site made them public.

The address leads to the version that a decision was made under. Nothing else of the site is told,
and nothing at all once the site has made its guidelines private again.
"""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from moderation import guidelines
from moderation.models import Guidelines
from reviews.public.appeal_page import POLICY


@require_safe
def page(request: HttpRequest, token: str) -> HttpResponse:
    found = Guidelines.objects.filter(pk=guidelines.read(token) or 0).first()
    newest, public = guidelines.in_force(found.site_id) if found else (None, False)
    shown = found if public else None
    context = {
        "guidelines": shown,
        "written": guidelines.parse(shown.text) if shown else None,
        "newest": guidelines.address_of(newest.pk)
        if shown and newest and newest.pk != shown.pk
        else "",
    }
    answer = render(request, "guidelines/page.html", context, status=200 if shown else 404)
    answer.headers["Content-Security-Policy"] = POLICY
    answer.headers["X-Robots-Tag"] = "noindex, nofollow, noarchive"
    return answer
