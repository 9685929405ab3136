"""A learner's state <-> bytes: versioned, bounded, checked, and never a pickle.

    head | arrays, each with its kind and size | CRC-32 of all before

An array is written whole, or as places and values where few entries differ from zero. Whoever
wrote the bytes, reading them gives a state in which every number is finite and every place
lies inside its table, or raises.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import DTypeLike, NDArray

from classifiers import features
from classifiers.exceptions import LearnerOutdated, LearnerUnreadable
from classifiers.learner import tally
from classifiers.learner.fusion import START, Fusion
from classifiers.learner.memory import (
    BITS,
    ENTRIES,
    KNOTS,
    POSTS,
    TOPICS,
    WIDEST,
    WIDTH,
    Memory,
)
from classifiers.learner.regression import Regression
from classifiers.learner.student import Student
from classifiers.learner.tally import Tally
from classifiers.learner.topics import PLACES, Topics

MAGIC: Final = b"WINL"
VERSION: Final = 8
"""1 had no opinions and lengths with the posts, 2 took n-grams alike with and without embeddings,
3 had learnt under other priors, 4 without what meaning says anywhere, 5 under a prior that was too
unsure, 6 without topics, 7 without a student: such states are made anew."""
LARGEST: Final = 2_200_000
"""Bytes above which nothing is read."""
MOST: Final = 1e6
"""No number of a learner is larger: what is made of such numbers stays finite."""
_HEAD: Final = struct.Struct("<4sHHIQ")
_ARRAY: Final = struct.Struct("<II")
"""Entries of an array, and how many of them follow; all, or those that are not zero."""

_PLACE: Final = np.dtype("<u4")
_NUMERIC: Final = zlib.crc32("\n".join(features.NUMERIC).encode())
"""Which numeric features there are, and in which order."""


def pack(
    revision: int,
    learnt: Regression,
    counted: Tally,
    fused: Fusion,
    topics: Topics | None,
    student: Student | None,
) -> bytes:
    memory = learnt.memory
    sides = [*counted.posts, fused.lead, not fused.familiar]
    scalars = np.array([learnt.bias, learnt.slope, *sides, learnt.inclination])
    arrays: Sequence[NDArray[Any]] = (
        scalars,
        fused.weights,
        learnt.hashed,
        learnt.numeric,
        learnt.knots,
        learnt.meaning,
        counted.counts,
        memory.ends,
        memory.places,
        memory.steps,
        memory.units,
        memory.numeric,
        memory.bases,
        memory.spam.astype(np.uint8),
        memory.weights,
        memory.coefficients,
        memory.meanings,
        memory.grains,
        memory.tallied,
        memory.lengths,
        memory.meant,
        *_of_topics(topics),
        *_of_student(student),
    )
    head = _HEAD.pack(MAGIC, VERSION, features.FEATURES_VERSION, _NUMERIC, revision)
    body = head + b"".join(_array(array) for array in arrays)
    return body + struct.pack("<I", zlib.crc32(body))


def unpack(
    stored: bytes,
) -> tuple[int, Regression, Tally, Fusion, Topics | None, Student | None]:
    """Raises LearnerUnreadable and LearnerOutdated."""
    revision = _head(stored)
    reader = _Reader(stored[: -struct.calcsize("<I")], _HEAD.size)
    names = len(features.NUMERIC)
    scalars = reader.floats(np.float64, 7)
    fused = Fusion(
        reader.floats(np.float64, len(START)),
        float(scalars[4]),
        familiar=not scalars[5],
    )
    hashed = reader.floats(np.float32, 1 << BITS)
    numeric = reader.floats(np.float32, names)
    knots = reader.floats(np.float32, names * KNOTS).reshape(names, KNOTS)
    meaning = reader.floats(np.float32, WIDEST, exactly=False)
    if len(meaning) > WIDTH + TOPICS:
        raise LearnerOutdated(f"Its embeddings have {len(meaning)} entries.")
    counts = reader.floats(np.float16, 2 << tally.BITS, least=0.0).reshape(2, -1)
    if (scalars[2:4] < 0.0).any():
        raise LearnerUnreadable("A number of posts is below zero.")
    counted = Tally(counts, scalars[2:4].copy())
    memory = _memory(reader, names, len(meaning))
    topics = _topics(reader)
    student = _student(reader, 0 if topics is None else len(topics.places))
    reader.finish()
    learnt = Regression(
        hashed,
        numeric,
        knots,
        meaning,
        float(scalars[0]),
        float(scalars[1]),
        float(scalars[6]),
        memory,
    )
    return revision, learnt, counted, fused, topics, student


def _head(stored: bytes) -> int:
    """The revision, when length, sum and versions are right."""
    if not _HEAD.size + 4 <= len(stored) <= LARGEST:
        raise LearnerUnreadable(f"It has {len(stored)} bytes.")
    magic, version, features_version, numeric, revision = _HEAD.unpack_from(stored)
    if magic != MAGIC:
        raise LearnerUnreadable("It does not begin as one does.")
    if struct.unpack("<I", stored[-4:])[0] != zlib.crc32(stored[:-4]):
        raise LearnerUnreadable("Its bytes do not add up.")
    if (version, features_version, numeric) != (VERSION, features.FEATURES_VERSION, _NUMERIC):
        raise LearnerOutdated(f"Format {version}, features {features_version}.")
    return int(revision)


def _memory(reader: _Reader, names: int, width: int) -> Memory:
    ends = reader.whole(np.int64, POSTS)
    posts = len(ends)
    places = reader.whole(np.uint16, ENTRIES)
    steps = reader.whole(np.uint8, ENTRIES)
    before = np.concatenate([[0], ends])
    if (np.diff(before) < 0).any() or before[-1] != len(places) or len(places) != len(steps):
        raise LearnerUnreadable("The remembered posts do not fit their n-grams.")
    units = reader.floats(np.float32, posts, least=0.0)
    numeric = reader.whole(np.uint8, posts * names, exactly=True).reshape(posts, names)
    bases = reader.floats(np.float32, posts)
    spam = reader.whole(np.uint8, posts, exactly=True)
    if (spam > 1).any():
        raise LearnerUnreadable("A label is neither spam nor ham.")
    weights = reader.floats(np.float32, posts, least=0.0)
    coefficients = reader.floats(np.float32, posts)
    meanings = reader.whole(np.int8, posts * width, exactly=True).reshape(posts, width)
    grains = reader.floats(np.float32, posts, least=0.0)
    tallied = reader.floats(np.float32, posts)
    lengths = reader.floats(np.float32, posts, least=0.0)
    meant = reader.floats(np.float32, posts)
    return Memory(
        ends,
        places,
        steps,
        units,
        numeric,
        bases,
        spam.astype(bool),
        weights,
        coefficients,
        meanings,
        grains,
        tallied,
        lengths,
        meant,
    )


def _of_topics(topics: Topics | None) -> Sequence[NDArray[Any]]:
    """Their arrays; one that is empty where there are none."""
    if topics is None:
        return (np.zeros(0, dtype=np.int64),)
    return (
        np.array([topics.posts]),
        topics.places,
        topics.rarity,
        topics.basis,
        topics.grains,
        topics.average,
        topics.leaning,
        np.array([topics.usual, topics.agreement]),
    )


def _topics(reader: _Reader) -> Topics | None:
    posts = reader.whole(np.int64, 1)
    if not len(posts):
        return None
    places = reader.whole(np.uint16, PLACES)
    if (np.diff(places.astype(np.int64)) <= 0).any():
        raise LearnerUnreadable("The places of its topics do not rise.")
    rarity = reader.floats(np.float32, len(places), least=0.0)
    basis = reader.whole(np.int8, len(places) * TOPICS, exactly=True).reshape(-1, TOPICS)
    grains = reader.floats(np.float32, TOPICS, least=0.0)
    average, leaning = (reader.floats(np.float32, TOPICS) for _ in range(2))
    usual, agreement = reader.floats(np.float64, 2).tolist()
    _check(agreement)
    return Topics(int(posts[0]), places, rarity, basis, grains, average, leaning, usual, agreement)


def _of_student(student: Student | None) -> Sequence[NDArray[Any]]:
    """Its arrays; one that is empty where there is none."""
    if student is None:
        return (np.zeros(0, dtype=np.int64),)
    numbers = (student.usual, student.average, student.agreement, student.lead)
    return (np.array([student.labels]), student.weights, np.array(numbers))


def _student(reader: _Reader, places: int) -> Student | None:
    labels = reader.whole(np.int64, 1)
    if not len(labels):
        return None
    weights = reader.floats(np.float32, places)
    usual, average, agreement, lead = reader.floats(np.float64, 4).tolist()
    _check(agreement)
    return Student(int(labels[0]), weights, usual, average, agreement, lead)


def _check(agreement: float) -> None:
    if not 0.0 <= agreement <= 1.0:
        raise LearnerUnreadable("No correlation is so.")


def _array(array: NDArray[Any]) -> bytes:
    flat = np.ascontiguousarray(array).ravel()
    places = np.flatnonzero(flat)
    if len(places) * (_PLACE.itemsize + flat.itemsize) < flat.nbytes:
        head = _ARRAY.pack(len(flat), len(places))
        return head + places.astype(_PLACE).tobytes() + flat[places].tobytes()
    return _ARRAY.pack(len(flat), len(flat)) + flat.tobytes()


class _Reader:
    """Arrays one after another; every read checks kind, size and range."""

    def __init__(self, stored: bytes, start: int) -> None:
        self._stored = stored
        self._at = start

    def floats(
        self, dtype: DTypeLike, size: int, *, least: float = -MOST, exactly: bool = True
    ) -> NDArray[Any]:
        """Numbers between `least` and MOST; `size` of them, or at most so many."""
        array = self._read(dtype, size, exactly=exactly)
        # As float64: a float16 has no number as large as MOST.
        if not ((array >= np.float64(least)) & (array <= np.float64(MOST))).all():
            raise LearnerUnreadable("A number is out of its range.")
        return array

    def whole(self, dtype: DTypeLike, size: int, *, exactly: bool = False) -> NDArray[Any]:
        """At most `size` integers, or exactly as many."""
        return self._read(dtype, size, exactly=exactly)

    def _read(self, dtype: DTypeLike, size: int, *, exactly: bool = True) -> NDArray[Any]:
        count, kept = _ARRAY.unpack(self._take(_ARRAY.size))
        if count > size or kept > count or (exactly and count != size):
            raise LearnerUnreadable(f"It has {count} entries where {size} belong.")
        kind = np.dtype(dtype).newbyteorder("<")
        if kept == count:
            return np.frombuffer(self._take(kept * kind.itemsize), dtype=kind).astype(dtype)
        places = np.frombuffer(self._take(kept * _PLACE.itemsize), dtype=_PLACE)
        if kept and int(places.max()) >= count:
            raise LearnerUnreadable("A place lies outside its table.")
        found = np.zeros(count, dtype=dtype)
        found[places] = np.frombuffer(self._take(kept * kind.itemsize), dtype=kind)
        return found

    def _take(self, size: int) -> bytes:
        taken = self._stored[self._at : self._at + size]
        if len(taken) != size:
            raise LearnerUnreadable("It ends too early.")
        self._at += size
        return taken

    def finish(self) -> None:
        if self._at != len(self._stored):
            raise LearnerUnreadable("There is something behind its end.")
