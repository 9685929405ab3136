"""The tables of a fresh installation: migrated once, then laid from a file.

`migrate` costs ten seconds of a processor, nearly all of it Django's drawing of older models
anew. What it made is kept in `var/`, in a file named after everything that it was made from;
databases of tests are filled from there. How it migrates, test_migrations.py and
test_supervisor.py see.
"""

import hashlib
import os
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

from config import postgresql, state

MADE_FROM = ("config", "classifiers", "moderation", "reviews")


@cache
def file() -> Path:
    """Return where the schema of the code as it stands is kept; it need not be there yet."""
    digest = hashlib.sha256((state.CHECKOUT / "requirements.txt").read_bytes())
    for package in MADE_FROM:
        for path in sorted((state.CHECKOUT / package).rglob("*")):
            if path.is_file() and path.suffix not in (".pyc", ".css", ".js", ".html"):
                digest.update(f"{path}\0".encode() + path.read_bytes())
    return state.CHECKOUT / "var" / f"schema-{digest.hexdigest()[:16]}.backup"


def keep(url: str) -> None:
    """Keep what is in the owner's database, which was migrated just now."""
    file().parent.mkdir(exist_ok=True)
    partial = file().with_name(f".schema-{os.getpid()}")
    _run("pg_dump", "--format=custom", "--compress=0", f"--file={partial}", url)
    partial.rename(file())
    for old in file().parent.glob("schema-*.backup"):
        if old != file():
            old.unlink(missing_ok=True)


def lay(url: str) -> bool:
    """Fill the owner's empty database, rights and all; return whether there was a file to."""
    if not file().exists():
        return False
    _run("pg_restore", "--no-owner", "--exit-on-error", f"--dbname={url}", str(file()))
    return True


def migrate(service: Any) -> None:
    """Stands in for `Installation.migrate`."""
    if not lay(service.servers.urls.owner):
        service.manage("migrate", "--no-input")
        keep(service.servers.urls.owner)


def _run(program: str, *arguments: str) -> None:
    subprocess.run([postgresql.client(program), *arguments], check=True)
