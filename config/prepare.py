"""Migrate, then make the demo site: `python -m config.prepare [DEMO_STATE_FILE]`.

One process for both, because most of the time of either is spent importing.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import django
import psycopg
from django.core.management import call_command

ATTEMPTS: Final = 10
PAUSE_SECONDS: Final = 3.0
TURN_SECONDS: Final = 0.5
LOCK: Final = 0x736368656D61
"""Held by whoever applies the schema: of several that start together one does it at a time."""
BUSY: Final = (psycopg.errors.LockNotAvailable, psycopg.errors.DeadlockDetected)


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    os.environ["WINNOW_DATABASE_ROLE"] = "owner"
    django.setup()
    migrate()
    if len(sys.argv) > 1:
        become_application()
        call_command("create_demo", state_file=Path(sys.argv[1]))


def migrate() -> None:
    """Apply the schema; try again where others would have had to wait for it too long."""
    from django.db import OperationalError, connection

    for left in reversed(range(ATTEMPTS)):
        try:
            with _alone():
                call_command("migrate", interactive=False)
        except OperationalError as error:
            connection.close()
            if not left or not isinstance(error.__cause__, BUSY):
                raise
            print(f"The tables are busy ({error}); trying again.", flush=True)
            time.sleep(PAUSE_SECONDS)
        else:
            connection.close()
            return


@contextmanager
def _alone() -> Iterator[None]:
    """Wait until nobody else applies the schema, and keep others from it meanwhile.

    By a transaction of a connection of its own: a pooler that lends connections for single
    transactions would leave a session's lock with somebody else. It asks again and again, because
    an index that the other builds would wait for the statement that waits for the other.
    """
    from django.db import connection

    with psycopg.connect(**connection.get_connection_params()) as held:
        # Others need minutes where there is much to do, and so may the migrations.
        held.execute("SELECT set_config('idle_in_transaction_session_timeout', '0', true)")
        while True:
            row = held.execute("SELECT pg_try_advisory_xact_lock(%s)", [LOCK]).fetchone()
            if row and row[0]:
                break
            time.sleep(TURN_SECONDS)
        yield


def become_application() -> None:
    """Log in again as the application: only the schema is the owner's business."""
    from django.db import connection

    from config import connections, env

    connection.close()
    application = connections.database_settings(
        "DATABASE_URL", env.text("DATABASE_URL"), options={}
    )
    connection.settings_dict.update(
        {name: application[name] for name in ("USER", "PASSWORD", "HOST", "PORT", "NAME")}
    )


if __name__ == "__main__":
    main()
