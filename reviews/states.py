"""The life of a case: one table, one way to move. Pure."""

from __future__ import annotations

from enum import StrEnum

from reviews.exceptions import TransitionRefused
from reviews.lanes import Lane

__all__ = [
    "PASSING",
    "TRANSITIONS",
    "AppealEnd",
    "AppealState",
    "AppealVia",
    "CaseState",
    "CheckReason",
    "HoldAct",
    "Lane",
    "LookKind",
    "LookReason",
    "VerdictKind",
    "transition",
]


class CaseState(StrEnum):
    OPEN = "open"
    """Waits, or is held by a moderator's lease."""
    JUDGED = "judged"
    """A moderator's verdict closed it."""
    CLOSED = "closed"
    """No longer needs a verdict: withdrawn, or decided elsewhere."""


class VerdictKind(StrEnum):
    SPAM = "spam"
    NOT_SPAM = "not_spam"
    REMOVE = "remove"
    """Unwanted for another reason: unpublished, and never a label of spam."""
    CANNOT_TELL = "cannot_tell"
    """No decision, no label; the case waits for somebody else."""
    ESCALATE = "escalate"
    """No decision, no label; the case waits for a senior."""
    DANGER = "danger"
    """Dangerous or illegal: hidden from all but named people, and never a label of spam."""
    UNDO = "undo"


PASSING = frozenset({VerdictKind.CANNOT_TELL, VerdictKind.ESCALATE})
"""Answers that leave the case to somebody else."""


class AppealState(StrEnum):
    OPEN = "open"
    UPHELD = "upheld"
    """A person looked again, and the post stays blocked."""
    OVERTURNED = "overturned"
    """A person looked again, and the post is allowed."""
    CLOSED = "closed"
    """Ended without an answer: `AppealEnd` says why."""


class AppealEnd(StrEnum):
    WITHDRAWN = "withdrawn"
    EDITED = "edited"
    """The words that it was about are no longer those of the post."""


class AppealVia(StrEnum):
    """How it came in."""

    API = "api"
    LINK = "link"


class HoldAct(StrEnum):
    """What was done to a dangerous or illegal post."""

    HIDDEN = "hidden"
    SHOWN = "shown"


class LookKind(StrEnum):
    """Why somebody judges what was judged before."""

    SECOND = "second"
    """A verdict is looked at again."""
    GOLD = "gold"
    """Two people agreed on the post; would this one, too?"""


class LookReason(StrEnum):
    """Which verdicts a look was drawn from."""

    SAMPLE = "sample"
    HONEST = "honest"
    """A post that the machine would block and that was called not spam, also on appeal, or an
    audited one that was called anything but spam."""
    SPAM = "spam"
    """An audited post that the machine would block and that was called spam."""
    MISSED = "missed"
    """An audited post that the machine allowed, and that was called spam."""


class CheckReason(StrEnum):
    """Why a label is looked at."""

    SOURCE = "source"
    """Drawn from what a reporter said: whether they may be trusted."""
    DOUBT = "doubt"
    """Models that had not seen it take it for the other."""


TRANSITIONS: dict[CaseState, frozenset[CaseState]] = {
    CaseState.OPEN: frozenset({CaseState.JUDGED, CaseState.CLOSED}),
    CaseState.JUDGED: frozenset({CaseState.OPEN, CaseState.CLOSED}),
    CaseState.CLOSED: frozenset({CaseState.OPEN}),
}


def transition(state: CaseState, to: CaseState) -> CaseState:
    """Return `to` if a case in `state` may become it; raise `TransitionRefused` if not."""
    if to not in TRANSITIONS[state]:
        raise TransitionRefused(state, to)
    return to
