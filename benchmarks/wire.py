"""Requests over kept connections, as many as a server takes: a closed loop in its own process."""

import multiprocessing
import selectors
import socket
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

ANSWER_SECONDS: Final = 30.0
RECEIVE_BYTES: Final = 1 << 20

Requests = Callable[[], Iterator[bytes]]
"""Makes whole requests, head and body; picklable, and called in the other process."""


@dataclass(frozen=True, slots=True)
class Result:
    """What a block of requests came to. Times in seconds."""

    statuses: Counter[int]
    seconds: float
    cpu: float
    """Of the generator itself, making the requests included."""
    latencies: list[float]

    def per_second(self, status: int) -> float:
        return self.statuses[status] / self.seconds


def fire(requests: Requests, *, port: int, connections: int, seconds: float) -> Result:
    """Send for so long, each connection its next request as soon as it has its answer."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(_fire, (requests, port, connections, seconds))


def http_request(path: str, body: bytes, headers: dict[str, str]) -> bytes:
    """Return one POST of JSON as it goes over the wire."""
    lines = [
        f"POST {path} HTTP/1.1",
        "Host: 127.0.0.1",
        "Content-Type: application/json",
        f"Content-Length: {len(body)}",
        *(f"{name}: {value}" for name, value in headers.items()),
    ]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


@dataclass(slots=True)
class _Connection:
    socket: socket.socket
    began: float = 0.0
    received: bytes = b""

    def send(self, request: bytes) -> None:
        self.began, self.received = time.monotonic(), b""
        self.socket.sendall(request)

    def status(self) -> int | None:
        """Return the status once the whole answer is there. Raises ConnectionError."""
        more = self.socket.recv(RECEIVE_BYTES)
        if not more:
            raise ConnectionError("The server hung up.")
        self.received += more
        head, end, body = self.received.partition(b"\r\n\r\n")
        if not end:
            return None
        length = head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0]
        return int(head[9:12]) if len(body) >= int(length or 0) else None


def _fire(requests: Requests, port: int, connections: int, seconds: float) -> Result:
    source = requests()
    first = [next(source) for _ in range(connections)]
    statuses: Counter[int] = Counter()
    latencies = []
    with selectors.DefaultSelector() as waiting:
        cpu, began = time.process_time(), time.monotonic()
        for request in first:
            connection = _Connection(socket.create_connection(("127.0.0.1", port)))
            connection.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            waiting.register(connection.socket, selectors.EVENT_READ, connection)
            connection.send(request)
        while waiting.get_map():
            ready = waiting.select(ANSWER_SECONDS)
            if not ready:
                raise TimeoutError(f"No answer within {ANSWER_SECONDS:.0f} s.")
            for key, _ in ready:
                status = key.data.status()
                if status is None:
                    continue
                now = time.monotonic()
                statuses[status] += 1
                latencies.append(now - key.data.began)
                if now - began < seconds:
                    key.data.send(next(source))
                else:
                    waiting.unregister(key.data.socket)
                    key.data.socket.close()
        return Result(statuses, time.monotonic() - began, time.process_time() - cpu, latencies)
