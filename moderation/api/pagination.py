"""Pages of posts, newest first. A cursor is the id of the last post shown: ids grow with time,
so that pages stay whole while posts come in, and any page costs the same.
"""

from __future__ import annotations

import base64
import binascii
import uuid

from django.db.models import QuerySet
from django.http import HttpRequest

from moderation.api import errors
from moderation.models import Post


def encode(last: uuid.UUID) -> str:
    """Return the cursor of the page after `last`."""
    return base64.urlsafe_b64encode(last.bytes).decode().rstrip("=")


def decode(cursor: str) -> uuid.UUID:
    """Return the id in a cursor. Raises errors.Problem if it is none of ours."""
    try:
        return uuid.UUID(bytes=base64.b64decode(cursor + "==", altchars=b"-_", validate=True))
    except (ValueError, binascii.Error):
        raise errors.invalid({"cursor": ["Not a cursor from this API."]}) from None


def page(
    posts: QuerySet[Post], *, cursor: str | None, limit: int
) -> tuple[list[Post], uuid.UUID | None]:
    """Return one page, and the id it ends with if there are older posts."""
    if cursor:
        posts = posts.filter(pk__lt=decode(cursor))
    found = list(posts.order_by("-pk")[: limit + 1])
    if len(found) <= limit:
        return found, None
    return found[:limit], found[limit - 1].pk


def next_url(request: HttpRequest, last: uuid.UUID | None) -> str | None:
    """Return the address of the following page: the same question with another cursor."""
    if last is None:
        return None
    question = request.GET.copy()
    question["cursor"] = encode(last)
    return request.build_absolute_uri(f"{request.path}?{question.urlencode()}")
