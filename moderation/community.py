"""A post beside the others of its site: looked up before it is judged, counted afterwards.

Two short queries a batch read all that is asked: what was seen of the things that posts bring
(`moderation.sightings`), and what the site usually talks of (`moderation.talks`).
"""

from __future__ import annotations

import logging
import threading
from collections import OrderedDict, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from classifiers.heuristics.community import brought
from classifiers.heuristics.wording import whole_text
from classifiers.talk import Talk
from classifiers.types import Community, Content, Sighting
from moderation import sightings, talks
from moderation.models import Decision, Post, PostRevision, SiteTalk
from moderation.sightings import Key, Row
from moderation.types import Source

logger = logging.getLogger(__name__)

KEPT: Final = 128
"""Sites whose talk is kept in memory a process, 16 kB each."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a post stands on its site, and what to count when it is decided."""

    community: Community | None = None
    author: int = 0
    """The bit that its author falls on."""
    rows: Mapping[Key, Row] = field(default_factory=dict)
    """What was counted of each thing that it brings."""


def recall(posts: Sequence[Post], contents: Sequence[Content]) -> list[Place]:
    """Where each post stands, in order, beside what its site saw before it.

    Posts of one batch see each other as if they had come one after another.
    """
    heard = _heard({post.site_id for post in posts})
    keys = [
        [(post.site_id, sightings.hash_of(post.site_id, way)) for way in _brought(content)]
        for post, content in zip(posts, contents, strict=True)
    ]
    known = sightings.find({key for ours in keys for key in ours})
    beside: defaultdict[Key, int] = defaultdict(int)
    places = []
    for post, content, ours in zip(posts, contents, keys, strict=True):
        author, rows = _bit(post), {key: known.get(key, Row()) for key in ours}
        seen = tuple(
            _sighting(row, beside[key], author, post.submitted_at) for key, row in rows.items()
        )
        for key in ours:
            beside[key] |= author
        community = _community(heard.get(post.site_id), content, seen)
        places.append(Place(community, author, rows))
    return places


def count(decided: Iterable[tuple[Decision, Place]]) -> None:
    """Counts what posts brought that the machine has decided about."""
    seen: dict[Key, tuple[Row, int, int, datetime]] = {}
    for decision, place in decided:
        honest = talks.is_honest(decision)
        for key, row in place.rows.items():
            _, authors, trusted, _ = seen.get(key, (row, 0, 0, None))
            trusted |= place.author if honest else 0
            seen[key] = (row, authors | place.author, trusted, decision.created_at)
    sightings.write(
        (*key, authors, trusted, moment)
        for key, (row, authors, trusted, moment) in seen.items()
        if row.is_changed_by(authors, trusted, moment)
    )


def as_judged(words: Sequence[PostRevision]) -> list[Community | None]:
    """Where posts stood when the machine judged these revisions, as it was stored then."""
    rows = Decision.objects.filter(
        post__in=[said.post_id for said in words], source=Source.MACHINE, community__isnull=False
    ).order_by("pk")
    then: dict[tuple[UUID, int], dict[str, Any]] = {
        (row.post_id, row.revision): row.community
        for row in rows.only("post_id", "revision", "community")
        if row.community
    }
    return [_read(then.get((said.post_id, said.revision))) for said in words]


def _brought(content: Content) -> tuple[str, ...]:
    """What a post brings; nothing where that cannot be told.

    The same code breaks again as a heuristic, where it sends this post alone to a person.
    """
    try:
        return brought(content)
    except Exception as error:
        # No message: it could quote the post.
        logger.error("what a post brings cannot be told: %s", type(error).__name__)
        return ()


def _read(kept: Mapping[str, Any] | None) -> Community | None:
    if kept is None:
        return None
    seen = tuple(Sighting(**one) for one in kept["sightings"])
    return Community(**{**kept, "sightings": seen})


def _community(
    heard: _Heard | None, content: Content, seen: tuple[Sighting, ...]
) -> Community | None:
    if heard is None:
        return None
    text = whole_text(content)
    return Community(heard.counted, seen, heard.talk.surprise(text), heard.talk.foreign(text))


def _sighting(row: Row, beside: int, author: int, moment: datetime) -> Sighting:
    authors = row.authors | beside
    days: float | None = None
    if row.first_at is not None:
        days = max((moment - row.first_at) / timedelta(days=1), 0.0)
    elif beside:
        days = 0.0
    return Sighting(
        others=(authors & ~author).bit_count(),
        trusted=(row.trusted & ~author).bit_count(),
        own=bool(authors & author),
        days=days,
    )


def _bit(post: Post) -> int:
    """Who is not named is somebody else each time."""
    who = f"author {post.author_id}" if post.author_id else f"post {post.pk}"
    return 1 << (sightings.hash_of(post.site_id, who) % sightings.AUTHORS)


@dataclass(frozen=True, slots=True, eq=False)
class _Heard:
    revision: int
    counted: int
    talk: Talk


_held: OrderedDict[int, _Heard] = OrderedDict()
_holding = threading.Lock()


def _heard(sites: Iterable[int]) -> dict[int, _Heard]:
    rows = SiteTalk.objects.filter(site__in=sites).values_list(
        "site_id", "revision", "counted", "key"
    )
    found = {}
    for site_id, revision, counted, hashed_with in rows:
        heard = _held.get(site_id)
        if heard is None or heard.revision != revision:
            heard = _Heard(
                revision,
                counted if hashed_with == sightings.key() else 0,
                talks.talk_of(SiteTalk.objects.get(pk=site_id)),
            )
        found[site_id] = heard
    with _holding:
        for site_id, heard in found.items():
            _held[site_id] = heard
            _held.move_to_end(site_id)
        while len(_held) > KEPT:
            _held.popitem(last=False)
    return found
