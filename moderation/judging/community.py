"""A post beside the others of its site: looked up before it is judged, counted afterwards.

Two short queries a batch read all that is asked: what was seen of the things that posts bring
(`moderation.judging.sightings`), and what the site usually talks of (`moderation.judging.talks`).
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from classifiers import sighting
from classifiers.sighting import Mark
from classifiers.talk import Talk
from classifiers.types import Community, Content, Sighting
from moderation.judging import sightings, talks
from moderation.judging.sightings import Key
from moderation.models import Decision, Post, PostRevision, SiteTalk
from moderation.types import Source

KEPT: Final = 128
"""Sites whose talk is kept in memory a process, 16 kB each."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a post stands on its site, and what to count when it is decided."""

    community: Community | None = None
    author: int = 0
    """The bit that its author falls on."""
    rows: Mapping[Key, Mark] = field(default_factory=dict)
    """What was counted of each thing that it brings."""


def recall(posts: Sequence[Post], contents: Sequence[Content]) -> list[Place]:
    """Where each post stands, in order, beside what its site saw before it.

    Posts of one batch see each other as if they had come one after another.
    """
    heard = _heard({post.site_id for post in posts})
    keys = [
        [(post.site_id, sightings.hash_of(post.site_id, way)) for way in sighting.ways(content)]
        for post, content in zip(posts, contents, strict=True)
    ]
    known = sightings.find({key for ours in keys for key in ours})
    authors = [_bit(post) for post in posts]
    moments = [post.submitted_at for post in posts]
    seen = sighting.sighted(zip(keys, authors, moments, strict=True), known)
    return [
        Place(
            _community(heard.get(post.site_id), content, beside),
            author,
            {key: known.get(key, Mark()) for key in ours},
        )
        for post, content, ours, author, beside in zip(
            posts, contents, keys, authors, seen, strict=True
        )
    ]


def count(decided: Iterable[tuple[Decision, Place]]) -> None:
    """Counts what posts brought that the machine has decided about."""
    seen: dict[Key, tuple[Mark, int, int, datetime]] = {}
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


def _read(kept: Mapping[str, Any] | None) -> Community | None:
    if kept is None:
        return None
    seen = tuple(Sighting(**one) for one in kept["sightings"])
    return Community(**{**kept, "sightings": seen})


def _community(
    heard: _Heard | None, content: Content, seen: tuple[Sighting, ...]
) -> Community | None:
    return sighting.community(heard.counted, heard.talk, content, seen) if heard else None


def _bit(post: Post) -> int:
    """Who is not named is somebody else each time."""
    who = f"author {post.author_id}" if post.author_id else f"post {post.pk}"
    return sighting.bit(sightings.hash_of(post.site_id, who))


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
