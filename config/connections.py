"""Which database and broker to use, decided once from what the environment says. Pure."""

from __future__ import annotations

import socket
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from django.core.exceptions import ImproperlyConfigured
from psycopg import ProgrammingError
from psycopg.conninfo import conninfo_to_dict

from config.state import Urls

if TYPE_CHECKING:
    from psycopg_pool import ConnectionPool

# Nothing listens there: a command that needs no database still finds complete settings.
NOWHERE = Urls(
    database="postgresql://winnow_app@127.0.0.1:1/winnow",
    owner="postgresql://winnow_owner@127.0.0.1:1/winnow",
    redis="redis://127.0.0.1:1/0",
)

PATIENCE: Final[dict[str, Any]] = {
    "connect_timeout": 5,
    "keepalives_idle": 10,
    "keepalives_interval": 3,
    "keepalives_count": 3,
    "tcp_user_timeout": 8_000,
}
"""How long a client waits for a server that is cut off: seconds, and milliseconds the last."""
KEEPALIVE: Final = {
    getattr(socket, name): value
    for name, value in (("TCP_KEEPIDLE", 10), ("TCP_KEEPINTVL", 3), ("TCP_KEEPCNT", 3))
    if hasattr(socket, name)
}
"""The same for connections to the broker, where the system can."""
SESSION: Final = {
    "tcp_keepalives_idle": "10s",
    "tcp_keepalives_interval": "3s",
    "tcp_keepalives_count": "3",
    "tcp_user_timeout": "15s",
}
"""How long the server waits for a client that is cut off."""
LIMITS: Final[dict[str, dict[str, str]]] = {
    "web": {
        "statement_timeout": "15s",
        "lock_timeout": "5s",
        "idle_in_transaction_session_timeout": "30s",
    },
    # Judging takes milliseconds; a nightly job may read for minutes.
    "worker": {
        "statement_timeout": "5min",
        "lock_timeout": "10s",
        "idle_in_transaction_session_timeout": "5min",
    },
    "beat": {
        "statement_timeout": "15s",
        "lock_timeout": "5s",
        "idle_in_transaction_session_timeout": "30s",
    },
    "command": {},
    # A change of the schema that waits for a lock makes everybody else wait behind it.
    "owner": {"lock_timeout": "5s"},
}


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
        "OPTIONS": {**PATIENCE, **parts, **options},
    }


def session_limits(process: str, *, owner: bool) -> str:
    """Return what a session asks of the server, as libpq's `options`.

    The server learns within seconds that its client is gone, and lets go of what that held;
    nothing waits or runs for ever.
    """
    chosen = SESSION | LIMITS["owner" if owner else process]
    return " ".join(f"-c {name}={value}" for name, value in chosen.items())


def begin_anew(pool: ConnectionPool[Any]) -> None:
    """Have a pool that gave up its last connection try again at once.

    By itself it would wait until it is asked for one, and who waits for one already would wait
    in vain.
    """
    if not pool.get_stats()["pool_size"]:
        pool.check()
