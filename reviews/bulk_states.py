"""The words of bulk actions: which posts one is about, how far it has come. Pure."""

from __future__ import annotations

from enum import StrEnum


class BulkScope(StrEnum):
    """What the posts of one action have in common with the post that it began at."""

    ALIKE = "alike"
    """They say the same, or nearly."""
    AUTHOR = "author"
    IP = "ip"
    EMAIL = "email"
    DOMAIN = "domain"
    """They link to it, or to a host below it."""
    CAPPED = "capped"
    """They are held over the cap on automatic blocks, and wait for a person."""


class BulkState(StrEnum):
    RUNNING = "running"
    DONE = "done"
    UNDOING = "undoing"
    UNDONE = "undone"

    @property
    def is_at_work(self) -> bool:
        return self in (BulkState.RUNNING, BulkState.UNDOING)


class ItemState(StrEnum):
    """What became of one post of an action."""

    WAITING = "waiting"
    DECIDED = "decided"
    LEFT = "left"
    """It was not touched; `ItemReason` says why."""
    RESTORED = "restored"
    """It stands as before the action."""
    KEPT = "kept"
    """The action decided it, and the undo left it; `ItemReason` says why."""


class ItemReason(StrEnum):
    DECIDED_SINCE = "decided_since"
    SINGLE = "single"
    """Its case is judged by itself: blind, or an appeal."""
    HELD = "held"
    """Somebody else was looking at it."""
    WITHDRAWN = "withdrawn"
    STOPPED = "stopped"
    """The action was taken back before it came to this post."""
    FORBIDDEN = "forbidden"
    """Who gave the order may not judge here any more."""
    FAILED = "failed"


class Eligibility(StrEnum):
    """Whether an action may decide a post."""

    FIT = "fit"
    """The action would decide it, unless it is decided so already."""
    SAID = "said"
    """Another person has decided it: left, unless that is asked for."""
    HELD = "held"
    SINGLE = "single"
    PENDING = "pending"
