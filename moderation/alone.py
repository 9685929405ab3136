"""What fails for one is no other's failure."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import DatabaseError, InterfaceError, connection

from moderation.exceptions import LeaseLost

logger = logging.getLogger(__name__)


@contextmanager
def alone(what: str) -> Iterator[None]:
    """Log what fails inside and go on, unless it fails for all.

    That is where the database is away, and where another process holds the lease by now.
    """
    try:
        yield
    except LeaseLost:
        raise
    except Exception as error:
        if isinstance(error, (DatabaseError, InterfaceError)) and not connection.is_usable():
            raise
        logger.exception("%s failed", what)
