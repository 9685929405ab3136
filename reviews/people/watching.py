"""Who looked at what: a row for each page of the console and the admin that shows people's data.

The application's role can add such rows and neither change nor delete them (`config.roles`). A page
whose row cannot be written is not shown.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from django.http import HttpRequest, HttpResponseBase
from django.utils import timezone

from moderation import trail
from reviews.models import Case, Membership, PageView

if TYPE_CHECKING:
    from django.contrib.auth.models import User

CASE: Final = "console:case"
UNWATCHED: Final = frozenset({"ahead", "depth", "renew", "quality", "jsi18n"})
"""Leases that the page itself takes and renews, figures that name nobody, the admin's own words."""
AHEAD: Final = "X-Ahead"
"""Header of a page that a script fetches before anybody may see it: its row says so, and there is
another when it is shown."""
NOT_MODIFIED: Final = 304
"""The answer to a page that looks again by itself: nothing new was shown."""
SHOWN_AGAIN: Final = frozenset({400, 409, 422})
"""Answers to a form that come with the page it was on."""
MOST_SITES: Final = 20
"""Of whoever works on more, a page of all of them has one row, which names none."""
FIRST: Final = ("q", "s", "search", "author", "address", "domain", "ip", "site", "of", "about")
"""Parameters of an address that say whom or what somebody looked for: room is kept for them."""


def watch(request: HttpRequest, response: HttpResponseBase, user: User) -> None:
    """Note that this person was shown the page, or sent the form, that was asked for.

    Refused requests showed nothing and are left out. Where neither the view (`shows`) nor the
    address says of which site it is, there is a row for each site that the person works on, and
    one of no site, which alone has what was searched for: it may name people of any of them.
    """
    match, status = request.resolver_match, response.status_code
    shown = (status < 400 and status != NOT_MODIFIED) or status in SHOWN_AGAIN
    if match is None or not shown or match.url_name in UNWATCHED or hasattr(request, "only_ages"):
        return
    given = sorted(request.GET.items(), key=lambda each: each[0] not in FIRST)
    asked = _storable("&".join(f"{name}={value}" for name, value in given if value))[:500]
    name = match.view_name or ""
    ahead = name == CASE and request.method == "GET" and AHEAD in request.headers
    page = f"{name} ahead" if ahead else name
    subject = _storable(":".join(str(value) for value in match.kwargs.values()))
    sites = _sites(request, user)
    if asked and len(sites) > 1:
        sites.append(None)
    common = {"user": user, "request_id": trail.here().request_id, "created_at": timezone.now()}
    views = [
        PageView(
            site_id=site,
            page=page[:100],
            subject=subject[:100],
            asked=asked if site is None or len(sites) == 1 else "",
            sent=request.method == "POST",
            saw_all=getattr(request, "saw_all", False),
            **common,
        )
        for site in sites
    ]
    case: Case | None = getattr(request, "seen_case", None)
    if case is not None:
        views.append(
            PageView(site_id=case.site_id, page=CASE, subject=str(case.pk), sent=False, **common)
        )
    PageView.objects.bulk_create(views)


def shows_ages(request: HttpRequest) -> None:
    """Note that of a page that looks again by itself only the ages are others than before."""
    request.only_ages = True  # type: ignore[attr-defined]


def shows_ahead(request: HttpRequest, case: Case) -> None:
    """Note that a case which was fetched beforehand is looked at now."""
    request.seen_case = case  # type: ignore[attr-defined]


def shows_all(request: HttpRequest) -> None:
    """Note that the page has what is kept from whoever judges the case."""
    request.saw_all = True  # type: ignore[attr-defined]


def shows(request: HttpRequest, site_id: int) -> None:
    """Note that what is shown belongs to this site."""
    request.seen_site = site_id  # type: ignore[attr-defined]


def _storable(words: str) -> str:
    """PostgreSQL keeps no NUL, and a page whose row cannot be written is not shown."""
    return words.replace("\0", "\N{REPLACEMENT CHARACTER}")


def _sites(request: HttpRequest, user: User) -> list[int | None]:
    seen: int | None = getattr(request, "seen_site", None)
    if seen is not None or user.is_superuser:
        return [seen]
    of = Membership.objects.filter(user=user).order_by("site")
    sites = list(of.values_list("site", flat=True).distinct()[: MOST_SITES + 1])
    named = [site for site in sites if str(site) == request.GET.get("site")]
    if named:
        return [*named]
    return [*sites] if 0 < len(sites) <= MOST_SITES else [None]
