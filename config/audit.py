"""Ask whether a pinned requirement has a known vulnerability: `python -m config.audit`.

Names and versions are all that is sent. Fails on a vulnerability that pyproject.toml does not
excuse with a reason ([tool.winnow.vulnerabilities]); where no advisories can be had, says so
loudly and passes, for a check must also run without a network.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any, Final

CHECKOUT: Final = Path(__file__).parents[1]
SECONDS: Final = 90
COMMAND: Final = (
    *("-m", "pip_audit", "--requirement", "requirements.txt", "--no-deps", "--disable-pip"),
    *("--format", "json", "--progress-spinner", "off", "--timeout", "5"),
)


def main() -> None:
    excused = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())["tool"]["winnow"]
    answer = ask()
    print(tell(answer, excused["vulnerabilities"]), flush=True)
    sys.exit(bool(found(answer, excused["vulnerabilities"])))


def ask() -> list[dict[str, Any]]:
    """Return what is known of each requirement; nothing when nobody could be asked."""
    try:
        asked = subprocess.run(
            [sys.executable, *COMMAND],
            cwd=CHECKOUT,
            capture_output=True,
            text=True,
            check=False,
            timeout=SECONDS,
        )
        answer: list[dict[str, Any]] = json.loads(asked.stdout)["dependencies"]
    except (subprocess.TimeoutExpired, ValueError, LookupError):
        return []
    return answer


def found(answer: list[dict[str, Any]], excused: dict[str, str]) -> list[str]:
    """Return a line for each vulnerability that has no excuse."""
    return [
        f"{one['name']} {one['version']}: {flaw['id']}, mended in "
        f"{', '.join(flaw['fix_versions']) or 'no version yet'}"
        for one in answer
        for flaw in one.get("vulns", ())
        if not {flaw["id"], *flaw.get("aliases", ())} & excused.keys()
    ]


def tell(answer: list[dict[str, Any]], excused: dict[str, str]) -> str:
    """Return what to print."""
    unknown = [one["name"] for one in answer if "skip_reason" in one]
    if len(unknown) == len(answer):
        return (
            f"{'!' * 78}\n! NOT AUDITED: no advisories could be had from here.\n"
            "! Whether a requirement has a known vulnerability was not looked at. Run\n"
            f"! `python -m config.audit` where the package index can be reached.\n{'!' * 78}"
        )
    lines = found(answer, excused) or ["No known vulnerability."]
    if unknown:
        lines.append(f"NOT AUDITED, unknown to the index: {', '.join(unknown)}")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
