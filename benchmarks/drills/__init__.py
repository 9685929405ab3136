"""Faults and abuse that the service survives, each inflicted on running processes.

    python -m benchmarks.drills [N ...] [--scale S] [--json]

A drill is a function that makes the fault happen and returns a `Report`: what was measured,
and each criterion with whether it held. `--scale 0.1` makes a tenth of the posts, kills and
cases, for a first look; what is recorded is run at 1. To add one: a module here with a
function under `@drill(number, "what happens")`, and the module's name in `MODULES`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

MODULES: Final[tuple[str, ...]] = (
    "abuse",
    "access",
    "addresses",
    "disks",
    "forgetting",
    "hostile",
    "slow",
    "together",
    "upgrade",
    "beats",
    "killing",
    "labels",
    "jobs",
    "models",
    "many",
    "moderators",
    "network",
    "servers",
    "requests",
)


@dataclass(slots=True)
class Report:
    """What one drill saw."""

    measured: dict[str, Any] = field(default_factory=dict)
    criteria: dict[str, bool] = field(default_factory=dict)
    """A sentence that must hold, and whether it did."""

    @property
    def held(self) -> bool:
        return bool(self.criteria) and all(self.criteria.values())


Drill = Callable[[float], Report]


@dataclass(frozen=True, slots=True)
class Entry:
    """A drill with its number in the list of faults."""

    number: int
    what: str
    run: Drill


ENTRIES: dict[int, Entry] = {}


def drill(number: int, what: str) -> Callable[[Drill], Drill]:
    """Enter a function of the scale (0 < scale <= 1) under its number."""

    def enter(run: Drill) -> Drill:
        if number in ENTRIES:
            raise ValueError(f"There are two drills {number}.")
        ENTRIES[number] = Entry(number, what, run)
        return run

    return enter


def scaled(count: int, scale: float, *, least: int = 1) -> int:
    """Return a share of a count."""
    return max(least, round(count * scale))
