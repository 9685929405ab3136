"""What the installation's parts say of themselves, and what is found in it, as frozen values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import IntEnum
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from reviews.models import PooledCertificate

COUNTED: Final = 100_000
"""Counts stop here, so that measuring costs the same however much has piled up."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """How many rows wait, COUNTED at most, and since when the oldest does."""

    count: int = 0
    oldest: datetime | None = None
    tried: int = 0
    """Those among them that were tried before."""


@dataclass(frozen=True, slots=True)
class Job:
    """One entry of beat's schedule. `overdue` is how long ago it should have run again."""

    name: str
    last_run: datetime | None
    overdue: timedelta


@dataclass(frozen=True, slots=True)
class Serving:
    slot: str
    model: str
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Training:
    """The newest run of one slot."""

    slot: str
    state: str
    reason: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Learners:
    """The sites' own learners: their revisions together, and how many need something."""

    revisions: int = 0
    behind: int = 0
    """With labels that were not looked at yet."""
    broken: int = 0


@dataclass(frozen=True, slots=True)
class PromiseTakenAway:
    """A site's newest certificate, which ended before its time."""

    site: str
    broken: bool
    """Else nobody could tell whether it was true."""
    because: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Unwatched:
    """A site whose certificate covers no blocks, for nobody looked of late whether it holds."""

    site: str
    since: datetime
    """When it was last found to hold."""
    because: str = ""
    """Which answers it waits for; empty where nobody could look."""


@dataclass(frozen=True, slots=True)
class Open:
    """An incident of a site that has not passed."""

    site: str
    kind: str
    since: datetime


@dataclass(frozen=True, slots=True)
class Database:
    """What PostgreSQL holds for us. `delays` are seconds from post to decision, newest first."""

    not_migrated: str = ""
    connections: int = 0
    most_connections: int = 0
    posts: Waiting = Waiting()
    delays: tuple[float, ...] = ()
    events: Waiting = Waiting()
    held_soon: int = 0
    held_over: Waiting = Waiting()
    lanes: Mapping[str, Waiting] = field(default_factory=dict)
    relay_since: datetime | None = None
    jobs: tuple[Job, ...] = ()
    serving: tuple[Serving, ...] = ()
    training: tuple[Training, ...] = ()
    learners: Learners = Learners()
    promises_taken_away: tuple[PromiseTakenAway, ...] = ()
    promises_unwatched: tuple[Unwatched, ...] = ()
    alarms: Waiting = Waiting()
    """That nobody has answered."""
    incidents: tuple[Open, ...] = ()
    """What those who lead a site were told of and has not passed; the oldest first."""
    together: PooledCertificate | None = None
    """What was last shown of all sites that share a model."""


@dataclass(frozen=True, slots=True)
class Broker:
    """What Valkey holds for us: live workers with their models, messages and memory in bytes."""

    workers: Mapping[str, str] = field(default_factory=dict)
    heard: datetime | None = None
    """When any worker last showed a sign of life."""
    messages: int = 0
    memory: int = 0
    most_memory: int = 0


@dataclass(frozen=True, slots=True)
class Facts:
    """A part that did not answer is None; `failed` has the name of its error."""

    now: datetime
    database: Database | None = None
    broker: Broker | None = None
    failed: Mapping[str, str] = field(default_factory=dict)
    failing_since: Mapping[str, datetime] = field(default_factory=dict)
    """When this process first noticed it."""
    disk_free: int = 0
    disk_total: int = 0


class State(IntEnum):
    """The numbers are also the exit status of `manage.py status`, as Nagios has them."""

    WELL = 0
    WATCH = 1
    BROKEN = 2
    UNKNOWN = 3

    @property
    def word(self) -> str:
        return ("well", "to watch", "broken", "unknown")[self]


@dataclass(frozen=True, slots=True)
class Finding:
    """One part: how it stands, in figures and words. `advice` says what to do."""

    part: str
    state: State
    figure: str
    sentence: str = ""
    """What is wrong, for the top of the page; empty when nothing is."""
    since: datetime | None = None
    advice: str = ""


@dataclass(frozen=True, slots=True)
class Report:
    """All findings, and one sentence for all of them."""

    state: State
    sentence: str
    findings: tuple[Finding, ...]
    others: int = 0
    """Parts that need a look besides the one that the sentence is about."""
