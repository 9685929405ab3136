"""Files of posts, row by row: what can be used, and why the rest cannot. No database.

CSV with a header, or JSON lines; UTF-8. Columns: `text`, with labels `label` (spam, ham);
optional `title`, `author` (a name; in JSON also an object with `id`, `name`, `email`, `url`),
`author_id`, `timestamp` (ISO 8601, UTC where it names no zone), `lang`, `type`, `permalink`,
`external_id`. Other columns are passed over. The same file always gives the same rows in the
same order, so that a position in it is a number.
"""

from __future__ import annotations

import csv
import hashlib
import json
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from classifiers.text.cells import unguarded
from classifiers.types import AuthorFacts, Content
from moderation.types import Draft, FeedbackLabel, PostType
from reviews.exceptions import FileRefused, RowRefused

LONGEST_TEXT: Final = 100_000
LONGEST_RECORD: Final = 1_000_000
"""Characters of one field beyond which a quote counts as never closed."""
LONGEST: Final[dict[str, int]] = {
    "text": LONGEST_TEXT,
    "title": LONGEST_TEXT,
    "permalink": 2_000,
    "lang": 35,
    "external_id": 200,
    "author": 200,
    "author_id": 200,
    "author email": 320,
    "author url": 2_000,
}
JSON_SUFFIXES: Final = (".jsonl", ".ndjson")


@dataclass(frozen=True, slots=True)
class Row:
    """A post that can be stored."""

    line: int
    draft: Draft
    label: FeedbackLabel | None


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row that is skipped, and why."""

    line: int
    reason: str


@dataclass(frozen=True, slots=True)
class FileFacts:
    """What identifies a file, and how long it is."""

    digest: str
    lines: int


def inspect(path: Path, *, labelled: bool) -> FileFacts:
    """Raises FileRefused for a file that cannot be read, or that lacks a column."""
    digest, lines = hashlib.sha256(), 0
    try:
        with path.open("rb") as file:
            while block := file.read(1 << 20):
                digest.update(block)
                lines += block.count(b"\n")
    except OSError as error:
        raise FileRefused(f"{path}: {error.strerror}.") from error
    _check_columns(path, labelled)
    return FileFacts(digest.hexdigest(), lines)


def read(path: Path, *, labelled: bool) -> Iterator[Row | BadRow]:
    """Every row of the file in order; empty lines are no rows."""
    for line, found in _records(path):
        if isinstance(found, str):
            yield BadRow(line, found)
            continue
        try:
            yield _row(line, found, labelled)
        except RowRefused as reason:
            yield BadRow(line, str(reason))


def _is_json(path: Path) -> bool:
    return path.suffix.lower() in JSON_SUFFIXES


def _check_columns(path: Path, labelled: bool) -> None:
    """Raises FileRefused unless the header, or at least one JSON object, has what is needed."""
    needed = {"text", "label"} if labelled else {"text"}
    if _is_json(path):
        seen: set[str] = set()
        for _, found in _records(path):
            if not isinstance(found, str):
                seen |= found.keys()
            if seen >= needed:
                return
    else:
        with path.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as file:
            header = next(_csv_records(file), (1, []))[1]
        seen = set() if isinstance(header, str) else set(header)
    if missing := sorted(needed - seen):
        raise FileRefused(f"{path}: there is no column {' and no column '.join(missing)}.")


def _records(path: Path) -> Iterator[tuple[int, Mapping[str, Any] | str]]:
    """The line on which each record starts, with its fields or what is wrong with it."""
    with path.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as file:
        yield from _json_records(file) if _is_json(path) else _csv_rows(file)


def _json_records(lines: Iterator[str]) -> Iterator[tuple[int, Mapping[str, Any] | str]]:
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            fields = json.loads(line)
        except (ValueError, RecursionError):
            yield number, "this is not JSON"
            continue
        yield number, fields if isinstance(fields, dict) else "this is not a JSON object"


def _csv_rows(lines: Iterator[str]) -> Iterator[tuple[int, Mapping[str, Any] | str]]:
    header: list[str] | None = None
    for line, fields in _csv_records(lines):
        if isinstance(fields, str):
            yield line, fields
        elif header is None:
            header = fields
        elif len(fields) != len(header):
            yield line, f"there are {len(fields)} fields instead of {len(header)}"
        else:
            yield line, dict(zip(header, map(unguarded, fields), strict=True))


def _csv_records(lines: Iterator[str]) -> Iterator[tuple[int, list[str] | str]]:
    """Records, each with the line it starts on.

    After a malformed record, reading goes on with the line after the one on which it began:
    a quote that is never closed costs one row, not the rest of the file.
    """
    csv.field_size_limit(LONGEST_RECORD)
    again: deque[str] = deque()
    start = 1
    while True:
        taken: list[str] = []
        try:
            fields = next(csv.reader(_take(lines, again, taken), strict=True))
        except StopIteration:
            return
        except csv.Error as error:
            yield start, f"this is not CSV: {error}"
            again.extendleft(reversed(taken[1:]))
            start += 1
            continue
        if fields:
            yield start, fields
        start += len(taken)


def _take(lines: Iterator[str], again: deque[str], taken: list[str]) -> Iterator[str]:
    while (line := again.popleft() if again else next(lines, None)) is not None:
        taken.append(line)
        yield line


def _row(line: int, fields: Mapping[str, Any], labelled: bool) -> Row:
    label = _label(fields) if labelled else None
    text = _string(fields, "text")
    if not text.strip():
        raise RowRefused("the text is empty")
    author, author_id = _author(fields)
    content = Content(
        text=text,
        title=_string(fields, "title"),
        type=_type(fields),
        language=_string(fields, "lang"),
        permalink=_string(fields, "permalink"),
        author=author,
    )
    draft = Draft(
        content,
        external_id=_string(fields, "external_id").strip() or None,
        author_id=author_id,
        posted_at=_time(_string(fields, "timestamp")),
    )
    return Row(line, draft, label)


def _label(fields: Mapping[str, Any]) -> FeedbackLabel:
    said = fields.get("label")
    try:
        return FeedbackLabel(str(said or "").strip().lower())
    except ValueError:
        raise RowRefused(f"the label is {str(said)[:40]!r}, not spam or ham") from None


def _type(fields: Mapping[str, Any]) -> str:
    said = _string(fields, "type").strip().lower() or PostType.OTHER
    try:
        return PostType(said)
    except ValueError:
        raise RowRefused(f"{said[:40]!r} is no type of post") from None


def _author(fields: Mapping[str, Any]) -> tuple[AuthorFacts, str | None]:
    said = fields.get("author")
    if not isinstance(said, dict):
        return AuthorFacts(name=_string(fields, "author")), _string(fields, "author_id") or None
    facts = AuthorFacts(
        name=_string({"author": said.get("name")}, "author"),
        email=_string({"author email": said.get("email")}, "author email"),
        url=_string({"author url": said.get("url")}, "author url"),
    )
    known = said.get("id", fields.get("author_id"))
    return facts, _string({"author_id": known}, "author_id") or None


def _string(fields: Mapping[str, Any], name: str) -> str:
    value = fields.get(name)
    if value is None:
        return ""
    if isinstance(value, int) and not isinstance(value, bool) and name.endswith("_id"):
        value = str(value)
    if not isinstance(value, str):
        raise RowRefused(f"the {name} is not text")
    if "\0" in value:
        raise RowRefused(f"the {name} has a NUL character")
    if not value.isascii() and any("\ud800" <= char <= "\udfff" for char in value):
        raise RowRefused(f"the {name} is not UTF-8")
    if len(value) > LONGEST.get(name, LONGEST_TEXT):
        raise RowRefused(f"the {name} has more than {LONGEST[name]:,} characters")
    return value


def _time(stamp: str) -> datetime | None:
    if not stamp.strip():
        return None
    try:
        time = datetime.fromisoformat(stamp.strip())
        return (time if time.tzinfo else time.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise RowRefused(f"the timestamp {stamp[:40]!r} is not ISO 8601") from None
