"""Running a command apart: last in line for the processor, bounded in memory, gone with us."""

from __future__ import annotations

import ctypes
import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from django.conf import settings

from reviews.exceptions import TrainingFailed
from reviews.learning import priority

PR_SET_PDEATHSIG: Final = 1
NICE: Final = priority.LOWEST
ONE_THREAD: Final = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
}
PASSED_ON: Final = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "VIRTUAL_ENV")
"""Of our environment, what the command gets: nothing that opens the database or the broker."""

_libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


@dataclass(frozen=True, slots=True)
class Limits:
    """What a command may take."""

    memory_bytes: int = 4 << 30
    seconds: float = 2 * 3600.0


@dataclass(frozen=True, slots=True)
class Finished:
    """How a command ended by itself."""

    status: int
    output: str
    errors: str


def run(
    command: Sequence[str],
    *,
    folder: Path,
    limits: Limits,
    while_running: Callable[[], None],
    pause: float = 0.5,
) -> Finished:
    """Run the command in `folder`, which takes its output, and wait for it.

    `while_running` is called every `pause` seconds; whatever it raises ends the command.
    Raises TrainingFailed past the time limit.
    """
    out, err = folder / "output", folder / "errors"
    with out.open("wb") as output, err.open("wb") as errors:
        process = subprocess.Popen(
            list(command),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=errors,
            cwd=settings.BASE_DIR,
            env={name: os.environ[name] for name in PASSED_ON if name in os.environ} | ONE_THREAD,
            start_new_session=True,
            preexec_fn=_leash(os.getpid(), limits),
        )
    limit = time.monotonic() + limits.seconds
    try:
        while process.poll() is None:
            while_running()
            if time.monotonic() > limit:
                raise TrainingFailed(f"It took more than {limits.seconds / 60:.0f} minutes.")
            _wait(process, pause)
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
    return Finished(process.returncode, _tail(out), _tail(err))


def _leash(parent: int, limits: Limits) -> Callable[[], None]:
    """What runs in the child between fork and exec."""

    def apply() -> None:
        priority.lower(NICE)
        if _libc is None:
            return
        resource.setrlimit(resource.RLIMIT_AS, (limits.memory_bytes, limits.memory_bytes))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        _libc.prctl(PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0)
        # The parent may have died before the line above.
        if os.getppid() != parent:
            os._exit(1)

    return apply


def _wait(process: subprocess.Popen[bytes], seconds: float) -> None:
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        return


def _tail(path: Path, size: int = 100_000) -> str:
    with path.open("rb") as file:
        file.seek(max(path.stat().st_size - size, 0))
        return file.read().decode(errors="replace")
