"""Hashed n-grams of many texts at once, in NumPy; no Python loop over characters.

All texts of a batch are laid end to end as UTF-32 code points; a rolling polynomial hash
(modulo 2**64) runs over all of them and is mixed by the finaliser of SplitMix64 (Steele,
Lea, Flood: Fast splittable pseudorandom number generators, OOPSLA 2014). Integer
arithmetic only: the same text falls into the same bucket on every machine.
"""

from __future__ import annotations

import sys
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

from classifiers.arrays import Flags, Places

CHARACTER_ORDERS: Final = (2, 3, 4, 5)
AUTHOR_ORDERS: Final = (3, 4)
UNPARTED: Final = 4
"""Characters of a piece in scripts of letters that are written without spaces."""

Hashes = NDArray[np.uint64]

LETTER: Final = 1
DIGIT: Final = 2
CAPITAL: Final = 4
WORD: Final = 8
_KNOWN: Final = 16
_KINDS: Final = np.zeros(sys.maxunicode + 1, dtype=np.uint8)
"""By code point; 0 until it was met first."""

_ROLL: Final = np.uint64(0x9E3779B97F4A7C15)
_CHARACTER_SALT: Final = 0x01
_WORD_SALT: Final = 0x40
_PAIR_SALT: Final = 0x80
_AUTHOR_SALT: Final = 0xC0
_PIECE_SALT: Final = 0xE0

_UNPARTED: Final = ((0x0E00, 0x0F00), (0x1000, 0x10A0), (0x1780, 0x1800))
"""Code points of Thai, Lao, Burmese and Khmer, whose words no space parts."""
_DENSE: Final = ((0x3040, 0x3100), (0x3400, 0xA000), (0xAC00, 0xD7A4), (0x20000, 0x32000))
"""Of kana, Han and Hangul, of which two characters say as much as a word."""


@dataclass(frozen=True, slots=True)
class Grams:
    """N-gram occurrences: text number, bucket, and the span of code points in the batch.

    Spans count over `join(texts)`, that is each text with one space before and after it.
    """

    rows: Places
    buckets: Places
    starts: Places
    ends: Places


@dataclass(frozen=True, slots=True)
class Tape:
    """Texts laid end to end, each between two spaces; `rows[i]` is the text of character i."""

    codes: NDArray[np.uint32]
    rows: Places


def join(texts: Sequence[str]) -> Tape:
    joined = "".join(f" {text} " for text in texts)
    codes = np.frombuffer(joined.encode("utf-32-le", "surrogatepass"), dtype="<u4")
    lengths = np.array([len(text) + 2 for text in texts], dtype=np.int64)
    return Tape(codes, np.repeat(np.arange(len(texts), dtype=np.int64), lengths))


def character_grams(tape: Tape, bits: int) -> Grams:
    """Every run of 2 to 5 characters within a text, with the space at its edges."""
    return _rolling(tape, CHARACTER_ORDERS, _CHARACTER_SALT, bits)


def author_grams(tape: Tape, bits: int) -> Grams:
    """Runs of 3 and 4 characters, in buckets of their own: a name is not a text."""
    return _rolling(tape, AUTHOR_ORDERS, _AUTHOR_SALT, bits)


def word_grams(tape: Tape, bits: int) -> Grams:
    """Words and pairs of neighbouring words. A word is a run of letters, marks, digits, `_`."""
    starts, ends = _word_spans(tape.codes)
    if not len(starts):
        return _concatenate([])
    words = _word_hashes(tape.codes, starts, ends)
    rows = tape.rows[starts]
    same = rows[1:] == rows[:-1]
    pairs = (words[:-1] * _ROLL + words[1:])[same]
    return _concatenate(
        [
            Grams(rows, _buckets(words, _WORD_SALT, bits), starts, ends),
            Grams(
                rows[1:][same],
                _buckets(pairs, _PAIR_SALT, bits),
                starts[:-1][same],
                ends[1:][same],
            ),
        ]
    )


def within(grams: Grams, firsts: Places, ends: Places) -> tuple[Places, Places]:
    """Numbers of some parts of their tape, and the places of `grams` that lie within each."""
    found = []
    # Grams of one order stand in the order of the tape.
    cuts = np.flatnonzero(grams.starts[1:] <= grams.starts[:-1]) + 1
    for begin, stop in pairwise([0, *cuts.tolist(), len(grams.starts)]):
        low = begin + np.searchsorted(grams.starts[begin:stop], firsts)
        high = begin + np.searchsorted(grams.ends[begin:stop], ends, side="right")
        counts = np.maximum(high - low, 0)
        parts = np.repeat(np.arange(len(counts)), counts)
        found.append((parts, np.arange(len(parts)) + (low - np.cumsum(counts) + counts)[parts]))
    parts, places = (np.concatenate(each) for each in zip(*found, strict=True))
    return parts, places


def pieces(tape: Tape, bits: int) -> Grams:
    """What a language is known by: its words, without figures, links' dots and signs.

    Where a script does not part words: runs of 4 characters, or of 2 where these say as much.
    """
    flags = kinds(tape.codes)
    letters = (flags & WORD != 0) & (flags & DIGIT == 0) & (tape.codes != ord("_"))
    dense, unparted = (letters & _within(tape.codes, blocks) for blocks in (_DENSE, _UNPARTED))
    starts, ends = _spans(letters & ~dense & ~unparted)
    found = []
    if len(starts):
        words = _word_hashes(tape.codes, starts, ends)
        found.append(Grams(tape.rows[starts], _buckets(words, _PIECE_SALT, bits), starts, ends))
    for among, order in ((dense, 2), (unparted, UNPARTED)):
        if among.any():
            places = np.flatnonzero(among)
            unbroken = np.cumsum(np.diff(places, prepend=0) > 1, dtype=np.int64)
            runs = _rolling(Tape(tape.codes[places], unbroken), (order,), _PIECE_SALT, bits)
            starts = places[runs.starts]
            found.append(Grams(tape.rows[starts], runs.buckets, starts, starts + order))
    return _concatenate(found)


def mix(hashes: Hashes) -> Hashes:
    """The finaliser of SplitMix64: every input bit reaches every output bit."""
    mixed = hashes ^ (hashes >> np.uint64(30))
    mixed *= np.uint64(0xBF58476D1CE4E5B9)
    mixed ^= mixed >> np.uint64(27)
    mixed *= np.uint64(0x94D049BB133111EB)
    mixed ^= mixed >> np.uint64(31)
    return mixed


def _buckets(hashes: Hashes, salt: int, bits: int) -> Places:
    salted = hashes ^ mix(np.array([salt], dtype=np.uint64))
    return (mix(salted) >> np.uint64(64 - bits)).astype(np.int64)


def _rolling(tape: Tape, orders: Sequence[int], salt: int, bits: int) -> Grams:
    codes = tape.codes.astype(np.uint64) + np.uint64(1)
    rolled = codes
    # Room for all at once: to copy parts together costs as much as to hash them.
    found = [np.empty(len(orders) * len(codes), dtype=np.int64) for _ in range(4)]
    end = 0
    for order in range(2, max(orders) + 1):
        rolled = rolled[: len(codes) - order + 1] * _ROLL
        rolled += codes[order - 1 :]
        if order not in orders:
            continue
        starts = np.flatnonzero(tape.rows[: len(rolled)] == tape.rows[order - 1 :])
        part = slice(end, end := end + len(starts))
        found[0][part] = tape.rows[starts]
        found[1][part] = _buckets(rolled[starts], salt + order, bits)
        found[2][part] = starts
        np.add(starts, order, out=found[3][part])
    return Grams(*(each[:end] for each in found))


def _within(codes: NDArray[np.uint32], blocks: Sequence[tuple[int, int]]) -> Flags:
    found = np.zeros(len(codes), dtype=bool)
    for first, end in blocks:
        found |= (codes >= first) & (codes < end)
    return found


def _word_spans(codes: NDArray[np.uint32]) -> tuple[Places, Places]:
    return _spans(kinds(codes) & WORD != 0)


def _spans(letters: Flags) -> tuple[Places, Places]:
    edges = np.diff(letters.astype(np.int8), prepend=0, append=0)
    return np.flatnonzero(edges == 1), np.flatnonzero(edges == -1)


def kinds(codes: NDArray[np.uint32]) -> NDArray[np.uint8]:
    """What each character is: a sum of LETTER, DIGIT, CAPITAL and WORD."""
    found = _KINDS[codes]
    if not found.all():
        for code in np.unique(codes[found == 0]).tolist():
            _KINDS[code] = _kind(chr(code))
        found = _KINDS[codes]
    return found


def _kind(character: str) -> int:
    # Marks are the vowels of Thai and of the Indic scripts: without them words fall apart.
    word = character.isalnum() or character == "_" or unicodedata.category(character)[0] == "M"
    return (
        _KNOWN
        + LETTER * character.isalpha()
        + DIGIT * character.isdigit()
        + CAPITAL * (character.isupper() and character.isalpha())
        + WORD * word
    )


def _word_hashes(codes: NDArray[np.uint32], starts: Places, ends: Places) -> Hashes:
    """One hash a word: the sum of its characters, each mixed with its place in the word."""
    lengths = ends - starts
    firsts = np.cumsum(lengths) - lengths
    places = np.arange(lengths.sum()) - np.repeat(firsts, lengths)
    letters = codes[np.repeat(starts, lengths) + places].astype(np.uint64)
    mixed = mix((letters + np.uint64(1)) * _ROLL + places.astype(np.uint64))
    return np.add.reduceat(mixed, firsts)


def _concatenate(parts: Sequence[Grams]) -> Grams:
    if not parts:
        empty = np.zeros(0, dtype=np.int64)
        return Grams(empty, empty, empty, empty)
    return Grams(
        np.concatenate([part.rows for part in parts]),
        np.concatenate([part.buckets for part in parts]),
        np.concatenate([part.starts for part in parts]),
        np.concatenate([part.ends for part in parts]),
    )


def fingerprints(texts: Sequence[str], order: int) -> tuple[Hashes, Places]:
    """64-bit hashes of every run of `order` characters, and where each text's begin.

    Each text has at least one, as it is padded with spaces.
    """
    tape = join([text.ljust(order) for text in texts])
    codes = tape.codes.astype(np.uint64) + np.uint64(1)
    rolled = codes[: len(codes) - order + 1].copy()
    for place in range(1, order):
        rolled = rolled * _ROLL + codes[place : len(codes) - order + 1 + place]
    inside = tape.rows[: len(rolled)] == tape.rows[order - 1 :]
    firsts = np.searchsorted(tape.rows[: len(rolled)][inside], np.arange(len(texts)))
    return mix(rolled[inside]), firsts
