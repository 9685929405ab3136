"""A new version arrives: its schema is applied while the old version serves, then it takes over."""

from __future__ import annotations

import io
import subprocess
import sys
import tarfile
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import httpx

from benchmarks import texts
from benchmarks.drills import Report, drill, scaled
from benchmarks.drills.killing import CHECKS, PENDING, UNTOLD
from benchmarks.installation import Installation, SiteAccess, inherited, running
from config import processes, state

BEFORE: Final = "6d96599"
"""The commit from which an upgrade must be possible without a pause."""


@drill(17, "the schema is migrated while the old version serves, then the new one takes over")
def upgrade(scale: float) -> Report:
    seconds = scaled(10, scale, least=4)
    with _old_version() as old, running(checkout=old) as service:
        outgoing = [service.start(name) for name in ("web", "worker", "beat")]
        service.wait_readyz()
        load = Load(service.url, service.create_site())
        with load.running():
            time.sleep(seconds)
            service.checkout = state.CHECKOUT
            began = time.monotonic()
            subprocess.run(
                [sys.executable, "-m", "config.prepare"],
                cwd=state.CHECKOUT,
                env={**inherited(), **service.variables},
                capture_output=True,
                check=True,
            )
            migrating = time.monotonic() - began
            time.sleep(seconds)
            incoming = [service.start(name) for name in ("web", "worker", "beat")]
            load.url = incoming[0].url
            time.sleep(1)
            for child in outgoing:
                service.stop(child)
            time.sleep(seconds)
        found = _account(service, load.accepted)
    failed = {what: count for what, count in load.answers.items() if what.split()[-1] >= "500"}
    return Report(
        measured={
            "from": BEFORE,
            "migrate_s": round(migrating, 1),
            "answers": dict(sorted(load.answers.items())),
        },
        criteria={
            "no answer is 5xx": not failed,
            "every answer is 2xx": all(what.split()[-1][0] == "2" for what in load.answers),
            **found,
        },
    )


@dataclass(slots=True)
class Load:
    """Sites and people who go on as if nothing happened; each kind of request in turn."""

    url: str
    site: SiteAccess
    accepted: set[str] = field(default_factory=set)
    answers: Counter[str] = field(default_factory=Counter)

    @contextmanager
    def running(self) -> Iterator[None]:
        """Two clients ask for the length of a `with` block; one that fails fails the block."""
        stop, failures = threading.Event(), list[BaseException]()

        def go(number: int) -> None:
            try:
                self._ask(number, stop)
            except BaseException as error:
                failures.append(error)

        threads = [threading.Thread(target=go, args=(number,)) for number in range(2)]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            stop.set()
            for thread in threads:
                thread.join()
        if failures:
            raise failures[0]

    def _ask(self, number: int, stop: threading.Event) -> None:
        bodies = texts.posts(100_000, name=f"upgrade-{number}", seed=number)
        with httpx.Client(headers=self.site.headers, timeout=60) as http:
            last = ""
            while not stop.wait(0.02):
                body = next(bodies)
                answer = self._note("post", http.post(f"{self._api}/posts", json=body))
                last = answer.json()["id"]
                self.accepted.add(last)
                batch = {"posts": [next(bodies), next(bodies)]}
                answer = self._note("batch", http.post(f"{self._api}/posts/batch", json=batch))
                self.accepted |= {each["post"]["id"] for each in answer.json()["results"]}
                self._note("list", http.get(f"{self._api}/posts"))
                self._note("read", http.get(f"{self._api}/posts/{last}"))
                said = {"label": "ham", "actor": {"id": "drill", "role": "member"}}
                self._note("feedback", http.post(f"{self._api}/posts/{last}/feedback", json=said))
                self._note("console", http.get(f"{self.url}/review/login/"))
                self._note("ready", http.get(f"{self.url}/healthz"))

    @property
    def _api(self) -> str:
        return f"{self.url}/api/v1"

    def _note(self, what: str, answer: httpx.Response) -> httpx.Response:
        self.answers[f"{what} {answer.status_code}"] += 1
        return answer


@contextmanager
def _old_version() -> Iterator[Path]:
    """The code of BEFORE in a folder of its own. Raises RuntimeError without the history."""
    finished = subprocess.run(
        ["git", "archive", BEFORE], cwd=state.CHECKOUT, capture_output=True, check=False
    )
    if finished.returncode:
        raise RuntimeError(f"The history does not reach back to {BEFORE}.")
    with tempfile.TemporaryDirectory(prefix="winnow-old-") as folder:
        with tarfile.open(fileobj=io.BytesIO(finished.stdout)) as archive:
            archive.extractall(folder, filter="data")
        yield Path(folder)


def _account(service: Installation, accepted: set[str]) -> dict[str, bool]:
    with service.database() as database:

        def none_left() -> bool:
            rows = [database.execute(statement).fetchone() for statement in (PENDING, UNTOLD)]
            return all(row is not None and row[0] == 0 for row in rows)

        processes.wait_until(none_left, seconds=120)
        found = {}
        for name, statement in CHECKS.items():
            row = database.execute(statement, {"ids": sorted(accepted)}).fetchone()
            found[f"{name.replace('_', ' ')}: none"] = bool(row and not row[0])
    return found
