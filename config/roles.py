"""What the application role may do: everything to rows, nothing to the schema, nothing to history.

Granted after each migration by the owner, so that a table never exists for long without its
rights; after a restore too, because a backup brings none. How to make the two roles on a server
of your own: docs/OPERATING.md.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Container
from typing import Any, Final

from django.apps import AppConfig, apps
from django.conf import settings
from django.db import connections, transaction
from psycopg import sql

READ_ONLY_TABLES = ("django_migrations",)
HISTORY_TABLES: Final = (
    "django_admin_log",
    "moderation_decision",
    "moderation_auditdraw",
    "moderation_dataread",
    "moderation_guidelines",
    "reviews_label",
    "reviews_legalhold",
    "reviews_lesson",
    "reviews_listchange",
    "reviews_pageview",
    "reviews_pooledcertificate",
    "reviews_snapshotrecord",
    "reviews_verdict",
)
"""Tables in which the application role may add rows but never change or delete them."""
KEPT_TABLES: Final = {
    "moderation_caution": ("ended_at", "ended_because"),
    "moderation_certificate": (
        "doubted",
        "watched_at",
        "unwatched_at",
        "unwatched_because",
        "waited",
        "broken",
        "ended_at",
        "ended_because",
    ),
    "reviews_alarm": ("answered_at", "answered_by_id", "note"),
    "reviews_appeal": ("state", "ended", "answer_id", "resolved_at"),
    "reviews_bulkaction": ("state", "undone_by_id", "undone_at", "finished_at", "note"),
    "reviews_bulkitem": ("state", "reason", "verdict_id", "opened", "undo_id"),
    "reviews_check": ("case_id", "answer_id", "dispute_id", "ended"),
    "reviews_look": ("case_id", "own", "due_at", "answer_id", "dispute_id", "ended"),
}
"""Tables whose rows it may add but never delete, and what it may change of them: how they end. Who
did what, and when, stays as it was written."""
CALLED_FUNCTIONS = (
    "reviews_forget_words", "reviews_forget_posts", "reviews_forget_views", "reviews_forget_reads",
)  # fmt: skip
"""Of those that work with the owner's rights, what the application calls."""
OWNERS_FUNCTIONS = ("reviews_forget_author", "reviews_forget_words_of")
"""What the owner alone calls, though it gives nobody its rights."""


def rights(table: str, columns: Container[str]) -> list[sql.Composable]:
    """Return what the application role may do with a table that has these columns."""
    if table in READ_ONLY_TABLES:
        return [sql.SQL("SELECT")]
    allowed: list[sql.Composable] = [sql.SQL("SELECT"), sql.SQL("INSERT")]
    if table in KEPT_TABLES:
        # A table as an earlier migration leaves it may lack some.
        given = [name for name in KEPT_TABLES[table] if name in columns]
        names = sql.SQL(", ").join(map(sql.Identifier, given))
        return [*allowed, sql.SQL("UPDATE ({})").format(names)] if given else allowed
    if table in HISTORY_TABLES:
        return allowed
    return [*allowed, sql.SQL("UPDATE"), sql.SQL("DELETE")]


def grant(*, using: str, role: str) -> None:
    """Give `role` its rights on all that the present user owns, and no others.

    Nobody else may call what works with the owner's rights. That is all when the present user is
    that role itself, or when no such role exists: then one role does both, which config.W001 tells.
    """
    connection = connections[using]
    with transaction.atomic(using=using), connection.cursor() as cursor:
        functions = _guarded(cursor)
        for function in functions.values():
            cursor.execute(sql.SQL("REVOKE ALL ON FUNCTION {} FROM PUBLIC").format(function))
        cursor.execute(
            "SELECT current_user <> %s AND EXISTS (SELECT 1 FROM pg_roles WHERE rolname = %s)",
            [role, role],
        )
        if not cursor.fetchone()[0]:
            return
        name = sql.Identifier(role)
        for called, function in functions.items():
            what = (function, name)
            cursor.execute(sql.SQL("REVOKE ALL ON FUNCTION {} FROM {}").format(*what))
            if called in CALLED_FUNCTIONS:
                cursor.execute(sql.SQL("GRANT EXECUTE ON FUNCTION {} TO {}").format(*what))
        cursor.execute(sql.SQL("GRANT USAGE ON SCHEMA public TO {}").format(name))
        columns = _columns(cursor)
        for table in _owned(cursor, "r", "p"):
            place = (sql.Identifier("public", table), name)
            allowed = sql.SQL(", ").join(rights(table, columns.get(table, ())))
            cursor.execute(sql.SQL("REVOKE ALL ON {} FROM {}").format(*place))
            cursor.execute(sql.SQL("GRANT {} ON {} TO {}").format(allowed, *place))
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


def _columns(cursor: Any) -> dict[str, set[str]]:
    """The columns of the tables of which only some may be changed, by table."""
    cursor.execute(
        """
        SELECT table_name, column_name FROM information_schema.columns
        WHERE table_schema = 'public' AND table_name = ANY(%s)
        """,
        [list(KEPT_TABLES)],
    )
    found: dict[str, set[str]] = defaultdict(set)
    for table, column in cursor.fetchall():
        found[table].add(column)
    return found


def _guarded(cursor: Any) -> dict[str, sql.Composable]:
    """The present user's functions that work with its rights (SECURITY DEFINER), or that are for
    it alone, by name; each as a statement names it.
    """
    cursor.execute(
        """
        SELECT proname, oid::regprocedure::text FROM pg_proc
        WHERE pronamespace = 'public'::regnamespace AND (prosecdef OR proname = ANY(%s))
          AND proowner = (SELECT oid FROM pg_roles WHERE rolname = current_user)
        """,
        [list(OWNERS_FUNCTIONS)],
    )
    return {name: sql.SQL(signature) for name, signature in cursor.fetchall()}


def grant_after_migrate(*, sender: AppConfig, using: str, **_: Any) -> None:
    """Receiver of post_migrate, which is sent for each application with models: act on the last."""
    with_models = [app for app in apps.get_app_configs() if app.models_module is not None]
    if sender is with_models[-1]:
        grant(using=using, role=settings.WINNOW_APPLICATION_ROLE)
