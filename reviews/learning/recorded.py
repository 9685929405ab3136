"""What each model learnt from, kept without the words, and whether the labels still say so.

Of each label: its id, a digest of its row in the snapshot, what it weighed and why, its cluster of
near-duplicates, and whether it trained. The digests need the installation's secret: with the
database alone nobody can try out what words they are of, once the words are gone.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import zlib
from collections.abc import Iterator
from dataclasses import astuple, dataclass, fields
from pathlib import Path
from typing import Final

from django.conf import settings
from django.utils import timezone
from django.utils.crypto import salted_hmac

from classifiers.training.data import record
from moderation.models import PostRevision
from reviews.labels import export
from reviews.models import Label, SnapshotRecord

BATCH: Final = 1_000
SNAPSHOT: Final = "snapshot.jsonl"
RECORD: Final = "record.csv"
DIGITS: Final = 32
"""Of a row's digest, in hexadecimal: 128 bits."""
SALT: Final = "winnow.snapshot"


@dataclass(frozen=True, slots=True)
class Entry:
    """One row of a snapshot."""

    label_id: int
    digest: str
    weight: float
    trust: float
    source: str
    propensity: float | None
    part: str
    cluster: int
    seconded: bool = False


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


def store(digest: str, folder: Path) -> None:
    """Keep the record of the snapshot that a training in this folder learnt from.

    One of the same digest says the same, and stays.
    """
    parts = record.read((folder / RECORD).read_bytes())
    file = io.StringIO(newline="")
    table = csv.writer(file)
    table.writerow(field.name for field in fields(Entry))
    with (folder / SNAPSHOT).open("rb") as lines:
        for line in lines:
            table.writerow(astuple(_entry(line, parts)))
    content = zlib.compress(file.getvalue().encode(), 9)
    SnapshotRecord.objects.get_or_create(
        digest=digest, defaults={"content": content, "created_at": timezone.now()}
    )


def entries_of(kept: SnapshotRecord) -> Iterator[Entry]:
    """Yield what a record says, in the order of the snapshot."""
    content = zlib.decompress(bytes(kept.content)).decode()
    for row in csv.DictReader(io.StringIO(content, newline="")):
        yield Entry(
            label_id=int(row["label_id"]),
            digest=row["digest"],
            weight=float(row["weight"]),
            trust=float(row["trust"]),
            source=row["source"],
            propensity=float(row["propensity"]) if row["propensity"] else None,
            part=row["part"],
            cluster=int(row["cluster"]),
            # A record of an earlier release has no such column.
            seconded=row.get("seconded") == "True",
        )


def verify(digest: str) -> Verified:
    """Make the snapshot again from what is stored, row by row.

    Raises SnapshotRecord.DoesNotExist.
    """
    entries = list(entries_of(SnapshotRecord.objects.get(digest=digest)))
    file, gone, differing = hashlib.sha256(), 0, []
    for entry, made in _again(entries):
        if made is None:
            gone += 1
            continue
        line = export.json_line(
            *made,
            weight=entry.weight,
            trust=entry.trust,
            source=entry.source,
            seconded=entry.seconded,
        )
        file.update(line)
        if entry.digest not in _digests(line):
            differing.append(entry.label_id)
    same = None if gone else file.hexdigest() == digest
    return Verified(len(entries), gone, tuple(differing), same)


def _entry(line: bytes, parts: record.Parts) -> Entry:
    said = json.loads(line)
    return Entry(
        said["label_id"],
        _digests(line)[0],
        said["weight"],
        said["trust"],
        said["source"],
        said["propensity"],
        *parts[said["label_id"]],
        seconded=said.get("seconded", False),
    )


def _digests(line: bytes) -> list[str]:
    """Return the digest of a row with the secret in force, then with former ones."""
    secrets = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    return [
        salted_hmac(SALT, line, secret=secret, algorithm="sha256").hexdigest()[:DIGITS]
        for secret in secrets
    ]


def _again(entries: list[Entry]) -> Iterator[tuple[Entry, tuple[Label, PostRevision] | None]]:
    """Yield each entry with its label and words as they are stored now."""
    for start in range(0, len(entries), BATCH):
        batch = entries[start : start + BATCH]
        labels = Label.objects.filter(pk__in=[entry.label_id for entry in batch])
        made = {label.pk: (label, words) for label, words in export.with_words(labels)}
        for entry in batch:
            yield entry, made.get(entry.label_id)
