"""Django's PostgreSQL, with a pool that is soon over the loss of its connections.

psycopg's own check of what it gives out pauses for a second, then for two, after each connection
that it finds broken: after a restart of the database, when all are, requests fail for a quarter of
a minute. Hence the check is here, and the pool's own is off (`CONN_HEALTH_CHECKS`).
"""

from __future__ import annotations

import time
from typing import Any

import psycopg
from django.db.backends.postgresql import base
from django.utils.asyncio import async_unsafe
from psycopg_pool import ConnectionPool, PoolTimeout


class DatabaseWrapper(base.DatabaseWrapper):
    """One thread's connection, lent by the pool of its process."""

    @async_unsafe
    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        """Return a connection that answers; broken ones go, and the pool opens others.

        Raises PoolTimeout when there is none in the pool's time.
        """
        end = time.monotonic() + self.pool.timeout
        while True:
            connection = super().get_new_connection(conn_params)
            if _answers(connection):
                return connection
            self.pool.putconn(connection)
            if time.monotonic() > end:
                raise PoolTimeout


def _answers(connection: psycopg.Connection[Any]) -> bool:
    try:
        ConnectionPool.check_connection(connection)
    except psycopg.Error:
        return False
    return True
