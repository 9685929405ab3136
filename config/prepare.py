"""Migrate, then make the demo site: `python -m config.prepare [DEMO_STATE_FILE]`.

One process for both, because most of the time of either is spent importing.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import django
from django.core.management import call_command


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    os.environ["WINNOW_DATABASE_ROLE"] = "owner"
    django.setup()
    call_command("migrate", interactive=False)
    if len(sys.argv) > 1:
        become_application()
        call_command("create_demo", state_file=Path(sys.argv[1]))


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
