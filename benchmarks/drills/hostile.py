"""Bodies, headers and addresses made to hurt a web server, while an honest client goes on."""

from __future__ import annotations

import gzip
import json
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlsplit

import httpx
import psutil

from benchmarks.drills import Report, drill, scaled
from benchmarks.installation import Child, SiteAccess, running

ROUNDS: Final = 20
WARM: Final = 12
CHUNK: Final = 65_536
MIB: Final = 1 << 20
GROWTH: Final = 1.15
"""Memory after all rounds may be so many times that after the first `WARM`, when every thread
has had its share of the large ones."""
SECONDS: Final = 10.0
"""Within which each is answered, on a machine that does other things."""
HONEST: Final = b'{"text": "Shall we meet at the library tomorrow?"}'
POSTS: Final = "/api/v1/posts"
BATCH: Final = "/api/v1/posts/batch"


@dataclass(frozen=True)
class Attack:
    """One request; what is not said is as an honest client would do it."""

    name: str
    body: bytes | Callable[[], bytes] = HONEST
    path: str = POSTS
    headers: dict[str, str] = field(default_factory=dict)
    chunked: bool = False
    method: str = "POST"


def _text(value: str) -> bytes:
    return json.dumps({"text": value}).encode()


def _multipart(files: int) -> bytes:
    part = b'--x\r\nContent-Disposition: form-data; name="f"; filename="f"\r\n\r\nhello\r\n'
    return part * files + b"--x--\r\n"


JSON: Final = "application/json"
FORM: Final = {"content-type": "application/x-www-form-urlencoded"}
MULTIPART: Final = {"content-type": "multipart/form-data; boundary=x"}
UTF_16: Final = {"content-type": "application/json; charset=utf-16"}
GZIP: Final = {"content-encoding": "gzip"}
LOGIN: Final = "/review/login/"
ATTACKS: Final = (
    Attack("10 MB of one string", lambda: b'"' + b"x" * 10_000_000 + b'"'),
    Attack("10 MB batch of one string", lambda: b'"' + b"x" * 10_000_000 + b'"', BATCH),
    Attack("50 MB", lambda: b" " * 50 * MIB, BATCH),
    Attack("9 MB of empty lists", lambda: b'{"posts":[' + b"[]," * 3_000_000 + b"[]]}", BATCH),
    Attack("9 MB of small fields", lambda: _fields(500_000), BATCH),
    Attack("many small fields", lambda: _fields(50_000)),
    Attack("a gzip bomb", lambda: gzip.compress(b" " * 100 * MIB), headers=GZIP),
    Attack("unknown coding", headers={"content-encoding": "br, gzip, zstd"}),
    Attack("100,000 deep lists", lambda: b"[" * 100_000 + b"]" * 100_000),
    Attack("100,000 deep objects", lambda: b'{"a":' * 100_000 + b"1" + b"}" * 100_000),
    Attack("100,000 open brackets", lambda: b"[" * 100_000),
    Attack("a token of a million characters", lambda: _text("x" * 1_000_000)),
    Attack("a name of a million characters", lambda: b'{"' + b"n" * 1_000_000 + b'": 1}'),
    Attack("a number of a million digits", lambda: b'{"text": ' + b"9" * 1_000_000 + b"}"),
    Attack("a number beyond doubles", b'{"text": "x", "metadata": {"n": 1e999}}'),
    Attack("NaN", b'{"text": "x", "metadata": {"n": NaN}}'),
    Attack("Infinity", b'{"text": "x", "metadata": {"n": -Infinity}}'),
    Attack("NUL", _text("a\0b")),
    Attack("a lone surrogate, escaped", b'{"text": "\\ud800"}'),
    Attack("a lone surrogate in UTF-8", b'{"text": "\xed\xa0\x80"}'),
    Attack("not UTF-8", b'{"text": "\xff\xfe"}'),
    Attack("names that stand twice", b'{"text": "x", "text": "y"}'),
    Attack("another charset", '{"text": "x"}'.encode("utf-16"), headers=UTF_16),
    Attack("multipart", lambda: _multipart(1), headers=MULTIPART),
    Attack("a form", b"text=hello", headers=FORM),
    Attack("20 MB of a form for the login", lambda: b"username=" + b"x" * 20 * MIB, LOGIN, FORM),
    Attack("100,000 fields for the login", lambda: b"a=1&" * 100_000, LOGIN, FORM),
    Attack("10,000 files for the login", lambda: _multipart(10_000), LOGIN, MULTIPART),
    Attack("chunked, without a length", lambda: b" " * MIB, chunked=True),
    Attack("chunked, without an end in sight", lambda: b" " * 30 * MIB, BATCH, chunked=True),
    Attack("a negative length", b"", headers={"content-length": "-1"}),
    Attack("a length that is no number", b"", headers={"content-length": "ten"}),
    Attack("a header of a million characters", headers={"x-long": "x" * 1_000_000}),
    Attack("ten thousand headers", headers={f"x-{i}": "x" for i in range(10_000)}),
    Attack("a long key", headers={"authorization": "Bearer " + "k" * 60_000}),
    Attack("a long idempotency key", headers={"idempotency-key": "k" * 60_000}),
    Attack("an address of a million characters", b"", "/api/v1/" + "a" * 1_000_000, method="GET"),
    Attack("a question of 60,000 characters", b"", f"{POSTS}?author=" + "a" * 60_000, method="GET"),
    Attack("ten thousand questions", b"", f"{POSTS}?" + "&".join(["a=1"] * 10_000), method="GET"),
    Attack("a path of dots", b"", "/api/v1/../../../../etc/passwd", method="GET"),
    Attack("NUL in the path", b"", f"{POSTS}/%00", method="GET"),
    Attack("bytes in the path that are not UTF-8", b"", f"{POSTS}/%ff%fe", method="GET"),
)  # fmt: skip


def _fields(count: int) -> bytes:
    return b"{" + b",".join(b'"f%d":0' % number for number in range(count)) + b"}"


@drill(19, "bodies, headers and addresses that are made to hurt")
def hostile_requests(scale: float) -> Report:
    rounds = scaled(ROUNDS, scale, least=2)
    with running(durable=False) as service:
        web = service.start("web")
        site = service.create_site()
        statuses = {attack.name: Counter[str]() for attack in ATTACKS}
        slowest: dict[str, float] = dict.fromkeys(statuses, 0.0)
        with honest_client(web, site) as answered:
            # What the first rounds allocate, the allocator keeps.
            for _ in range(WARM):
                _round(web, site, statuses, slowest)
            first = peak = memory_of(web)
            for _ in range(rounds):
                _round(web, site, statuses, slowest)
                peak = max(peak, memory_of(web))
        last = memory_of(web)
        unexpected = "api.unexpected" in web.log()
    other = {name: dict(seen) for name, seen in statuses.items() if not _refused(seen)}
    worst = max(slowest, key=lambda name: slowest[name])
    return Report(
        measured={
            "attacks": len(ATTACKS),
            "requests": sum(sum(seen.values()) for seen in statuses.values()),
            "memory_mb": [round(first / MIB), round(peak / MIB), round(last / MIB)],
            "slowest": f"{worst}: {slowest[worst]:.2f} s",
            "honest": dict(answered),
            "not_refused": other,
        },
        criteria={
            "everything is refused with a 4xx": not other,
            "nothing is unexpected": not unexpected,
            f"each within {SECONDS:.0f} s": slowest[worst] < SECONDS,
            "memory stays flat": last <= GROWTH * first,
            "the honest client is always served": set(answered) == {"202"},
        },
    )


def _refused(seen: Counter[str]) -> bool:
    return all(status.startswith("4") for status in seen)


def _round(
    web: Child, site: SiteAccess, statuses: dict[str, Counter[str]], slowest: dict[str, float]
) -> None:
    for attack in ATTACKS:
        began = time.monotonic()
        statuses[attack.name][_status(web, site, attack)] += 1
        slowest[attack.name] = max(slowest[attack.name], time.monotonic() - began)


def _status(web: Child, site: SiteAccess, attack: Attack) -> str:
    """Return the status of the answer, `closed` if there was none, as seen on a bare socket."""
    body = attack.body if isinstance(attack.body, bytes) else attack.body()
    headers = {"host": urlsplit(web.url).netloc, "content-type": JSON, "connection": "close"}
    headers["authorization"] = site.headers["Authorization"]
    if attack.chunked:
        headers["transfer-encoding"] = "chunked"
        body = b"".join(
            b"10000\r\n%b\r\n" % body[i : i + 65_536] for i in range(0, len(body), 65_536)
        )
        body += b"0\r\n\r\n"
    elif attack.method == "POST":
        headers["content-length"] = str(len(body))
    headers.update(attack.headers)
    lines = [f"{attack.method} {attack.path} HTTP/1.1", *(f"{k}: {v}" for k, v in headers.items())]
    head = "\r\n".join([*lines, "", ""]).encode()
    with socket.create_connection(("127.0.0.1", web.port), timeout=30) as connection:
        # A server that refuses early may close before it has read everything.
        with suppress(BrokenPipeError, ConnectionResetError):
            connection.sendall(head + body)
        try:
            answer = connection.recv(64)
        except ConnectionResetError:
            return "closed"
    return answer.split(b" ")[1].decode() if answer.startswith(b"HTTP/") else "closed"


def memory_of(child: Child) -> int:
    """Return the resident bytes of a process and all that it started."""
    processes = [psutil.Process(child.process.pid), *child.descendants()]
    return sum(process.memory_info().rss for process in processes)


@contextmanager
def honest_client(web: Child, site: SiteAccess) -> Iterator[Counter[str]]:
    """Send an ordinary post now and then for the length of a `with` block; yields the statuses."""
    statuses: Counter[str] = Counter()
    over = threading.Event()

    def go_on() -> None:
        with httpx.Client(base_url=web.url, headers=site.headers, timeout=30) as client:
            while not over.wait(0.1):
                try:
                    answer = client.post(POSTS, json={"text": "Shall we meet tomorrow?"})
                    statuses[str(answer.status_code)] += 1
                except httpx.HTTPError as error:
                    statuses[type(error).__name__] += 1

    thread = threading.Thread(target=go_on)
    thread.start()
    try:
        yield statuses
    finally:
        over.set()
        thread.join()
