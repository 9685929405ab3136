"""Several machines against one PostgreSQL and one Valkey.

    python -m benchmarks.growing --json [--machines N] [--posts N]

Each machine is a state folder of its own with a web server, a worker and a beat: nothing is
shared but the two servers' addresses and SECRET_KEY. Posts go to all web servers at once; a model
is trained on the second machine and must serve on all; the first machine is then killed whole
while posts come in to the others. `problems` counts what must not be; empty is good.
"""

import argparse
import json
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import httpx
import psutil

from benchmarks import texts
from benchmarks.drills.bookkeeping import PENDING, UNTOLD, broken, wait_for
from benchmarks.drills.killing import Client
from benchmarks.installation import Child, Installation, SiteAccess, running, status_of
from benchmarks.output import print_json
from config import processes

SITE: Final = "Measured"
QUOTA: Final = 60
PATIENCE: Final = 180.0


@dataclass(frozen=True, slots=True)
class Machine:
    """What runs in one state folder."""

    folder: Path
    web: Child
    worker: Child
    beat: Child

    def kill(self) -> None:
        """SIGKILL to everything at once, as when the power fails."""
        children = (self.web, self.worker, self.beat)
        everything = [process for child in children for process in child.descendants()]
        everything += [psutil.Process(child.process.pid) for child in children]
        for process in everything:
            process.send_signal(signal.SIGKILL)
        for child in children:
            child.process.wait()


def measure(machines: int, posts: int) -> dict[str, Any]:
    """Return what was seen, with `problems` by name."""
    problems: dict[str, Any] = {}
    with running(SECRET_KEY="the same on every machine " * 3) as service:
        site = service.create_site(SITE)
        cluster = [_machine(service, number) for number in range(machines)]
        _wait(lambda: _workers(cluster[0]) >= machines, "every worker's sign of life")
        began = time.monotonic()
        clients = _send(cluster, site, posts, "all")
        _wait_decided(service)
        together = time.monotonic() - began

        model = _train(service, cluster[1].folder)
        judged = _judged_by(cluster, site)
        problems["machines that judge with an old model"] = sum(m != model for m in judged)

        killer = threading.Timer(0.5, cluster[0].kill)
        killer.start()
        clients += _send(cluster[1:], site, posts, "without the first")
        killer.join()
        last = time.monotonic()
        _wait_decided(service)
        without_first = time.monotonic() - last
        with service.database() as database:
            problems |= broken(database, {post for each in clients for post in each.accepted})
        problems["machines that are not ready"] = sum(
            status_of(f"{machine.web.url}/readyz") != 200 for machine in cluster[1:]
        )
        accepted = _spend_quota(service, cluster[1:])
        problems["accepted above the quota"] = max(0, accepted - QUOTA)
        homes = [len(list((machine.folder / "models").glob("[0-9a-f]*"))) for machine in cluster]
    return {
        "machines": machines,
        "posts": sum(len(client.accepted) for client in clients),
        "decided_per_second": round(posts * machines / together, 1),
        "seconds_to_decide_after_kill": round(without_first, 1),
        "models_on_each_machine": homes,
        "problems": {name: count for name, count in problems.items() if count},
    }


def _machine(service: Installation, number: int) -> Machine:
    folder = Path(tempfile.mkdtemp(prefix=f"machine-{number}-", dir=service.folder))
    home = str(folder)
    web, worker, beat = (
        service.start(name, WINNOW_STATE_DIR=home) for name in ("web", "worker", "beat")
    )
    return Machine(folder, web, worker, beat)


def _send(machines: Sequence[Machine], site: SiteAccess, posts: int, name: str) -> list[Client]:
    clients = [Client(machine.web.url, site) for machine in machines]
    threads = [
        threading.Thread(target=client.send, args=(posts, f"{name}-{number}"))
        for number, client in enumerate(clients)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return clients


def _train(service: Installation, folder: Path) -> str:
    """Train and promote the site's own model on one machine; return its name."""
    labelled = folder / "labelled.jsonl"
    rows = [
        {"text": body["text"], "label": label}
        for label, seed in (("ham", 1), ("spam", 2))
        for body in texts.posts(120, name=label, seed=seed)
        if ("http" in body["text"] or "NOW" in body["text"]) == (label == "spam")
    ]
    labelled.write_text("\n".join(json.dumps(row) for row in rows))
    here = {"WINNOW_STATE_DIR": str(folder)}
    service.manage("import_posts", str(labelled), "--site", SITE, "--labelled", **here)
    service.manage("retrain", "--site", SITE, "--at-once", **here)
    with service.database() as database:
        row = database.execute(
            "SELECT name, stage FROM classifiers_modelversion ORDER BY id DESC LIMIT 1"
        ).fetchone()
    if row is None:
        raise RuntimeError("Nothing was trained.")
    if row[1] != "production":
        service.manage("promote_model", str(row[0]), "--reason", "Measured.", **here)
    return str(row[0])


def _judged_by(machines: Sequence[Machine], site: SiteAccess) -> list[str]:
    """Have every worker judge alone, the others being frozen; return the models' names."""
    names = []
    for machine in machines:
        others = [other.worker for other in machines if other is not machine]
        frozen = [process for child in others for process in child.descendants()]
        for process in frozen:
            process.suspend()
        try:
            headers = {**site.headers, "Prefer": "wait=20"}
            body = {"text": f"Judged by {machine.folder.name} alone"}
            answer = httpx.post(
                f"{machine.web.url}/api/v1/posts", headers=headers, json=body, timeout=30
            )
            names.append(answer.json()["decision"]["versions"]["model"])
        finally:
            for process in frozen:
                process.resume()
    return names


def _spend_quota(service: Installation, machines: Sequence[Machine]) -> int:
    """Return how many posts a key gets through all machines within a few seconds."""
    site = service.create_site("Limited", per_minute=QUOTA)
    accepted = 0
    for number in range(2 * QUOTA):
        url = machines[number % len(machines)].web.url
        answer = httpx.post(f"{url}/api/v1/posts", headers=site.headers, json={"text": "again"})
        accepted += answer.status_code == 202
    return accepted


def _workers(machine: Machine) -> int:
    detail = httpx.get(f"{machine.web.url}/readyz").json()["checks"]["worker"]["detail"]
    digits = "".join(filter(str.isdigit, detail.split()[0]))
    return int(digits or 0)


def _wait_decided(service: Installation) -> None:
    with service.database() as database:
        for statement in (PENDING, UNTOLD):
            wait_for(database, statement)


def _wait(check: Any, what: str) -> None:
    if not processes.wait_until(check, seconds=PATIENCE):
        raise RuntimeError(f"waited {PATIENCE:.0f} s in vain for {what}")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.growing")
    parser.add_argument("--machines", type=int, default=3)
    parser.add_argument("--posts", type=int, default=1_000, help="for each machine, twice")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    options = parser.parse_args()
    result = measure(options.machines, options.posts)
    print_json(result, options)
    sys.exit(bool(result["problems"]))


if __name__ == "__main__":
    main()
