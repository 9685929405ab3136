"""Addresses in what people write: none is followed, and no name in them is looked up."""

from __future__ import annotations

import socket
import threading
from ast import literal_eval
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import httpx

from benchmarks.drills import Report, drill
from benchmarks.drills.bookkeeping import PENDING, counted
from benchmarks.installation import Installation, running
from config import processes

PATIENCE: Final = 120.0
WATCH: Final = """
import os, sys
def watch(event, arguments):
    if event in ("socket.connect", "socket.sendto", "socket.sendmsg"):
        target = arguments[1]
    elif event in ("socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr"):
        target = arguments
    else:
        return
    told = os.open({told!r}, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    os.write(told, (repr((event, target)) + "\\n").encode())
    os.close(told)
sys.addaudithook(watch)
"""
"""Run by every process of the service before its own code; the database is reached without it."""


def targets(port: int) -> list[str]:
    """Return addresses that nobody outside may make a server call; our listener has `port`."""
    hosts = (
        "127.0.0.1", "localhost", "127.1", "2130706433", "0x7f000001", "0177.0.0.1", "0.0.0.0",
        "[::1]", "[::]", "[::ffff:127.0.0.1]", "[0:0:0:0:0:ffff:7f00:1]", "127.0.0.1.nip.example",
        "rebind.example", "user:password@127.0.0.1", "127\u30020\u30020\u30021",
    )  # fmt: skip
    return [
        *(f"http://{host}:{port}/" for host in hosts),
        f"http://127.0.0.1:{port}/redirect?to=http://169.254.169.254/",
        f"//127.0.0.1:{port}/",
        f"ftp://127.0.0.1:{port}/",
        f"gopher://127.0.0.1:{port}/_GET",
        "http://169.254.169.254/latest/meta-data/",
        "http://[fd00:ec2::254]/latest/meta-data/",
        "http://metadata.google.internal/computeMetadata/v1/",
        "http://10.0.0.1/",
        "http://172.16.0.1/",
        "http://192.168.1.1/",
        "file:///etc/passwd",
    ]


@drill(21, "loopback, private, metadata and disguised addresses in every field")
def hostile_addresses(scale: float) -> Report:
    """There are no webhooks: whatever connects at all must be on its way to the broker."""
    with running(durable=False) as service, _listening() as (port, called):
        told = service.folder / "told"
        (service.folder / "watch").mkdir()
        (service.folder / "watch" / "sitecustomize.py").write_text(WATCH.format(told=str(told)))
        for name in ("web", "worker", "beat"):
            service.start(name, PYTHONPATH=str(service.folder / "watch"))
        service.wait_readyz()
        found = targets(port)
        _post(service, found)
        with service.database() as database:
            decided = processes.wait_until(lambda: not counted(database, PENDING), seconds=PATIENCE)
        seen = _seen(told, service)
    return Report(
        measured={"addresses": len(found), "seen": dict(seen), "called": len(called)},
        criteria={
            "all is decided": decided,
            "the watch sees connections": bool(seen["broker"]),
            "nothing else is connected to or looked up": set(seen) == {"broker"},
            "nobody calls the address on loopback": not called,
        },
    )


def _post(service: Installation, addresses: list[str]) -> None:
    """Submit, edit, report and try to appeal, with each address wherever words may stand."""
    site = service.create_site()
    with httpx.Client(base_url=f"{service.url}/api/v1", headers=site.headers, timeout=60) as http:
        for number, address in enumerate(addresses):
            body: dict[str, Any] = {
                "external_id": f"post-{number}",
                "text": f"Look at {address} and <a href='{address}'><img src='{address}'></a>",
                "title": address,
                "context": address,
                "permalink": address,
                "author": {"id": address[:200], "name": address[:200], "url": address},
                "metadata": {"callback_url": address, "webhook": address},
            }
            answer = http.post("/posts", json=body)
            if answer.status_code == 400:
                # A site's own link and an author's page must be web addresses.
                del body["permalink"], body["author"]["url"]
                answer = http.post("/posts", json=body)
            post = answer.raise_for_status().json()["id"]
            reporter = {"id": address[:200], "role": "member"}
            http.post(f"/posts/{post}/feedback", json={"label": "spam", "actor": reporter})
            http.post(f"/posts/{post}/appeals", json={"text": f"Ask {address}"})


def _seen(told: Path, service: Installation) -> Counter[str]:
    """Count what the processes connected to or looked up: the broker, or else what it was."""
    broker = urlsplit(service.servers.urls.redis)
    seen: Counter[str] = Counter()
    for line in told.read_text().splitlines():
        event, target = literal_eval(line)
        is_broker = isinstance(target, tuple) and target[:2] == (broker.hostname, broker.port)
        seen["broker" if is_broker else f"{event} {target}"] += 1
    return seen


@contextmanager
def _listening() -> Iterator[tuple[int, list[Any]]]:
    """Give a port of loopback and the calls that came to it."""
    called: list[Any] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def accept() -> None:
            while True:
                try:
                    called.append(listener.accept())
                except OSError:
                    return

        threading.Thread(target=accept, daemon=True).start()
        yield listener.getsockname()[1], called
