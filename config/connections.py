"""Which database and broker to use, decided once from what the environment says. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from psycopg import ProgrammingError
from psycopg.conninfo import conninfo_to_dict

from config.state import Urls

# Nothing listens there: a command that needs no database still finds complete settings.
NOWHERE = Urls(
    database="postgresql://winnow_app@127.0.0.1:1/winnow",
    owner="postgresql://winnow_owner@127.0.0.1:1/winnow",
    redis="redis://127.0.0.1:1/0",
)


@dataclass(frozen=True, slots=True)
class Connections:
    """Where database and broker are, and whether they are the embedded ones."""

    urls: Urls
    embedded: bool
    started: bool = True


def choose(
    *,
    database: str | None,
    owner: str | None,
    redis: str | None,
    production: bool,
    embedded: Urls | None,
) -> Connections:
    """Return the given servers when both URLs are there, else the embedded ones.

    `embedded` is what the last start wrote down, None if there was none. Raises
    ImproperlyConfigured when only one URL is given, and in production when none is.
    """
    if database and redis:
        return Connections(Urls(database=database, owner=owner or database, redis=redis), False)
    if database or redis:
        given, missing = ("DATABASE_URL", "REDIS_URL")[:: 1 if database else -1]
        raise ImproperlyConfigured(
            f"{given} is set but {missing} is not. Set both to use your own servers, "
            "or neither to use the embedded ones."
        )
    if owner:
        raise ImproperlyConfigured(
            "DATABASE_OWNER_URL is set but DATABASE_URL and REDIS_URL are not. "
            "Set both to use your own servers, or none of the three to use the embedded ones."
        )
    if production:
        raise ImproperlyConfigured(
            "In production DATABASE_URL and REDIS_URL must both be set; "
            "the embedded servers are for development only."
        )
    return Connections(embedded or NOWHERE, True, started=embedded is not None)


def database_settings(name: str, url: str, *, options: dict[str, Any]) -> dict[str, Any]:
    """Return Django's settings of one database.

    `name` is the variable that held the URL, for the message of ImproperlyConfigured, which
    never repeats the URL: it holds a password.
    """
    if not url.startswith(("postgresql://", "postgres://")):
        raise ImproperlyConfigured(f"{name} must start with postgresql://.")
    try:
        parts = dict(conninfo_to_dict(url))
    except ProgrammingError:
        raise ImproperlyConfigured(f"{name} is not a valid PostgreSQL URL.") from None
    named = {
        "NAME": parts.pop("dbname", None),
        "USER": parts.pop("user", None),
        "PASSWORD": parts.pop("password", ""),
        "HOST": parts.pop("host", None),
        "PORT": str(parts.pop("port", "") or ""),
    }
    for part, what in (("NAME", "database"), ("USER", "user"), ("HOST", "host")):
        if not named[part]:
            raise ImproperlyConfigured(f"{name} names no {what}.")
    return {
        "ENGINE": "django.db.backends.postgresql",
        **named,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {"connect_timeout": 5, **parts, **options},
    }
