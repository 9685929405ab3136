"""Statements of our own, some of which PostgreSQL plans once a connection, not once a run.

Django binds parameters in the client, so that each run is another text to plan. That is right
for most queries; for a large statement that every request runs, planning costs several times
what running does.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

import psycopg
from django.db import connection


def rows(sql: str, values: Mapping[str, Any] | Sequence[Any]) -> list[tuple[Any, ...]]:
    """Return the rows of a statement that is planned at each run."""
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return cast(list[tuple[Any, ...]], cursor.fetchall())


def run(sql: str, values: Mapping[str, Any] | Sequence[Any]) -> list[tuple[Any, ...]]:
    """Return the rows of a statement; its plan is kept with the connection.

    Not kept where `WINNOW_DATABASE_PREPARE` is off: behind a pooler that lends connections for
    single transactions. What PostgreSQL cannot infer the type of needs a cast.
    """
    connection.close_if_health_check_failed()
    connection.ensure_connection()
    # What connection.cursor() does, with a cursor that binds in the server.
    wrap = connection.make_debug_cursor if connection.queries_logged else connection.make_cursor
    with wrap(cast(Any, psycopg.Cursor(connection.connection))) as cursor:
        cursor.execute(sql, values)
        return cursor.fetchall()
