"""The web server's connections to a database that goes away and comes back."""

import threading
from typing import Any

import psycopg
import pytest
from django.db import connection as own
from psycopg_pool import ConnectionPool

from config import processes, settings
from config.database.base import DatabaseWrapper
from tests.conftest import worker_environment


@pytest.mark.django_db(transaction=True)
def test_a_pool_that_gave_up_still_finds_the_database_when_it_comes_back():
    away, tries = threading.Event(), []

    class Connection(psycopg.Connection[Any]):
        @classmethod
        def connect(cls, *arguments: Any, **options: Any) -> Any:
            if away.is_set():
                tries.append(1)
                raise psycopg.OperationalError("away")
            return super().connect(*arguments, **options)

    # It gives up after an instant, and is given up several times.
    options = {**settings._pool, "reconnect_timeout": 0.01}
    away.set()
    with ConnectionPool(
        worker_environment()["DATABASE_URL"], connection_class=Connection, **options
    ) as pool:
        assert processes.wait_until(lambda: len(tries) > 20, seconds=60)
        away.clear()
        pool.wait(timeout=60)
        with pool.connection() as connection:
            assert connection.execute("SELECT 1").fetchone() == (1,)


@pytest.mark.django_db(transaction=True)
def test_a_request_outlives_the_loss_of_every_connection_in_the_pool(as_owner):
    facts = {**own.settings_dict, "CONN_HEALTH_CHECKS": False, "CONN_MAX_AGE": 0}
    facts["OPTIONS"] = {**facts["OPTIONS"], "pool": settings._pool}
    # Of the tests alone; Django asks the pool for a connection to take it on.
    facts["OPTIONS"].pop("assume_role", None)
    threads = [DatabaseWrapper(facts, alias="pooled") for _ in range(12)]
    try:
        for each in threads:
            each.ensure_connection()
        lost = [each.connection.info.backend_pid for each in threads]
        for each in threads:
            each.close()
        with as_owner(), own.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(pid, 10000) FROM unnest(%s) pid", [lost])
        with threads[0].cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid()")
            [pid] = cursor.fetchone()
        assert pid not in lost
    finally:
        for each in threads:
            each.close()
        threads[0].close_pool()
