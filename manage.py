#!/usr/bin/env python
"""Django's commands, with the database role that each one needs."""

from __future__ import annotations

import os
import sys

OWNER_COMMANDS = frozenset(
    {"migrate", "flush", "createcachetable", "remove_stale_contenttypes", "forget_author"}
)
"""These run as the owner of the tables; all others as the application."""


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    if len(sys.argv) > 1 and sys.argv[1] in OWNER_COMMANDS:
        os.environ.setdefault("WINNOW_DATABASE_ROLE", "owner")

    from django.core.exceptions import ImproperlyConfigured
    from django.core.management import execute_from_command_line
    from django.db import OperationalError

    try:
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as error:
        sys.exit(f"winnow: {error}")
    except OperationalError as error:
        from django.conf import settings

        if not settings.WINNOW_EMBEDDED:
            raise
        sys.exit(
            f"winnow: the embedded database does not answer ({str(error).strip()}). "
            "Start it with `make run`, or set DATABASE_URL and REDIS_URL."
        )


if __name__ == "__main__":
    main()
