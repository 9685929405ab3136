"""How far a command is, on standard error: a bar for a person, a line now and then for a log."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final, NoReturn

from tqdm import tqdm

EVERY: Final = 5.0
"""Seconds between two lines where nobody watches."""


class Progress:
    """One step after another."""

    def __init__(self) -> None:
        self._bar: tqdm[NoReturn] | None = None
        self._step = ""
        self._told = time.monotonic()

    def show(self, step: str, done: int, total: int) -> None:
        if not sys.stderr.isatty():
            if time.monotonic() - self._told >= EVERY:
                self._told = time.monotonic()
                print(f"{step}: {done:,} of {total:,}", file=sys.stderr, flush=True)
            return
        if self._bar is None or step != self._step:
            self.close()
            self._bar, self._step = tqdm(total=total, desc=step), step
        self._bar.update(done - self._bar.n)

    def close(self) -> None:
        if self._bar is not None:
            self._bar.close()
            self._bar = None


@contextmanager
def shown_on_stderr(step: str, total: int) -> Iterator[Callable[[int], None]]:
    """Take how much of one step is done."""
    progress = Progress()
    try:
        yield lambda done: progress.show(step, done, total)
    finally:
        progress.close()
