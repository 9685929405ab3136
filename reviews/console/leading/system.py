"""The operators' page: is it well, and if not, where."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from reviews.operating import facts, findings
from reviews.people import second_factor, watching

View = Callable[..., HttpResponse]


def operators_only(view: View) -> View:
    """Let in superusers; others are told whose page this is."""

    @never_cache
    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not request.user.is_authenticated:
            return redirect_to_login(request.get_full_path(), reverse("console:login"))
        if second_factor.must_enrol(request.user):
            return redirect("console:enrol")
        if not request.user.is_superuser:
            context = {
                "heading": "This page is for operators",
                "sentence": "Your own work is in the queue. Ask those who run this installation.",
            }
            return render(request, "console/notice.html", context, status=403)
        response = view(request, *args, **kwargs)
        watching.watch(request, response, request.user)
        return response

    return guarded


@require_safe
@operators_only
def system(request: HttpRequest) -> HttpResponse:
    measured = facts.recent()
    context = {
        "report": findings.report(measured),
        "measured_at": measured.now,
        "together": measured.database and measured.database.together,
        "here": "system",
    }
    return render(request, "console/system.html", context)
