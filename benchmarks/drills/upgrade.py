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
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Final

import httpx

from benchmarks import texts
from benchmarks.console import PASSWORD, Moderator
from benchmarks.drills import Report, drill, scaled
from benchmarks.drills.bookkeeping import account
from benchmarks.drills.moderators import PEOPLE
from benchmarks.installation import Child, SiteAccess, inherited, running
from config import state

BEFORE: Final = "b6c0255"
"""The commit from which an upgrade must be possible without a pause: the first that runs with what
is required now."""


@drill(17, "the schema is migrated while the old version serves, then the new one takes over")
def upgrade(scale: float) -> Report:
    seconds = scaled(10, scale, least=4)
    with _old_version() as old, running(checkout=old) as service:
        outgoing = [service.start(name) for name in ("web", "worker", "beat")]
        service.wait_readyz()
        site = service.create_site()
        program = PEOPLE.format(site=site.id, count=1, password=PASSWORD)
        service.manage("shell", "-v", "0", "-c", program)
        load = Load(outgoing[0], site)
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
            load.web = incoming[0]
            time.sleep(1)
            for child in outgoing:
                service.stop(child)
            time.sleep(seconds)
        found = account(service, load.accepted)
        with service.database() as database:
            stored = database.execute("SELECT count(*) FROM reviews_verdict").fetchone()
    statuses = {what: what.split()[-1] for what in load.answers}
    return Report(
        measured={
            "from": BEFORE,
            "migrate_s": round(migrating, 1),
            "answers": dict(sorted(load.answers.items())),
            "verdicts": list(load.verdicts.values()),
        },
        criteria={
            "no answer is 5xx": all(status < "500" for status in statuses.values()),
            "every answer is 2xx, or leads on after a form": all(
                status[0] == "2" or (what.startswith("form") and status == "302")
                for what, status in statuses.items()
            ),
            "one moderator answers under both, logged in once": all(load.verdicts.values()),
            "what they were told was stored is stored": stored == (sum(load.verdicts.values()),),
            **found,
        },
    )


@dataclass(slots=True)
class Load:
    """Sites and people who go on as if nothing happened; each kind of request in turn."""

    web: Child
    site: SiteAccess
    accepted: set[str] = field(default_factory=set)
    answers: Counter[str] = field(default_factory=Counter)
    verdicts: Counter[str] = field(default_factory=Counter)
    """How many were stored, by the web server that was asked."""

    @contextmanager
    def running(self) -> Iterator[None]:
        """Two sites and a moderator go on for a `with` block; one that fails fails the block."""
        stop, failures = threading.Event(), list[BaseException]()

        def go(work: Callable[[], None]) -> None:
            try:
                work()
            except BaseException as error:
                failures.append(error)

        everybody = [
            *(partial(self._ask, number, stop) for number in range(2)),
            partial(self._review, stop),
        ]
        threads = [threading.Thread(target=go, args=(work,)) for work in everybody]
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
                self._note("ready", http.get(f"{self.web.url}/healthz"))

    def _review(self, stop: threading.Event) -> None:
        person = Moderator(self.web, "moderator-0")

        def note(answer: httpx.Response) -> None:
            self._note("form" if answer.request.method == "POST" else "page", answer)

        person.http.event_hooks = {"response": [note]}
        while not stop.wait(0.1):
            web = self.web
            person.http.base_url = web.url
            self.verdicts[web.program.name] += 0
            person.http.get("/review/")
            case = person.claim()
            shown = person.look(case) if case else None
            if shown is not None:
                self.verdicts[web.program.name] += person.answer(shown, "spam").status_code == 302

    @property
    def _api(self) -> str:
        return f"{self.web.url}/api/v1"

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
