"""Which of a site's posts a list shows."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

from django.db.models import F, QuerySet, Subquery

from moderation.ids import first_id
from moderation.models import Author, Post, Site
from moderation.types import Status

SLACK: Final = timedelta(seconds=10)
"""A post's id and its time of creation are made one after the other."""


def posts_of(site: Site, query: Mapping[str, Any]) -> QuerySet[Post]:
    """Return the site's posts that a checked PostQuery asks for, in no order."""
    # Ids narrow the moments that are asked for; an index on the moments themselves would be
    # preferred to the one that has the order, and all of a busy author's posts be sorted.
    posts = Post.objects.filter(site=site).alias(made=F("created_at") + timedelta(0))
    if "outcome" in query:
        posts = posts.filter(outcome=query["outcome"], status=Status.DECIDED)
    if "status" in query:
        posts = posts.filter(status=query["status"])
    if "author" in query:
        # One author, so that an index has the order: of a join the database cannot know it.
        author = Author.objects.filter(site=site, external_id=query["author"])
        posts = posts.filter(author=Subquery(author.values("pk")))
    if "external_id" in query:
        posts = posts.filter(external_id=query["external_id"])
    if "created_after" in query:
        posts = posts.filter(
            made__gte=query["created_after"], pk__gte=first_id(query["created_after"] - SLACK)
        )
    if "created_before" in query:
        posts = posts.filter(
            made__lt=query["created_before"], pk__lt=first_id(query["created_before"] + SLACK)
        )
    return posts
