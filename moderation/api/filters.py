"""Which of a site's posts a list shows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db.models import QuerySet

from moderation.models import Post, Site
from moderation.types import Status


def posts_of(site: Site, query: Mapping[str, Any]) -> QuerySet[Post]:
    """Return the site's posts that a checked PostQuery asks for, in no order."""
    posts = Post.objects.filter(site=site)
    if "outcome" in query:
        posts = posts.filter(outcome=query["outcome"], status=Status.DECIDED)
    if "status" in query:
        posts = posts.filter(status=query["status"])
    if "author" in query:
        posts = posts.filter(author__site=site, author__external_id=query["author"])
    if "external_id" in query:
        posts = posts.filter(external_id=query["external_id"])
    if "created_after" in query:
        posts = posts.filter(created_at__gte=query["created_after"])
    if "created_before" in query:
        posts = posts.filter(created_at__lt=query["created_before"])
    return posts
