"""Logs: one JSON object a line in production, plain lines in development.

What people wrote and what opens doors never gets into a log: keys of such names are blanked.
"""

from __future__ import annotations

from typing import Any

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

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


def configuration(*, production: bool) -> dict[str, Any]:
    """Configure structlog and return Django's LOGGING for the same output."""
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        blank_private,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    last: list[Processor] = (
        [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
        if production
        else [structlog.dev.ConsoleRenderer(colors=False)]
    )
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "structured": {
                "()": structlog.stdlib.ProcessorFormatter,
                "foreign_pre_chain": shared,
                "processors": [structlog.stdlib.ProcessorFormatter.remove_processors_meta, *last],
            }
        },
        "handlers": {
            "console": {"class": "logging.StreamHandler", "formatter": "structured"},
        },
        "root": {"handlers": ["console"], "level": "INFO"},
        "loggers": {
            # Django's own would also mail administrators; nobody configured that.
            "django": {"handlers": [], "level": "INFO", "propagate": True},
            "axes": {"level": "WARNING"},
            "celery.beat": {"level": "WARNING"},
            "django_celery_beat": {"level": "WARNING"},
        },
    }
