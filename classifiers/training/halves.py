"""The same work for each of some items, the second half of them in a process beside this one.

A fork shares what is in memory already, so that posts and features are not sent. What the other
process has to say comes back through a pipe; were this one to die, the other would end with its
own half. Results do not depend on how many processes there are.
"""

from __future__ import annotations

import multiprocessing
import os
import traceback
from collections.abc import Callable, Sequence
from multiprocessing.connection import Connection
from typing import Final, TypeVar

FROM: Final = 500
"""Posts from which a second process is worth its start."""
TO: Final = 30_000
"""Posts up to which both together stay well within the memory that a retraining has."""

Item = TypeVar("Item")
Result = TypeVar("Result")


class OtherHalfFailed(RuntimeError):
    """The other process failed or was ended; the message is all that it said."""


def processes(posts: int) -> int:
    """How many to use for so many posts: one or two."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 1
    return 2 if FROM <= posts <= TO and cores > 1 else 1


def each(task: Callable[[Item], Result], items: Sequence[Item], count: int = 1) -> list[Result]:
    """What the task makes of each item, in order; by two processes if `count` says so.

    Raises OtherHalfFailed, or whatever the task raises here.
    """
    if count < 2 or len(items) < 2:
        return [task(item) for item in items]
    context = multiprocessing.get_context("fork")
    ours, theirs = context.Pipe(duplex=False)
    other = context.Process(target=_work, args=(task, items[1::2], theirs, ours), daemon=True)
    other.start()
    theirs.close()
    try:
        found = [task(item) for item in items[::2]]
        try:
            done, rest = ours.recv()
        except EOFError:
            other.join()
            raise OtherHalfFailed(f"It ended with status {other.exitcode}.") from None
        if not done:
            raise OtherHalfFailed(rest)
    finally:
        ours.close()
        if other.is_alive():
            other.terminate()
        other.join()
    results: list[Result] = [*found, *rest]
    results[::2], results[1::2] = found, rest
    return results


def _work(
    task: Callable[[Item], Result], items: Sequence[Item], pipe: Connection, other: Connection
) -> None:
    other.close()
    try:
        pipe.send((True, [task(item) for item in items]))
    except Exception:
        pipe.send((False, traceback.format_exc(limit=-3)))
