"""What the application role may do: everything to rows, nothing to the schema, nothing to history.

Granted after each migration by the owner, so that a table never exists for long without its
rights. How to make the two roles on a server of your own: docs/OPERATING.md.
"""

from __future__ import annotations

from typing import Any

from django.apps import AppConfig, apps
from django.conf import settings
from django.db import connections, transaction
from psycopg import sql

READ_ONLY_TABLES = ("django_migrations",)


def rights(table: str) -> tuple[str, ...]:
    """Return what the application role may do with a table."""
    if table in READ_ONLY_TABLES:
        return ("SELECT",)
    if table in settings.WINNOW_HISTORY_TABLES:
        return ("SELECT", "INSERT")
    return ("SELECT", "INSERT", "UPDATE", "DELETE")


def grant(*, using: str, role: str) -> None:
    """Give `role` its rights on every table that the present user owns, and no others.

    Does nothing when the present user is that role itself, or when no such role exists: then
    one role does both, which config.W001 tells.
    """
    connection = connections[using]
    with transaction.atomic(using=using), connection.cursor() as cursor:
        cursor.execute(
            "SELECT current_user <> %s AND EXISTS (SELECT 1 FROM pg_roles WHERE rolname = %s)",
            [role, role],
        )
        if not cursor.fetchone()[0]:
            return
        name = sql.Identifier(role)
        cursor.execute(sql.SQL("GRANT USAGE ON SCHEMA public TO {}").format(name))
        for table in _owned(cursor, "r", "p"):
            what = (sql.Identifier("public", table), name)
            allowed = sql.SQL(", ").join(sql.SQL(right) for right in rights(table))
            cursor.execute(sql.SQL("REVOKE ALL ON {} FROM {}").format(*what))
            cursor.execute(sql.SQL("GRANT {} ON {} TO {}").format(allowed, *what))
        for sequence in _owned(cursor, "S"):
            cursor.execute(
                sql.SQL("GRANT USAGE, SELECT ON SEQUENCE {} TO {}").format(
                    sql.Identifier("public", sequence), name
                )
            )


def _owned(cursor: Any, *kinds: str) -> list[str]:
    cursor.execute(
        """
        SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname = 'public' AND c.relkind = ANY(%s)
          AND c.relowner = (SELECT oid FROM pg_roles WHERE rolname = current_user)
        ORDER BY c.relname
        """,
        [list(kinds)],
    )
    return [row[0] for row in cursor.fetchall()]


def grant_after_migrate(*, sender: AppConfig, using: str, **_: Any) -> None:
    """Receiver of post_migrate, which is sent for each application with models: act on the last."""
    with_models = [app for app in apps.get_app_configs() if app.models_module is not None]
    if sender is with_models[-1]:
        grant(using=using, role=settings.WINNOW_APPLICATION_ROLE)
