"""What is wrong with the settings of moderation is said at start, not at the first event."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register
from django.utils.module_loading import import_string

from moderation.types import EventKind


@register(Tags.compatibility)
def check_event_subscribers(**_: Any) -> list[CheckMessage]:
    """Every subscriber names a known kind of event and a function that can be imported."""
    problems: list[CheckMessage] = []
    for kind, paths in settings.WINNOW_EVENT_SUBSCRIBERS.items():
        if kind not in set(EventKind):
            problems.append(
                Error(
                    f"WINNOW_EVENT_SUBSCRIBERS names {kind!r}, which is no kind of event.",
                    hint=f"Known are {', '.join(EventKind)}.",
                    id="moderation.E001",
                )
            )
        problems += [problem for path in paths if (problem := _problem(kind, path))]
    return problems


def _problem(kind: str, path: str) -> Error | None:
    try:
        subscriber = import_string(path)
    except ImportError as error:
        return Error(
            f"The subscriber {path!r} to {kind!r} cannot be imported: {error}",
            id="moderation.E002",
        )
    if callable(subscriber):
        return None
    return Error(f"The subscriber {path!r} to {kind!r} is not a function.", id="moderation.E003")
