"""What happened so far, counted for all processes together: the counters behind `/metrics`.

Each process adds up in memory and brings its sums to one hash in the broker about once a second.
A process that is killed loses the last second of counting; while the broker does not answer,
sums wait. An emptied broker starts at zero again, which Prometheus takes as a restart.
"""

from __future__ import annotations

import json
import os
import threading
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable
from itertools import accumulate
from typing import Any, Final

from redis.exceptions import RedisError

from moderation.broker import doorbells

HASH: Final = "winnow:counters"
FLUSH_SECONDS: Final = 1.0
BUCKETS: Final[dict[str, tuple[float, ...]]] = {
    "http_request_duration_seconds": (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10, 30),
    "decision_delay_seconds": (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 3600),
}
"""Upper bounds of the histograms. What is above the last counts in `+Inf`."""

Key = tuple[Any, ...]
"""Name of a counter, then its labels as name, value, name, value, ..."""


class Sums:
    """The sums of one process; for several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._sums: defaultdict[Key, float] = defaultdict(float)
        self._timer: threading.Timer | None = None
        os.register_at_fork(after_in_child=self._forget)

    def add(self, sums: Iterable[tuple[Key, float]]) -> None:
        with self._lock:
            for key, number in sums:
                self._sums[key] += number
            if self._timer is None:
                self._timer = threading.Timer(FLUSH_SECONDS, self.flush)
                self._timer.daemon = True
                self._timer.start()

    def flush(self) -> None:
        """Bring what was added up to the broker; what it does not take is kept."""
        with self._lock:
            sums, self._sums = self._sums, defaultdict(float)
            self._timer = None
        if not sums:
            return
        try:
            with doorbells.broker().pipeline(transaction=True) as pipeline:
                for key, number in sums.items():
                    pipeline.hincrbyfloat(HASH, json.dumps(key), number)
                pipeline.execute()
        except (RedisError, OSError):
            with self._lock:
                for key, number in sums.items():
                    self._sums[key] += number

    def _forget(self) -> None:
        """A forked child counts for itself; its parent's sums are its parent's to bring."""
        self._lock = threading.Lock()
        self._sums = defaultdict(float)
        self._timer = None


_sums: Final = Sums()
flush = _sums.flush


def count(name: str, number: float = 1, **labels: str) -> None:
    """Add to a counter. Labels come from small fixed sets, never from what people sent."""
    _sums.add([(_key(name, labels), number)])


def observe(name: str, value: float, **labels: str) -> None:
    """Add a value, in the unit that the name says, to a histogram of `BUCKETS`."""
    bounds = BUCKETS[name]
    place = bisect_left(bounds, value)
    bound = str(bounds[place]) if place < len(bounds) else "+Inf"
    key = _key(name, labels)
    _sums.add([((*key, "le", bound), 1), ((*key, "sum", ""), value)])


def _key(name: str, labels: dict[str, str]) -> Key:
    return (name, *(part for pair in sorted(labels.items()) for part in pair))


def read() -> dict[Key, float]:
    """Return all counters, this process's up to now. Raises RedisError.

    Of histograms, the count between one bound and the next under the label `le`, and the sum of
    all values under the label `sum`.
    """
    flush()
    stored: Any = doorbells.broker().hgetall(HASH)
    return {tuple(json.loads(key)): float(number) for key, number in stored.items()}


def cumulated(name: str, buckets: dict[str, float]) -> list[tuple[str, float]]:
    """Return the buckets of one histogram as Prometheus wants them: each with all below it."""
    bounds = [*map(str, BUCKETS[name]), "+Inf"]
    return list(zip(bounds, accumulate(buckets.get(b, 0.0) for b in bounds), strict=True))
