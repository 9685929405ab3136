"""The words of moderation. No Django here: these stand in code, tables, API and screens."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final

from classifiers.types import Content

LEARNT: Final = "learnt."
"""How the codes begin of reasons that say what the site's labels made of a post; they are for the
moderators' pages, and beside the sum of the others."""


class PostType(StrEnum):
    COMMENT = "comment"
    POST = "post"
    REVIEW = "review"
    MESSAGE = "message"
    PROFILE = "profile"
    LISTING = "listing"
    SIGNUP = "signup"
    OTHER = "other"


class Status(StrEnum):
    """Where a post stands. Pending until its present revision is decided."""

    PENDING = "pending"
    DECIDED = "decided"
    WITHDRAWN = "withdrawn"


class Outcome(StrEnum):
    ALLOW = "allow"
    REVIEW = "review"
    BLOCK = "block"


class Mode(StrEnum):
    """How far a site lets the machine go."""

    OBSERVE = "observe"
    REVIEW_ONLY = "review_only"
    PROVISIONAL = "provisional"
    CERTIFIED = "certified"
    """The model blocks what a certificate covers; until there is one, people judge it."""


class Source(StrEnum):
    """Who made a decision."""

    MACHINE = "machine"
    EXPIRY = "expiry"
    MODERATOR = "moderator"
    FEEDBACK = "feedback"
    IMPORT = "import"
    """A label that came with imported history: the site's own people decided it once."""

    @property
    def is_person(self) -> bool:
        return self in PEOPLE


PEOPLE = frozenset({Source.MODERATOR, Source.FEEDBACK, Source.IMPORT})


class Stratum(StrEnum):
    """What the machine did or would have done: the strata of the random audits."""

    BLOCK = "block"
    REVIEW = "review"
    ALLOW = "allow"


class Arm(StrEnum):
    """Which side of a trial of two models a post fell on."""

    CONTROL = "control"
    CANARY = "canary"


class Ground(StrEnum):
    """What a decision rests on."""

    MODEL = "model"
    COPY = "copy"
    """The same words as spam that a person confirmed."""
    LIST = "list"
    STANDARD_STRING = "standard_string"
    HONEYPOT = "honeypot"
    FAILURE = "failure"
    """Some judge could not judge."""
    EARLIER_BLOCK = "earlier_block"
    """A person blocked an earlier revision, or hid a post with the same words."""
    CAUTION = "caution"
    """The model allows it, but more spam was let through than the site allows."""
    MODE = "mode"
    """The site only observes."""
    FALLBACK = "fallback"
    """Held for too long."""
    PERSON = "person"


class StatementsFor(StrEnum):
    """Which blocks a site wants reasons for that it can show the author."""

    ALL = "all"
    NO_COPIES = "no_copies"
    """Not of campaigns: copies of known spam, and posts with the same words or the same domain that
    one answer blocked together. Who floods a site would learn what got known."""
    NONE = "none"


class ListKind(StrEnum):
    AUTHOR = "author"
    DOMAIN = "domain"
    ADDRESS = "address"


class ListVerdict(StrEnum):
    ALLOW = "allow"
    DENY = "deny"


class ActorRole(StrEnum):
    """Who sends feedback, as the site says it."""

    OWNER = "owner"
    MODERATOR = "moderator"
    MEMBER = "member"

    @property
    def is_trusted(self) -> bool:
        return self is not ActorRole.MEMBER


class FeedbackLabel(StrEnum):
    SPAM = "spam"
    HAM = "ham"


class Severity(StrEnum):
    """How bad spam would be where the post stands, as its site says."""

    LOW = "low"
    NORMAL = "normal"
    HIGH = "high"


class EventKind(StrEnum):
    DECISION_RECORDED = "decision.recorded"
    HOLD_EXPIRED = "hold.expired"
    POST_WITHDRAWN = "post.withdrawn"
    POST_WEIGHED = "post.weighed"
    """The site said how many see it, or how bad it would be there."""
    FEEDBACK_RECEIVED = "feedback.received"
    BLOCK_CAP_REACHED = "block_cap.reached"
    PROMISE_CERTIFIED = "promise.certified"
    """A certificate covers blocks from now on, the first time or again."""
    PROMISE_BROKEN = "promise.broken"
    """What the model blocks contradicts its certificate: it blocks no more."""
    PROMISE_UNWATCHED = "promise.unwatched"
    """Too few of the model's blocks were judged in time to watch its certificate, or looks failed:
    it blocks no more until `promise.certified` or the certificate's end."""
    MISSED_EXCEEDED = "missed.exceeded"
    """More spam is let through than the site allows, beyond doubt."""
    ROLLOUT_STOPPED = "rollout.stopped"
    """A new model was stopped on its way into service."""
    SOURCE_FLAGGED = "source.flagged"
    """The labels of a source train no more until a person has looked."""
    DRIFT_FOUND = "drift.found"
    APPEAL_FILED = "appeal.filed"
    APPEAL_RESOLVED = "appeal.resolved"
    APPEAL_REOPENED = "appeal.reopened"
    """The answer to it was taken back."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A post as a site submits it, checked and not yet stored."""

    content: Content
    external_id: str | None = None
    author_id: str | None = None
    registered_at: datetime | None = None
    posted_at: datetime | None = None
    metadata: Mapping[str, object] = field(default_factory=dict)
    exposure: float | None = None
    """As `Post.exposure`; with `severity` no part of what was written, so that an edit of either
    is no new revision."""
    severity: Severity | None = None
