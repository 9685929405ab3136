"""What is looked for, and what is found."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from moderation.types import PEOPLE, Source
from reviews.search.windows import milliseconds

PAGE: Final = 30
LAST: Final = UUID(int=2**128 - 1)


class By(StrEnum):
    """Who decided what a post is now."""

    MACHINE = "machine"
    PEOPLE = "people"
    EXPIRY = "expiry"
    """Nobody answered in time."""


SOURCES: Final = {
    By.MACHINE: [Source.MACHINE.value],
    By.PEOPLE: sorted(PEOPLE),
    By.EXPIRY: [Source.EXPIRY.value],
}


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked for; empty is whatever there is."""

    words: str = ""
    inside: bool = False
    """Also inside words: what was typed stands somewhere, as it was typed."""
    state: str = ""
    """allow, review, block, pending or withdrawn."""
    by: str = ""
    """A value of By."""
    author: str = ""
    """The site's own id of them."""
    address: str = ""
    """An e-mail address, or an IP address, as lists write it."""
    domain: str = ""
    language: str = ""
    like: UUID | None = None
    """A post; those that say the same as it does, or nearly."""
    since: datetime | None = None
    until: datetime | None = None
    score_from: float | None = None
    score_to: float | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """Posts that answer a question, newest first."""

    ids: list[UUID] = field(default_factory=list)
    after: UUID | None = None
    """Where the next page begins; None when there is none."""
    complete: bool = True
    """False when the page ended before it was full, and there may be more."""

    @property
    def looked_back_to(self) -> datetime | None:
        """When the last post came in that was looked at; None when all were."""
        if self.complete or self.after is None:
            return None
        return datetime.fromtimestamp(milliseconds(self.after) / 1000, tz=UTC)


class TooShort(ValueError):
    """Too short: three characters are the least here, two of Chinese, Japanese or Korean."""
