"""The disk of the database, of the broker, of the model folder is full, and then is not."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import httpx

from benchmarks import texts
from benchmarks.drills import Report, drill, scaled
from benchmarks.drills.bookkeeping import account
from benchmarks.drills.jobs import SITE, command, write_labelled
from benchmarks.drills.servers import wait_up
from benchmarks.installation import Child, Installation, SiteAccess, running
from config import processes

ROOM_MB: Final = {"postgresql": 400, "valkey": 40, "models": 6}
BACK: Final = 30.0
"""Seconds until a post is decided again once there is room."""


@drill(16, "the disk is full: database, broker, model folder")
def full_disks(scale: float) -> Report:
    """On small file systems in memory, which takes root."""
    if os.geteuid() != 0:
        raise RuntimeError("Mounting small file systems takes root.")
    measured: dict[str, Any] = {}
    criteria: dict[str, bool] = {}
    with running() as service:
        database, broker = service.postgres, service.valkey
        models = service.folder / "models"
        models.mkdir(exist_ok=True)
        with (
            _moved(service, database, _data(database, "-D")) as database_disk,
            _moved(service, broker, Path(str(broker.program.cwd))) as broker_disk,
            _mounted(models, ROOM_MB["models"]),
        ):
            for name in ("web", "worker", "beat"):
                service.start(name)
            service.wait_readyz()
            site = service.create_site(SITE)
            accepted: set[str] = set()
            for name, disk, server in (
                ("database", database_disk, database),
                ("broker", broker_disk, broker),
            ):
                answers: Counter[str] = Counter()
                filler = _fill(disk)
                count = scaled(1_500, scale, least=300)
                # Words go to the database alone: long ones fill it, and elsewhere only take
                # the judges' time afterwards.
                _post(service, site, count, name, answers, accepted, long=server is database)
                filler.unlink()
                began = time.monotonic()
                restarted = _wait_normal(service, site, server)
                back = round(time.monotonic() - began, 1)
                measured[name] = {
                    "answers": dict(answers),
                    "normal_after_s": back,
                    "ended_and_started_again": restarted,
                }
                criteria[f"{name}: answers are 2xx, 503 or 507"] = set(answers) <= OK
                criteria[f"{name}: normal within {BACK:g} s of room"] = back <= BACK
            criteria["the database was really full"] = "503" in measured["database"]["answers"]
            said = _train(service, models)
            measured["model folder"] = said
            criteria["training into a full folder fails in words"] = "No space left" in said
            criteria["training works again with room"] = _train(service, None) == ""
            criteria |= account(service, accepted)
    return Report(measured=measured, criteria=criteria)


OK: Final = {"200", "202", "503", "507"}


@contextmanager
def _moved(service: Installation, server: Child, folder: Path) -> Iterator[Path]:
    """Put a server's data on a small file system; stop it at the end, before that goes."""
    processes.stop(server.program, server.process)
    kept = folder.with_name(f"{folder.name}.kept")
    shutil.copytree(folder, kept, symlinks=True)
    with _mounted(folder, ROOM_MB[server.program.name]):
        facts = kept.stat()
        subprocess.run(["cp", "-a", f"{kept}/.", str(folder)], check=True)
        for path in (folder, *folder.rglob("*")):
            os.chown(path, *_owner(server))
        folder.chmod(facts.st_mode)
        service.restart(server)
        wait_up(service)
        yield folder
        processes.stop(server.program, server.process)


def _owner(server: Child) -> tuple[int, int]:
    account = server.program.account
    return (account.uid, account.gid) if account else (os.getuid(), os.getgid())


@contextmanager
def _mounted(folder: Path, megabytes: int) -> Iterator[None]:
    subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(folder)], check=True
    )
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def _fill(disk: Path) -> Path:
    """Leave no room at all; return the file that takes it."""
    filler = disk / "filler"
    with filler.open("wb", buffering=0) as handle:
        for size in (1 << 20, 1 << 12, 1):
            try:
                while True:
                    handle.write(b"\0" * size)
            except OSError:
                continue
    return filler


def _post(
    service: Installation,
    site: SiteAccess,
    count: int,
    name: str,
    answers: Counter[str],
    accepted: set[str],
    *,
    long: bool,
) -> None:
    """Post, each once, and remember what was accepted."""
    with httpx.Client(base_url=service.url, headers=site.headers, timeout=60) as http:
        for body in texts.posts(count, name=f"full-{name}", seed=16):
            if long:
                body["text"] += " and so on" * 400
            answer = http.post("/api/v1/posts", json=body)
            answers[str(answer.status_code)] += 1
            if answer.is_success:
                accepted.add(answer.json()["id"])
            else:
                time.sleep(0.01)


def _wait_normal(service: Installation, site: SiteAccess, server: Child) -> list[str]:
    """Wait until a post is decided, starting what ended again as a supervisor would.

    Returns the names of what had ended.
    """
    restarted: list[str] = []

    def normal() -> bool:
        for child in (server, *service.children):
            if child.process.poll() is not None:
                restarted.append(child.program.name.partition("-")[0])
                service.restart(child, wait=False)
        headers = {**site.headers, "Prefer": "wait=5"}
        answer = httpx.post(
            f"{service.url}/api/v1/posts", headers=headers, json={"text": "Room?"}, timeout=60
        )
        return answer.status_code == 200 and answer.json()["status"] == "decided"

    if not processes.wait_until(normal, seconds=120):
        logs = "\n".join(child.log()[-3_000:] for child in (server, *service.children))
        raise RuntimeError(f"{server.program.name}: not normal again within 120 s\n{logs}")
    return restarted


def _train(service: Installation, full: Path | None) -> str:
    """Retrain, with the given folder full; return what the command complained of."""
    file = service.folder / "labelled.csv"
    if not file.exists():
        write_labelled(file, 1_000)
        service.manage("import_posts", str(file), "--site", SITE, "--labelled")
    filler = _fill(full) if full else None
    process = command(service, "retrain", "--site", SITE, "--force", "--at-once")
    _, errors = process.communicate()
    if filler:
        filler.unlink()
    return errors.decode().strip().splitlines()[-1] if process.returncode else ""


def _data(server: Child, option: str) -> Path:
    argv = server.program.argv
    return Path(argv[argv.index(option) + 1])
