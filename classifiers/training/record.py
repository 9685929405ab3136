"""What a model learnt from, row by row, without a word of it: a snapshot's lasting record.

The snapshot itself holds people's words and goes when the training ends. The record stays: of each
row the label's id, a digest of label and words, what it weighed and why, and whether it trained,
so that anybody with the database can tell later whether a model learnt from just these labels.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Iterator
from dataclasses import astuple, dataclass, fields
from typing import Final

from classifiers.training.dataset import Flags, Places, Row, Snapshot
from classifiers.types import Content

DIGITS: Final = 32
"""Of a row's digest, in hexadecimal: 128 bits."""
TRAINED, HELD_BACK, LEFT_OUT = "trained", "held back", "left out"
"""What became of a row: it measured, or its reporter was not believed."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One row. Rows of one `cluster` are near-duplicates of each other."""

    label_id: int
    digest: str
    weight: float
    trust: float
    source: str
    propensity: float | None
    part: str
    cluster: int


def digest_of(content: Content, *, spam: bool, time: float) -> str:
    """Return SHA-256 over what a label says and what it says it of, cut to DIGITS.

    `time` in seconds since 1970, NaN where none is known.
    """
    author = content.author
    said = [
        *(content.text, content.title, content.type, content.language),
        *(author.name, author.email, author.url),
        *(spam, repr(time)),
    ]
    return hashlib.sha256(json.dumps(said).encode()).hexdigest()[:DIGITS]


def write(snapshot: Snapshot, *, cluster: Places, trained: Flags, held: Flags) -> bytes:
    """Return the record as CSV: `cluster`, `trained` and `held` have an entry a row."""
    file = io.StringIO(newline="")
    table = csv.writer(file)
    table.writerow(field.name for field in fields(Entry))
    for place, row in enumerate(snapshot.rows):
        part = TRAINED if trained[place] else HELD_BACK if held[place] else LEFT_OUT
        table.writerow(astuple(_entry(row, part, int(cluster[place]))))
    return file.getvalue().encode()


def read(content: bytes) -> Iterator[Entry]:
    """Yield the entries of a record that `write` made."""
    for row in csv.DictReader(io.StringIO(content.decode(), newline="")):
        yield Entry(
            label_id=int(row["label_id"]),
            digest=row["digest"],
            weight=float(row["weight"]),
            trust=float(row["trust"]),
            source=row["source"],
            propensity=float(row["propensity"]) if row["propensity"] else None,
            part=row["part"],
            cluster=int(row["cluster"]),
        )


def _entry(row: Row, part: str, cluster: int) -> Entry:
    return Entry(
        row.label_id,
        digest_of(row.content, spam=row.spam, time=row.time),
        row.weight,
        row.trust,
        row.source,
        row.propensity,
        part,
        cluster,
    )
