"""The schema is applied by one process at a time, also where several start together."""

from typing import Any

import psycopg
import pytest
from django.db import connection

from config import prepare


def lock_is_free() -> bool:
    """Whether another session could apply the schema."""
    with psycopg.connect(**connection.get_connection_params()) as other:
        row = other.execute("SELECT pg_try_advisory_lock(%s)", [prepare.LOCK]).fetchone()
    return bool(row and row[0])


@pytest.mark.django_db(transaction=True)
def test_nobody_else_applies_the_schema_meanwhile(monkeypatch: pytest.MonkeyPatch) -> None:
    free: list[bool] = []

    def migrate(*args: Any, **more: Any) -> None:
        free.append(lock_is_free())
        with connection.cursor() as cursor:
            cursor.execute("SHOW lock_timeout")
            assert cursor.fetchone() != ("0",), "tables are waited for only so long"

    monkeypatch.setattr(prepare, "call_command", migrate)
    prepare.migrate()
    # The server ends the session a moment after it is left, so the lock is waited for.
    with psycopg.connect(**connection.get_connection_params()) as other:
        other.execute("SET lock_timeout = '60s'")
        other.execute("SELECT pg_advisory_lock(%s)", [prepare.LOCK])
    assert free == [False]
