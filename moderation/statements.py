"""Statements that PostgreSQL plans once a connection, not once a run.

Django binds parameters in the client, so that each run is another text to plan. That is right
for most queries; for a large statement that every request runs, planning costs several times
what running does.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import psycopg
from django.db import connection


def run(sql: str, values: Mapping[str, Any] | Sequence[Any]) -> list[tuple[Any, ...]]:
    """Return the rows of a statement; its plan is kept with the connection.

    Not kept where `WINNOW_DATABASE_PREPARE` is off: behind a pooler that lends connections for
    single transactions. What PostgreSQL cannot infer the type of needs a cast.
    """
    with connection.cursor() as cursor:
        # Django's own cursors bind in the client. Its wrapper still opens the connection, logs
        # queries and translates errors.
        cursor.cursor = psycopg.Cursor(connection.connection)
        cursor.execute(sql, values)
        return cursor.fetchall()
