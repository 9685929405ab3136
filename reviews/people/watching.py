"""Who looked at what: a row for each page of the console and the admin that shows people's data.

The application's role can add such rows and neither change nor delete them (`config.roles`). A page
whose row cannot be written is not shown.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from django.http import HttpRequest, HttpResponseBase
from django.utils import timezone

from moderation import trail
from reviews.models import PageView

if TYPE_CHECKING:
    from django.contrib.auth.models import User

UNWATCHED: Final = frozenset({"ahead", "renew", "quality", "jsi18n"})
"""Leases that the page itself takes and renews, figures that name nobody, the admin's own words."""
NOT_MODIFIED: Final = 304
"""The answer to a page that looks again by itself: nothing new was shown."""
ASKED: Final = ("q", "s", "search", "term", "author", "address", "domain", "ip")
"""Parameters of an address that say whom or what somebody looked for."""


def watch(request: HttpRequest, response: HttpResponseBase, user: User) -> None:
    """Note that this person was shown the page, or sent the form, that was asked for.

    Refused requests showed nothing and are left out. A view that knows the site sets
    `request.seen_site`.
    """
    match = request.resolver_match
    shown = response.status_code < 400 and response.status_code != NOT_MODIFIED
    if match is None or not shown or match.url_name in UNWATCHED:
        return
    asked = {name: request.GET[name] for name in ASKED if request.GET.get(name)}
    PageView.objects.create(
        user=user,
        site_id=getattr(request, "seen_site", None),
        page=(match.view_name or "")[:100],
        subject=":".join(str(value) for value in match.kwargs.values())[:100],
        asked="&".join(f"{name}={value}" for name, value in asked.items())[:500],
        sent=request.method == "POST",
        request_id=trail.here().request_id,
        created_at=timezone.now(),
    )
