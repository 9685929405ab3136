"""A recorded history of what clients did at the same time, and the search for its explanation.

Each client wrote down when it asked and when it was answered. What happened to one post must
look as if one operation had come after another: an order has to exist that no client can
contradict (an operation that was answered before another was asked comes before it), and in
which the model of `benchmarks.expected` gives every answer that was given. The search for it
is that of J. M. Wing and C. Gong, "Testing and Verifying Concurrent Objects" (1993), with the
memory of visited configurations that G. Lowe added (2017). Posts share no state of which the
model speaks, so each is searched alone (locality: M. Herlihy and J. M. Wing, 1990). Pure.
"""

from collections.abc import Sequence
from typing import Final

from benchmarks.expected import State, step
from benchmarks.recorded import Operation

NEW: Final = State()


def anomaly(operations: Sequence[Operation], start: State = NEW) -> list[Operation] | None:
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
