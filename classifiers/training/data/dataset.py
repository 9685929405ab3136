"""The Snapshot: labelled posts in a file, and how they are divided.

What a file may look like: `classifiers.tables`. Required: `text` and `label`. Optional: `title`,
`author` (a name; in JSON also an object with `id`, `name`, `email`, `url`), `author_id`,
`address`, `context` (what the post answers), `type`, `timestamp`, `lang`, `split`, `weight` (above
0), `source`, `trust` (0 to 1, in whoever gave the label; 1 unless said), `label_id`, `seconded`
(true where somebody else said the same of the words, or cleared whoever gave the label since).
Other columns are passed over.
"""

from __future__ import annotations

import hashlib
import math
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np

from classifiers.arrays import Flags, Numbers, Places
from classifiers.exceptions import (
    SnapshotRowInvalid,
    SnapshotRowsRefused,
    SnapshotSplitMissing,
    SnapshotUnreadable,
)
from classifiers.tables import values
from classifiers.tables.columns import Chosen
from classifiers.tables.forms import Shape, inspect
from classifiers.tables.records import LONGEST_TEXT, records
from classifiers.types import AuthorFacts, Content

MOST_BAD: Final = 0.01
"""Share of a file's rows that may be bad; one row always may."""
TOLD: Final = 10
"""Bad rows of a file that are named; the others are counted."""
LABELS_SHOWN: Final = 8
LACKING: Final = {
    "no words": "without words",
    "no label": "without a label",
    "too long": f"of more than {LONGEST_TEXT:,} characters, which the API refuses",
}
"""What keeps a row out that is not bad, and how that is told of several."""

Tell = Callable[[str], object]


def rows_of(count: int) -> str:
    """`row` or `rows`, as so many are called."""
    return "row" if count == 1 else "rows"


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
    author: str = ""
    """What tells authors apart: an id, else a name; empty where the file does not say."""
    seconded: bool = False
    """Whether somebody else said the same of the words, or cleared whoever gave the label since."""


@dataclass(frozen=True, slots=True, eq=False)
class Snapshot:
    """The rows of one or more files, in order, and the SHA-256 over the files' bytes."""

    rows: Sequence[Row]
    sha256: str
    left_out: Mapping[str, int] = field(default_factory=dict)
    """Rows that are not here, by what was wrong with them."""

    @property
    def spam(self) -> Flags:
        return np.array([row.spam for row in self.rows], dtype=bool)

    @property
    def weights(self) -> Numbers:
        return np.array([row.weight for row in self.rows], dtype=np.float64)

    @property
    def contents(self) -> list[Content]:
        return [row.content for row in self.rows]

    def keep(self, places: Sequence[int] | Places) -> Snapshot:
        return Snapshot([self.rows[place] for place in places], self.sha256)


def read(
    *paths: Path,
    splits: Collection[str] = (),
    chosen: Chosen = Chosen(),
    tell: Tell | None = None,
) -> Snapshot:
    """The rows of all files; with `splits`, those of these splits.

    Raises a SnapshotError that names the file and what is wrong with it. With `tell`, that is
    told in a sentence of what cannot be used and is left out: up to MOST_BAD of the rows, and all
    rows without words, without a label or too long; and a time that cannot be read is none.
    """
    rows: list[Row] = []
    left_out: Counter[str] = Counter()
    digest = hashlib.sha256()
    for path in paths:
        file = _File(path, inspect(path, labelled=True, chosen=chosen, over=(digest,)), tell)
        found = file.rows(splits)
        if splits and not found and not file.left_out:
            raise SnapshotSplitMissing(f"{path}: no row is of {' or '.join(splits)}.")
        file.close(found)
        rows += found
        left_out += file.left_out
    return Snapshot(rows, digest.hexdigest(), dict(left_out))


class _File:
    """One file on its way in: what was read of it, and what was not."""

    def __init__(self, path: Path, shape: Shape, tell: Tell | None) -> None:
        self.path, self.shape, self.tell = path, shape, tell
        self.left_out: Counter[str] = Counter()
        self._bad: list[str] = []
        self._labels: Counter[str] = Counter()
        self._unknown = 0
        self._timeless: list[str] = []
        if tell is not None:
            for warning in shape.warnings:
                tell(warning)

    def rows(self, splits: Collection[str]) -> list[Row]:
        """The rows of these splits, or all."""
        found: list[Row] = []
        try:
            for number, fields in records(self.path, self.shape.form):
                where = f"{self.path}, {self.shape.form.unit} {number}"
                try:
                    if isinstance(fields, str):
                        raise _Bad("row", f"{fields}.")
                    if not splits or fields.get("split") in splits:
                        row = self._row(where, fields)
                        found += [row] if row else []
                except _Bad as bad:
                    self._refuse(where, bad)
        except OSError as error:
            raise SnapshotUnreadable(f"{self.path}: {error.strerror}.") from error
        return found

    def close(self, found: Sequence[Row]) -> None:
        """Tells of what was left out. Raises SnapshotRowsRefused where that is too much."""
        if self.tell is None:
            return
        bad = len(self._bad)
        one_class = len({row.spam for row in found}) < 2
        if bad > max(1.0, MOST_BAD * (len(found) + bad)) or (self._unknown and one_class):
            raise SnapshotRowsRefused(self._refusal(len(found) + bad))
        if not found:
            why = [f"{self.left_out[kind]} {told}" for kind, told in LACKING.items()]
            why = [each for each in why if not each.startswith("0 ")]
            raise SnapshotRowsRefused(
                f"{self.path}: no row is left"
                f"{': ' + ', '.join(why) if why else self._labels_found()}."
            )
        for sentence in self._bad[:TOLD]:
            self.tell(f"{sentence} Left out.")
        if bad > TOLD:
            more = bad - TOLD
            self.tell(f"{self.path}: {more} more {rows_of(more)} cannot be used. Left out.")
        for lacks, told in LACKING.items():
            if count := self.left_out[lacks]:
                self.tell(f"{self.path}: {count} {rows_of(count)} {told}. Left out.")
        if self._timeless:
            count = len(self._timeless)
            self.tell(
                f"{self.path}: {count} {'time' if count == 1 else 'times'} cannot be read; "
                f"{'that post has' if count == 1 else 'those posts have'} none, and the order of "
                f"the file stands in. {self._timeless[0]}"
            )

    def _refuse(self, where: str, bad: _Bad) -> None:
        sentence = f"{where}: {bad.sentence}"
        if self.tell is None:
            raise SnapshotRowInvalid(sentence)
        self.left_out[bad.kind] += 1
        self._bad.append(sentence)
        # A table that is none takes long to the end: each quote is followed up.
        if bad.kind == "row" and len(self._bad) > 1 + MOST_BAD * (self.shape.lines + 1):
            raise SnapshotRowsRefused(self._refusal(None))

    def _refusal(self, count: int | None) -> str:
        of = "" if count is None else f" of {count}"
        return (
            f"{self.path}: {len(self._bad)}{of} rows cannot be used{self._labels_found()}. "
            f"{' '.join(self._bad[:3])}"
        )

    def _labels_found(self) -> str:
        if not self._unknown:
            return ""
        said = [f"{value} ({n})" for value, n in self._labels.most_common(LABELS_SHOWN)]
        return f"; the labels found are {', '.join(said)}, where spam or ham, 1 or 0 are expected"

    def _row(self, where: str, fields: Mapping[str, Any]) -> Row | None:
        """None for a row that was left out: see LACKING."""
        given = fields.get("label")
        given = given.strip().lower() if isinstance(given, str) else given
        if self.tell and given in (None, ""):
            self.left_out["no label"] += 1
            return None
        self._labels[repr(given)[:40]] += 1
        spam = values.label(given)
        if spam is None:
            self._unknown += 1
            raise _Bad("label", f"the label is {repr(given)[:40]}, not spam or ham.")
        content = Content(
            text=_words(fields, "text"),
            title=_words(fields, "title"),
            type=_words(fields, "type") or "other",
            language=_words(fields, "lang"),
            context=_words(fields, "context"),
            author=_author(fields),
        )
        if self.tell and not content.text.strip() and not content.title.strip():
            self.left_out["no words"] += 1
            return None
        if self.tell and max(len(content.text), len(content.title)) > LONGEST_TEXT:
            self.left_out["too long"] += 1
            return None
        return Row(
            content,
            spam,
            _words(fields, "split"),
            self._time(where, fields.get("timestamp")),
            _weight(fields.get("weight")),
            _words(fields, "source"),
            _trust(fields.get("trust")),
            _number(fields.get("label_id")),
            _who(fields, content.author),
            fields.get("seconded") is True,
        )

    def _time(self, where: str, stamp: object) -> float:
        """Seconds since 1970; NaN where there is none."""
        if stamp is None or stamp == "" or (isinstance(stamp, str) and not stamp.strip()):
            return math.nan
        moment = values.time(stamp)
        if moment is not None:
            return moment.timestamp()
        sentence = f"the timestamp {repr(stamp)[:40]} cannot be read."
        if self.tell is None:
            raise _Bad("timestamp", sentence)
        self._timeless.append(f"{where}: {sentence}")
        return math.nan


class _Bad(Exception):
    """A row that cannot be used: what is wrong in a word, and in a sentence."""

    def __init__(self, kind: str, sentence: str) -> None:
        super().__init__(sentence)
        self.kind, self.sentence = kind, sentence


def _words(fields: Mapping[str, Any], name: str) -> str:
    """The field as text, without halves of characters; numbers are none in the words of a post."""
    value = fields.get(name)
    if value is None:
        return ""
    if isinstance(value, str):
        return _whole(value)
    if name in ("text", "title"):
        raise _Bad(name, f"the {name} is not a text.")
    return str(value) if isinstance(value, int | float) else ""


def _whole(value: str) -> str:
    try:
        value.encode()
    except UnicodeEncodeError:
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return value


def _author(fields: Mapping[str, Any]) -> AuthorFacts:
    """A name of figures alone is a number that the site gave, and tells nothing of anybody."""
    author, address = fields.get("author"), _words(fields, "address")
    if isinstance(author, dict):
        name, email, url = (_words(author, key) for key in ("name", "email", "url"))
        return AuthorFacts(name, email, url, address)
    name = _words(fields, "author")
    return AuthorFacts(name="" if name.isdecimal() else name, ip=address)


def _who(fields: Mapping[str, Any], author: AuthorFacts) -> str:
    given = fields.get("author")
    number = _words(given, "id") if isinstance(given, dict) else _words(fields, "author")
    return _words(fields, "author_id") or number or author.email or author.name


def _trust(value: object) -> float:
    if value in (None, ""):
        return 1.0
    trust = _real(value)
    if not 0.0 <= trust <= 1.0:
        raise _Bad("trust", f"the trust {repr(value)[:40]} is not in [0, 1].")
    return trust


def _weight(value: object) -> float:
    if value in (None, ""):
        return 1.0
    weight = _real(value)
    if not 0.0 < weight < math.inf:
        raise _Bad("weight", f"the weight {repr(value)[:40]} is not above 0.")
    return weight


def _real(value: object) -> float:
    """Not a number for what is none, which lies in no range."""
    try:
        return float(value) if isinstance(value, int | float | str) else math.nan
    except (ValueError, OverflowError):
        return math.nan


def _number(value: object) -> int:
    """0 for what is no whole number that a database holds."""
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 19:
        return int(value)
    return value if isinstance(value, int) else 0
