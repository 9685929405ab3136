from __future__ import annotations

from django.urls import path, re_path

from moderation.api import errors, views

app_name = "moderation-api"
urlpatterns = [
    path("posts", views.PostsView.as_view(), name="posts"),
    path("posts/batch", views.BatchView.as_view(), name="batch"),
    path("posts/<uuid:post_id>", views.PostView.as_view(), name="post"),
    path("posts/<uuid:post_id>/feedback", views.FeedbackView.as_view(), name="feedback"),
    path("events", views.EventsView.as_view(), name="events"),
    path("problems/<slug:kind>", errors.problem_page, name="problem"),
    re_path(r"^.*$", views.not_found),
]
