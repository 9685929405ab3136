from __future__ import annotations

from django.urls import path

from reviews.api import views

app_name = "reviews-api"
urlpatterns = [
    path("posts/<uuid:post_id>/appeals", views.AppealsView.as_view(), name="appeals"),
    path(
        "posts/<uuid:post_id>/appeals/<uuid:appeal_id>", views.AppealView.as_view(), name="appeal"
    ),
]
