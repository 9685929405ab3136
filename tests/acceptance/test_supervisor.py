"""`make run`, as a newcomer sees it: what it prints, what it leaves, what ends it."""

from __future__ import annotations

import json
import os
import re
import signal
import stat
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from config import embedded, processes, state

CHECKOUT = Path(__file__).parents[2]
START_SECONDS = 180.0


class Run:
    """One supervisor on a state folder of its own."""

    def __init__(self, folder: Path, output: Path) -> None:
        self.folder = folder
        self.output = output
        environment = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("WINNOW_", "DATABASE_", "REDIS_", "DJANGO_", "PYTEST_"))
        }
        environment["WINNOW_STATE_DIR"] = str(folder)
        with output.open("wb") as out:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "config.supervisor"],
                cwd=CHECKOUT,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                # As under a shell's `&`.
                preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_IGN),
            )

    @property
    def printed(self) -> str:
        return self.output.read_text()

    @property
    def facts(self) -> dict[str, str]:
        facts = state.read_json(self.folder / "run.json")
        assert facts is not None
        return facts

    @property
    def left(self) -> list[Any]:
        return processes.marked(f"{state.key(self.folder)}:")

    def wait_ready(self) -> Run:
        up = processes.wait_until(
            (self.folder / "run.json").exists,
            seconds=START_SECONDS,
            alive=lambda: self.process.poll() is None,
        )
        assert up, self.printed
        return self

    def service(self, name: str) -> Any:
        named = [process for process in self.left if _mark(process).endswith(f":{name}")]
        return min(named, key=lambda process: process.create_time(), default=None)

    def call(self, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        request = urllib.request.Request(
            f"{self.facts['url']}{path}",
            data=json.dumps(body).encode() if body else None,
            headers={
                "Authorization": f"Bearer {self.facts['api_key']}",
                "Content-Type": "application/json",
                "Prefer": "wait=10",
            },
        )
        with urllib.request.urlopen(request, timeout=30) as answer:
            value: dict[str, Any] = json.load(answer)
            return value

    def end(self, number: signal.Signals) -> int:
        self.process.send_signal(number)
        return self.process.wait(90)


def _mark(process: psutil.Process) -> str:
    """What a process is marked with; empty once it ended or, as PostgreSQL's do, wrote over it."""
    try:
        return process.environ().get(processes.MARK, "")
    except psutil.Error:
        return ""


@pytest.fixture
def start(tmp_path) -> Iterator[Callable[[str], Run]]:
    runs: list[Run] = []

    def begin(name: str = "state") -> Run:
        run = Run(tmp_path / name, tmp_path / f"{name}-{len(runs)}.txt")
        runs.append(run)
        return run

    yield begin
    for run in runs:
        if run.process.poll() is None:
            run.process.kill()
            run.process.wait()
    for folder in {run.folder for run in runs}:
        processes.sweep(f"{state.key(folder)}:", grace=2)
        if (folder / "cluster.json").exists():
            embedded.destroy(folder)


def test_it_runs_is_found_running_mends_itself_stops_and_remembers(start):
    first = start().wait_ready()
    assert stat.S_IMODE((first.folder / "run.json").stat().st_mode) == 0o600
    assert set(first.facts) == {"url", "api_key", "username", "password"}
    for value in first.facts.values():
        assert value in first.printed
    with urllib.request.urlopen(f"{first.facts['url']}/readyz", timeout=10) as answer:
        assert answer.status == 200

    # The curl that was printed works as it stands.
    command = re.search(r"^curl .*?'$", first.printed, re.DOTALL | re.MULTILINE)
    assert command is not None
    answered = subprocess.run(
        ["/bin/sh", "-c", command.group()], capture_output=True, check=True, timeout=30
    )
    post = json.loads(answered.stdout)
    assert post["outcome"] == "block"

    # A second one says so, and harms nothing.
    second = start()
    assert second.process.wait(60) == 1
    assert "already running" in second.printed
    assert first.facts["url"] in second.printed

    # A dead child comes back.
    web = first.service("web")
    web.kill()
    assert processes.wait_until(
        lambda: (again := first.service("web")) is not None and again.pid != web.pid, seconds=60
    )
    assert processes.wait_until(lambda: answers(first.facts["url"]), seconds=60, pause=0.3)

    facts = first.facts
    assert first.end(signal.SIGINT) == 0
    assert first.left == []
    assert not (first.folder / "run.json").exists()
    stopped = re.findall(r"^Stopped (\w+)\.$", first.printed, re.MULTILINE)
    assert stopped == ["beat", "web", "worker", "valkey", "postgresql"]

    # The same login, key and posts after another start; then nothing survives a kill.
    third = start().wait_ready()
    assert {**third.facts, "url": ""} == {**facts, "url": ""}
    assert third.call(f"/api/v1/posts/{post['id']}")["outcome"] == "block"
    assert len(third.left) > 5
    third.process.kill()
    third.process.wait()
    assert processes.wait_until(lambda: third.left == [], seconds=30)


def answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/readyz", timeout=5) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def test_a_stop_during_the_start_leaves_nothing(start):
    run = start()
    assert processes.wait_until(lambda: run.service("postgresql") is not None, seconds=60)
    assert run.end(signal.SIGTERM) == 0
    assert run.left == []
    assert not (run.folder / "run.json").exists()


def test_what_a_killed_run_claimed_is_taken_back_first(tmp_path):
    """Also when the start then fails: the file must never point at nothing."""
    state.write_json(tmp_path / "run.json", {"url": "http://127.0.0.1:9"})
    refused = subprocess.run(
        [sys.executable, "-m", "config.supervisor"],
        cwd=CHECKOUT,
        env={"PATH": os.environ["PATH"], "WINNOW_STATE_DIR": str(tmp_path), "REDIS_URL": "x"},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert refused.returncode == 1
    assert "REDIS_URL is set but DATABASE_URL is not" in refused.stdout
    assert not (tmp_path / "run.json").exists()
