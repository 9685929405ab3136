"""The way to the database or the broker gets slow, breaks, or swallows everything."""

from __future__ import annotations

import shutil
import socket
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlsplit, urlunsplit

import httpx
import psutil

from benchmarks import installation
from benchmarks.drills import Report, drill, scaled
from benchmarks.installation import Child, Installation, SiteAccess
from config import cluster, connections, processes

NORMAL: Final = 30.0
"""Seconds until a post is decided again within its request."""
LONGEST_ANSWER: Final = 20.0
DELAY: Final = 0.1
CHUNK: Final = 1 << 16


@dataclass(slots=True)
class Proxy:
    """Between the service and one server: passes everything on, later if it is told to."""

    target: int
    port: int = field(default_factory=cluster.free_port)
    delay: float = 0.0
    """Seconds, each way."""
    sockets: set[socket.socket] = field(default_factory=set)

    def start(self) -> Proxy:
        listener = socket.create_server(("127.0.0.1", self.port), backlog=200)
        threading.Thread(target=self._accept, args=(listener,), daemon=True).start()
        return self

    def break_all(self) -> None:
        """Reset every connection."""
        for each in list(self.sockets):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)

    def _accept(self, listener: socket.socket) -> None:
        while True:
            client, _ = listener.accept()
            try:
                server = socket.create_connection(("127.0.0.1", self.target))
            except OSError:
                client.close()
                continue
            for each in (client, server):
                each.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                # It stands in for the server, which notices when a client is cut off.
                each.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
                for option, value in connections.KEEPALIVE.items():
                    each.setsockopt(socket.IPPROTO_TCP, option, value)
            self.sockets |= {client, server}
            for ends in ((client, server), (server, client)):
                threading.Thread(target=self._pass, args=ends, daemon=True).start()

    def _pass(self, source: socket.socket, sink: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(CHUNK):
                time.sleep(self.delay)
                sink.sendall(data)
        for each in (source, sink):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()
            self.sockets.discard(each)


@drill(15, "the way to the database, then to the broker, is slow, reset, and cut")
def bad_network(scale: float) -> Report:
    """Cut means that packets vanish, which takes root and iptables."""
    if shutil.which("iptables") is None:
        raise RuntimeError("Cutting the way takes iptables, and root.")
    seconds = scaled(20, scale, least=5)
    measured: dict[str, Any] = {}
    with installation.running() as service:
        urls = service.servers.urls
        database = Proxy(_port(urls.database)).start()
        broker = Proxy(_port(urls.redis)).start()
        children = [
            service.start(
                name,
                DATABASE_URL=_by(urls.database, database.port),
                REDIS_URL=_by(urls.redis, broker.port),
            )
            for name in ("web", "worker", "beat")
        ]
        service.wait_readyz()
        site = service.create_site()
        # So that the pools have grown to what a rush takes before they are counted.
        with _asking(service, site, clients=16):
            time.sleep(5)
        _until_normal(service, site)
        _settle()
        before = _held(service, children)
        for name, proxy in (("database", database), ("broker", broker)):
            for trouble in (_slow, _reset, _cut):
                with _asking(service, site) as asked, trouble(proxy):
                    time.sleep(seconds)
                measured[f"{name} {trouble.__name__.strip('_')}"] = {
                    "normal_after_s": round(_until_normal(service, site), 1),
                    "longest_answer_s": round(max(asked.seconds, default=0.0), 1),
                    "answers": dict(asked.answers),
                }
        _settle()
        after = _held(service, children)
        with service.database() as connection:
            row = connection.execute(
                "SELECT count(*) FROM moderation_post WHERE status <> 'decided'"
            ).fetchone()
    measured |= {"held_before": before, "held_after": after}
    troubles = [value for value in measured.values() if "answers" in value]
    answers = Counter(code for trouble in troubles for code in trouble["answers"])
    return Report(
        measured=measured,
        criteria={
            f"normal within {NORMAL:g} s": all(t["normal_after_s"] <= NORMAL for t in troubles),
            f"answers take {LONGEST_ANSWER:g} s at most": all(
                t["longest_answer_s"] <= LONGEST_ANSWER for t in troubles
            ),
            "answers stay 2xx or 503": set(answers) <= {"200", "202", "503"},
            "no thread, connection or file is leaked": all(
                after[what] <= before[what] * 1.2 + 4 for what in before
            ),
            "every post is decided": bool(row and row[0] == 0),
        },
    )


@dataclass(slots=True)
class Asked:
    """What clients were answered, and after how long."""

    answers: Counter[str] = field(default_factory=Counter)
    seconds: list[float] = field(default_factory=list)


@contextmanager
def _asking(service: Installation, site: SiteAccess, *, clients: int = 4) -> Iterator[Asked]:
    """Clients post, each one post after another, for the length of a `with` block."""
    asked, stop = Asked(), threading.Event()

    def ask() -> None:
        with httpx.Client(base_url=service.url, headers=site.headers, timeout=120) as http:
            while not stop.wait(0.2):
                began = time.monotonic()
                answer = http.post("/api/v1/posts", json={"text": f"Asked at {began}"})
                asked.seconds.append(time.monotonic() - began)
                asked.answers[str(answer.status_code)] += 1

    threads = [threading.Thread(target=ask) for _ in range(clients)]
    for thread in threads:
        thread.start()
    try:
        yield asked
    finally:
        stop.set()
        for thread in threads:
            thread.join()


@contextmanager
def _slow(proxy: Proxy) -> Iterator[None]:
    proxy.delay = DELAY
    yield
    proxy.delay = 0.0


@contextmanager
def _reset(proxy: Proxy) -> Iterator[None]:
    proxy.break_all()
    yield
    proxy.break_all()


@contextmanager
def _cut(proxy: Proxy) -> Iterator[None]:
    rules = [
        ("INPUT", "-p", "tcp", f"--{side}", str(proxy.port), "-j", "DROP")
        for side in ("dport", "sport")
    ]
    for rule in rules:
        subprocess.run(["iptables", "-I", *rule], check=True)
    try:
        yield
    finally:
        for rule in rules:
            subprocess.run(["iptables", "-D", *rule], check=True)


def _until_normal(service: Installation, site: SiteAccess) -> float:
    """Return the seconds until a post is decided within its request."""
    began = time.monotonic()

    def normal() -> bool:
        headers = {**site.headers, "Prefer": "wait=5"}
        with suppress(httpx.TransportError):
            answer = httpx.post(
                f"{service.url}/api/v1/posts", headers=headers, json={"text": "Well?"}, timeout=60
            )
            return answer.status_code == 200 and answer.json()["status"] == "decided"
        return False

    if not processes.wait_until(normal, seconds=120):
        raise RuntimeError("It was not normal again within 120 s")
    return time.monotonic() - began


def _settle() -> None:
    """Let the pools close what they opened for a rush: it takes a minute."""
    time.sleep(75)


def _held(service: Installation, children: list[Child]) -> dict[str, int]:
    """Count threads, files and database sessions of all processes."""
    everything = [psutil.Process(child.process.pid) for child in children]
    everything += [process for child in children for process in child.descendants()]
    with service.database() as connection:
        row = connection.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'"
        ).fetchone()
    return {
        "threads": _sum(psutil.Process.num_threads, everything),
        "files": _sum(psutil.Process.num_fds, everything),
        "sessions": int(row[0]) if row else -1,
    }


def _sum(count: Callable[[psutil.Process], int], everything: list[psutil.Process]) -> int:
    return sum(count(process) for process in everything)


def _port(url: str) -> int:
    return int(urlsplit(url).port or 0)


def _by(url: str, port: int) -> str:
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=parts.netloc.replace(f":{parts.port}", f":{port}")))
