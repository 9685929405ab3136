"""The state folder: what one checkout keeps between runs (`var/`, or `WINNOW_STATE_DIR`)."""

from __future__ import annotations

import errno
import fcntl
import hashlib
import json
import os
import secrets
import stat
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

CHECKOUT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True, slots=True)
class Urls:
    """Where the servers are and how to log in."""

    database: str
    owner: str
    redis: str


class AlreadyRunning(Exception):
    """Another process holds the lock on this state folder."""


def folder() -> Path:
    """Return the state folder of this process; it need not exist yet."""
    given = os.environ.get("WINNOW_STATE_DIR", "").strip()
    return Path(given).expanduser().resolve() if given else CHECKOUT / "var"


def key(path: Path) -> str:
    """Return twelve characters that tell one folder from another."""
    return hashlib.sha256(str(path.resolve()).encode()).hexdigest()[:12]


def create(path: Path) -> Path:
    """Create a folder that only its owner may enter; parents keep the mode they have."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.mkdir(mode=0o700, exist_ok=True)
    return path


def lock(path: Path) -> IO[str]:
    """Lock the state folder until the returned file is closed or this process ends.

    Raises AlreadyRunning when somebody else holds it.
    """
    create(path)
    handle = _open_lock(path / "lock")
    if not _take(handle):
        handle.seek(0)
        holder = handle.read().strip()
        handle.close()
        by = f" (process {holder})" if holder else ""
        raise AlreadyRunning(f"Winnow is already running in {path}{by}.")
    handle.truncate(0)
    handle.write(str(os.getpid()))
    handle.flush()
    return handle


def claim(name: str) -> IO[str] | None:
    """Claim something that all checkouts of this user share, until the file is closed.

    None when somebody holds it.
    """
    shared = Path(tempfile.gettempdir()) / f"winnow-{os.getuid()}"
    shared.mkdir(mode=0o700, exist_ok=True)
    facts = shared.lstat()
    if facts.st_uid != os.getuid() or not stat.S_ISDIR(facts.st_mode):
        raise PermissionError(errno.EACCES, f"{shared} belongs to somebody else")
    handle = _open_lock(shared / name)
    if _take(handle):
        return handle
    handle.close()
    return None


def _open_lock(path: Path) -> IO[str]:
    return os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600), "a+")


def _take(handle: IO[str]) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def write_secret(path: Path, text: str) -> None:
    """Replace a file in one step; nobody but its owner can read it at any moment."""
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as handle:
        handle.write(text)
        handle.flush()
        os.fsync(handle.fileno())
    temporary.replace(path)


def write_json(path: Path, value: Mapping[str, Any]) -> None:
    """Write a JSON object that only its owner can read."""
    write_secret(path, json.dumps(value, indent=2) + "\n")


def read_json(path: Path) -> dict[str, Any] | None:
    """Return the JSON object in a file, or None where there is no such file."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    value: dict[str, Any] = json.loads(text)
    return value


def write_urls(folder: Path, urls: Urls) -> None:
    """Write `env.json`, which manage.py, pytest and Celery read."""
    facts = {"DATABASE_URL": urls.database, "DATABASE_OWNER_URL": urls.owner}
    write_json(folder / "env.json", {**facts, "REDIS_URL": urls.redis})


def read_urls(folder: Path) -> Urls | None:
    """Return what the last start wrote to `env.json`, or None."""
    values = read_json(folder / "env.json")
    if values is None:
        return None
    return Urls(
        database=values["DATABASE_URL"],
        owner=values["DATABASE_OWNER_URL"],
        redis=values["REDIS_URL"],
    )


def secret_key(path: Path) -> str:
    """Return the development secret of this state folder, made on first use."""
    file = path / "secret_key"
    if not file.exists():
        create(path)
        candidate = path / f".secret_key.{secrets.token_hex(4)}"
        write_secret(candidate, secrets.token_urlsafe(50))
        try:
            # A hard link fails where the name exists: of two first starts one wins, both read it.
            file.hardlink_to(candidate)
        except FileExistsError:
            pass
        finally:
            candidate.unlink()
    return file.read_text(encoding="utf-8").strip()
