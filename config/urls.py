"""Every address, by its first part."""

from __future__ import annotations

from importlib.util import find_spec

from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path
from django.views.generic import RedirectView
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView

urlpatterns: list[URLPattern | URLResolver] = [
    path("", RedirectView.as_view(url="/review/")),
    path("admin/", admin.site.urls),
    path("api/schema", SpectacularAPIView.as_view(), name="schema"),
    path("api/docs", SpectacularSwaggerSplitView.as_view(url_name="schema"), name="docs"),
]
if find_spec("moderation.api.urls"):
    urlpatterns.append(path("api/v1/", include("moderation.api.urls")))
if find_spec("reviews.console.urls"):
    urlpatterns.append(path("review/", include("reviews.console.urls")))
if find_spec("moderation.api.health"):
    from moderation.api import health  # type: ignore[import-not-found,unused-ignore]

    urlpatterns += [path("healthz", health.healthz), path("readyz", health.readyz)]
