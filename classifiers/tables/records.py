"""A file's records, each with the line on which it starts."""

from __future__ import annotations

import csv
import json
import re
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TextIO

from classifiers.tables.cells import unguarded
from classifiers.tables.columns import ALIASES, nameless

LONGEST_TEXT: Final = 100_000
"""Characters of a post, beyond which the API takes none either."""
LONGEST_FIELD: Final = 4_000_000
"""Characters of one field beyond which a quote counts as never closed."""

DELIMITED: Final = re.compile(r"sep=.[\r\n]*\Z")
"""A line by which Excel is told the delimiter."""

NumberedRecord = tuple[int, Mapping[str, Any] | str]
"""A line, and the fields by column, or what is wrong with the record."""


@dataclass(frozen=True, slots=True)
class Form:
    """How the records of a file are read."""

    encoding: str
    roles: Mapping[str, str]
    """The name of the column for each role."""
    json: str = ""
    """`lines`, `whole` for one array or what holds it, or empty for a table."""
    delimiter: str = ","
    names: tuple[str, ...] = ()
    header: bool = True
    """Whether the first record of a table holds the names."""

    @property
    def unit(self) -> str:
        """What the number of a record counts."""
        return "item" if self.json == "whole" else "line"


def opened(path: Path, encoding: str) -> TextIO:
    """The file as text; what is not UTF-8 becomes lone surrogates."""
    errors = "surrogateescape" if encoding == "utf-8-sig" else "replace"
    return path.open(encoding=encoding, errors=errors, newline="")


def records(path: Path, form: Form) -> Iterator[NumberedRecord]:
    """Every record in order, its fields by role; empty lines are none.

    The same file always gives the same records in the same order. Raises OSError.
    """
    with opened(path, form.encoding) as file:
        if form.json:
            for line, found in json_records(file, whole=form.json == "whole"):
                yield line, found if isinstance(found, str) else _by_role(found, form)
            return
        for line, found in table_records(file, form):
            yield line, found if isinstance(found, str) else _by_role(found, form)


def _by_role(fields: Mapping[str, Any], form: Form) -> dict[str, Any]:
    """A role that no column had at first takes the field of its own name."""
    taken = set(form.roles.values())
    found = {role: fields.get(name) for role, name in form.roles.items()}
    for role in ALIASES:
        if role not in found and role in fields and role not in taken:
            found[role] = fields[role]
    return found


def json_records(file: TextIO, *, whole: bool) -> Iterator[NumberedRecord]:
    """One object a line; or, where the `whole` file is one value, its items, with their numbers."""
    if whole:
        try:
            found = items(json.load(file))
        except (ValueError, RecursionError) as error:
            yield 1, f"this is not JSON: {error}"
            return
        for number, item in enumerate(found, start=1):
            yield number, item if isinstance(item, dict) else "this is not a JSON object"
        return
    for number, line in enumerate(file, start=1):
        if not line.strip():
            continue
        try:
            fields = json.loads(line)
        except (ValueError, RecursionError):
            yield number, "this is not JSON"
            continue
        yield number, fields if isinstance(fields, dict) else "this is not a JSON object"


def items(value: Any) -> list[Any]:
    """The posts of an array, of the only list of objects in an object, or of an object of columns:
    lists of one length, or objects with the same keys, as pandas writes them.
    """
    if not isinstance(value, dict):
        return value if isinstance(value, list) else [value]
    lists = [each for each in value.values() if isinstance(each, list)]
    posts = [each for each in lists if each and all(isinstance(item, dict) for item in each)]
    if len(posts) == 1:
        return posts[0]
    columns = [list(each.values()) for each in value.values() if isinstance(each, dict)] or lists
    keys = {tuple(each) for each in value.values() if isinstance(each, dict)}
    if (
        posts
        or not columns
        or len(columns) < len(value)
        or len(keys) > 1
        or len({*map(len, columns)}) > 1
    ):
        return [value]
    return [dict(zip(value, cells, strict=True)) for cells in zip(*columns, strict=True)]


def table_records(file: TextIO, form: Form) -> Iterator[NumberedRecord]:
    """Records of a table with as many cells as it has columns.

    Cells beyond the last column that has a name must be empty: what stands there was cut off the
    text by a delimiter that nobody quoted.
    """
    rows = raw_records(file, form)
    if form.header:
        next(rows, None)
    named = [place for place, name in enumerate(form.names) if not nameless(name)]
    width = named[-1] + 1 if named else 0
    for line, cells in rows:
        if isinstance(cells, str):
            yield line, cells
        elif len(cells) < width or any(cell.strip() for cell in cells[width:]):
            found = len(cells) if len(cells) < width else _filled(cells)
            yield line, f"there are {found} fields instead of {width}"
        else:
            yield line, dict(zip(form.names, map(unguarded, cells), strict=False))


def _filled(cells: list[str]) -> int:
    return max((place for place, cell in enumerate(cells, start=1) if cell.strip()), default=0)


def raw_records(file: TextIO, form: Form) -> Iterator[tuple[int, list[str] | str]]:
    """The cells of each record.

    After a malformed record, reading goes on with the line after the one on which it began:
    a quote that is never closed costs one row, not the rest of the file. Quotes mean nothing
    between tabs without a header, and where a line between tabs would be malformed with them.
    """
    csv.field_size_limit(LONGEST_FIELD)
    tabs = form.delimiter == "\t"
    quoting: Final = csv.QUOTE_NONE if tabs and not form.header else csv.QUOTE_MINIMAL
    again: deque[str] = deque()
    lines, start = iter(file), 1
    first = next(lines, "")
    if DELIMITED.match(first):
        start = 2
    else:
        again.append(first)
    while True:
        taken: list[str] = []
        try:
            reader = csv.reader(
                _take(lines, again, taken), delimiter=form.delimiter, quoting=quoting, strict=True
            )
            fields = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            fields = taken[0].rstrip("\r\n").split("\t")
            if tabs and len(fields) == len(form.names):
                yield start, fields
            else:
                yield start, f"this is not CSV: {_malformed(error)}"
            again.extendleft(reversed(taken[1:]))
            start += 1
            continue
        if fields:
            yield start, fields
        start += len(taken)


def _malformed(error: csv.Error) -> str:
    said = str(error)
    if said == "unexpected end of data" or said.startswith("field larger than"):
        return "a quote is never closed"
    return f"{said}; a quote within quotes is written twice" if "expected after" in said else said


def _take(lines: Iterator[str], again: deque[str], taken: list[str]) -> Iterator[str]:
    while (line := again.popleft() if again else next(lines, None)) is not None:
        taken.append(line)
        yield line
