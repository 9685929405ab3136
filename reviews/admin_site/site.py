"""Who gets into the admin: superusers, and whoever audits a site or sets its rules.

A superuser sees everything, everybody else what is of their sites (`scope`). Moderators work in
the console; giving somebody `is_staff` or permissions opens nothing.
"""

from __future__ import annotations

from functools import wraps
from typing import Any

from django.contrib.admin import ModelAdmin
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from unfold.sites import UnfoldAdminSite

from reviews.admin_site.first_steps import steps_for
from reviews.admin_site.scope import of_sites, opens_admin
from reviews.admin_site.theme import TITLES
from reviews.people import second_factor
from reviews.people.watching import watch


class OperatorsSite(UnfoldAdminSite):
    index_template = "admin_site/overview.html"

    def index(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> TemplateResponse:
        """The overview, with what is still to be set up before the first post."""
        return super().index(request, {"steps": steps_for(request.user), **(extra_context or {})})

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> list[Any]:
        """The lists by app, each called as in the side bar."""
        apps: list[Any] = super().get_app_list(request, app_label)
        for listed in (each for app in apps for each in app["models"]):
            listed["name"] = TITLES.get(listed["model"]._meta.label_lower, listed["name"])
        return apps

    def register(self, model_or_iterable: Any, admin_class: Any = None, **options: Any) -> None:
        """Register pages so that nobody but a superuser sees beyond their sites."""
        page = of_sites(admin_class or ModelAdmin)
        super().register(model_or_iterable, page, **options)

    def has_permission(self, request: HttpRequest) -> bool:
        user = request.user
        return user.is_active and opens_admin(user) and not second_factor.must_enrol(user)

    def admin_view(self, view: Any, cacheable: bool = False) -> Any:
        """Guard a page as Django does, and note who was shown it."""
        guarded = super().admin_view(view, cacheable)

        @wraps(view)
        def watched(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            response: HttpResponseBase = guarded(request, *args, **kwargs)
            if request.user.is_authenticated and self.has_permission(request):
                watch(request, response, request.user)
            return response

        return watched

    def login(self, request: HttpRequest, extra_context: object = None) -> HttpResponse:
        """Send to the one login page, or say what is missing: there is no second way in."""
        target = request.GET.get("next", "")
        if not url_has_allowed_host_and_scheme(target, {request.get_host()}, request.is_secure()):
            target = reverse("admin:index")
        if not request.user.is_authenticated:
            return redirect_to_login(target, reverse("console:login"))
        if not opens_admin(request.user):
            context = {
                "heading": "The admin is for operators",
                "sentence": "Your own work is in the queue. Ask those who run this installation.",
            }
            return render(request, "console/notice.html", context, status=403)
        if second_factor.must_enrol(request.user):
            return redirect("console:enrol")
        return redirect(target)
