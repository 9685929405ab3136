"""A reminder to rest, after so long or so many answers without a pause. Pure."""

from __future__ import annotations

from collections.abc import MutableMapping
from typing import Any, Final

KEY: Final = "stretch"
"""Session key: since when somebody has judged without a pause, and how many cases."""
PAUSE_SECONDS: Final = 600
"""So long without an answer is a pause."""
AFTER_SECONDS: Final = 45 * 60
AFTER_ANSWERS: Final = 60


def answered(session: MutableMapping[str, Any], now: float) -> str:
    """Note an answer given at `now` (seconds); return a sentence when it is time to rest."""
    known = session.get(KEY) or {}
    if not known or now - known["last"] > PAUSE_SECONDS:
        known = {"since": now, "answers": 0}
    answers = known["answers"] + 1
    minutes = int((now - known["since"]) // 60)
    if now - known["since"] < AFTER_SECONDS and answers < AFTER_ANSWERS:
        session[KEY] = {"since": known["since"], "answers": answers, "last": now}
        return ""
    session[KEY] = {"since": now, "answers": 0, "last": now}
    length = f"{max(minutes, 1)} minutes"
    return f"{answers} cases in {length} without a pause. The queue can wait a little."
