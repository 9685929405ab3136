"""The life of a case: one table, one way to move. Pure."""

from __future__ import annotations

from enum import StrEnum

from reviews.exceptions import TransitionRefused
from reviews.lanes import Lane

__all__ = ["TRANSITIONS", "CaseState", "Lane", "VerdictKind", "transition"]


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
    UNDO = "undo"


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
