"""Who may call: a site's keys, and how much each may send. Shared by all wire formats."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
import string
from collections.abc import Sequence
from datetime import timedelta
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar, cast

from django.contrib.auth.models import AnonymousUser
from django.db import connection
from django.db.models import Model, Q
from django.utils import timezone
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle
from rest_framework.views import APIView

from moderation import statements
from moderation.broker import counters, limits
from moderation.models import ApiKey, KeyKind, Site

if TYPE_CHECKING:
    from django.contrib.auth.models import User

Row = TypeVar("Row", bound=Model)
KEY = re.compile(r"(wnw_[0-9a-z]{8})_[A-Za-z0-9_-]{32}", re.ASCII)
PREFIX_ALPHABET = string.digits + string.ascii_lowercase
SECRET_BYTES = 24
USE_RECORDED_EVERY = timedelta(minutes=1)


def create_key(
    *,
    site: Site,
    name: str,
    kind: KeyKind | str = KeyKind.NATIVE,
    created_by: User | None = None,
) -> tuple[ApiKey, str]:
    """Make a key for a site. Return its row and the key itself, which is nowhere stored."""
    prefix = "wnw_" + "".join(secrets.choice(PREFIX_ALPHABET) for _ in range(8))
    key = f"{prefix}_{secrets.token_urlsafe(SECRET_BYTES)}"
    row = ApiKey.objects.create(
        site=site,
        name=name,
        kind=KeyKind(kind),
        prefix=prefix,
        digest=digest_of(key),
        created_by=created_by,
    )
    return row, key


def revoke_key(*, api_key: ApiKey) -> ApiKey:
    """Stop a key from working, from the next request on. A second call changes nothing."""
    now = timezone.now()
    ApiKey.objects.filter(pk=api_key.pk, revoked_at__isnull=True).update(revoked_at=now)
    api_key.refresh_from_db(fields=["revoked_at"])
    return api_key


def digest_of(key: str) -> str:
    """Return the SHA-256 of a key in hexadecimal, as it is stored."""
    return hashlib.sha256(key.encode()).hexdigest()


def find_key(key: str) -> ApiKey | None:
    """Return the row of a key that works, with its site, or None."""
    match = KEY.fullmatch(key)
    if match is None:
        return None
    rows = statements.run(_find_statement(), [match[1]])
    if not rows:
        return None
    [found] = rows
    width = len(ApiKey._meta.concrete_fields)
    row = _loaded(ApiKey, found[:width])
    row.site = _loaded(Site, found[width:])
    return row if hmac.compare_digest(row.digest, digest_of(key)) else None


@cache
def _find_statement() -> str:
    """Return the query for a key with its site, compiled once: every request runs it, and
    compiling takes twice as long as running. A cache of rows would outlive a revocation.
    """
    rows = ApiKey.objects.select_related("site").filter(prefix="", revoked_at__isnull=True)
    return rows.query.sql_with_params()[0]


def _loaded(model: type[Row], values: Sequence[Any]) -> Row:
    names = [field.attname for field in model._meta.concrete_fields]
    return model.from_db(connection.alias, names, values)


def record_use(*, api_key: ApiKey) -> None:
    """Note that the key was used, at most once a minute: it is a hint for people, not a log."""
    now = timezone.now()
    stale = now - USE_RECORDED_EVERY
    if api_key.last_used_at is not None and api_key.last_used_at > stale:
        return
    ApiKey.objects.filter(pk=api_key.pk).filter(
        Q(last_used_at__isnull=True) | Q(last_used_at__lte=stale)
    ).update(last_used_at=now)
    api_key.last_used_at = now


class BearerAuthentication(BaseAuthentication):
    """`Authorization: Bearer KEY` (RFC 6750). `request.auth` becomes the ApiKey."""

    def authenticate(self, request: Request) -> tuple[AnonymousUser, ApiKey] | None:
        scheme, _, key = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")
        if scheme.lower() != "bearer":
            return None
        row = find_key(key.strip(" "))
        if row is None:
            raise AuthenticationFailed("The API key is malformed, unknown or revoked.")
        record_use(api_key=row)
        request._request.api_key = row  # type: ignore[attr-defined]  # for the log
        return AnonymousUser(), row

    def authenticate_header(self, request: Request) -> str:
        """Return the challenge of a 401; `invalid_token` only where a key was sent at all."""
        challenge = 'Bearer realm="Winnow API"'
        if request.META.get("HTTP_AUTHORIZATION", "").lower().startswith("bearer"):
            challenge += ', error="invalid_token"'
        return challenge


class NativeKey(BasePermission):
    """A key made for this API; one made for another wire format opens only that one."""

    message = "This key was made for another interface."

    def has_permission(self, request: Request, view: APIView) -> bool:
        return isinstance(request.auth, ApiKey) and request.auth.kind == KeyKind.NATIVE


class KeyQuota(BaseThrottle):
    """Each request costs one of the key's posts a minute; a batch pays for the others itself.

    The quota left is kept as `request.quota`, for the headers of the answer.
    """

    def allow_request(self, request: Request, view: APIView) -> bool:
        quota = spend(request, cost=1)
        return quota.allowed

    def wait(self) -> None:
        """Return nothing: `request.quota` knows how long to wait."""


def key_of(request: Request) -> ApiKey:
    """Return the key that an authenticated request came with."""
    return cast(ApiKey, request.auth)


def spend(request: Request, *, cost: int) -> limits.Quota:
    """Take posts from the quota of the request's key, unless they are more than are left."""
    key = key_of(request)
    quota = limits.spend(identity=str(key.pk), per_minute=key.requests_per_minute, cost=cost)
    request.quota = quota  # type: ignore[attr-defined]
    if not quota.allowed:
        counters.count("rate_limited")
    return quota
