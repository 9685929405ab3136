"""Every page with a list, from the URL resolver: whoever adds a page or a filter adds it here."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode

from django.contrib import admin
from django.db.models import Model
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

SKIPPED: Final = ("/api/", "/review/logout", "/admin/logout", "/admin/jsi18n")
"""The API's list is named apart; who logs out sees no further page."""
API_VALUES: Final[dict[str, list[str]]] = {
    "outcome": ["allow", "review", "block"],
    "status": ["pending", "decided", "withdrawn"],
    "author": ["member-1", "nobody"],
    "external_id": ["item-1", "nothing"],
    "created_after": ["{quarter}"],
    "created_before": ["{quarter}"],
    "limit": ["1"],
    "cursor": ["{deep}"],
}
"""What each parameter of the list of posts is asked with; a new one has to be named here."""
LIMIT: Final = "10"
"""As many posts as the small database has of the rarest kind: equal pages are compared."""
CHOICES: Final = 3
"""Of each filter of the admin, as many are tried: the first ones."""
TERMS: Final = ("member-1", "item-1", "nothing")
DEEP: Final = ("2", "20", "last")


@dataclass(frozen=True, slots=True)
class Page:
    """An address to get, with what is to be filled in for each database."""

    address: str
    user: str = ""
    """Who is logged in; nobody where a key opens the page."""


def pages(client: Client) -> Iterator[Page]:
    """Yield every list page, each filter alone, and what a filter and a deep page make together.

    `client` is logged in as a superuser.
    """
    yield from _api()
    for user in ("one", "all", "passer", "judge"):
        yield Page(reverse("console:home"), user)
        yield Page(f"{reverse('console:home')}cases/{{case}}/", user)
    for model in admin.site._registry:
        yield from _changelist(client, model)
    yield Page(reverse("admin:index"), "admin")
    known = {page.address.split("?")[0] for page in _changelists()}
    for address in _plain(get_resolver().url_patterns, "/"):
        if address not in known and not address.startswith(SKIPPED) and _opens(client, address):
            yield Page(address, "admin")


def _api() -> Iterator[Page]:
    from moderation.api.serializers import QUERY

    address = reverse("moderation-api:posts")
    yield Page(address)
    for name in map(str, QUERY.fields):
        for value in API_VALUES[name]:
            for more in ({}, {"cursor": "{deep}"}):
                yield Page(f"{address}?{_query({'limit': LIMIT, **more, name: value})}")
    for both in (
        {"author": "member-1", "created_before": "{quarter}"},
        {"author": "member-1", "outcome": "block"},
        {"outcome": "block", "created_before": "{quarter}"},
        {"status": "withdrawn", "created_before": "{quarter}"},
    ):
        yield Page(f"{address}?{_query({'limit': LIMIT, **both})}")


def _query(values: dict[str, str]) -> str:
    return urlencode(values, safe="{}")


def _changelists() -> Iterator[Page]:
    for model in admin.site._registry:
        yield Page(_list_of(model))


def _list_of(model: type[Model]) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")


def _changelist(client: Client, model: type[Model]) -> Iterator[Page]:
    address = _list_of(model)
    answer = client.get(address)
    if answer.status_code != 200 or answer.context is None:
        return
    shown: Any = answer.context["cl"]
    yield Page(address, "admin")
    if shown.search_fields:
        for term in (*TERMS, "{post}"):
            yield Page(f"{address}?q={term}", "admin")
    filters = []
    for spec in shown.filter_specs:
        # The first choice is "all".
        chosen = [choice["query_string"] for choice in spec.choices(shown)][1 : CHOICES + 1]
        filters += [query.removeprefix("?") for query in chosen]
    # A short list has no further pages to compare.
    deep = DEEP if shown.paginator.num_pages >= int(DEEP[1]) else ()
    for number in deep:
        yield Page(f"{address}?p={number}", "admin")
    for query in filters:
        yield Page(f"{address}?{query}", "admin")
        if deep:
            yield Page(f"{address}?{query}&p=2", "admin")
    newest = model._default_manager.order_by("-pk").first()
    if newest is not None:
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}_change"
        address = reverse(name, args=["PK"]).replace("PK", f"{{newest:{model._meta.label}}}")
        yield Page(address, "admin")


def _plain(patterns: list[Any], before: str) -> Iterator[str]:
    """Yield the addresses without parameters."""
    for pattern in patterns:
        part = str(pattern.pattern)
        if any(sign in part for sign in "<^(["):
            continue
        if isinstance(pattern, URLResolver):
            yield from _plain(pattern.url_patterns, before + part)
        elif isinstance(pattern, URLPattern):
            yield before + part


def _opens(client: Client, address: str) -> bool:
    """Return whether an address is a page of its own: not a redirect, not for posting only."""
    return client.get(address).status_code == 200
