"""Looks for posts that say much the same as those that wait for a person; off the hot path.

Each post is compared once with the newest of its site that were compared before it, exactly,
and the nearest are kept as pairs: a page reads pairs, and needs neither numbers nor an index for
vectors (docs/adr/0012-posts-like-this-one.md). A case is marked before its post is compared:
whoever dies meanwhile leaves a few cases without, and no post can hold up the others.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import compress, groupby
from operator import attrgetter
from typing import Final
from uuid import UUID

import numpy as np
from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone
from numpy.typing import NDArray

from classifiers import features
from classifiers.arrays import Vectors
from classifiers.encoder import loaded
from classifiers.encoder.languages import UNREAD
from classifiers.encoder.model import Encoder
from classifiers.types import Content
from moderation import leases
from moderation.models import Post, PostRevision
from reviews.evidence import whole
from reviews.evidence.similar import NEARLY
from reviews.models import Case, Embedding, Likeness

BATCH: Final = 16
"""Posts at once: a tenth to a third of a second."""
RECENT: Final = 5_000
"""Posts of the site that a post is compared with; 4 MB to read for a batch."""
KEPT: Final = 5
"""Pairs that a post brings."""
LEAST: Final = 0.6
"""Cosine from which on two posts are alike."""
LONG: Final = 1_000
"""Bytes in UTF-8 about as long as what the text encoder's windows hold: of
longer texts it reads only parts."""
LESS: Final = NEARLY - 0.001
STORED: Final = np.dtype("<f2")


@dataclass(frozen=True, slots=True, eq=False)
class _Read:
    """The words of a case's post, as a vector."""

    post_id: UUID
    site_id: int
    revision: int
    vector: NDArray[np.float32]


def compare(*, seconds: float, clock: Callable[[], float] = time.monotonic) -> int:
    """How many cases were compared, newest first; 0 without a text encoder.

    Raises LeaseTaken when another process is at it, EncoderUnusable for a broken text encoder.
    """
    # Looked at first: what the text encoder takes is not for a process that has nothing to do.
    if not Case.objects.filter(compared=False).exists() or (found := loaded.current()) is None:
        return 0
    end, done = clock() + seconds, 0
    with leases.hold("compare") as lease:
        while clock() < end and (cases := _take()):
            for site_id, read in _by_site(_read(cases, found)).items():
                _store(read, *_recent(site_id, read, found), found)
            done += len(cases)
            lease.keep()
    return done


def _take() -> list[Case]:
    """Cases that nobody has compared yet, marked."""
    cases = Case.objects.filter(compared=False).select_related("post").order_by("-pk")[:BATCH]
    taken = list(cases)
    Case.objects.filter(pk__in=[case.pk for case in taken]).update(compared=True)
    return taken


def _read(cases: Sequence[Case], found: Encoder) -> list[_Read]:
    """Posts as they read now, in the order of their ids; without those that have no words, or
    none that the text encoder reads: such posts are all alike to it."""
    shown = (case for case in cases if case.post.hidden_at is None)
    present = (case for case in shown if case.revision == case.post.revision)
    wanted = sorted({(case.post_id, case.site_id, case.revision) for case in present})
    revisions = PostRevision.objects.filter(post__in=[post for post, _, _ in wanted])
    words = {(row.post_id, row.revision): row for row in revisions.only(*_WORDS)}
    asked = [(key, words.get((key[0], key[2]))) for key in wanted]
    kept = [(key, row) for key, row in asked if row is not None and (row.text or row.title)]
    contents = [Content(text=row.text, title=row.title) for _, row in kept]
    bodies = [features.read(content).body for content in contents]
    legible = found.unread(bodies, [row.language for _, row in kept]) <= UNREAD
    keys = [key for (key, _), read in zip(kept, legible, strict=True) if read]
    vectors = found.embed(list(compress(bodies, legible)))
    return [_Read(*key, vector) for key, vector in zip(keys, vectors, strict=True)]


_WORDS: Final = ("post", "revision", "text", "title", "language")


def _by_site(read: Iterable[_Read]) -> dict[int, list[_Read]]:
    sites: dict[int, list[_Read]] = defaultdict(list)
    for one in read:
        sites[one.site_id].append(one)
    return sites


def _recent(site_id: int, read: Sequence[_Read], found: Encoder) -> tuple[list[UUID], Vectors]:
    """The site's newest embeddings of the same kind, without those of these posts."""
    rows = (
        Embedding.objects.filter(site=site_id, encoder=found.digest)
        .exclude(post__in=[one.post_id for one in read])
        .order_by("-post")
        .values_list("post", "vector")[:RECENT]
    )
    posts, vectors = [], []
    for post, vector in rows:
        posts.append(post)
        vectors.append(np.frombuffer(vector, dtype=STORED))
    matrix = np.array(vectors, dtype=np.float32).reshape(len(posts), found.dimensions)
    return posts, matrix


def _store(read: Sequence[_Read], others: list[UUID], vectors: Vectors, found: Encoder) -> None:
    """Write embeddings and pairs, of those posts that still have the words that were read."""
    pairs = _pairs(read, others, vectors)
    _read_to_the_end(pairs)
    named = {one.post_id for one in read} | {pair.other_id for pair in pairs}
    with transaction.atomic():
        posts = Post.objects.filter(pk__in=named, pruned_at=None, hidden_at=None).order_by("pk")
        locked = {post.pk: post for post in posts.select_for_update(no_key=True)}
        kept = {
            one.post_id: one
            for one in read
            if one.post_id in locked and locked[one.post_id].revision == one.revision
        }
        outdated = {one.post_id for one in read} - kept.keys()
        Likeness.objects.filter(Q(post__in=kept) | Q(other__in=kept)).delete()
        Embedding.objects.bulk_create(
            (_row(one, found) for one in kept.values()),
            update_conflicts=True,
            unique_fields=["post"],
            update_fields=["revision", "encoder", "vector", "created_at", "told"],
        )
        Likeness.objects.bulk_create(
            pair
            for pair in pairs
            if pair.post_id in kept and pair.other_id in locked.keys() - outdated
        )


def _pairs(read: Sequence[_Read], others: list[UUID], vectors: Vectors) -> list[Likeness]:
    """Each post with the KEPT most like it among `others` and those before it in `read`."""
    mine = np.array([one.vector for one in read], dtype=np.float32)
    candidates = [*others, *(one.post_id for one in read)]
    similar = mine @ np.concatenate([vectors, mine]).T
    pairs = []
    for place, one in enumerate(read):
        row = similar[place, : len(others) + place]
        nearest = np.argsort(-row, kind="stable")[:KEPT]
        pairs += [
            Likeness(
                post_id=one.post_id,
                other_id=candidates[column],
                similarity=min(float(row[column]), 1.0),
            )
            for column in nearest
            if row[column] >= LEAST
        ]
    return pairs


def _read_to_the_end(pairs: Sequence[Likeness]) -> None:
    """Have no pair be nearly the same for what the text encoder reads of long posts alone.

    Answers to all follow such pairs; what stands between the windows may say anything.
    """
    near = [pair for pair in pairs if pair.similarity >= NEARLY]
    posts = {post for pair in near for post in (pair.post_id, pair.other_id)}
    rows = PostRevision.objects.filter(post__in=posts, revision=F("post__revision"))
    words = {
        post: f"{title}\n{text}" for post, title, text in rows.values_list("post", "title", "text")
    }
    for post_id, found in groupby(near, key=attrgetter("post_id")):
        written = words.get(post_id, "")
        own = None
        for pair in found:
            other = words.get(pair.other_id, "")
            if written == other or max(len(written.encode()), len(other.encode())) <= LONG:
                continue
            own = own or whole.pieces(written)
            if whole.share(own, whole.pieces(other)) < whole.NEARLY:
                pair.similarity = LESS


def _row(one: _Read, found: Encoder) -> Embedding:
    return Embedding(
        post_id=one.post_id,
        site_id=one.site_id,
        revision=one.revision,
        encoder=found.digest,
        vector=one.vector.astype(STORED).tobytes(),
        created_at=timezone.now(),
        told=None,
    )
