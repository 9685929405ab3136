"""A recorded history of what clients did at the same time, replayed through a model. Pure.

Each client wrote down when it asked and when it was answered. What happened to one post must
look as if one operation had come after another: an order has to exist that no client can
contradict (an operation that was answered before another was asked comes before it), and in
which the model gives every answer that was given. The search for it is that of J. M. Wing and
C. Gong, "Testing and Verifying Concurrent Objects" (1993), with the memory of visited
configurations that G. Lowe added (2017). Posts do not share state, so each is searched alone
(locality: M. Herlihy and J. M. Wing, 1990).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

PENDING, DECIDED, WITHDRAWN = "pending", "decided", "withdrawn"
PEOPLE: Final = frozenset({"verdict", "feedback"})
ANSWERS: Final = frozenset({"verdict", "undo"})


@dataclass(frozen=True, slots=True)
class Operation:
    """What one client asked of one post, and what it was answered."""

    kind: str
    """submit, withdraw, judge, verdict, refused, undo, feedback, expire"""
    asked: float
    answered: float
    text: str = ""
    """Of submit: the words."""
    revision: int = 0
    """Of submit, the answer; of a decision, what it is about."""
    decision: int = 0
    """The decision that was made; 0 if none was."""
    supersedes: int = 0
    seen: int = 0
    """Of verdict, refused: the decision that the moderator was shown. Of undo: that is undone."""

    def __str__(self) -> str:
        facts = {name: getattr(self, name) for name in self.__slots__}
        return " ".join(f"{name}={value}" for name, value in facts.items() if value)


@dataclass(frozen=True, slots=True)
class State:
    """What the model knows of a post."""

    text: str = ""
    revision: int = 0
    status: str = WITHDRAWN
    decision: int = 0
    """In force, or the last on an earlier revision while nothing is in force."""
    decided_revision: int = 0
    by_person: bool = False


def step(state: State, operation: Operation) -> State | None:
    """Return the post after the operation, None if it cannot have been answered so."""
    match operation.kind:
        case "submit":
            return _submit(state, operation)
        case "withdraw":
            return replace(state, status=WITHDRAWN) if state.revision else None
        case "refused":
            # "Decided meanwhile" must be true: what was shown is not in force any more.
            moved = state.decision != operation.seen or state.status != DECIDED
            return state if moved else None
        case _:
            return _decide(state, operation)


def _submit(state: State, operation: Operation) -> State | None:
    known = state.revision and state.status != WITHDRAWN and state.text == operation.text
    revision = state.revision if known else state.revision + 1
    if operation.revision != revision:
        return None
    if known:
        return state
    return replace(state, text=operation.text, revision=revision, status=PENDING)


def _decide(state: State, operation: Operation) -> State | None:
    kind = operation.kind
    if not operation.decision:
        return state
    about_now = operation.revision == state.revision
    # A person answers for the words that they saw, though others may wait to be judged.
    about_earlier = kind in ANSWERS and operation.revision == state.decided_revision
    follows = operation.supersedes == state.decision
    stands = state.status == DECIDED or (about_earlier and state.status != WITHDRAWN)
    allowed = {
        "judge": state.status == PENDING,
        "verdict": stands and operation.seen == state.decision,
        "undo": stands and operation.seen == state.decision,
        "feedback": True,
        "expire": state.status == DECIDED and not state.by_person,
    }[kind]
    if not ((about_now or about_earlier) and follows and allowed):
        return None
    stays = state.status == WITHDRAWN or not about_now
    return replace(
        state,
        status=state.status if stays else DECIDED,
        decision=operation.decision,
        decided_revision=operation.revision,
        by_person=kind in PEOPLE,
    )


def anomaly(operations: Sequence[Operation], start: State = State()) -> list[Operation] | None:
    """Return None if an order explains every answer, else the shortest beginning that has none.

    Operations of one post, in any order.
    """
    ordered = sorted(operations, key=lambda operation: operation.answered)
    if _explained(ordered, start):
        return None
    low, high = 0, len(ordered)
    while high - low > 1:
        middle = (low + high) // 2
        if _explained(_begun_by(ordered, middle), start):
            low = middle
        else:
            high = middle
    return _begun_by(ordered, high)


def _begun_by(ordered: list[Operation], count: int) -> list[Operation]:
    """Return the first so many to be answered, and what had been asked by then."""
    limit = ordered[count - 1].answered if count else 0.0
    return [operation for operation in ordered if operation.asked <= limit]


def _explained(ordered: Sequence[Operation], start: State) -> bool:
    """Search depth first; a configuration is what is left and the state it is in."""
    everything = frozenset(range(len(ordered)))
    stack, seen = [(everything, start)], {(everything, start)}
    while stack:
        left, state = stack.pop()
        if not left:
            return True
        # Who was answered first bounds who may come first.
        bound = min(ordered[index].answered for index in left)
        for index in left:
            if ordered[index].asked > bound:
                continue
            after = step(state, ordered[index])
            if after is None:
                continue
            following = (left - {index}, after)
            if following not in seen:
                seen.add(following)
                stack.append(following)
    return False
