"""The Snapshot: labelled posts in a file, and how they are divided.

CSV with a header, or JSON lines. Required: `text`, `label` (spam, ham). Optional: `title`,
`author` (a name; in JSON also an object with `name`, `email`, `url`), `type`, `timestamp`
(ISO 8601), `lang`, `split`, `weight` (above 0), `source`, `trust` (0 to 1, in whoever gave the
label; 1 unless said), `label_id`. Other columns are passed over.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import math
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from classifiers.exceptions import (
    SnapshotColumnMissing,
    SnapshotRowInvalid,
    SnapshotSplitMissing,
    SnapshotUnreadable,
)
from classifiers.text.cells import unguarded
from classifiers.types import AuthorFacts, Content

REQUIRED: Final = ("text", "label")
LABELS: Final = {"spam": True, "ham": False}
LONGEST_FIELD: Final = 16_000_000

Flags = NDArray[np.bool_]
Places = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Row:
    """One labelled post."""

    content: Content
    spam: bool
    split: str = ""
    time: float = math.nan
    """Seconds since 1970; NaN where the file does not say."""
    weight: float = 1.0
    source: str = ""
    trust: float = 1.0
    """In whoever gave the label, in [0, 1]."""
    label_id: int = 0
    """Of the label where it came from; 0 where the file does not say."""


@dataclass(frozen=True, slots=True, eq=False)
class Snapshot:
    """The rows of one or more files, in order, and the SHA-256 over the files' bytes."""

    rows: Sequence[Row]
    sha256: str

    @property
    def spam(self) -> Flags:
        return np.array([row.spam for row in self.rows], dtype=bool)

    @property
    def weights(self) -> NDArray[np.float64]:
        return np.array([row.weight for row in self.rows], dtype=np.float64)

    @property
    def contents(self) -> list[Content]:
        return [row.content for row in self.rows]

    def keep(self, places: Sequence[int] | Places) -> Snapshot:
        return Snapshot([self.rows[place] for place in places], self.sha256)


def read(
    *paths: Path,
    splits: Collection[str] = (),
    on_bad: Callable[[SnapshotRowInvalid], None] | None = None,
) -> Snapshot:
    """The rows of all files; with `splits`, those of these splits.

    Raises a SnapshotError that names the file and what is wrong with it. With `on_bad`, that is
    told of each row that cannot be used, and the row is left out.
    """
    rows: list[Row] = []
    digest = hashlib.sha256()
    for path in paths:
        content = _read_bytes(path)
        digest.update(content)
        found = list(_rows(path, content, on_bad))
        if splits:
            found = [row for row in found if row.split in splits]
            if not found:
                raise SnapshotSplitMissing(f"{path}: no row is of {' or '.join(splits)}.")
        rows += found
    return Snapshot(rows, digest.hexdigest())


def _rows(
    path: Path, content: bytes, on_bad: Callable[[SnapshotRowInvalid], None] | None
) -> Iterator[Row]:
    for line, fields in _records(path, content):
        try:
            yield _row(path, line, fields)
        except SnapshotRowInvalid as error:
            if on_bad is None:
                raise
            on_bad(error)


def _read_bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise SnapshotUnreadable(f"{path}: {error.strerror}.") from error


def _records(path: Path, content: bytes) -> Iterator[tuple[int, Mapping[str, Any]]]:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise SnapshotUnreadable(f"{path}: not UTF-8 ({error.reason}).") from error
    if path.suffix.lower() in (".jsonl", ".ndjson", ".json"):
        return _json_records(path, text)
    return _csv_records(path, text)


def _csv_records(path: Path, text: str) -> Iterator[tuple[int, Mapping[str, Any]]]:
    csv.field_size_limit(LONGEST_FIELD)
    reader = csv.DictReader(io.StringIO(text, newline=""), strict=True)
    try:
        _check_columns(path, reader.fieldnames or ())
        for fields in reader:
            cells = {n: unguarded(c) if isinstance(c, str) else c for n, c in fields.items()}
            yield reader.line_num, cells
    except csv.Error as error:
        raise SnapshotUnreadable(f"{path}, line {reader.line_num}: {error}.") from error


def _json_records(path: Path, text: str) -> Iterator[tuple[int, Mapping[str, Any]]]:
    for line, record in enumerate(text.split("\n"), start=1):
        if not record.strip():
            continue
        try:
            fields = json.loads(record)
        except (ValueError, RecursionError) as error:
            raise SnapshotUnreadable(f"{path}, line {line}: not JSON: {error}.") from error
        if not isinstance(fields, dict):
            raise SnapshotUnreadable(f"{path}, line {line}: not a JSON object.")
        _check_columns(path, fields)
        yield line, fields


def _check_columns(path: Path, columns: Sequence[str] | Mapping[str, Any]) -> None:
    missing = [name for name in REQUIRED if name not in columns]
    if missing:
        raise SnapshotColumnMissing(f"{path}: {', '.join(missing)}.")


def _row(path: Path, line: int, fields: Mapping[str, Any]) -> Row:
    where = f"{path}, line {line}"
    label = str(fields["label"] or "").strip().lower()
    if label not in LABELS:
        raise SnapshotRowInvalid(f"{where}: the label is {label!r}, not spam or ham.")
    content = Content(
        text=_string(where, fields, "text"),
        title=_string(where, fields, "title"),
        type=_string(where, fields, "type") or "other",
        language=_string(where, fields, "lang"),
        author=_author(where, fields),
    )
    return Row(
        content,
        LABELS[label],
        _string(where, fields, "split"),
        _time(where, _string(where, fields, "timestamp")),
        _weight(where, fields.get("weight")),
        _string(where, fields, "source"),
        _trust(where, fields.get("trust")),
        _number(fields.get("label_id")),
    )


def _string(where: str, fields: Mapping[str, Any], name: str) -> str:
    value = fields.get(name)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise SnapshotRowInvalid(f"{where}: {name} is not a text.")
    return value


def _author(where: str, fields: Mapping[str, Any]) -> AuthorFacts:
    author = fields.get("author")
    if isinstance(author, dict):
        return AuthorFacts(
            *(_string(f"{where}: author", author, key) for key in ("name", "email", "url"))
        )
    return AuthorFacts(name=_string(where, fields, "author"))


def _time(where: str, stamp: str) -> float:
    if not stamp.strip():
        return math.nan
    try:
        time = datetime.fromisoformat(stamp.strip())
    except ValueError as error:
        raise SnapshotRowInvalid(f"{where}: timestamp: {error}.") from error
    return (time if time.tzinfo else time.replace(tzinfo=UTC)).timestamp()


def _trust(where: str, value: object) -> float:
    if value in (None, ""):
        return 1.0
    trust = _real(value)
    if not 0.0 <= trust <= 1.0:
        raise SnapshotRowInvalid(f"{where}: the trust {value!r} is not in [0, 1].")
    return trust


def _real(value: object) -> float:
    """Not a number for what is none, which lies in no range."""
    try:
        return float(value) if isinstance(value, int | float | str) else math.nan
    except ValueError:
        return math.nan


def _number(value: object) -> int:
    return value if isinstance(value, int) else 0


def _weight(where: str, value: object) -> float:
    if value in (None, ""):
        return 1.0
    weight = _real(value)
    if not 0.0 < weight < math.inf:
        raise SnapshotRowInvalid(f"{where}: the weight {value!r} is not above 0.")
    return weight
