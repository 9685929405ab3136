"""Long jobs are killed wherever they are; the next run carries on, or starts anew."""

from __future__ import annotations

import csv
import random
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Final

import httpx

from benchmarks import installation, texts
from benchmarks.drills import Report, drill, scaled
from benchmarks.drills.bookkeeping import Database, counted
from benchmarks.drills.models import SHIPPED
from benchmarks.installation import Installation, SiteAccess
from config import processes, state

SITE: Final = "Drilled"
ROWS: Final = 50_000
STAGES: Final = ("snapshot", "train", "register", "promote")


@drill(6, "kill -9 of the importer at any of 50,000 rows")
def kill_importer(scale: float) -> Report:
    rows, kills = scaled(ROWS, scale, least=1_000), scaled(8, scale, least=2)
    chance = random.Random(6)
    with installation.running(durable=False) as service, service.database() as database:
        service.create_site(SITE)
        file = service.folder / "posts.csv"
        _write(file, rows)
        stopped_at = []
        for kill in range(kills):
            process = command(service, "import_posts", str(file), "--site", SITE)
            aim = chance.uniform(kill, kill + 1) / kills * rows
            processes.wait_until(
                lambda aim=aim: _posts(database) >= aim,  # type: ignore[misc]
                seconds=300,
                alive=lambda process=process: process.poll() is None,  # type: ignore[misc]
                pause=0.005,
            )
            process.kill()
            process.wait()
            stopped_at.append(_posts(database))
        last = command(service, "import_posts", str(file), "--site", SITE)
        last.communicate()
        again = command(service, "import_posts", str(file), "--site", SITE)
        again.communicate()
        texts_there = counted(database, "SELECT count(DISTINCT text) FROM moderation_postrevision")
        found = _posts(database)
        # Into another site, from start to end: what a resumed run takes is mostly its start.
        service.create_site("Timed")
        began = time.monotonic()
        service.manage("import_posts", str(file), "--site", "Timed")
        seconds = time.monotonic() - began
    return Report(
        measured={
            "rows": rows,
            "killed_at": stopped_at,
            "imported": found,
            "rows_per_second": round(rows / seconds),
        },
        criteria={
            "the last run ends well": last.returncode == 0,
            "every row is there once": found == rows == texts_there,
            "it was killed on its way": any(0 < count < rows for count in stopped_at),
            "importing again adds nothing": again.returncode == 0,
        },
    )


@drill(12, "retraining is killed at each stage")
def kill_retraining(scale: float) -> Report:
    """At each stage, and a moment later; what serves is asked of a running worker."""
    measured: dict[str, Any] = {}
    criteria: dict[str, bool] = {}
    with installation.running(durable=False) as service, service.database() as database:
        service.start("web")
        service.start("worker")
        service.wait_readyz()
        site = service.create_site(SITE)
        file = service.folder / "labelled.csv"
        write_labelled(file, scaled(6_000, scale, least=1_500))
        service.manage("import_posts", str(file), "--site", SITE, "--labelled")
        for stage in STAGES:
            for later in (0.0, 0.05):
                reached = _kill_at(service, database, stage, later)
                whole = _whole(database)
                judged_by = _model_of(service, site)
                name = f"{stage} + {later} s"
                measured[name] = f"reached {reached}, served by {judged_by}"
                criteria[f"{name}: the serving model is whole"] = judged_by in whole
        done = command(service, "retrain", "--site", SITE, "--force", "--at-once")
        _, errors = done.communicate()
        measured["the next run"] = errors.decode()[-300:] if done.returncode else "succeeded"
        criteria["the next run succeeds at once"] = done.returncode == 0
        criteria["no run is left running"] = not counted(
            database, "SELECT count(*) FROM reviews_retrainrun WHERE state = 'running'"
        )
        left = list((service.folder / "models").glob(".*"))
        criteria["no half model is left"] = not left
    return Report(measured=measured, criteria=criteria)


def _kill_at(service: Installation, database: Database, stage: str, later: float) -> str:
    """Kill a retraining when it says that it has come to `stage`; return where it was."""
    process = command(service, "retrain", "--site", SITE, "--force", "--at-once")
    statement = "SELECT stage FROM reviews_retrainrun ORDER BY id DESC LIMIT 1"
    runs = counted(database, "SELECT count(*) FROM reviews_retrainrun")

    def is_there() -> bool:
        begun = counted(database, "SELECT count(*) FROM reviews_retrainrun") > runs
        row = database.execute(statement).fetchone()
        return bool(begun and row and row[0] == stage)

    processes.wait_until(is_there, seconds=300, alive=lambda: process.poll() is None, pause=0.001)
    time.sleep(later)
    process.kill()
    process.wait()
    row = database.execute(statement).fetchone()
    return str(row[0]) if row else "nothing"


def _whole(database: Database) -> set[str]:
    """Return the models that may serve: the shipped one, and those whose promotion was stored."""
    rows = database.execute(
        "SELECT name FROM classifiers_modelversion WHERE stage = 'production'"
    ).fetchall()
    promoted = {str(row[0]) for row in rows}
    return promoted or {SHIPPED}


def _model_of(service: Installation, site: SiteAccess) -> str:
    headers = {**site.headers, "Prefer": "wait=10"}
    answer = httpx.post(
        f"{service.url}/api/v1/posts", headers=headers, json={"text": "Who judges?"}, timeout=30
    )
    return str(answer.json()["decision"]["versions"]["model"])


def _write(file: Path, rows: int) -> None:
    with file.open("w", newline="") as handle:
        writer = csv.writer(handle)
        writer.writerow(["external_id", "text"])
        for number, body in enumerate(texts.posts(rows, name="import", seed=6)):
            writer.writerow([f"row-{number}", f"{number}: {body['text']}"])


def write_labelled(file: Path, rows: int) -> None:
    """Advertisements are spam, the rest is not: easy to learn."""
    with file.open("w", newline="") as handle:
        writer = csv.writer(handle)
        writer.writerow(["text", "label"])
        for body in texts.posts(rows, name="labelled", seed=12):
            writer.writerow([body["text"], "spam" if _is_advertisement(body["text"]) else "ham"])


def _is_advertisement(text: str) -> bool:
    return any(text.startswith(lure.partition("{")[0][:8]) for lure in texts.LURES)


def command(service: Installation, *arguments: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "manage.py", *arguments],
        cwd=state.CHECKOUT,
        env={**installation.inherited(), **service.variables},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )


def _posts(database: Database) -> int:
    return counted(database, "SELECT count(*) FROM moderation_post")
