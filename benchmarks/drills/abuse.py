"""Requests that no honest client sends: made up from the schema, or meant to hurt."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any, Final

from benchmarks.drills import Report, drill, scaled
from benchmarks.installation import Installation, SiteAccess, running

CASES: Final = 20_000
CASES_A_RUN: Final = 4_000
SETTINGS: Final = Path(__file__).parents[1] / "schemathesis.toml"


@drill(18, "schemathesis, all checks, 20,000 cases")
def schemathesis(scale: float) -> Report:
    wanted = scaled(CASES, scale)
    cases, failures, operations = 0, Counter[str](), 0
    with running(durable=False) as service:
        for name in ("web", "worker", "beat"):
            service.start(name)
        peers = [service.create_site(name) for name in ("One", "Other")]
        while cases < wanted:
            report = _attack(service, peers, cases=min(wanted - cases, CASES_A_RUN), seed=cases)
            cases += report["test_cases"]["generated"]
            operations = report["operations"]["tested"]
            failures.update({found["title"]: found["count"] for found in report["failures"]})
            failures["errors"] += len(report["errors"])
        told = _errors_logged(service)
    failures = +failures
    return Report(
        measured={"cases": cases, "operations": operations, "failures": dict(failures)},
        criteria={
            "no 5xx and no violation of the schema": not failures,
            "no unexpected error in the log": not told,
        },
    )


def _attack(
    service: Installation, peers: list[SiteAccess], *, cases: int, seed: int
) -> dict[str, Any]:
    """Return the report of one run of schemathesis, of at least a few hundred cases."""
    keys = service.folder / "peers.json"
    keys.write_text(json.dumps({"auth": [_peer(peer) for peer in peers]}))
    settings = service.folder / "schemathesis.toml"
    names = json.dumps([str(peer.id) for peer in peers])
    wfc = f"\n[auth.wfc]\npath = {json.dumps(str(keys))}\npeers = {names}\n"
    settings.write_text(SETTINGS.read_text() + wfc)
    report = service.folder / "schemathesis.json"
    # The first three phases and the sequences of requests take about a third each.
    each = max(10, cases // 12)
    run = subprocess.run(
        [
            *(str(Path(sys.executable).with_name("st")), "--config-file", str(settings)),
            *("run", f"{service.url}/api/schema", "--max-examples", str(each)),
            *("--seed", str(seed), "--no-shrink", "--no-color"),
            *("--report", "json", "--report-json-path", str(report)),
        ],
        cwd=SETTINGS.parents[1],
        capture_output=True,
        text=True,
        check=False,
    )
    found: dict[str, Any] = json.loads(report.read_text())
    if found["failures"] or found["errors"]:
        print(run.stdout, file=sys.stderr)
    return found


def _peer(site: SiteAccess) -> dict[str, Any]:
    """Return a site's key in the form that lets schemathesis compare what two keys may see."""
    header = {"name": "Authorization", "value": site.headers["Authorization"]}
    return {"name": str(site.id), "fixedHeaders": [header]}


def _errors_logged(service: Installation) -> list[str]:
    """Return what web servers logged as unexpected."""
    webs = [child for child in service.children if child.program.name.startswith("web")]
    lines = [line for child in webs for line in child.log().splitlines()]
    return [line for line in lines if "api.unexpected" in line or "Traceback" in line]
