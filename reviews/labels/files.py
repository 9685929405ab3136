"""Files of posts, row by row: what can be used, and why the rest cannot. No database.

What a file may look like: `classifiers.tables`. Columns: `text`, with labels `label`; optional
`title`, `author` (a name; in JSON also an object with `id`, `name`, `email`, `url`), `author_id`,
`context` (what the post answers), `timestamp`, `lang`, `type`, `permalink`, `external_id`. Other
columns are passed over. The same file always gives the same rows in the same order, so that a
position in it is a number.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any, Final

from classifiers.exceptions import SnapshotError
from classifiers.tables import forms, values
from classifiers.tables.columns import Chosen
from classifiers.tables.forms import Shape
from classifiers.tables.records import LONGEST_TEXT, records
from classifiers.types import AuthorFacts, Content
from moderation.types import Draft, FeedbackLabel, PostType
from reviews.exceptions import FileRefused, RowRefused

TRIED: Final = 100
"""Rows of which one must be usable."""
LONGEST: Final[dict[str, int]] = {
    "text": LONGEST_TEXT,
    "title": LONGEST_TEXT,
    "context": LONGEST_TEXT,
    "permalink": 2_000,
    "lang": 35,
    "external_id": 200,
    "author": 200,
    "author_id": 200,
    "author email": 320,
    "author url": 2_000,
}


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


def inspect(
    path: Path,
    *,
    labelled: bool,
    chosen: Chosen = Chosen(),
) -> Shape:
    """What the file is. Raises FileRefused for one that cannot be read, that lacks a column, or of
    whose first rows none can be used: an import that ends with nothing counts as done."""
    try:
        shape = forms.inspect(path, labelled=labelled, chosen=chosen)
    except SnapshotError as error:
        raise FileRefused(error.detail) from error
    first = list(islice(read(path, shape, labelled=labelled), TRIED))
    bad = [row for row in first if isinstance(row, BadRow)]
    if first and len(bad) == len(first):
        raise FileRefused(
            f"{path}: none of the first {len(bad)} rows can be used; "
            f"{shape.form.unit} {bad[0].line}: {bad[0].reason}."
        )
    return shape


def read(path: Path, shape: Shape, *, labelled: bool) -> Iterator[Row | BadRow]:
    """Every row of the file in order; empty lines are no rows."""
    for line, found in records(path, shape.form):
        if isinstance(found, str):
            yield BadRow(line, found)
            continue
        try:
            yield _row(line, found, labelled)
        except RowRefused as reason:
            yield BadRow(line, str(reason))


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
        context=_string(fields, "context") if isinstance(fields.get("context"), str) else "",
        author=author,
    )
    draft = Draft(
        content,
        external_id=_string(fields, "external_id").strip() or None,
        author_id=author_id,
        posted_at=_time(fields.get("timestamp")),
    )
    return Row(line, draft, label)


def _label(fields: Mapping[str, Any]) -> FeedbackLabel:
    said = fields.get("label")
    spam = values.label(said)
    if spam is None:
        raise RowRefused(f"the label is {repr(said)[:40]}, not spam or ham")
    return FeedbackLabel.SPAM if spam else FeedbackLabel.HAM


def _type(fields: Mapping[str, Any]) -> str:
    said = _string(fields, "type").strip().lower() or PostType.OTHER
    try:
        return PostType(said)
    except ValueError:
        raise RowRefused(f"{said[:40]!r} is no type of post") from None


def _author(fields: Mapping[str, Any]) -> tuple[AuthorFacts, str | None]:
    said = fields.get("author")
    if not isinstance(said, dict):
        given = _string(fields, "author_id") or None
        if str(said).isdecimal():  # a number that the site gave, and no name
            return AuthorFacts(), given or _string({"author_id": said}, "author_id")
        return AuthorFacts(name=_string(fields, "author")), given
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


def _time(stamp: object) -> datetime | None:
    if stamp is None or not str(stamp).strip():
        return None
    moment = values.time(stamp)
    if moment is None:
        raise RowRefused(f"the timestamp {repr(stamp)[:40]} cannot be read")
    return moment
