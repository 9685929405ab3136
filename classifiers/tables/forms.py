"""What a file is: JSON or a table, the delimiter, and which column is what."""

from __future__ import annotations

import csv
import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Final, TextIO

from classifiers.exceptions import SnapshotColumnMissing, SnapshotError, SnapshotUnreadable
from classifiers.tables import columns
from classifiers.tables.columns import NEEDED, Chosen
from classifiers.tables.encodings import Digest, examined
from classifiers.tables.records import (
    DELIMITED,
    Form,
    items,
    json_records,
    opened,
    raw_records,
    table_records,
)
from classifiers.tables.values import label

JSON_SUFFIXES: Final = (".jsonl", ".ndjson", ".json")
DELIMITERS: Final = (",", ";", "\t", "|")
PEEKED: Final = 100
"""Records that show which columns there are and what a column holds."""
HEADERLESS: Final = (("label", "text"), ("text", "label"))
EXPECTED: Final = (
    "Expected are one JSON object a line, one array of objects, or one object that holds one."
)


@dataclass(frozen=True, slots=True)
class Shape:
    """What identifies a file, and how it is read."""

    digest: str
    """SHA-256 of its bytes."""
    lines: int
    form: Form
    warnings: tuple[str, ...] = ()


def inspect(
    path: Path,
    *,
    labelled: bool,
    chosen: Chosen = Chosen(),
    over: Sequence[Digest] = (),
) -> Shape:
    """Read all bytes, and the first records; `over` are told the bytes as well.

    Raises a SnapshotError that names the file for one that cannot be read, that lacks a column or
    in which two columns could be the same thing.
    """
    try:
        digest, lines, encoding, warnings = examined(path, over, chosen.encoding)
        try:
            form = _form(path, encoding, labelled, chosen)
        except SnapshotError as error:
            raise type(error)(f"{path}: {error.detail}") from error
    except OSError as error:
        raise SnapshotUnreadable(f"{path}: {error.strerror}.") from error
    return Shape(digest, lines, form, (*warnings, *_columns_said(path, form)))


def _columns_said(path: Path, form: Form) -> tuple[str, ...]:
    """Which columns are read, where their names leave room for doubt."""
    if not form.header:
        first, second = form.names
        return (f"{path}: no header; the first column is the {first}, the second the {second}.",)
    other = [f"{role} is {form.roles[role]!r}" for role in NEEDED if role in form.roles]
    if all(columns.folded(form.roles[role]) == role for role in NEEDED if role in form.roles):
        return ()
    return (f"{path}: the column of the {', of the '.join(other)}.",)


def _form(path: Path, encoding: str, labelled: bool, chosen: Chosen) -> Form:
    with opened(path, encoding) as file:
        start = file.read(200).lstrip()
        file.seek(0)
        whole = start.startswith("[") and start[1:].lstrip()[:1] in ("{", "]")
        if whole or path.suffix.lower() in JSON_SUFFIXES or start[:1] == "{":
            whole = whole or _is_whole(file)
            file.seek(0)
            return _json(file, encoding, whole, labelled, chosen)
    return _table(path, encoding, labelled, chosen)


def _is_whole(file: TextIO) -> bool:
    """Whether the file is one JSON value in which the posts are, and not one object a line."""
    filled = (line for line in file if line.strip())
    try:
        value = json.loads(next(filled, "{}"))
    except (ValueError, RecursionError):
        file.seek(0)
        return isinstance(next(json_records(file, whole=True), (1, ""))[1], dict)
    return next(filled, None) is None and items(value) != [value]


def _json(file: TextIO, encoding: str, whole: bool, labelled: bool, chosen: Chosen) -> Form:
    first = list(islice(json_records(file, whole=whole), PEEKED))
    found = [record for _, record in first if not isinstance(record, str)]
    if first and not found:
        raise SnapshotUnreadable(f"line {first[0][0]}: {first[0][1]}. {EXPECTED}")
    if found and all(isinstance(field, dict | list) for field in found[0].values()):
        raise SnapshotUnreadable(
            f"{columns.shown(list(found[0]))}: unclear which are the posts. {EXPECTED}"
        )
    names = list(dict.fromkeys(name for record in found for name in record))
    kinds = columns.roles(
        names,
        lambda name: [record.get(name) for record in found],
        labelled=labelled,
        chosen=chosen,
    )
    return Form(encoding, kinds, json="whole" if whole else "lines")


def _table(path: Path, encoding: str, labelled: bool, chosen: Chosen) -> Form:
    """The header is looked at with each delimiter; the first one that shows all columns holds.

    A file without a header has two columns, one of which says spam or ham.
    """
    with opened(path, encoding) as file:
        line = next((line for line in file if line.strip() and not DELIMITED.match(line)), "")
    widest, missing = -1, SnapshotColumnMissing()
    for delimiter in DELIMITERS:
        names = next(csv.reader([line], delimiter=delimiter), [])
        form = Form(encoding, {}, delimiter=delimiter, names=tuple(names))
        try:
            kinds = columns.roles(
                names,
                partial(_column, path, form),
                labelled=labelled,
                chosen=chosen,
            )
        except SnapshotColumnMissing as error:
            if len(names) > widest:
                widest, missing = len(names), error
            continue
        return Form(encoding, kinds, delimiter=delimiter, names=tuple(names))
    found = None if chosen.text or chosen.label else _headerless(path, encoding)
    if found is None:
        raise SnapshotColumnMissing(f"{missing.detail} The first line must name the columns.")
    return found


def _column(path: Path, form: Form, name: str) -> list[object]:
    """What the first records hold there."""
    with opened(path, form.encoding) as file:
        rows = islice(table_records(file, form), PEEKED)
        return [record.get(name) for _, record in rows if not isinstance(record, str)]


def _headerless(path: Path, encoding: str) -> Form | None:
    for delimiter in reversed(DELIMITERS):
        rows = _cells(path, encoding, delimiter)
        for names in HEADERLESS:
            place = names.index("label")
            said = [row[place].strip().lower() for row in rows if len(row) == len(names)]
            if (
                said
                and len(rows[0]) == len(names)
                and label(said[0]) is not None
                # A header may say spam as well, over ones and noughts.
                and (said[0] != "spam" or "spam" in said[1:] or "ham" in said[1:])
            ):
                kinds = {name: name for name in names}
                return Form(encoding, kinds, delimiter=delimiter, names=names, header=False)
    return None


def _cells(path: Path, encoding: str, delimiter: str) -> list[list[str]]:
    form = Form(encoding, {}, delimiter=delimiter, header=False)
    with opened(path, encoding) as file:
        rows = islice(raw_records(file, form), PEEKED)
        return [row for _, row in rows if not isinstance(row, str)]
