"""A post -> one row of a sparse matrix; the same function in training and in serving.

Words and characters are hashed, so there is no vocabulary: no training text hides in a
model, and every model of one `FEATURES_VERSION` shares one space. A row is

    [ hashed n-grams (HASHED columns) | one column for each name in NUMERIC ]

A block of n-grams (characters of title and text, words of title and text, what the author
calls themselves) has Euclidean length `BLOCK_SCALE[block]`, or is empty; counts enter as
1 + ln(count). Whatever changes a value computed here changes `FEATURES_VERSION`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from classifiers.heuristics import TEXT_SIGNALS
from classifiers.ngrams import Grams, author_grams, character_grams, word_grams
from classifiers.text.normalize import normalize
from classifiers.text.rendering import rendered
from classifiers.text.restoring import restored
from classifiers.types import AuthorFacts, Content, Signal

FEATURES_VERSION: Final = 3
BITS: Final = 20
HASHED: Final = 1 << BITS
HEAD: Final = 20_000
TAIL: Final = 4_000
"""Characters considered: the first HEAD and the last TAIL, so that cost is bounded."""
BLOCK_SCALE: Final = {"characters": 1.0, "words": 1.0, "author": 0.5}
CHUNK: Final = 200_000
"""Characters hashed at once: the working arrays stay within a few tens of megabytes."""

STATISTICS: Final = {
    "text.length": "How long the text is",
    "text.digits": "The share of digits",
    "text.capitals": "The share of capital letters",
    "text.punctuation": "The share of punctuation and symbols",
    "text.foreign": "The share of characters outside ASCII",
    "text.repetition": "How often words repeat",
    "text.lines": "How many lines the text has",
}
NUMERIC: Final[tuple[str, ...]] = (*TEXT_SIGNALS, *STATISTICS)
COLUMNS: Final = HASHED + len(NUMERIC)
_FOREIGN_COLUMN: Final = HASHED + NUMERIC.index("text.foreign")
_ENGLISH: Final = ("", "en", "un")
"""First letters of "en" and of "und", undetermined."""
_SIGNAL_COLUMN: Final = {code: column for column, code in enumerate(TEXT_SIGNALS)}

Places = NDArray[np.int64]
Values = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Reading:
    """What of a post the n-grams see: bounded, normalised, lower-case, single spaces."""

    body: str
    author: str
    language: str = ""
    """As the site says, e.g. "en-GB"; empty where it does not."""


def read(content: Content) -> Reading:
    """The strings that are hashed: title and text as one, the author's own words as another."""
    body = f"{content.title}\n{content.text}" if content.title else content.text
    author = _author_words(content.author)
    return Reading(_plain(bounded(body)), _plain(bounded(author)), content.language)


@dataclass(frozen=True, slots=True, eq=False)
class Chunk:
    """Some neighbouring posts, hashed once: for their rows, and for which words made them."""

    readings: Sequence[Reading]
    grams: Mapping[str, Grams]
    """By block; rows count from the first reading."""
    matrix: sparse.csr_matrix
    """One row a reading, as in `matrix`."""


def matrix(contents: Sequence[Content], signals: Sequence[Sequence[Signal]]) -> sparse.csr_matrix:
    """Rows in the order of `contents`; shape (n, COLUMNS), float32.

    `signals[i]` are what heuristics noticed in `contents[i]`; codes that are not in
    `TEXT_SIGNALS` are passed over.
    """
    rows = [chunk.matrix for chunk in chunks(contents, signals)]
    if not rows:
        return sparse.csr_matrix(np.zeros((0, COLUMNS), dtype=np.float32))
    return sparse.vstack(rows, format="csr") if len(rows) > 1 else rows[0]


def chunks(contents: Sequence[Content], signals: Sequence[Sequence[Signal]]) -> Iterator[Chunk]:
    """All posts, in order, some CHUNK characters at a time."""
    readings = [read(content) for content in contents]
    for start, stop in _portions(readings):
        part = readings[start:stop]
        grams = {
            "characters": character_grams([reading.body for reading in part], BITS),
            "words": word_grams([reading.body for reading in part], BITS),
            "author": author_grams([reading.author for reading in part], BITS),
        }
        entries = [weigh(grams[name], scale) for name, scale in BLOCK_SCALE.items()]
        entries.append(_numeric_entries(contents[start:stop], signals[start:stop], part))
        rows, columns, values = (np.concatenate(parts) for parts in zip(*entries, strict=True))
        shape = (len(part), COLUMNS)
        yield Chunk(part, grams, sparse.csr_matrix((values, (rows, columns)), shape=shape))


def foreign(matrix: sparse.csr_matrix, languages: Sequence[str]) -> NDArray[np.float64]:
    """The share of each post's characters outside ASCII; 1 where it is said not to be English."""
    entries = np.flatnonzero(matrix.indices == _FOREIGN_COLUMN)
    found = np.zeros(matrix.shape[0])
    found[np.searchsorted(matrix.indptr, entries, side="right") - 1] = matrix.data[entries]
    found[[language[:2].lower() not in _ENGLISH for language in languages]] = 1.0
    return found


def weigh(grams: Grams, scale: float) -> tuple[Places, Places, Values]:
    """Rows, columns and values of one block: each (row, bucket) once, rows of length `scale`."""
    keys = np.sort(grams.rows * HASHED + grams.buckets)
    first = np.flatnonzero(np.diff(keys, prepend=-1))
    counts = np.diff(first, append=len(keys))
    keys = keys[first]
    rows = keys >> BITS
    return rows, keys & (HASHED - 1), unit_values(rows, counts, scale)


def unit_values(rows: Places, counts: Places, scale: float) -> Values:
    """1 + ln(count), divided so that the values of each row have Euclidean length `scale`."""
    if not len(counts):
        return np.zeros(0, dtype=np.float32)
    values = (1.0 + np.log(np.arange(1, counts.max() + 1)))[counts - 1]
    lengths = np.sqrt(np.bincount(rows, weights=values * values))
    return (values * (scale / lengths[rows])).astype(np.float32)


def _portions(readings: Sequence[Reading]) -> Iterator[tuple[int, int]]:
    start = size = 0
    for place, reading in enumerate(readings):
        size += len(reading.body) + len(reading.author)
        if size >= CHUNK:
            yield start, place + 1
            start, size = place + 1, 0
    if start < len(readings):
        yield start, len(readings)


def _numeric_entries(
    contents: Sequence[Content], signals: Sequence[Sequence[Signal]], readings: Sequence[Reading]
) -> tuple[Places, Places, Values]:
    table = np.zeros((len(contents), len(NUMERIC)), dtype=np.float32)
    posts = enumerate(zip(contents, signals, readings, strict=True))
    for row, (content, noticed, reading) in posts:
        for signal in noticed:
            column = _SIGNAL_COLUMN.get(signal.code)
            if column is not None:
                table[row, column] = max(table[row, column], min(max(signal.value, 0.0), 1.0))
        table[row, len(TEXT_SIGNALS) :] = statistics(content.text, reading.body)
    rows, columns = np.nonzero(table)
    return rows, columns + HASHED, table[rows, columns]


def statistics(text: str, body: str) -> list[float]:
    """One number in [0, 1] for each name in STATISTICS.

    Of the `body`, title and text as they are read, so that figures and signs that stand for
    letters count as letters; capitals and lines, which a reading has not, of the text as shown.
    """
    shown = rendered(bounded(text))
    length = max(len(body), 1)
    words = body.split()
    letters, digits, foreign = 0, 0, 0
    for letter, count in Counter(body).items():
        letters += count * letter.isalpha()
        digits += count * letter.isdigit()
        foreign += count * (letter > "\x7f")
    signs = len(body) - letters - digits - max(len(words) - 1, 0)
    capitals = sum(
        count for letter, count in Counter(shown).items() if letter.isupper() and letter.isalpha()
    )
    return [
        min(np.log1p(len(body)) / 10.0, 1.0),
        digits / length,
        capitals / max(len(shown), 1),
        signs / length,
        foreign / length,
        1.0 - len(set(words)) / len(words) if words else 0.0,
        min(np.log1p(shown.count("\n")) / 6.0, 1.0),
    ]


def bounded(text: str) -> str:
    """What of a text is considered at all."""
    return text if len(text) <= HEAD + TAIL else f"{text[:HEAD]} {text[-TAIL:]}"


def _plain(text: str) -> str:
    return restored(" ".join(normalize(text).lower().split())) if text else ""


def _author_words(author: AuthorFacts) -> str:
    """Name, mail address and link; never address or browser, which would name a person."""
    return "\n".join(part for part in (author.name, author.email, author.url) if part)
