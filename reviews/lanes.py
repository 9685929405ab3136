"""Why cases wait. Pure."""

from __future__ import annotations

from enum import StrEnum


class Lane(StrEnum):
    """Why a case waits."""

    HELD = "held"
    PUBLISHED = "published"
    OVERFLOW = "overflow"
    """Held only because the cap on automatic blocks was reached."""
    AUDIT = "audit"
    REPORTED = "reported"
    APPEAL = "appeal"
    """The author of a blocked post says that the block is wrong."""
    LOOK = "look"
    """Somebody judged it already; this answer is compared with theirs and decides nothing."""
