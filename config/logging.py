"""Logs: one JSON object a line in production, plain lines in development.

What people wrote and what opens doors never gets into a log: keys of such names are blanked.
"""

from __future__ import annotations

import logging
import sys
import traceback
from contextlib import suppress
from typing import Any

import psycopg
import structlog
from django.db.utils import DatabaseError
from structlog.typing import EventDict, ExcInfo, Processor, WrappedLogger

PRIVATE = frozenset(
    {
        "text",
        "title",
        "body",
        "context",
        "email",
        "author",
        "authorization",
        "api_key",
        "key",
        "password",
        "secret",
        "token",
        "cookie",
        "url",
    }
)


def blank_private(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Replace the values of private keys."""
    for name in event.keys() & PRIVATE:
        event[name] = "[blanked]"
    return event


def describe(exc_info: ExcInfo) -> str:
    """Return a traceback in which errors of the database keep their first line only.

    The lines after it repeat the row that was refused, and so what somebody wrote.
    """
    parts: list[str] = []
    error: BaseException | None = exc_info[1]
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        message = str(error)
        if isinstance(error, (psycopg.Error, DatabaseError)):
            message = message.partition("\n")[0]
        name = f"{type(error).__module__}.{type(error).__qualname__}".removeprefix("builtins.")
        frames = "".join(traceback.format_tb(error.__traceback__))
        parts.append(f"Traceback (most recent call last):\n{frames}{name}: {message}")
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return "\n\nWhich came after:\n\n".join(parts)


class Console(logging.StreamHandler[Any]):
    """Tells of a line that cannot be written by what hindered it alone.

    The library would repeat the line and the error that it is about, and so what somebody wrote.
    """

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - the library's name
        kind = sys.exc_info()[0]
        if kind is not None and sys.stderr is not None:
            with suppress(OSError, ValueError):
                sys.stderr.write(f"a line of {record.name} could not be logged: {kind.__name__}\n")


def configuration(*, production: bool) -> dict[str, Any]:
    """Configure structlog and return Django's LOGGING for the same output."""
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        blank_private,
        structlog.processors.ExceptionRenderer(describe),
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    last: Processor = (
        structlog.processors.JSONRenderer()
        if production
        else structlog.dev.ConsoleRenderer(colors=False)
    )
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "structured": {
                "()": structlog.stdlib.ProcessorFormatter,
                "foreign_pre_chain": shared,
                "processors": [structlog.stdlib.ProcessorFormatter.remove_processors_meta, last],
            }
        },
        "handlers": {
            "console": {"class": "config.logging.Console", "formatter": "structured"},
        },
        "root": {"handlers": ["console"], "level": "INFO"},
        "loggers": {
            # Django's own would also mail administrators; nobody configured that.
            "django": {"handlers": [], "level": "INFO", "propagate": True},
            # What answers 4xx has its line already, without the address, which may hold words.
            "django.request": {"level": "ERROR"},
            "django.security.csrf": {"level": "ERROR"},
            # Scanners send any host name; the answer 400 is all that they are worth.
            "django.security.DisallowedHost": {"level": "CRITICAL"},
            # Its lines name who tried, and some type their password there.
            "axes": {"level": "ERROR"},
            # Two lines for each doorbell, one doorbell every few seconds.
            "celery.worker.strategy": {"level": "WARNING"},
            "celery.app.trace": {"level": "WARNING"},
            "celery.beat": {"level": "WARNING"},
            "django_celery_beat": {"level": "WARNING"},
        },
    }
