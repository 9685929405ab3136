"""Ends what hangs, from within its own process.

Celery's own limits are kept by the worker's main process. While that waits for a broker it reads
no results, and afterwards interrupts children that had long finished: one that is writing its
next result then leaves half of it in the pipe, which ends the worker.
"""

from __future__ import annotations

import faulthandler
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final, NoReturn

STDERR: Final = 2


class TookTooLong(Exception):
    """Raised wherever the process happens to be."""


@contextmanager
def limited(*, seconds: float, kill_seconds: float) -> Iterator[None]:
    """Interrupt the block with TookTooLong after so long; end the process if that is no help.

    For the main thread of a worker's child. What is not Python's cannot be interrupted, but
    ended: a thread that needs no lock of the interpreter writes to the log where each thread
    stands, and exits with status 1.
    """

    def interrupt(_number: int, _frame: Any) -> NoReturn:
        raise TookTooLong

    former = signal.signal(signal.SIGALRM, interrupt)
    faulthandler.dump_traceback_later(kill_seconds, exit=True, file=STDERR)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        try:
            yield
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
    finally:  # even if it was time just before
        faulthandler.cancel_dump_traceback_later()
        signal.signal(signal.SIGALRM, former)
