"""The schema is applied by one process at a time, also where several start together."""

import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg
import pytest
from django.db import connection

from config import prepare
from moderation.broker import relay


def is_free(lock: int) -> bool:
    """Whether another session could have the lock."""
    with psycopg.connect(**connection.get_connection_params()) as other:
        row = other.execute("SELECT pg_try_advisory_xact_lock(%s)", [lock]).fetchone()
    return bool(row and row[0])


@pytest.mark.django_db(transaction=True)
def test_nobody_else_applies_the_schema_meanwhile(monkeypatch: pytest.MonkeyPatch) -> None:
    free: list[tuple[bool, bool]] = []

    def migrate(*args: Any, **more: Any) -> None:
        free.append((is_free(prepare.LOCK), is_free(relay.LOCK)))
        with connection.cursor() as cursor:
            cursor.execute("SHOW lock_timeout")
            assert cursor.fetchone() != ("0",), "tables are waited for only so long"

    monkeypatch.setattr(prepare, "call_command", migrate)
    prepare.migrate()
    # A pooler would keep a session's lock.
    assert is_free(prepare.LOCK)
    assert free == [(False, True)], "workers listen while the schema is applied"


@pytest.mark.django_db(transaction=True)
def test_who_waits_keeps_no_index_from_being_built() -> None:
    # CREATE INDEX CONCURRENTLY waits for every snapshot, and a statement that waits has one.
    def wait_for_turn() -> None:
        with prepare._alone():
            pass

    parameters = connection.get_connection_params()
    with ThreadPoolExecutor(1) as others, psycopg.connect(**parameters, autocommit=True) as own:
        with prepare._alone():
            second = others.submit(wait_for_turn)
            time.sleep(0.5)
            own.execute("CREATE INDEX CONCURRENTLY tried ON moderation_post (id)")
            own.execute("DROP INDEX CONCURRENTLY tried")
            assert not second.done()
        second.result(timeout=30)
