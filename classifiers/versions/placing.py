"""Folders that are filled out of sight and then renamed into place, and what killed ones leave."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

PREFIX: Final = ".winnow-model-"
YOUNG_SECONDS: Final = 5.0
"""A folder that has just been made may not be locked yet."""


@contextmanager
def half_made(folder: Path) -> Iterator[Path]:
    """Give a hidden folder inside `folder`, to be renamed by the caller; what is left is removed.

    A lock lasts as long as its process: unlocked ones of killed processes are removed first.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for left in folder.glob(f"{PREFIX}{'?' * 8}"):
        _remove_abandoned(left)
    fresh = Path(tempfile.mkdtemp(prefix=PREFIX, dir=folder))
    try:
        handle = os.open(fresh, os.O_RDONLY | os.O_DIRECTORY)
        try:
            # A file system without locks keeps what killed processes leave, and no more.
            with suppress(OSError):
                fcntl.flock(handle, fcntl.LOCK_EX)
            yield fresh
        finally:
            os.close(handle)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


def _remove_abandoned(left: Path) -> None:
    with suppress(OSError):
        if time.time() - left.stat().st_mtime < YOUNG_SECONDS:
            return
        handle = os.open(left, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(left)
        finally:
            os.close(handle)
