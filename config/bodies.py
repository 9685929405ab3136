"""Bodies that never come whole hold only some of the web server's threads.

A thread that reads a body waits until its client has sent it; Granian has no limit for that. So
only a few may wait at a time, for a short while others wait for their turn, and then they are
answered 503. What has no body, or has it already, goes on as ever. A proxy that keeps bodies
back until they are whole is better still (docs/OPERATING.md).
"""

from __future__ import annotations

import gc
import io
import time
from collections.abc import Callable, Iterable, Iterator
from threading import BoundedSemaphore
from typing import Any, Final

from moderation.api import errors

TURN_SECONDS: Final = 0.5
"""How long a request waits for its turn. Bodies that are there are read in far less."""
LARGE: Final = 1 << 20
"""Bytes from which on a body makes room for itself."""
ROOM_SECONDS: Final = 1.0
"""Time between two such makings: each takes about as long as twenty small requests."""
DETAIL: Final = (
    "Too many clients have not sent their bodies yet. "
    "Try again after the seconds of the header `Retry-After`."
)

Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


class NoTurn(OSError):
    """Too many bodies are still on their way."""


class Body:
    """A request's `wsgi.input`, read in turns."""

    def __init__(self, stream: Any, turns: BoundedSemaphore) -> None:
        self._stream = stream
        self._turns = turns
        self.refused = False

    def read(self, size: int = -1) -> bytes:
        return self._in_turn("read", size)

    def readline(self, size: int = -1) -> bytes:
        return self._in_turn("readline", size)

    def __iter__(self) -> Iterator[bytes]:
        return iter(self.readline, b"")

    def let_go(self) -> None:
        """Forget the stream, and with it the bytes that the server keeps behind it."""
        self._stream = io.BytesIO()

    def _in_turn(self, method: str, size: int) -> bytes:
        if self.refused or not self._turns.acquire(timeout=TURN_SECONDS):
            self.refused = True
            raise NoTurn
        try:
            read: Callable[[int], bytes] = getattr(self._stream, method)
            return read(size)
        finally:
            self._turns.release()


class _Room:
    """Frees what earlier requests left, but not again and again.

    Django's requests lie in cycles (`request.user` knows its request), and large bodies make few
    objects: the collector may come for them only a hundred requests later.
    """

    def __init__(self) -> None:
        self._made = 0.0

    def __call__(self) -> None:
        now = time.monotonic()
        if now - self._made >= ROOM_SECONDS:
            self._made = now
            gc.collect()


def _length(environ: dict[str, Any]) -> int:
    length = str(environ.get("CONTENT_LENGTH") or "")
    return int(length) if length.isascii() and length.isdigit() and len(length) < 20 else 0


def in_turns(application: Application, *, threads: int) -> Application:
    """Return the application with a limit: fewer than a quarter of the threads wait for bodies.

    Of the 32 by default, 24 at most wait for decisions (`Prefer: wait`): one is always free.
    """
    turns = BoundedSemaphore(max(1, threads // 4 - 1))
    make_room = _Room()

    def guarded(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        if _length(environ) >= LARGE:
            make_room()
        body = environ["wsgi.input"] = Body(environ["wsgi.input"], turns)
        said: list[Any] = []
        answer = application(environ, lambda *status_and_headers: said.extend(status_and_headers))
        body.let_go()
        if not body.refused:
            start_response(*said)
            return answer
        if close := getattr(answer, "close", None):
            close()
        retry = {"Retry-After": str(errors.RETRY_UNAVAILABLE_SECONDS)}
        problem = errors.respond(errors.Problem("unavailable", DETAIL, headers=retry))
        start_response("503 Service Unavailable", list(problem.items()))
        return [problem.content]

    return guarded
