"""Labels and the words they are about -> a Snapshot file, as `training.data.dataset` reads.

Labels stream from a server-side cursor, so memory does not grow with their number. The same
labels give the same bytes.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Final

from django.db.models import QuerySet

from classifiers.tables.cells import guarded
from moderation.models import Post, PostRevision
from reviews.labels.weighing import Weighed, Weighing
from reviews.models import Label

BATCH: Final = 1_000
COLUMNS: Final = ("text", "label", "title", "author", "timestamp", "lang", "source", "audit")
JSON_SUFFIXES: Final = (".jsonl", ".ndjson")


@dataclass(frozen=True, slots=True)
class Exported:
    """What a file holds."""

    sha256: str
    spam: int
    ham: int
    last_label_id: int

    @property
    def labels(self) -> int:
        return self.spam + self.ham


def write_file(
    labels: QuerySet[Label],
    path: Path,
    *,
    weighing: Weighing | None = None,
    while_writing: Callable[[], None] = lambda: None,
) -> Exported:
    """Writes one row a label: CSV for people, JSON lines (by suffix) with all that trains.

    With `weighing`, labels that may not train are left out, and the others weigh what it says.

    What a spreadsheet would take for a formula is marked in CSV, and read back without the mark.
    `while_writing` is called after each row.
    """
    digest, counted, last = hashlib.sha256(), {"spam": 0, "ham": 0}, 0
    as_json = path.suffix.lower() in JSON_SUFFIXES
    with path.open("wb") as file:

        def write(line: bytes) -> None:
            file.write(line)
            digest.update(line)

        if not as_json:
            write(_csv_line(COLUMNS))
        for label, words in with_words(labels):
            weighed = weighing.of(label) if weighing else Weighed(label.weight, 1.0, 0)
            if weighed is None:
                continue
            write(
                json_line(
                    label,
                    words,
                    weight=weighed.weight,
                    trust=weighed.trust,
                    source=weighed.source if weighed.reporter else label.source,
                    seconded=weighed.seconded,
                )
                if as_json
                else _csv_line(_fields(label, words))
            )
            counted[label.label] += 1
            last = max(last, label.pk)
            while_writing()
    return Exported(digest.hexdigest(), counted["spam"], counted["ham"], last)


def with_words(labels: QuerySet[Label]) -> Iterator[tuple[Label, PostRevision]]:
    """Each label with the revision that it is about, in the order of `labels`."""
    stream = labels.iterator(chunk_size=BATCH)
    while batch := list(islice(stream, BATCH)):
        wanted = {(label.post_id, label.revision) for label in batch}
        found = {
            (words.post_id, words.revision): words
            for words in PostRevision.objects.filter(
                post_id__in={post for post, _ in wanted}
            ).select_related("post")
            if (words.post_id, words.revision) in wanted and _is_there(words.post)
        }
        for label in batch:
            if (label.post_id, label.revision) not in found:
                continue
            yield label, found[label.post_id, label.revision]


def _is_there(post: Post) -> bool:
    """Whether the words were neither deleted nor hidden."""
    return post.pruned_at is None and post.hidden_at is None


def json_line(
    label: Label,
    words: PostRevision,
    *,
    weight: float,
    trust: float,
    source: str,
    seconded: bool,
) -> bytes:
    """Return a label's row of a snapshot."""
    record = {
        "text": words.text,
        "label": label.label,
        "title": words.title,
        "type": words.post.type,
        "author": {
            "name": words.author_name,
            "email": words.author_email,
            "url": words.author_url,
        },
        "timestamp": (words.posted_at or words.created_at).isoformat(),
        "lang": words.language,
        "weight": weight,
        "trust": round(trust, 2),
        "source": source,
        "audit": label.audit,
        "propensity": label.inclusion_probability,
        "label_id": label.pk,
    }
    # Rarely so; without it the row is what earlier releases wrote.
    if seconded:
        record["seconded"] = True
    return (json.dumps(record, ensure_ascii=False) + "\n").encode()


def _fields(label: Label, words: PostRevision) -> tuple[str, ...]:
    stamp = (words.posted_at or words.created_at).isoformat()
    audit = "yes" if label.audit else ""
    name = words.author_name
    return (words.text, label.label, words.title, name, stamp, words.language, label.source, audit)


def _csv_line(fields: tuple[str, ...]) -> bytes:
    line = io.StringIO(newline="")
    csv.writer(line, quoting=csv.QUOTE_ALL).writerow(guarded(field) for field in fields)
    return line.getvalue().encode()
