"""A whole service of its own, for what measures it, kills it or attacks it.

    with installation.running() as service:
        service.start("worker")
        site = service.create_site()
        httpx.post(f"{service.url}/api/v1/posts", headers=site.headers, json={"text": "..."})

Embedded servers and a state folder under the system's temporary folder; any number of web
servers, workers and beats, each a process that can be killed and started again. Everything is
gone at the end of the block.
"""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import psutil
import psycopg

from config import cluster, embedded, processes, run, state
from config.processes import Program

START_SECONDS: Final = 90.0
UNLIMITED: Final = 2_000_000_000


@dataclass(frozen=True, slots=True)
class SiteAccess:
    """A site and a key that opens it."""

    id: int
    key: str

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.key}"}


@dataclass(slots=True)
class Child:
    """One process of the service; `program` starts it again as it was."""

    program: Program
    process: subprocess.Popen[bytes]
    port: int = 0
    """Of a web server; what tells one worker's name from another's."""
    log_start: int = 0
    """Where in its log the present process began to write, in bytes."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def kill(self) -> None:
        """SIGKILL to the process alone: what it started ends as it would in earnest."""
        self.process.kill()
        self.process.wait()

    def descendants(self) -> list[psutil.Process]:
        """What it started, children of children too: a worker's pool, a web server's workers."""
        return psutil.Process(self.process.pid).children(recursive=True)

    def log(self) -> str:
        """Return what the present process has said so far."""
        return self.program.log.read_bytes()[self.log_start :].decode(errors="replace")


@dataclass(slots=True)
class Installation:
    """Servers, and the processes started on them."""

    folder: Path
    servers: embedded.Servers
    environment: Mapping[str, str] = field(default_factory=dict)
    checkout: Path = state.CHECKOUT
    """Whose code the processes run that are started from now on."""
    children: list[Child] = field(default_factory=list)

    @property
    def url(self) -> str:
        """Of the first web server."""
        return next(child.url for child in self.children if child.program.name.startswith("web"))

    @property
    def postgres(self) -> Child:
        return Child(self.servers.postgres.program, self.servers.postgres.process)

    @property
    def valkey(self) -> Child:
        return Child(self.servers.valkey.program, self.servers.valkey.process)

    def start(self, name: str, *, wait: bool = True, **environment: str) -> Child:
        """Start a web server, worker or beat. Any number of each; returns when it is ready."""
        port = cluster.free_port()
        program = Program(
            name=f"{name}-{port}",
            argv=(sys.executable, *run.arguments(name, host="127.0.0.1", port=port)),
            log=self.folder / "log" / f"{name}-{port}.log",
            mark=f"{self._mark}{name}-{port}",
            cwd=self.checkout,
            env={**self.variables, **run.environment(name), **environment},
        )
        child = Child(program, processes.spawn(program), port)
        self.children.append(child)
        if wait:
            self.wait_ready(child)
        return child

    def restart(self, child: Child, *, wait: bool = True) -> Child:
        """Start again what was killed, in its place, with the same arguments and ports."""
        processes.sweep(child.program.mark, grace=0)
        child.log_start = child.program.log.stat().st_size
        child.process = processes.spawn(child.program)
        for server in (self.servers.postgres, self.servers.valkey):
            if server.program is child.program:
                server.process = child.process
        if wait and child in self.children:
            self.wait_ready(child)
        return child

    def stop(self, child: Child) -> bool:
        """Stop a process as an operator would; return whether it went by itself in time."""
        self.children.remove(child)
        return processes.stop(child.program, child.process)

    def wait_ready(self, child: Child, seconds: float = START_SECONDS) -> None:
        """Return once a web server answers /healthz, or a worker or beat has said that it is up.

        Raises RuntimeError with the end of its log when it ended, or took too long.
        """
        up = processes.wait_until(
            lambda: _is_up(child), seconds=seconds, alive=lambda: child.process.poll() is None
        )
        if not up:
            raise RuntimeError(f"{child.program.name} did not start:\n{child.log()[-3000:]}")

    def wait_readyz(self, seconds: float = START_SECONDS) -> float:
        """Return the seconds until the first web server says that posts will be judged."""
        began = time.monotonic()
        if not processes.wait_until(
            lambda: status_of(f"{self.url}/readyz") == 200, seconds=seconds
        ):
            raise RuntimeError(f"/readyz was not good within {seconds:.0f} s")
        return time.monotonic() - began

    def manage(self, *arguments: str, **environment: str) -> str:
        """Run one management command and return what it printed.

        Raises subprocess.CalledProcessError, with what it said, when it fails.
        """
        return subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=self.checkout,
            env={**inherited(), **self.variables, **environment},
            capture_output=True,
            text=True,
            check=True,
        ).stdout

    def migrate(self) -> None:
        """Apply the schema."""
        self.manage("migrate", "--no-input")

    def create_site(
        self, name: str = "Measured", *, mode: str = "provisional", per_minute: int = UNLIMITED
    ) -> SiteAccess:
        """Create a site with one key, by default without a limit that matters."""
        made = json.loads(self.manage("create_site", name, "--mode", mode, "--json"))
        with self.database() as connection:
            connection.execute(
                "UPDATE moderation_apikey SET requests_per_minute = %s WHERE site_id = %s",
                [per_minute, made["site"]],
            )
        return SiteAccess(id=made["site"], key=made["api_key"])

    def database(self, *, owner: bool = False) -> psycopg.Connection[tuple[Any, ...]]:
        """Return a connection that commits each statement, as the application or the owner."""
        urls = self.servers.urls
        return psycopg.connect(urls.owner if owner else urls.database, autocommit=True)

    @property
    def variables(self) -> dict[str, str]:
        """What the service's processes find in their environment."""
        urls = self.servers.urls
        return {
            "DATABASE_URL": urls.database,
            "DATABASE_OWNER_URL": urls.owner,
            "REDIS_URL": urls.redis,
            "WINNOW_STATE_DIR": str(self.folder),
            **self.environment,
        }

    @property
    def _mark(self) -> str:
        return f"{state.key(self.folder)}:"


@contextmanager
def running(
    *,
    durable: bool = True,
    keep: Path | None = None,
    checkout: Path = state.CHECKOUT,
    **environment: str,
) -> Iterator[Installation]:
    """Fresh servers with the schema applied; the processes are the caller's to start.

    `environment` goes to every process of the service. `durable=False` gives up safety against
    a power cut (not against kill -9), for what measures neither. A folder to `keep` is used
    again by the next call that names it, and not deleted.
    """
    folder = keep or Path(tempfile.mkdtemp(prefix="winnow-bench-"))
    servers = embedded.start(folder, durable=durable)
    service = Installation(folder, servers, environment, checkout)
    try:
        service.migrate()
        yield service
    finally:
        for child in reversed(service.children):
            processes.stop(child.program, child.process)
        embedded.halt(servers)
        processes.sweep(f"{state.key(folder)}:", grace=0)
        if keep is None:
            embedded.destroy(folder)


def status_of(url: str, *, seconds: float = 5.0) -> int | None:
    """Return the status that a GET is answered with; None when nobody answers."""
    try:
        with urllib.request.urlopen(url, timeout=seconds) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code
    except (urllib.error.URLError, OSError):
        return None


@contextmanager
def paused(child: Child) -> Iterator[None]:
    """Hold a process still (SIGSTOP) for the length of a `with` block."""
    child.process.send_signal(signal.SIGSTOP)
    try:
        yield
    finally:
        child.process.send_signal(signal.SIGCONT)


def _is_up(child: Child) -> bool:
    name = child.program.name
    if name.startswith("web"):
        return status_of(f"{child.url}/healthz") == 200
    return ("ready." if name.startswith("worker") else "is starting.") in child.log()


def inherited() -> dict[str, str]:
    """Return our environment without what names another installation's servers and settings."""

    dropped = ("DATABASE_URL", "DATABASE_OWNER_URL", "REDIS_URL", "WINNOW_")
    return {k: v for k, v in os.environ.items() if not k.startswith(dropped)}
