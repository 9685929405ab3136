"""Does a retraining slow the decisions that people wait for?

    python -m benchmarks.beside_training [--turns N] [--seconds S] [--labels N] [--pace P] [--json]

One service, one site with so many labels, posts at a steady pace that wait for their decision. A
retraining of the site is there all the while, and as many empty loops at its priority as it has
processes; both are stopped and let go on by turns (SIGSTOP, SIGCONT), so that the thirds of a
turn, in which neither, the loops or the training run, meet the same machine, and other programs
on it weigh on all. The loops show what any use of the idle processors costs here; the ratios over
them are what the training adds. Told is the median of the turns' ratios, with the 95 % interval
that the order of the ratios gives it. `training_seconds` is the processor time that the training
had in its thirds.
"""

import argparse
import contextlib
import csv
import itertools
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import psutil
from scipy.stats import binom

from benchmarks import load, texts
from benchmarks.installation import Installation, SiteAccess, inherited, running
from benchmarks.output import print_json
from classifiers.training.run import PROCESSES
from config import processes, state
from reviews.learning import priority

SITE: Final = "Trained"
THIRDS: Final = ("still", "loop", "training")
CLIENTS: Final = 4
START: Final = 600.0
TRAINING: Final = "classifiers.training.run"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.beside_training")
    parser.add_argument("--turns", type=int, default=12)
    parser.add_argument("--seconds", type=float, default=5.0, help="of each third of a turn")
    parser.add_argument("--labels", type=int, default=4_000)
    parser.add_argument("--pace", type=float, default=4.0, help="posts a second")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    with running(durable=False) as service:
        service.start("web")
        service.start("worker")
        found = measure(service, given.turns, given.seconds, given.labels, given.pace)
    print_json(found, given)


def measure(
    service: Installation, turns: int, seconds: float, labels: int, pace: float
) -> dict[str, Any]:
    site = service.create_site(SITE)
    file = service.folder / "labelled.csv"
    _write(file, labels)
    service.manage("import_posts", str(file), "--site", SITE, "--labelled")
    service.wait_readyz()
    sent = _requests(site)
    _latency(service, sent, pace, seconds)
    thirds: dict[str, list[load.Answers]] = {name: [] for name in THIRDS}
    had = 0.0
    trainings = 0
    training = Busy(())
    command: subprocess.Popen[bytes] | None = None
    with _loops() as loops:
        for turn in range(turns):
            for third in THIRDS[turn % 3 :] + THIRDS[: turn % 3]:
                if not training.runs():
                    if command is not None:
                        command.wait()
                    command, training = _begin(service)
                    trainings += 1
                loops.go(third == "loop")
                training.go(third == "training")
                before = training.seconds()
                thirds[third].append(_latency(service, sent, pace, seconds))
                had += max(training.seconds() - before, 0.0)
        training.end()
        if command is not None:
            command.wait()
    return {
        **{
            f"{name}_{over}": _told(thirds, busy, idle, share)
            for name, share in (("p50", 0.5), ("p90", 0.9))
            for over, busy, idle in (
                ("ratio", "training", "still"),
                ("over_loop", "training", "loop"),
                ("of_loop", "loop", "still"),
            )
        },
        **{
            f"{name}_p50_ms": _median([each.quantile_ms(0.5) for each in thirds[name]])
            for name in THIRDS
        },
        "training_seconds": round(had, 1),
        "trainings": trainings,
        "turns": turns,
        "third_seconds": seconds,
        "statuses": _statuses(thirds),
        "load": round(psutil.getloadavg()[0], 1),
    }


@dataclass(frozen=True, slots=True)
class Busy:
    """Process groups that are stopped and let go on."""

    leaders: tuple[psutil.Process, ...]

    def runs(self) -> bool:
        return bool(self.leaders) and all(
            each.is_running() and each.status() != psutil.STATUS_ZOMBIE for each in self.leaders
        )

    def go(self, on: bool) -> None:
        self._send(signal.SIGCONT if on else signal.SIGSTOP)

    def end(self) -> None:
        self._send(signal.SIGKILL)

    def seconds(self) -> float:
        """Processor time so far of the processes that are alive, in s."""
        found = 0.0
        for leader in self.leaders:
            with contextlib.suppress(psutil.Error):
                for each in (leader, *leader.children(recursive=True)):
                    times = each.cpu_times()
                    found += times.user + times.system
        return found

    def _send(self, number: signal.Signals) -> None:
        for leader in self.leaders:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(leader.pid, number)


@contextlib.contextmanager
def _loops() -> Iterator[Busy]:
    """As many empty loops as a training has processes, at its priority, each in its session."""
    started = [
        subprocess.Popen(
            [sys.executable, "-c", "while True: pass"],
            start_new_session=True,
            preexec_fn=priority.lower,
        )
        for _ in range(PROCESSES)
    ]
    loops = Busy(tuple(psutil.Process(each.pid) for each in started))
    loops.go(False)
    try:
        yield loops
    finally:
        loops.end()
        for each in started:
            each.wait()


def _told(
    thirds: dict[str, list[load.Answers]], busy: str, idle: str, share: float
) -> dict[str, float]:
    """The median of the turns' ratios, and its interval by the signs of what lies below."""
    ratios = sorted(
        one.quantile_ms(share) / max(other.quantile_ms(share), 0.1)
        for one, other in zip(thirds[busy], thirds[idle], strict=True)
    )
    place = int(binom.ppf(0.025, len(ratios), 0.5))
    low = ratios[max(place - 1, 0)]
    high = ratios[min(len(ratios) - place, len(ratios) - 1)]
    return {
        "median": round(_median(ratios), 2),
        "low": round(low, 2),
        "high": round(high, 2),
    }


def _median(numbers: list[float]) -> float:
    ranked = sorted(numbers)
    middle = len(ranked) // 2
    return ranked[middle] if len(ranked) % 2 else (ranked[middle - 1] + ranked[middle]) / 2


def _statuses(thirds: dict[str, list[load.Answers]]) -> dict[int, int]:
    found: dict[int, int] = {}
    for answers in itertools.chain(*thirds.values()):
        for status, count in answers.statuses.items():
            found[status] = found.get(status, 0) + count
    return found


def _latency(
    service: Installation, sent: Iterator[load.Request], pace: float, seconds: float
) -> load.Answers:
    return load.at_pace(service.url, sent, per_second=pace, seconds=seconds, clients=CLIENTS)


def _begin(service: Installation) -> tuple[subprocess.Popen[bytes], Busy]:
    """A retraining that has come to its training. Raises RuntimeError for one that does not."""
    command = subprocess.Popen(
        [sys.executable, "manage.py", "retrain", "--site", SITE, "--force"],
        cwd=state.CHECKOUT,
        env={**inherited(), **service.variables},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    processes.wait_until(
        lambda: _training_of(command) is not None,
        seconds=START,
        alive=lambda: command.poll() is None,
    )
    found = _training_of(command)
    if found is None:
        raise RuntimeError("the retraining did not come to its training")
    return command, Busy((found,))


def _training_of(command: subprocess.Popen[bytes]) -> psutil.Process | None:
    with contextlib.suppress(psutil.Error):
        for child in psutil.Process(command.pid).children(recursive=True):
            if TRAINING in child.cmdline():
                return child
    return None


def _requests(site: SiteAccess) -> Iterator[load.Request]:
    headers = {**site.headers, "Prefer": "wait=10"}
    for number in itertools.count():
        for body in texts.posts(200, name=f"beside-{number}-{time.time_ns()}", seed=number):
            yield load.request("/api/v1/posts", body, headers)


def _write(file: Path, labels: int) -> None:
    with file.open("w", newline="") as handle:
        writer = csv.writer(handle)
        writer.writerow(["text", "label"])
        for number, body in enumerate(texts.posts(labels, name="labelled", seed=12)):
            writer.writerow([f"{body['text']} {number}", "spam" if number % 2 else "ham"])


if __name__ == "__main__":
    main()
