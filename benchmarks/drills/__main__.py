from __future__ import annotations

import argparse
import importlib
import json
import sys
import time
from typing import Any

from benchmarks.drills import ENTRIES, MODULES, Entry


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.drills")
    parser.add_argument("numbers", nargs="*", type=int, metavar="N", help="which; all if none")
    parser.add_argument("--scale", type=float, default=1.0)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    options = parser.parse_args()
    for module in MODULES:
        importlib.import_module(f"benchmarks.drills.{module}")
    unknown = sorted(set(options.numbers) - ENTRIES.keys())
    if unknown:
        parser.error(f"no drill {', '.join(map(str, unknown))}; there are {sorted(ENTRIES)}")
    results = {}
    for number in options.numbers or sorted(ENTRIES):
        results[number] = _run(ENTRIES[number], options.scale)
        print(_line(ENTRIES[number], results[number]), file=sys.stderr, flush=True)
    if options.json:
        print(json.dumps({"scale": options.scale, "drills": results}, default=str))
    sys.exit(not all(result["held"] for result in results.values()))


def _run(entry: Entry, scale: float) -> dict[str, Any]:
    began = time.monotonic()
    report = entry.run(scale)
    return {
        "what": entry.what,
        "held": report.held,
        "criteria": report.criteria,
        "measured": report.measured,
        "seconds": round(time.monotonic() - began, 1),
    }


def _line(entry: Entry, result: dict[str, Any]) -> str:
    facts = ", ".join(f"{name} {value}" for name, value in result["measured"].items())
    broken = [sentence for sentence, held in result["criteria"].items() if not held]
    state = "held" if result["held"] else f"BROKEN ({'; '.join(broken) or 'nothing was checked'})"
    return f"{entry.number:>2} {state}: {entry.what}. {facts} ({result['seconds']} s)"


if __name__ == "__main__":
    main()
