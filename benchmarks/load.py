"""Clients that ask as fast as they may, or at a steady pace, with little work of their own."""

import http.client
import itertools
import json
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar
from urllib.parse import urlsplit

T = TypeVar("T")
Request = tuple[str, bytes, Mapping[str, str]]
"""Path, body and headers of a POST."""


@dataclass(slots=True)
class Answers:
    """How many answers of each status came, and how long each took."""

    statuses: dict[int, int] = field(default_factory=dict)
    seconds: list[float] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, status: int, seconds: float) -> None:
        with self._lock:
            self.statuses[status] = self.statuses.get(status, 0) + 1
            self.seconds.append(seconds)

    def quantile_ms(self, share: float) -> float:
        """Return the smallest time that so many answers did not exceed, in milliseconds."""
        ranked = sorted(self.seconds)
        place = min(int(share * len(ranked)), len(ranked) - 1)
        return round(ranked[place] * 1000, 1)


@contextmanager
def flooding(
    url: str, requests: Iterable[Request], *, clients: int, hold: threading.Event | None = None
) -> Iterator[Answers]:
    """Send one request after another for the length of a `with` block.

    While `hold` is set nothing new is sent.
    """
    answers, stop = Answers(), threading.Event()
    given = _Shared(requests)

    def work() -> None:
        connection = _connect(url)
        for request in given:
            while hold is not None and hold.is_set() and not stop.is_set():
                time.sleep(0.01)
            if stop.is_set():
                return
            began = time.monotonic()
            answers.add(_ask(connection, request), time.monotonic() - began)

    with _threads(clients, work):
        try:
            yield answers
        finally:
            stop.set()


def at_pace(
    url: str, requests: Iterable[Request], *, per_second: float, seconds: float, clients: int
) -> Answers:
    """Send requests at fixed moments, whether earlier ones were answered or not.

    A request's time counts from the moment at which it should have been sent.
    """
    answers = Answers()
    start = time.monotonic() + 0.1
    due = _Shared(
        zip(
            (start + n / per_second for n in range(int(seconds * per_second))),
            requests,
            strict=False,
        )
    )

    def work() -> None:
        connection = _connect(url)
        for moment, request in due:
            time.sleep(max(moment - time.monotonic(), 0))
            answers.add(_ask(connection, request), time.monotonic() - moment)

    with _threads(clients, work):
        pass
    return answers


def request(path: str, body: Any, headers: Mapping[str, str]) -> Request:
    """Return a POST of JSON."""
    return path, json.dumps(body).encode(), {**headers, "Content-Type": "application/json"}


def batches(bodies: Iterable[dict[str, Any]], size: int) -> Iterator[list[dict[str, Any]]]:
    """Yield lists of so many."""
    left = iter(bodies)
    while batch := list(itertools.islice(left, size)):
        yield batch


class _Shared(Generic[T]):
    """An iterator that several threads take from."""

    def __init__(self, items: Iterable[T]) -> None:
        self._items = iter(items)
        self._lock = threading.Lock()

    def __iter__(self) -> Iterator[T]:
        return self

    def __next__(self) -> T:
        with self._lock:
            return next(self._items)


def _connect(url: str) -> http.client.HTTPConnection:
    address = urlsplit(url)
    return http.client.HTTPConnection(address.hostname or "", address.port, timeout=60)


def _ask(connection: http.client.HTTPConnection, request: Request) -> int:
    path, body, headers = request
    connection.request("POST", path, body, dict(headers))
    answer = connection.getresponse()
    answer.read()
    return answer.status


@contextmanager
def _threads(count: int, work: Callable[[], None]) -> Iterator[None]:
    failures: list[Exception] = []

    def guarded() -> None:
        try:
            work()
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=guarded) for _ in range(count)]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        for thread in threads:
            thread.join()
    if failures:
        raise failures[0]
