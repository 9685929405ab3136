"""What must be true of the configuration before anything starts.

What cannot even be read (a number that is none, one server's URL without the other's) is refused
by settings.py itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning, run_checks
from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError, connections

from config import roles

SECRET_CHARACTERS = 32


def refuse_errors(tags: Sequence[str] | None = None) -> None:
    """Run the checks with these tags, by default all.

    Raises ImproperlyConfigured with the sentences of those that failed.
    """
    errors = [message for message in run_checks(tags=tags) if message.is_serious()]
    if errors:
        raise ImproperlyConfigured("; ".join(f"{error.id}: {error.msg}" for error in errors))


def check_production(**_: Any) -> list[CheckMessage]:
    """E001 to E003 and W002: what would be unsafe on the open net."""
    if not settings.PRODUCTION:
        return []
    found: list[CheckMessage] = []
    if not settings.WINNOW_HOSTS or "*" in settings.WINNOW_HOSTS:
        found.append(
            Error(
                "WINNOW_HOSTS must name the host names that this service answers to.",
                hint="For example WINNOW_HOSTS=winnow.example.org",
                id="winnow.E001",
            )
        )
    if len(settings.SECRET_KEY) < SECRET_CHARACTERS:
        found.append(
            Error(
                f"SECRET_KEY must have at least {SECRET_CHARACTERS} random characters.",
                id="winnow.E002",
            )
        )
    if settings.DEBUG:
        found.append(Error("WINNOW_DEBUG must be off in production.", id="winnow.E003"))
    if settings.SECURE_SSL_REDIRECT and not settings.WINNOW_TRUSTED_PROXIES:
        found.append(
            Warning(
                "All visitors seem to come from the proxy's address, and share its count of "
                "failed log-ins.",
                hint="Let the proxy append to X-Forwarded-For, and set WINNOW_TRUSTED_PROXIES=1.",
                id="winnow.W002",
            )
        )
    return found


def check_broker_url(**_: Any) -> list[CheckMessage]:
    """E005: Celery gets a URL that it can use."""
    if urlsplit(settings.REDIS_URL).scheme in {"redis", "rediss"}:
        return []
    return [Error("REDIS_URL must start with redis:// or rediss://.", id="winnow.E005")]


def check_roles(databases: Sequence[str] | None = None, **_: Any) -> list[CheckMessage]:
    """W001: history can be rewritten when the application owns its tables.

    A check of databases: Django runs it before `migrate` and on `check --database default`.
    """
    if "default" not in (databases or ()):
        return []
    try:
        with connections["default"].cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM pg_tables"
                " WHERE schemaname = 'public' AND tablename = ANY(%s) AND tableowner = %s",
                [list(roles.HISTORY_TABLES), settings.WINNOW_APPLICATION_ROLE],
            )
            owned = cursor.fetchone()[0]
    except DatabaseError:
        return []  # the command that follows says it better
    if not owned:
        return []
    return [
        Warning(
            f"The application role {settings.WINNOW_APPLICATION_ROLE} owns the tables, "
            "so nothing stops it from changing history.",
            hint="Give DATABASE_OWNER_URL a role of its own: docs/OPERATING.md.",
            id="winnow.W001",
        )
    ]


def check_judges(databases: Sequence[str] | None = None, **_: Any) -> list[CheckMessage]:
    """W003: whoever judges as a superuser is shown in the admin what blind answers are about.

    A check of databases, for production: the account of the demo site is a superuser.
    """
    if "default" not in (databases or ()) or not settings.PRODUCTION:
        return []
    from reviews.people.permissions import superusers_who_judge

    try:
        named = ", ".join(superusers_who_judge())
    except DatabaseError:
        return []  # tables that `migrate` is about to make
    if not named:
        return []
    return [
        Warning(
            f"Superusers judge: {named}. The admin tells them which cases are audits and second "
            "looks, and what was answered, so their answers are not blind.",
            hint="Let them judge with another account, which is no superuser: docs/OPERATING.md.",
            id="winnow.W003",
        )
    ]
