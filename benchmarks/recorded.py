"""What clients asked of one post and were answered, in the words that the model of it understands.

Pure, and apart from what it speaks of.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Final

OPEN, JUDGED, CLOSED = "open", "judged", "closed"
PEOPLE: Final = frozenset({"moderator", "feedback"})
RECORDED, EXPIRED = "decision.recorded", "hold.expired"
TAKEN_OUT, HEARD = "post.withdrawn", "feedback.received"


@dataclass(frozen=True, slots=True)
class Made:
    """A decision as it stands in the database, where it never changes."""

    decision: int
    revision: int
    supersedes: int
    source: str
    outcome: str
    published: bool
    label: str = ""
    failed: bool = False
    drawn: bool = False
    """For an audit."""

    @property
    def by_person(self) -> bool:
        return self.source in PEOPLE


@dataclass(frozen=True, slots=True)
class Case:
    """A question about a post. Times are microseconds; 0 stands for nobody."""

    case: int
    decision: int
    revision: int
    round: int = 0
    state: str = OPEN
    audit: bool = False
    """It asks for an audit, whatever else."""
    only_audit: bool = False
    """It asks for nothing but an audit."""
    holder: int = 0
    until: int = 0
    reported: bool = False
    """A member's report waits in it for an answer; no look at the database shows that."""


@dataclass(frozen=True, slots=True)
class Label:
    revision: int
    label: str
    source: str
    given: int
    """The verdict or the feedback."""


@dataclass(frozen=True, slots=True)
class Word:
    """What a site said of a post."""

    feedback: int
    revision: int
    label: str
    trusted: bool


@dataclass(frozen=True, slots=True)
class News:
    """Events of one kind about one post that were told in one transaction, and what it left."""

    kind: str
    keys: frozenset[int]
    """The decisions, the revision that was withdrawn, or the feedback."""
    words: tuple[Word, ...] = ()
    """Of feedback, oldest first."""
    cases: frozenset[Case] = frozenset()
    """Open afterwards; of their leases nothing is said."""


@dataclass(frozen=True, slots=True)
class View:
    """What one look at the database showed of a post."""

    revision: int
    status: str
    decision: int
    cases: frozenset[Case]
    labels: frozenset[Label]
    untold: frozenset[tuple[str, int]]
    counts: tuple[int, int] | None = None
    """The author's labels, spam and ham, where the author wrote nothing else."""


@dataclass(frozen=True, slots=True)
class Operation:
    """What one client asked about one post, and what it was answered."""

    kind: str
    asked: float
    answered: float
    text: str = ""
    """Of submit: the words."""
    revision: int = 0
    status: str = ""
    """Of the post, where the answer says it; with it, `seen` is the decision that it shows."""
    made: Made | None = None
    """The decision that was made."""
    seen: int = 0
    """The decision that was shown."""
    case: Case | None = None
    """That a claim returned, or that an answer is about: then only its number is meant."""
    user: int = 0
    at: int = 0
    """The time that leases are compared with, and begin at."""
    answer: str = ""
    """Of verdict and feedback, what was said; of release and renew, whether it was done."""
    given: int = 0
    """The number of a verdict or of feedback."""
    undone: Operation | None = None
    """Of undo: the verdict that was to be taken back."""
    before: Made | None = None
    """Of undo: the decision that the verdict was about."""
    news: tuple[News, ...] = ()
    view: View | None = None

    def __str__(self) -> str:
        facts = {field.name: getattr(self, field.name) for field in fields(self)}
        return " ".join(f"{name}={value}" for name, value in facts.items() if value)
