"""What fails for one is no other's failure."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import DatabaseError, InterfaceError, connection

logger = logging.getLogger(__name__)


@contextmanager
def alone(what: str) -> Iterator[None]:
    """Log what fails inside and go on, unless the database is away, which fails for all."""
    try:
        yield
    except Exception as error:
        if isinstance(error, (DatabaseError, InterfaceError)) and not connection.is_usable():
            raise
        logger.exception("%s failed", what)
