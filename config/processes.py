"""Child processes that end when their parent does, and leave nothing behind.

Three nets, each for what the one above lets through:
1. a stop signal from the parent, a time limit, then SIGKILL;
2. the parent is killed: Linux sends each child its stop signal (`PR_SET_PDEATHSIG`);
3. grandchildren and other systems: every process inherits `WINNOW_SUPERVISED`, by which
   the watchdog and the next start find what is left.
"""

from __future__ import annotations

import ctypes
import os
import pwd
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import psutil

MARK = "WINNOW_SUPERVISED"
LOG_BYTES = 10_000_000
PR_SET_PDEATHSIG = 1

_libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


@dataclass(frozen=True, slots=True)
class Account:
    """The unprivileged account that servers run under when we are root."""

    name: str
    uid: int
    gid: int


@dataclass(frozen=True, slots=True)
class Program:
    """How to start and stop one child."""

    name: str
    argv: tuple[str, ...]
    log: Path
    mark: str
    """Value of `WINNOW_SUPERVISED`: the state folder's key and the program's name."""
    stop_signal: signal.Signals = signal.SIGTERM
    stop_seconds: float = 10.0
    cwd: Path = Path("/")
    env: Mapping[str, str] = field(default_factory=dict)
    account: Account | None = None


def unprivileged_account() -> Account | None:
    """Return the account to drop to, or None when this process is not root.

    Raises LookupError when root finds neither `postgres` nor `nobody`.
    """
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(name=name, uid=entry.pw_uid, gid=entry.pw_gid)
    raise LookupError("Running as root needs an account named postgres or nobody for the servers.")


def _leash(parent: int, death_signal: signal.Signals) -> Callable[[], None]:
    """Return what runs in the child between fork and exec, after it dropped its privileges.

    A change of user clears the parent-death signal, hence the order.
    """

    def run() -> None:
        # A shell's `&` makes children ignore SIGINT, and ignored signals survive exec.
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGQUIT, signal.SIGHUP):
            signal.signal(number, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_SETMASK, ())
        die_with_parent(death_signal)
        if os.getppid() != parent:
            os._exit(1)

    return run


def die_with_parent(number: signal.Signals) -> None:
    """Have this process receive a signal when its parent ends, where the system can."""
    if _libc is not None:
        _libc.prctl(PR_SET_PDEATHSIG, int(number), 0, 0, 0)


def spawn(program: Program) -> subprocess.Popen[bytes]:
    """Start a child in a session of its own, its output appended to its log."""
    trim_log(program.log)
    environment = {**os.environ, **program.env, MARK: program.mark}
    account = program.account
    with program.log.open("ab") as log:
        return subprocess.Popen(
            program.argv,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            cwd=program.cwd,
            env=environment,
            start_new_session=True,
            user=account.uid if account else None,
            group=account.gid if account else None,
            extra_groups=[] if account else None,
            umask=0o077,
            preexec_fn=_leash(os.getpid(), program.stop_signal),
        )


def stop(program: Program, process: subprocess.Popen[bytes]) -> bool:
    """Stop a child and whatever it started; return whether it went by itself in time."""
    went = True
    if process.poll() is None:
        process.send_signal(program.stop_signal)
        try:
            process.wait(program.stop_seconds)
        except subprocess.TimeoutExpired:
            went = False
            process.kill()
            process.wait()
    sweep(program.mark, grace=0)
    return went


def marked(prefix: str) -> list[psutil.Process]:
    """Return the processes whose mark starts with `prefix`, without this one."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.pid != os.getpid() and process.environ().get(MARK, "").startswith(prefix):
                found.append(process)
        except (psutil.Error, OSError):
            continue
    return found


def sweep(prefix: str, *, grace: float) -> list[int]:
    """End every marked process: SIGINT, `grace` seconds, SIGKILL. Return the killed ids.

    SIGINT because PostgreSQL takes SIGTERM as "wait for every client".
    """
    left = marked(prefix)
    if left and grace:
        _signal_all(left, signal.SIGINT)
        psutil.wait_procs(left, timeout=grace)
        left = marked(prefix)
    killed: list[int] = []
    for _ in range(20):
        if not left:
            break
        _signal_all(left, signal.SIGKILL)
        killed += [process.pid for process in left]
        psutil.wait_procs(left, timeout=1)
        left = marked(prefix)
    return killed


def _signal_all(targets: list[psutil.Process], number: signal.Signals) -> None:
    for process in targets:
        try:
            process.send_signal(number)
        except psutil.NoSuchProcess:
            continue


def trim_log(path: Path) -> None:
    """Keep one old log beside the present one. Safe while children append to it.

    On a full disk the old one goes instead, and the present one stays as it is.
    """
    try:
        if path.stat().st_size <= LOG_BYTES:
            return
    except FileNotFoundError:
        path.touch(mode=0o600)
        return
    older = path.with_suffix(".log.1")
    try:
        shutil.copyfile(path, older)
    except OSError:
        older.unlink(missing_ok=True)
    else:
        os.truncate(path, 0)


def wait_until(
    ready: Callable[[], bool],
    *,
    seconds: float,
    alive: Callable[[], bool] = lambda: True,
    pause: float = 0.05,
) -> bool:
    """Return True once `ready` says so; False after the time limit or when `alive` ends."""
    limit = time.monotonic() + seconds
    while time.monotonic() < limit:
        if ready():
            return True
        if not alive():
            return False
        time.sleep(pause)
    return False
