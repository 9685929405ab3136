"""What each model learnt from, kept without the words, and whether the labels still say so."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from django.utils import timezone

from classifiers.types import AuthorFacts, Content
from moderation.models import PostRevision
from reviews.labels import export
from reviews.models import Label, SnapshotRecord

if TYPE_CHECKING:
    from classifiers.training.record import Entry

BATCH: Final = 1_000


@dataclass(frozen=True, slots=True)
class Verified:
    """How a snapshot's record compares with the labels and words that are stored now."""

    rows: int
    gone: int
    """Rows whose words were deleted or hidden since: nobody can tell."""
    differing: tuple[int, ...]
    """Labels that say something else now, or of other words."""
    same_file: bool | None
    """Whether the file can be made again byte by byte; None where words are gone."""


def store(digest: str, record: Path) -> None:
    """Keep the record of a snapshot; one of the same digest says the same, and stays."""
    content = zlib.compress(record.read_bytes(), 9)
    SnapshotRecord.objects.get_or_create(
        digest=digest, defaults={"content": content, "created_at": timezone.now()}
    )


def verify(digest: str) -> Verified:
    """Make the snapshot again from what is stored, row by row.

    Raises SnapshotRecord.DoesNotExist.
    """
    # What it needs is large, and no page does.
    from classifiers.training import record

    found = SnapshotRecord.objects.get(digest=digest)
    entries = list(record.read(zlib.decompress(bytes(found.content))))
    file, gone, differing = hashlib.sha256(), 0, []
    for entry, made in _again(entries):
        if made is None:
            gone += 1
            continue
        label, words = made
        file.update(
            export.json_line(
                label, words, weight=entry.weight, trust=entry.trust, source=entry.source
            )
        )
        time = (words.posted_at or words.created_at).timestamp()
        said = record.digest_of(_content(words), spam=label.label == "spam", time=time)
        if said != entry.digest:
            differing.append(entry.label_id)
    same = None if gone else file.hexdigest() == digest
    return Verified(len(entries), gone, tuple(differing), same)


def _again(entries: list[Entry]) -> Iterator[tuple[Entry, tuple[Label, PostRevision] | None]]:
    """Each entry with its label and words as they are stored now."""
    for start in range(0, len(entries), BATCH):
        batch = entries[start : start + BATCH]
        labels = Label.objects.filter(pk__in=[entry.label_id for entry in batch])
        made = {label.pk: (label, words) for label, words in export.with_words(labels)}
        for entry in batch:
            yield entry, made.get(entry.label_id)


def _content(words: PostRevision) -> Content:
    return Content(
        text=words.text,
        title=words.title,
        type=words.post.type,
        language=words.language,
        author=AuthorFacts(words.author_name, words.author_email, words.author_url),
    )
