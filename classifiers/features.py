"""A post -> one row of a sparse matrix; the same function in training and in serving.

Words and characters are hashed, so there is no vocabulary: no training text hides in a
model, and every model of one `FEATURES_VERSION` shares one space. A row is

    [ hashed n-grams (HASHED columns) | one column for each name in NUMERIC ]

A block of n-grams (characters of title and text, words of title and text, what the author
calls themselves) has Euclidean length `BLOCK_SCALE[block]`, or is empty; counts enter as
1 + ln(count). Whatever changes a value computed here changes `FEATURES_VERSION`.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from classifiers.arrays import Flags, Numbers, Places
from classifiers.familiarity import PIECES
from classifiers.heuristics import TEXT_SIGNALS
from classifiers.ngrams import (
    CAPITAL,
    DIGIT,
    LETTER,
    Grams,
    Tape,
    author_grams,
    character_grams,
    join,
    kinds,
    pieces,
    word_grams,
)
from classifiers.text.characters import BLANK, INVISIBLE
from classifiers.text.disguises.restoring import restored
from classifiers.text.normalize import normalize
from classifiers.text.rendering import rendered
from classifiers.types import AuthorFacts, Content, Signal

FEATURES_VERSION: Final = 5
BITS: Final = 20
HASHED: Final = 1 << BITS
HEAD: Final = 20_000
TAIL: Final = 4_000
"""Characters considered: the first HEAD and the last TAIL, so that cost is bounded."""
BLOCK_SCALE: Final = {"characters": 1.0, "words": 1.0, "author": 0.5}
REMEMBERED: Final = 256
"""Posts whose readings are at hand: those of one batch, whatever reads them."""
WORDS_A_LINE: Final = 4
MOST_LINES: Final = 3
"""Lines that count: what a spammer gains by breaking a text up is bounded so."""
CHUNK: Final = 200_000
"""Characters hashed at once: the working arrays stay within a few tens of megabytes."""

STATISTICS: Final = {
    "text.length": "How long the text is",
    "text.digits": "The share of digits",
    "text.capitals": "The share of capital letters",
    "text.punctuation": "The share of punctuation and symbols",
    "text.foreign": "The share of characters outside ASCII",
    "text.repetition": "How often words repeat",
    "text.lines": "How many lines of several words the text has",
}
ORDINARY: Final = {"text.length": math.log1p(80.0) / 10.0}
"""Statistics of an ordinary text, 0 where not named: contributions are measured from these."""
NUMERIC: Final[tuple[str, ...]] = (*TEXT_SIGNALS, *STATISTICS)
COLUMNS: Final = HASHED + len(NUMERIC)
_ASCII: Final = 0x7F
_UNSEEN: Final = INVISIBLE | BLANK
_TO_SPACES: Final = str.maketrans(dict.fromkeys(_UNSEEN, " "))
_GAP: Final = re.compile(r"\s{3,}")
_SIGNAL_COLUMN: Final = {code: column for column, code in enumerate(TEXT_SIGNALS)}

Values = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Reading:
    """What of a post the n-grams see: bounded, normalised, lower-case, single spaces."""

    body: str
    author: str
    language: str = ""
    """As the site says, e.g. "en-GB"; empty where it does not."""
    shown: str = ""
    """The text alone, bounded, as a browser shows it, with single spaces."""
    lines: int = 0
    """Of the text alone: those of WORDS_A_LINE words or more, but for the first."""
    rendered: str = ""
    """The text alone, bounded, as a browser shows it."""


@lru_cache(maxsize=REMEMBERED)
def read(content: Content) -> Reading:
    """The strings that are hashed: title and text as one, the author's own words as another."""
    body = f"{content.title}\n{content.text}" if content.title else content.text
    author = _author_words(content.author)
    shown = rendered(bounded(content.text))
    return Reading(
        _plain(bounded(body)),
        _plain(bounded(author)),
        content.language,
        _seen(shown),
        lines_of(shown),
        shown,
    )


@dataclass(frozen=True, slots=True, eq=False)
class Block:
    """The entries of one block of n-grams, by row and column; each stands for its n-grams."""

    rows: Places
    columns: Places
    values: Values
    counts: Places
    order: Places
    """Places of the n-grams, those of the first entry first."""

    def shared(self, values: Numbers) -> Numbers:
        """A value of each entry as even shares of its n-grams, in their order."""
        found = np.empty(len(self.order))
        found[self.order] = np.repeat(values / self.counts, self.counts)
        return found


@dataclass(frozen=True, slots=True, eq=False)
class Chunk:
    """Some neighbouring posts, hashed once: for their rows, and for which words made them."""

    readings: Sequence[Reading]
    tapes: Mapping[str, Tape]
    grams: Mapping[str, Grams]
    """By block; rows count from the first reading, spans over its tape."""
    blocks: Mapping[str, Block]
    numeric: Values
    """One row a reading, one column for each name in NUMERIC."""
    matrix: sparse.csr_matrix
    """One row a reading, as in `matrix`: first all n-grams, then what `numeric` has."""

    def pieces(self) -> sparse.csr_matrix:
        """Which pieces of language each reading holds; shape (readings, PIECES), ones."""
        return _pieces(self.tapes["words"], len(self.readings))


def matrix(contents: Sequence[Content], signals: Sequence[Sequence[Signal]]) -> sparse.csr_matrix:
    """Rows in the order of `contents`; shape (n, COLUMNS), float32.

    `signals[i]` are what heuristics noticed in `contents[i]`; codes that are not in
    `TEXT_SIGNALS` are passed over.
    """
    rows = [chunk.matrix for chunk in chunks(contents, signals)]
    if not rows:
        return sparse.csr_matrix(np.zeros((0, COLUMNS), dtype=np.float32))
    return sparse.vstack(rows, format="csr") if len(rows) > 1 else rows[0]


def pieces_of(contents: Sequence[Content]) -> sparse.csr_matrix:
    """Which pieces of language each post holds, as `Chunk.pieces`."""
    bodies = [read(content).body for content in contents]
    return _pieces(join(bodies), len(bodies))


def _pieces(tape: Tape, count: int) -> sparse.csr_matrix:
    found = pieces(tape, PIECES.bit_length() - 1)
    keys = np.sort(_places(found.rows, found.buckets, PIECES))
    keys = keys[_first(keys)]
    return _sparse(keys, np.ones(len(keys), dtype=np.int8), (count, PIECES))


def _places(rows: Places, columns: Places, width: int) -> Places:
    """One number for each place of a matrix so wide, in order of rows and in them of columns."""
    return rows << width.bit_length() | columns


def _sparse(places: Places, values: NDArray[Any], shape: tuple[int, int]) -> sparse.csr_matrix:
    """The matrix with these values at these `_places`, which are sorted, each once."""
    # SciPy would count and sort what is in order already.
    bits = shape[1].bit_length()
    starts = np.searchsorted(places, np.arange(shape[0] + 1) << bits)
    columns = (places & ((1 << bits) - 1)).astype(np.int32)
    return sparse.csr_matrix((values, columns, starts.astype(np.int32)), shape=shape)


def chunks(contents: Sequence[Content], signals: Sequence[Sequence[Signal]]) -> Iterator[Chunk]:
    """All posts, in order, some CHUNK characters at a time."""
    readings = [read(content) for content in contents]
    for start, stop in _portions(readings):
        part = readings[start:stop]
        bodies, authors = (
            join([reading.body for reading in part]),
            join([reading.author for reading in part]),
        )
        tapes = {"characters": bodies, "words": bodies, "author": authors}
        grams = {
            "characters": character_grams(bodies, BITS),
            "words": word_grams(bodies, BITS),
            "author": author_grams(authors, BITS),
        }
        blocks = {name: weigh(grams[name], scale) for name, scale in BLOCK_SCALE.items()}
        numeric = _numeric(signals[start:stop], part, bodies)
        yield Chunk(part, tapes, grams, blocks, numeric, _joined(blocks.values(), numeric))


def _joined(blocks: Iterable[Block], numeric: Values) -> sparse.csr_matrix:
    """One row of n-grams and numbers a reading; what falls into one bucket is added up."""
    rows, columns = np.nonzero(numeric)
    places = [_places(block.rows, block.columns, COLUMNS) for block in blocks]
    values = [block.values for block in blocks]
    together = np.concatenate([*places, _places(rows, columns + HASHED, COLUMNS)])
    # Each part is in order, and such runs are merged faster than they are sorted.
    order = np.argsort(together, kind="stable")
    together = together[order]
    first = np.flatnonzero(_first(together))
    added = np.concatenate([*values, numeric[rows, columns]])[order]
    if len(first) < len(together):
        added = np.add.reduceat(added, first)
    return _sparse(together[first], added, (len(numeric), COLUMNS))


def weigh(grams: Grams, scale: float) -> Block:
    """One block: each (row, bucket) once, rows of length `scale`."""
    # With its place below it each key is sorted, which takes half the time of finding an order.
    bits = len(grams.rows).bit_length()
    keys = np.sort((grams.rows << BITS | grams.buckets) << bits | np.arange(len(grams.rows)))
    order = keys & ((1 << bits) - 1)
    keys >>= bits
    return Block(*entries(keys, scale), order)


def entries(keys: Places, scale: float) -> tuple[Places, Places, Values, Places]:
    """Rows, columns, values and counts, as a Block has them, of n-grams by sorted keys.

    A key is `row << BITS | bucket`.
    """
    first = np.flatnonzero(_first(keys))
    counts = np.diff(first, append=len(keys))
    keys = keys[first]
    rows, columns = keys >> BITS, keys & (HASHED - 1)
    if not len(keys):
        return rows, columns, np.zeros(0, dtype=np.float32), counts
    values = (1.0 + np.log(np.arange(1, counts.max() + 1)))[counts - 1]
    lengths = np.sqrt(np.bincount(rows, weights=values * values))
    units = scale / np.maximum(lengths, 1.0)
    return rows, columns, (values * units[rows]).astype(np.float32), counts


def _first(keys: Places) -> Flags:
    """Where each of some sorted keys stands first."""
    found = np.ones(len(keys), dtype=bool)
    np.not_equal(keys[1:], keys[:-1], out=found[1:])
    return found


def _portions(readings: Sequence[Reading]) -> Iterator[tuple[int, int]]:
    start = size = 0
    for place, reading in enumerate(readings):
        size += len(reading.body) + len(reading.author)
        if size >= CHUNK:
            yield start, place + 1
            start, size = place + 1, 0
    if start < len(readings):
        yield start, len(readings)


def _numeric(
    signals: Sequence[Sequence[Signal]], readings: Sequence[Reading], bodies: Tape
) -> Values:
    table = np.zeros((len(readings), len(NUMERIC)), dtype=np.float32)
    for row, noticed in enumerate(signals):
        for signal in noticed:
            column = _SIGNAL_COLUMN.get(signal.code)
            if column is not None:
                table[row, column] = max(table[row, column], min(max(signal.value, 0.0), 1.0))
    table[:, len(TEXT_SIGNALS) :] = _statistics(readings, bodies)
    return table


def _statistics(readings: Sequence[Reading], bodies: Tape) -> Numbers:
    """Of whole posts, one a row. Capitals and lines, which a body has not, are those shown."""
    shown = join([reading.shown for reading in readings])
    capitals = np.bincount(shown.rows[kinds(shown.codes) & CAPITAL != 0], minlength=len(readings))
    ends = np.cumsum([len(reading.body) + 2 for reading in readings])
    return statistics(
        bodies,
        np.append(0, ends[:-1]),
        ends,
        [reading.body.split() for reading in readings],
        capitals / np.maximum([len(reading.shown) for reading in readings], 1.0),
        np.array([reading.lines for reading in readings], dtype=np.float64),
    )


def statistics(
    tape: Tape,
    firsts: Places,
    ends: Places,
    words: Sequence[Sequence[str]],
    capitals: Numbers,
    lines: Numbers,
) -> Numbers:
    """Numbers in [0, 1], a column for each name in STATISTICS, a row for each part of the tape.

    A part has a space before and after it. Figures and signs that stand for letters count as
    letters, as they are read. Nothing here counts blanks, and lines only up to a few: they cost a
    spammer nothing.
    """
    flags = kinds(tape.codes)

    def counted(which: Flags) -> Numbers:
        before = np.append(0, np.cumsum(which))
        return (before[ends] - before[firsts]).astype(np.float64)

    lengths = (ends - firsts - 2).astype(np.float64)
    letters, digits = counted(flags & LETTER != 0), counted(flags & DIGIT != 0)
    count = np.array([len(some) for some in words], dtype=np.float64)
    distinct = np.array([len(set(some)) for some in words], dtype=np.float64)
    signs = lengths - letters - digits - np.maximum(count - 1.0, 0.0)
    length = np.maximum(lengths, 1.0)
    return np.stack(
        [
            np.minimum(np.log1p(lengths) / 10.0, 1.0),
            digits / length,
            capitals,
            signs / length,
            counted(tape.codes > _ASCII) / length,
            np.where(count > 0.0, 1.0 - distinct / np.maximum(count, 1.0), 0.0),
            np.log1p(np.minimum(lines, MOST_LINES)) / math.log1p(MOST_LINES),
        ],
        axis=1,
    )


def bounded(text: str) -> str:
    """What of a text is considered at all; wide gaps push nothing out of it."""
    if len(text) > HEAD + TAIL:
        text = _GAP.sub(_as_narrow, text)
    return text if len(text) <= HEAD + TAIL else f"{text[:HEAD]} {text[-TAIL:]}"


def _as_narrow(gap: re.Match[str]) -> str:
    return "\n" if "\n" in gap[0] else "  "


def _plain(text: str) -> str:
    return restored(" ".join(normalize(text).lower().split())) if text else ""


def lines_of(shown: str) -> int:
    """As `Reading.lines`: neither blank lines nor a word on each count."""
    if "\n" not in shown and shown.isascii():
        return 0
    return max(sum(len(line.split()) >= WORDS_A_LINE for line in shown.splitlines()) - 1, 0)


def _seen(text: str) -> str:
    shown = text.isascii() or _UNSEEN.isdisjoint(text)
    return " ".join((text if shown else text.translate(_TO_SPACES)).split())


def _author_words(author: AuthorFacts) -> str:
    """Name, mail address and link; never address or browser, which would name a person."""
    return "\n".join(part for part in (author.name, author.email, author.url) if part)
