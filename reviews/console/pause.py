"""A reminder to rest, after long work or many answers without a pause. Pure."""

from __future__ import annotations

from collections.abc import MutableMapping
from typing import Any, Final

KEY: Final = "stretch"
"""Session key: since when somebody has judged without a pause, and how many cases."""
PAUSE_SECONDS: Final = 600
"""So long without an answer is a pause."""
AFTER_SECONDS: Final = 45 * 60
AFTER_ANSWERS: Final = 150
LEAST_SECONDS: Final = 20 * 60
"""Before this nobody is reminded, however fast they answer: who is told too often stops reading."""


def answered(session: MutableMapping[str, Any], now: float) -> str:
    """Note an answer given at `now` (seconds); return a sentence when it is time to rest."""
    known = session.get(KEY) or {}
    if not known or now - known["last"] > PAUSE_SECONDS:
        known = {"since": now, "answers": 0}
    answers = known["answers"] + 1
    length = now - known["since"]
    if length < LEAST_SECONDS or (length < AFTER_SECONDS and answers < AFTER_ANSWERS):
        session[KEY] = {"since": known["since"], "answers": answers, "last": now}
        return ""
    session[KEY] = {"since": now, "answers": 0, "last": now}
    return f"{answers} cases in {int(length // 60)} minutes without a pause. The queue can wait."
