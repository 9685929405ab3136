"""What a file is: its encoding, JSON or a table, the delimiter, and which column is what."""

from __future__ import annotations

import codecs
import csv
import hashlib
import string
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Final, Protocol, TextIO

from classifiers.exceptions import SnapshotColumnMissing, SnapshotError, SnapshotUnreadable
from classifiers.tables import columns
from classifiers.tables.columns import NEEDED, Chosen
from classifiers.tables.records import Form, json_records, opened, raw_records, table_records
from classifiers.tables.values import label

JSON_SUFFIXES: Final = (".jsonl", ".ndjson", ".json")
DELIMITERS: Final = (",", ";", "\t", "|")
PEEKED: Final = 100
"""Records that show which columns there are and what a column holds."""
HEADERLESS: Final = (("label", "text"), ("text", "label"))
BEYOND_ASCII: Final = bytes(range(0x80, 0x100))
ASCII_LETTERS: Final = string.ascii_letters.encode()
STRANGE: Final = 0.2
"""Share of bytes beyond ASCII among letters above which no language of Windows-1252 is left: of
Icelandic, which has the most, every seventh letter is."""
FEWEST_STRANGE: Final = 20
UNKNOWN: Final = 0.01
"""Share of characters that may be none in the encoding that was named."""
CHARACTERS: Final = 1 << 20
OTHER_FILES: Final = {
    b"PK\x03\x04": "a spreadsheet or a zip archive",
    b"\x1f\x8b": "a compressed file",
    b"PAR1": "a Parquet file",
    b"%PDF": "a PDF file",
}


class Digest(Protocol):
    """A hash that goes on over several files."""

    def update(self, content: bytes, /) -> object: ...


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
        digest, lines, encoding, warnings = _bytes(path, over, chosen.encoding)
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


def _bytes(path: Path, over: Sequence[Digest], named: str) -> tuple[str, int, str, tuple[str, ...]]:
    """The digest, the lines, the encoding, and what is to be said of it."""
    digest, lines, sound, broken, strange, plain = hashlib.sha256(), 0, 0, 0, 0, 0
    with path.open("rb") as file:
        head = file.peek(4)[:4]
        for mark, what in OTHER_FILES.items():
            if head.startswith(mark):
                raise SnapshotUnreadable(f"{path}: this is {what}, not CSV or JSON.")
        for line in file:
            for each in (digest, *over):
                each.update(line)
            lines += line.endswith(b"\n")
            if not line.isascii():
                try:
                    line.decode()
                    sound += 1
                except UnicodeDecodeError:
                    broken += 1
                    strange += len(line) - len(line.translate(None, BEYOND_ASCII))
                    plain += len(line) - len(line.translate(None, ASCII_LETTERS))
    if named:
        return digest.hexdigest(), lines, *_named(path, named)
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return digest.hexdigest(), lines, "utf-16", ()
    if broken > sound:
        if strange >= FEWEST_STRANGE and strange > STRANGE * (strange + plain):
            raise SnapshotUnreadable(
                f"{path}: neither UTF-8 nor, by its letters, Windows-1252. --encoding NAME says "
                "what it is: windows-1251, gb18030, shift_jis ..."
            )
        said = f"{path}: not UTF-8; read as Windows-1252."
        return digest.hexdigest(), lines, "cp1252", (said,)
    said = f"{path}: not UTF-8 on {broken} of {lines} lines."
    return digest.hexdigest(), lines, "utf-8-sig", (said,) if broken else ()


def _named(path: Path, named: str) -> tuple[str, tuple[str, ...]]:
    """The encoding that was asked for, and what in the file it does not know."""
    try:
        "".encode(named)
        encoding = codecs.lookup(named).name
    except LookupError:
        raise SnapshotUnreadable(f"{path}: there is no encoding {named!r}.") from None
    encoding = "utf-8-sig" if encoding == "utf-8" else encoding
    unknown = characters = 0
    try:
        with path.open(encoding=encoding, errors="replace", newline="") as file:
            while part := file.read(CHARACTERS):
                characters += len(part)
                unknown += part.count("\ufffd")
    except UnicodeError:
        unknown = characters = 1
    if unknown > UNKNOWN * characters:
        raise SnapshotUnreadable(f"{path}: this is not {named}.")
    said = f"{path}: {unknown} characters are not {named}."
    return encoding, (said,) if unknown else ()


def _form(path: Path, encoding: str, labelled: bool, chosen: Chosen) -> Form:
    with opened(path, encoding) as file:
        start = file.read(200).lstrip()
        file.seek(0)
        whole = start.startswith("[") and start[1:].lstrip()[:1] in ("{", "]")
        if whole or path.suffix.lower() in JSON_SUFFIXES or start[:1] == "{":
            return _json(file, encoding, whole, labelled, chosen)
    return _table(path, encoding, labelled, chosen)


def _json(file: TextIO, encoding: str, whole: bool, labelled: bool, chosen: Chosen) -> Form:
    first = list(islice(json_records(file, whole=whole), PEEKED))
    found = [record for _, record in first if not isinstance(record, str)]
    if first and not found:
        raise SnapshotUnreadable(f"line {first[0][0]}: {first[0][1]}.")
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
        line = next((line for line in file if line.strip()), "")
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
        raise missing
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
