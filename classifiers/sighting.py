"""What a site's posts before this one said, and how the next one stands beside them. Pure.

The formulas are here. A running service keeps what was seen in its tables (`moderation.judging`);
`training.data.played_site` keeps it in memory. Neither asks for a label.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, TypeVar

from classifiers.heuristics.community import brought
from classifiers.heuristics.wording import whole_text
from classifiers.talk import Talk
from classifiers.text.normalize import fingerprint
from classifiers.types import Community, Content, Sighting

logger = logging.getLogger(__name__)

AUTHORS: Final = 63
"""Bits that authors fall on; PostgreSQL has no unsigned numbers."""
FRESH: Final = timedelta(days=1)
"""A mark is not written again only for its time within so long."""
DAY: Final = timedelta(days=1)
MOST: Final = 500
"""Counts stop here: more posts in a day tell nothing new."""

K = TypeVar("K")


@dataclass(frozen=True, slots=True)
class Mark:
    """What was counted of one contact; authors are bits."""

    authors: int = 0
    trusted: int = 0
    """Authors of posts that the machine found honest by their words."""
    first_at: datetime | None = None
    last_at: datetime | None = None

    def is_changed_by(self, authors: int, trusted: int, moment: datetime) -> bool:
        """Whether this says anything that is not counted yet."""
        fresh = authors & ~self.authors or trusted & ~self.trusted
        return bool(fresh) or self.last_at is None or moment - self.last_at > FRESH

    def counting(self, authors: int, trusted: int, moment: datetime) -> Mark:
        """The marks with one more sighting."""
        return Mark(
            self.authors | authors,
            self.trusted | trusted,
            min(self.first_at or moment, moment),
            max(self.last_at or moment, moment),
        )

    def seen_by(self, author: int, beside: int, moment: datetime) -> Sighting:
        """How it looks to a post of this author; `beside` are authors of the same batch."""
        authors = self.authors | beside
        days: float | None = None
        if self.first_at is not None:
            days = max((moment - self.first_at) / DAY, 0.0)
        elif beside:
            days = 0.0
        return Sighting(
            others=(authors & ~author).bit_count(),
            trusted=(self.trusted & ~author).bit_count(),
            own=bool(authors & author),
            days=days,
        )


def bit(hashed: int) -> int:
    """What stands for an author in a Mark."""
    return 1 << (hashed % AUTHORS)


def ways(content: Content) -> tuple[str, ...]:
    """What a post brings; nothing where that cannot be told.

    The same code breaks again as a heuristic, where it sends this post alone to a person.
    """
    try:
        return brought(content)
    except Exception as error:
        # No message: it could quote the post.
        logger.error("what a post brings cannot be told: %s", type(error).__name__)
        return ()


def copied(title: str, text: str) -> bytes | None:
    """What copies of these words have in common; None for too few of them to tell."""
    found = fingerprint(f"{title}\n{text}")
    return found.digest if found.telling else None


def sighted(
    posts: Iterable[tuple[Sequence[K], int, datetime]], marks: Mapping[K, Mark]
) -> list[tuple[Sighting, ...]]:
    """What was seen of the contacts of each post, given with its author's bit and its moment.

    Posts of one batch see each other as if they had come one after another.
    """
    beside: defaultdict[K, int] = defaultdict(int)
    found = []
    for keys, author, moment in posts:
        own = dict.fromkeys(keys)
        found.append(
            tuple(marks.get(key, _NOTHING).seen_by(author, beside[key], moment) for key in own)
        )
        for key in own:
            beside[key] |= author
    return found


def community(
    counted: int, talk: Talk, content: Content, sightings: tuple[Sighting, ...]
) -> Community:
    """A post beside `counted` others and what they usually talk of."""
    text = whole_text(content)
    return Community(counted, sightings, talk.surprise(text), talk.foreign(text))


_NOTHING: Final = Mark()
