"""Does a retraining slow the decisions that people wait for?

    python -m benchmarks.beside_training [--turns N] [--seconds S] [--labels N] [--json]

One service, one site with so many labels, posts at a steady pace that wait for their decision. A
retraining of the site runs all the while; its training process is stopped and let go on by turns
(SIGSTOP, SIGCONT), so that both halves of a turn meet the same machine, and other programs on it
weigh on both. The ratio of a turn is the latency while it trains over that while it stands still;
what is told is the median over the turns, with the 95 % interval that the order of the turns'
ratios gives it. `training_seconds` is the processor time that the training had in its halves.
"""

import argparse
import contextlib
import csv
import itertools
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import psutil
from scipy.stats import binom

from benchmarks import load, texts
from benchmarks.installation import Installation, SiteAccess, inherited, running
from benchmarks.output import print_json
from config import processes, state

SITE: Final = "Trained"
PER_SECOND: Final = 4.0
CLIENTS: Final = 4
START: Final = 600.0
TRAINING: Final = "classifiers.training.run"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.beside_training")
    parser.add_argument("--turns", type=int, default=12)
    parser.add_argument("--seconds", type=float, default=5.0, help="of each half of a turn")
    parser.add_argument("--labels", type=int, default=4_000)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    with running(durable=False) as service:
        service.start("web")
        service.start("worker")
        found = measure(service, given.turns, given.seconds, given.labels)
    print_json(found, given)


def measure(service: Installation, turns: int, seconds: float, labels: int) -> dict[str, Any]:
    site = service.create_site(SITE)
    file = service.folder / "labelled.csv"
    _write(file, labels)
    service.manage("import_posts", str(file), "--site", SITE, "--labelled")
    service.wait_readyz()
    sent = _requests(site)
    _latency(service, sent, seconds)
    halves: dict[str, list[load.Answers]] = {"still": [], "training": []}
    had = 0.0
    trainings = 0
    training: psutil.Process | None = None
    command: subprocess.Popen[bytes] | None = None
    for turn in range(turns):
        order = ("still", "training") if turn % 2 else ("training", "still")
        for half in order:
            if training is None or not training.is_running():
                if command is not None:
                    command.wait()
                command, training = _begin(service)
                trainings += 1
            training.resume() if half == "training" else training.suspend()
            before = _cpu(training)
            halves[half].append(_latency(service, sent, seconds))
            had += max(_cpu(training) - before, 0.0)
    if training is not None and training.is_running():
        training.kill()
    if command is not None:
        command.wait()
    return {
        **{f"{name}_ratio": _told(halves, share) for name, share in (("p50", 0.5), ("p90", 0.9))},
        "still_p50_ms": _median([each.quantile_ms(0.5) for each in halves["still"]]),
        "training_p50_ms": _median([each.quantile_ms(0.5) for each in halves["training"]]),
        "training_seconds": round(had, 1),
        "trainings": trainings,
        "turns": turns,
        "half_seconds": seconds,
        "statuses": _statuses(halves),
        "load": round(psutil.getloadavg()[0], 1),
    }


def _told(halves: dict[str, list[load.Answers]], share: float) -> dict[str, float]:
    """The median of the turns' ratios, and its interval by the signs of what lies below."""
    ratios = sorted(
        busy.quantile_ms(share) / max(still.quantile_ms(share), 0.1)
        for busy, still in zip(halves["training"], halves["still"], strict=True)
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


def _statuses(halves: dict[str, list[load.Answers]]) -> dict[int, int]:
    found: dict[int, int] = {}
    for answers in itertools.chain(*halves.values()):
        for status, count in answers.statuses.items():
            found[status] = found.get(status, 0) + count
    return found


def _latency(service: Installation, sent: Iterator[load.Request], seconds: float) -> load.Answers:
    return load.at_pace(service.url, sent, per_second=PER_SECOND, seconds=seconds, clients=CLIENTS)


def _begin(service: Installation) -> tuple[subprocess.Popen[bytes], psutil.Process]:
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
    return command, found


def _training_of(command: subprocess.Popen[bytes]) -> psutil.Process | None:
    with contextlib.suppress(psutil.Error):
        for child in psutil.Process(command.pid).children(recursive=True):
            if TRAINING in child.cmdline():
                return child
    return None


def _cpu(process: psutil.Process) -> float:
    try:
        times = process.cpu_times()
    except psutil.Error:
        return 0.0
    return float(times.user + times.system)


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
