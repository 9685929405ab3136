"""Every address, by its first part."""

from __future__ import annotations

from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path
from django.views.generic import RedirectView
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView

from moderation.api import health
from moderation.api.errors import handler400 as handler400
from moderation.api.errors import handler403 as handler403
from moderation.api.errors import handler404 as handler404
from moderation.api.errors import handler500 as handler500
from moderation.deciding.appeal_links import ROUTE
from moderation.guidelines import ROUTE as GUIDELINES_ROUTE
from reviews.operating.metrics import metrics
from reviews.public.appeal_page import appeal
from reviews.public.guidelines_page import page as public_guidelines

urlpatterns: list[URLPattern | URLResolver] = [
    path("", RedirectView.as_view(url="/review/")),
    path("review", RedirectView.as_view(url="/review/")),
    path("admin", RedirectView.as_view(url="/admin/")),
    path("review/", include("reviews.console.urls")),
    path("admin/", admin.site.urls),
    path(f"{ROUTE}<str:token>", appeal, name="appeal"),
    path(f"{GUIDELINES_ROUTE}<str:token>", public_guidelines),
    path("api/v1/", include("reviews.api.urls")),
    path("api/v1/", include("moderation.api.urls")),
    path("api/schema", SpectacularAPIView.as_view(), name="schema"),
    path("api/docs", SpectacularSwaggerSplitView.as_view(url_name="schema"), name="docs"),
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("metrics", metrics, name="metrics"),
]
