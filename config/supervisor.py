"""Starts everything, keeps it running, stops it in order: `python -m config.supervisor`.

PostgreSQL, Valkey (unless URLs name others), migrations, the demo site, then web server, worker
and beat. `run.json` in the state folder says where, and exists only while `/readyz` is good.
"""

from __future__ import annotations

import json
import os
import secrets
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import psutil
from django.core.exceptions import ImproperlyConfigured

from config import cluster, connections, embedded, env, processes, run, state
from config.processes import Program

READY_SECONDS = 120.0
PREPARE_SECONDS = 600.0
FIRST_DELAY = 0.5
LONGEST_DELAY = 30.0
STEADY_SECONDS = 60.0
"""A child that ran this long starts again without a longer wait."""
SAMPLE = "Congratulations! You won a FREE iPhone, claim your prize now at http://bit.ly/win-4u"


class StartFailed(Exception):
    """Winnow did not start; the message is for people."""


class Stopped(Exception):
    """A signal asked to stop before everything was up."""


@dataclass(slots=True)
class Service:
    """One child that is kept running."""

    program: Program
    process: subprocess.Popen[bytes]
    started: float = field(default_factory=time.monotonic)
    delay: float = FIRST_DELAY
    due: float | None = None
    """When to start it again; None while it runs."""


@dataclass(slots=True)
class Supervisor:
    """What one run holds. Services stand in the order of their start."""

    folder: Path
    mark: str
    lock: IO[str]
    services: list[Service] = field(default_factory=list)
    port_claim: IO[str] | None = None
    watchdog: subprocess.Popen[bytes] | None = None
    stopping: bool = False


def main() -> None:
    folder = state.folder()
    try:
        lock = state.lock(folder)
    except state.AlreadyRunning as error:
        sys.exit(f"{error}{_where(folder)}")
    except OSError as error:
        sys.exit(f"Winnow cannot keep its state in {folder}: {error.strerror}.")
    # First of all: what a killed run left there is no longer true.
    (folder / "run.json").unlink(missing_ok=True)
    supervisor = Supervisor(folder, f"{state.key(folder)}:{secrets.token_hex(4)}:", lock)
    _handle_signals(supervisor)
    try:
        _start(supervisor)
        _keep_running(supervisor)
    except Stopped:
        pass
    except (StartFailed, embedded.ServerFailed, ImproperlyConfigured, LookupError) as error:
        _say(f"Winnow did not start: {error}")
        _stop(supervisor)
        sys.exit(1)
    _stop(supervisor)


def _where(folder: Path) -> str:
    facts = state.read_json(folder / "run.json")
    return f" It answers at {facts['url']}." if facts else ""


def _handle_signals(supervisor: Supervisor) -> None:
    def stop(_number: int, _frame: object) -> None:
        supervisor.stopping = True

    # Set, not inherited: a shell's `&` starts its children with SIGINT ignored.
    signal.signal(signal.SIGINT, stop)
    signal.signal(signal.SIGTERM, stop)
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # left alone for nohup
        signal.signal(signal.SIGHUP, stop)
    if psutil.Process(os.getppid()).name() in {"make", "gmake"}:
        processes.die_with_parent(signal.SIGTERM)


# Starting


def _start(supervisor: Supervisor) -> None:
    supervisor.watchdog = _start_watchdog(supervisor.mark)
    urls = _start_servers(supervisor)
    _check_stop(supervisor)
    environment = {"DATABASE_URL": urls.database, "REDIS_URL": urls.redis}
    demo = _prepare(supervisor, {**environment, "DATABASE_OWNER_URL": urls.owner})
    environment["DATABASE_OWNER_URL"] = ""  # nobody else needs it
    port = claim_port(supervisor)
    url = f"http://127.0.0.1:{port}"
    if not _in_production() and not env.read("WINNOW_PUBLIC_URL"):
        environment["WINNOW_PUBLIC_URL"] = url
    for program in _python_programs(supervisor, environment, port):
        _check_stop(supervisor)
        supervisor.services.append(Service(program, processes.spawn(program)))
    _wait_ready(supervisor, url)
    state.write_json(supervisor.folder / "run.json", {"url": url, **demo})
    _announce(supervisor, url, demo)


def _check_stop(supervisor: Supervisor) -> None:
    if supervisor.stopping:
        raise Stopped


def _start_watchdog(mark: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "config.watchdog", mark],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd=state.CHECKOUT,
        start_new_session=True,
    )


def _start_servers(supervisor: Supervisor) -> state.Urls:
    """Return the URLs of the servers in use, started here unless the environment names them."""
    chosen = connections.choose(
        database=env.read("DATABASE_URL"),
        owner=env.read("DATABASE_OWNER_URL"),
        redis=env.read("REDIS_URL"),
        production=_in_production(),
        embedded=None,
    )
    processes.sweep(f"{state.key(supervisor.folder)}:", grace=5)
    state.create(supervisor.folder / "log")
    if not chosen.embedded:
        return chosen.urls
    servers = embedded.start(supervisor.folder, locked=supervisor.lock, mark=supervisor.mark)
    supervisor.services += [
        Service(server.program, server.process) for server in (servers.postgres, servers.valkey)
    ]
    return servers.urls


def _in_production() -> bool:
    return env.choice("WINNOW_ENV", ("development", "production")) == "production"


def _program(
    supervisor: Supervisor, name: str, arguments: Sequence[str], environment: dict[str, str]
) -> Program:
    return Program(
        name=name,
        argv=(sys.executable, *arguments),
        log=supervisor.folder / "log" / f"{name}.log",
        mark=f"{supervisor.mark}{name}",
        cwd=state.CHECKOUT,
        env={**environment, "WINNOW_STATE_DIR": str(supervisor.folder)},
    )


def _prepare(supervisor: Supervisor, environment: dict[str, str]) -> dict[str, Any]:
    """Migrate and make the demo site; return its API key and login (nothing in production).

    Raises StartFailed with the last lines of what failed.
    """
    file = supervisor.folder / "demo.json"
    demo = [] if _in_production() else [str(file)]
    program = _program(supervisor, "prepare", ["-m", "config.prepare", *demo], environment)
    process = processes.spawn(program)
    processes.wait_until(
        lambda: process.poll() is not None,
        seconds=PREPARE_SECONDS,
        alive=lambda: not supervisor.stopping,
    )
    if process.poll() is None:
        processes.stop(program, process)
        _check_stop(supervisor)
    if process.returncode:
        raise StartFailed(f"the database could not be prepared.\n{_tail(program.log)}")
    facts = (state.read_json(file) or {}) if demo else {}
    return {name: facts[name] for name in ("api_key", "username", "password") if demo}


def claim_port(supervisor: Supervisor) -> int:
    """Return WINNOW_PORT, or the first free port from 8000; it is ours until this process ends.

    Granian shares a port with other processes of the same user (SO_REUSEPORT), so that to find it
    free is not enough: of two supervisors that start together both would.
    """
    given = env.integer("WINNOW_PORT", 0, most=65535)
    for port in (given,) if given else range(8000, 8200):
        claim = state.claim(f"port-{port}")
        if claim is None:
            continue
        if cluster.port_is_free(port):
            supervisor.port_claim = claim
            return port
        claim.close()
    if given:
        raise StartFailed(f"port {given} (WINNOW_PORT) is in use.")
    raise StartFailed("no port from 8000 to 8199 is free; set WINNOW_PORT.")


def _python_programs(
    supervisor: Supervisor, environment: dict[str, str], port: int
) -> list[Program]:
    """Return worker, web server and beat. What starts first stops last."""
    return [
        _program(
            supervisor,
            name,
            run.arguments(name, host="127.0.0.1", port=port),
            {**environment, **run.environment(name)},
        )
        for name in ("worker", "web", "beat")
    ]


def _wait_ready(supervisor: Supervisor, url: str) -> None:
    def ready() -> bool:
        _look_after(supervisor)
        try:
            with urllib.request.urlopen(f"{url}/readyz", timeout=5) as answer:  # noqa: S310 - ours
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False

    up = processes.wait_until(
        ready, seconds=READY_SECONDS, alive=lambda: not supervisor.stopping, pause=0.3
    )
    _check_stop(supervisor)
    if not up:
        logs = supervisor.folder / "log"
        raise StartFailed(f"{url}/readyz was not good within {READY_SECONDS:.0f} s; see {logs}.")


def _announce(supervisor: Supervisor, url: str, demo: dict[str, Any]) -> None:
    lines = ["", "Winnow is running.", "", f"  Address   {url}/"]
    if demo:
        body = json.dumps({"text": SAMPLE, "type": "comment"})
        lines += [
            f"  Login     {demo['username']}",
            f"  Password  {demo['password']}",
            f"  API key   {demo['api_key']}",
            f"  API page  {url}/api/docs",
            "",
            "  Try it:",
            "",
            f"curl -s {url}/api/v1/posts -H 'Authorization: Bearer {demo['api_key']}' \\",
            "  -H 'Content-Type: application/json' -H 'Prefer: wait=10' \\",
            f"  -d '{body}'",
        ]
    _say("\n".join([*lines, "", f"  Logs are in {supervisor.folder / 'log'}; Ctrl-C stops it."]))


# Running


def _keep_running(supervisor: Supervisor) -> None:
    next_trim = time.monotonic() + 60
    while not supervisor.stopping:
        _look_after(supervisor)
        if time.monotonic() > next_trim:
            next_trim = time.monotonic() + 60
            for service in supervisor.services:
                processes.trim_log(service.program.log)
        time.sleep(0.2)


def _look_after(supervisor: Supervisor) -> None:
    """Start dead children again, each after a wait that doubles while it keeps dying."""
    if supervisor.stopping:
        return
    now = time.monotonic()
    for service in supervisor.services:
        if service.due is not None:
            if now >= service.due:
                _start_again(service, now)
        elif service.process.poll() is not None:
            steady = now - service.started > STEADY_SECONDS
            why = f"{service.program.name} ended ({service.process.returncode})"
            processes.sweep(service.program.mark, grace=0)
            _put_off(service, now, why, FIRST_DELAY if steady else service.delay * 2)
    if supervisor.watchdog is not None and supervisor.watchdog.poll() is not None:
        # Without memory for it the next look tries again.
        with suppress(OSError):
            supervisor.watchdog = _start_watchdog(supervisor.mark)


def _start_again(service: Service, now: float) -> None:
    try:
        service.process = processes.spawn(service.program)
    except OSError as error:
        # No memory or room for it just now: what still runs must not end with it.
        why = f"{service.program.name} could not be started ({error.strerror})"
        _put_off(service, now, why, service.delay * 2)
    else:
        service.started, service.due = now, None


def _put_off(service: Service, now: float, why: str, delay: float) -> None:
    service.delay = min(delay, LONGEST_DELAY)
    service.due = now + service.delay
    _say(
        f"{why}; starting it again in {service.delay:.0f} s. Its last lines:\n"
        f"{_tail(service.program.log)}"
    )


# Stopping


def _stop(supervisor: Supervisor) -> None:
    """Stop beat, web, worker, Valkey, PostgreSQL: the reverse of their start."""
    (supervisor.folder / "run.json").unlink(missing_ok=True)
    for service in reversed(supervisor.services):
        in_time = processes.stop(service.program, service.process)
        _say(f"Stopped {service.program.name}{'' if in_time else ', by force: it took too long'}.")
    processes.sweep(supervisor.mark, grace=0)
    if supervisor.watchdog is not None and supervisor.watchdog.stdin is not None:
        try:
            supervisor.watchdog.stdin.write(b"done\n")
            supervisor.watchdog.stdin.close()
        except BrokenPipeError:
            pass
        supervisor.watchdog.wait()
    supervisor.lock.close()


def _tail(log: Path, lines: int = 12) -> str:
    try:
        text = log.read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return ""
    return "\n".join(text.splitlines()[-lines:])


def _say(text: str) -> None:
    # A full disk behind it ends nothing.
    with suppress(OSError):
        print(text, flush=True)


if __name__ == "__main__":
    main()
