"""A site kept in memory, for a file that is played from its beginning."""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final, TypeVar
from zlib import crc32

from classifiers.heuristics.wording import whole_text
from classifiers.sighting import DAY, MOST, Mark, bit, community, copied, sighted, ways
from classifiers.talk import Talk
from classifiers.types import Content, History

K = TypeVar("K")

HOUR: Final = timedelta(hours=1)
KEPT: Final = 50_000
"""Contacts, authors, and keys of the last day's posts that a `PlayedSite` remembers, the newest of
each: some tens of megabytes."""
V = TypeVar("V")


@dataclass(frozen=True, slots=True)
class Arrival:
    """A post as it comes to a site."""

    content: Content
    at: datetime
    author: str = ""
    """Whatever tells authors apart; empty where nobody is named, who is then somebody else each
    time."""


@dataclass(slots=True, eq=False)
class PlayedSite:
    """What one site saw, in memory. Posts come in order: `recall`, judge, `count`."""

    clocked: bool = True
    """Whether moments are real; where they only stand for an order, nothing is known of speed and
    age."""
    counted: int = 0
    talk: Talk = field(default_factory=lambda: Talk(0))
    _marks: OrderedDict[str, Mark] = field(default_factory=OrderedDict)
    _first: OrderedDict[str, datetime] = field(default_factory=OrderedDict)
    """When each author came first."""
    _recent: _Recent = field(default_factory=lambda: _Recent())
    _come: list[tuple[Arrival, tuple[str, ...], int, datetime]] = field(default_factory=list)
    """Posts of the last batch, with their contacts, author's bit and moment."""

    def recall(self, posts: Sequence[Arrival]) -> list[History]:
        """What is remembered of each post when it comes, in order.

        Of the posts before it in the batch all is known but whether they are honest.
        """
        asked = [
            (ways(post.content), self._bit(place, post), post.at)
            for place, post in enumerate(posts)
        ]
        self._come = [(post, *each) for post, each in zip(posts, asked, strict=True)]
        seen = sighted(asked, self._marks)
        return [
            replace(
                self._history(post), community=community(self.counted, self.talk, post.content, one)
            )
            for post, one in zip(posts, seen, strict=True)
        ]

    def count(self, honest: Sequence[bool]) -> None:
        """Counts the posts that were recalled last, of which these seemed honest when judged."""
        for (_, keys, author, moment), is_honest in zip(self._come, honest, strict=True):
            for key in dict.fromkeys(keys):
                mark = self._marks.get(key, Mark())
                counted = mark.counting(author, author if is_honest else 0, moment)
                _keep(self._marks, key, counted)
        self.counted += len(honest)
        heard = [
            post for (post, *_), is_honest in zip(self._come, honest, strict=True) if is_honest
        ]
        self.talk = self.talk.hear(whole_text(post.content) for post in heard)
        self._come = []

    def _bit(self, place: int, post: Arrival) -> int:
        who = f"author {post.author}" if post.author else f"post {self.counted + place}"
        return bit(crc32(who.encode(errors="replace")))

    def _history(self, post: Arrival) -> History:
        """Counts exclude the post itself, which counts from then on."""
        said = copied(post.content.title, post.content.text)
        alike = f"text {said.hex()}" if said else ""
        own = f"author {post.author}" if post.author else ""
        shared = f"address {post.content.author.ip}" if post.content.author.ip else ""
        same = self._recent.within(alike, post.at, DAY)
        others = None if same is None else {one for _, one in same} - {"", post.author}
        found = History(
            same_text_last_day=_size(same),
            same_text_other_authors_last_day=_size(others),
        )
        if self.clocked:
            found = replace(
                found,
                now=post.at,
                author_first_seen=self._first_seen(post),
                author_posts_last_hour=_size(self._recent.within(own, post.at, HOUR)),
                address_posts_last_hour=_size(self._recent.within(shared, post.at, HOUR)),
            )
        self._recent.add((alike, own, shared), post.at, post.author)
        return found

    def _first_seen(self, post: Arrival) -> datetime | None:
        """None within a day: who is new to a file need not be new to the site."""
        if not post.author:
            return None
        first = self._first.get(post.author, post.at)
        _keep(self._first, post.author, first)
        return first if post.at - first >= DAY else None


class _Recent:
    """Moment and author of the posts of the last day under some keys; an empty key is none."""

    def __init__(self) -> None:
        self._posts: OrderedDict[str, deque[tuple[datetime, str]]] = OrderedDict()

    def within(
        self, key: str, moment: datetime, span: timedelta
    ) -> list[tuple[datetime, str]] | None:
        """The newest MOST; None where there is no key."""
        if not key:
            return None
        return [post for post in self._posts.get(key, ()) if moment - span < post[0] <= moment]

    def add(self, keys: Iterable[str], moment: datetime, author: str) -> None:
        for key in filter(None, keys):
            posts = self._posts.get(key) or deque(maxlen=MOST)
            posts.append((moment, author))
            _keep(self._posts, key, posts)
        while self._posts and next(iter(self._posts.values()))[-1][0] <= moment - DAY:
            self._posts.popitem(last=False)


def _keep(store: OrderedDict[K, V], key: K, value: V) -> None:
    """The newest KEPT."""
    store[key] = value
    store.move_to_end(key)
    if len(store) > KEPT:
        store.popitem(last=False)


def _size(found: Collection[object] | None) -> int | None:
    return None if found is None else len(found)
