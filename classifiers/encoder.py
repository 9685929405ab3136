"""A text as one vector: a text encoder that `make install` exported, run by ONNX Runtime.

    encoder.json      what it is, and the SHA-256 of the other files
    NAME.onnx         token ids of one text (1, tokens) -> one unit vector (1, dimensions)
    NAME.json         its tokenizer

The weights are 8-bit integers and activations are rounded to the range of what runs at once, so
a text among others would get another vector than the same text alone: texts run one by one,
which costs no more (docs/adr/0011-language-model-made-at-install.md).
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from bisect import bisect_right
from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
from django.conf import settings
from numpy.typing import NDArray

from classifiers.encoder_languages import Reads, Tokens, beyond_ascii
from classifiers.exceptions import EncoderUnusable

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

FORMAT: Final = 1
MANIFEST: Final = "encoder.json"
TOKENS: Final = 126
"""Tokens that are read at once."""
FEWEST: Final = 16
"""Tokens of a text for which there must be room."""
WINDOW: Final = 62
WINDOWS: Final = 4
"""A longer text is read as so many windows at most, evenly spread, and its vector is their mean:
on e-mail that misorders half as many pairs as reading as many tokens in one piece."""
SLICE: Final = 1_000
"""Characters of which a window is taken where the text is longer than all windows' slices."""

_WORD: Final = re.compile(r"\S{1,40}")
"""What is left out as one: a word, or a part of what is written without spaces."""

_UNHEARD_OF: Final = "\U00010381", "\U00012000"
"""Letters of Ugaritic and of cuneiform, which end in different bytes."""

Vectors = NDArray[np.float32]
Numbers = NDArray[np.float64]
Token = tuple[int, int]
"""Its id, and the character of the text where it begins."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What `encoder.json` says."""

    name: str
    digest: str
    """Of what the vectors mean: the source's weights and tokenizer, and how they are exported.
    The same on every machine that exports the same source with the same release."""
    dimensions: int
    prefix: str
    """What some models want before every text ("query: ")."""
    model: str
    tokenizer: str
    """Names of the other two files: the beginning of their SHA-256."""
    positions: int = 0
    """Tokens that it takes at once, with those around a text; 0 where there is room for all."""
    reads: Reads | None = None
    """None where an earlier release exported it, which did not measure."""

    @property
    def files(self) -> tuple[str, str]:
        return self.model, self.tokenizer

    @classmethod
    def read(cls, directory: Path) -> Facts:
        """Raises EncoderUnusable."""
        try:
            return cls.parse((directory / MANIFEST).read_bytes())
        except OSError as error:
            raise EncoderUnusable(f"{directory}: {error.strerror}.") from error
        except EncoderUnusable as error:
            raise EncoderUnusable(f"{directory}: {error.detail}") from error

    @classmethod
    def parse(cls, content: bytes) -> Facts:
        """Raises EncoderUnusable."""
        try:
            stored = json.loads(content)
            if stored.pop("format") != FORMAT:
                raise EncoderUnusable("made by another release; make install.")
            reads, positions = stored.pop("reads", None), int(stored.pop("positions", 0))
            named = {name: stored[name] for name in cls.__slots__[:-2]}
            read = None if reads is None else Reads.parse(reads)
            return cls(**named, positions=positions, reads=read)
        except (
            ArithmeticError,
            AttributeError,
            LookupError,
            RecursionError,
            TypeError,
            ValueError,
        ) as error:
            raise EncoderUnusable(f"{MANIFEST}: {error!r}") from error


class Reader:
    """A text as the token ids that a model is given: one window, or several for a long text."""

    def __init__(self, tokenizer: bytes, prefix: str = "", positions: int = 0) -> None:
        """`positions` as in `Facts`. Raises EncoderUnusable where it leaves no room for a text."""
        # Rust alone; transformers would bring seconds of imports with it.
        from tokenizers import Tokenizer

        self._tokenizer = Tokenizer.from_buffer(tokenizer)
        self._tokenizer.no_padding()
        self._tokenizer.no_truncation()
        self.before, self.after = self._around(prefix.rstrip())
        room = (positions or TOKENS * 2) - len(self.before) - len(self.after)
        self.most = min(TOKENS, room)
        if self.most < FEWEST:
            raise EncoderUnusable(f"it has room for {self.most} tokens of a text.")
        # Letters that no vocabulary holds become one and the same token, or their bytes.
        ends = {ids[-1] for letter in _UNHEARD_OF if (ids := self.tokens(letter))}
        self._unknown = ends if len(ends) == 1 else set()

    def _around(self, prefix: str) -> tuple[list[int], list[int]]:
        """What the model wants before and after every text."""
        whole = self._tokenizer.encode(prefix or "a")
        own = [place for place, mark in enumerate(whole.special_tokens_mask) if not mark]
        first, last = (own[0], own[-1]) if own else (len(whole.ids), len(whole.ids))
        return whole.ids[: last + 1 if prefix else first], whole.ids[last + 1 :]

    def windows(self, text: str) -> list[list[int]]:
        """At least one; each with what the model wants before and after every text."""
        return [self.around([name for name, _ in tokens]) for tokens in self.placed(text)]

    def around(self, tokens: Sequence[int]) -> list[int]:
        """With what the model wants before and after every text."""
        # A model wants a token at least.
        return [*self.before, *tokens, *self.after] or [0]

    def placed(self, text: str) -> list[list[Token]]:
        """The tokens of each window."""
        width = min(WINDOW, self.most)
        if len(text) > WINDOWS * SLICE:
            starts = _starts(len(text), SLICE)
            return [self._tokens(text[start : start + SLICE], start)[:width] for start in starts]
        tokens = self._tokens(text)
        if len(tokens) <= self.most:
            return [tokens]
        return [tokens[start : start + width] for start in _starts(len(tokens), width)]

    def _tokens(self, text: str, start: int = 0) -> list[Token]:
        found = self._tokenizer.encode(text, add_special_tokens=False)
        return [(name, start + at) for name, (at, _) in zip(found.ids, found.offsets, strict=True)]

    def cut(self, text: str) -> Tokens:
        """All of the text's tokens, as `Reads.unread` wants them."""
        found = self._tokenizer.encode(text, add_special_tokens=False)
        return [
            (name in self._unknown, *place)
            for name, place in zip(found.ids, found.offsets, strict=True)
        ]

    def tokens(self, text: str) -> list[int]:
        """All of the text's, without what the model wants around them."""
        tokens: list[int] = self._tokenizer.encode(text, add_special_tokens=False).ids
        return tokens


class Encoder:
    """Texts -> vectors of length 1. Deterministic; safe to call from several threads."""

    def __init__(self, directory: Path) -> None:
        """Raises EncoderUnusable where a file is not the one that the manifest names."""
        facts = Facts.read(directory)
        self._set_up(facts, {name: _content(directory, name) for name in facts.files})

    @classmethod
    def of_files(cls, files: Mapping[str, bytes]) -> Encoder:
        """From what the directory would hold. Raises EncoderUnusable."""
        made = cls.__new__(cls)
        made._set_up(Facts.parse(files[MANIFEST]), files)
        return made

    def _set_up(self, facts: Facts, files: Mapping[str, bytes]) -> None:
        for name in facts.files:
            if not named_after(files.get(name, b""), name):
                raise EncoderUnusable(f"{name} is not what it was made as.")
        self._facts = facts
        self.reader = Reader(files[facts.tokenizer], facts.prefix, facts.positions)
        self._session = _session(files[facts.model])

    @property
    def name(self) -> str:
        return self._facts.name

    @property
    def digest(self) -> str:
        return self._facts.digest

    @property
    def dimensions(self) -> int:
        return self._facts.dimensions

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Shape (n, dimensions), float32, in order; what `features.read(content).body` gives."""
        rows = np.zeros((len(texts), self.dimensions), dtype=np.float32)
        for row, text in zip(rows, texts, strict=True):
            row[:] = self._vector(text)
        return rows

    def _vector(self, text: str) -> Vectors:
        return _mean([self._run(window) for window in self.reader.windows(text)])

    def unread(self, texts: Sequence[str], languages: Sequence[str]) -> Numbers:
        """The share of each text that it cannot read, in [0, 1]; texts as `embed` has them.

        `languages` are as sites say, or empty.
        """
        reads = self._facts.reads
        found = [
            reads.unread(text, language, self.reader.cut)
            if reads is not None and reads.scripts
            else beyond_ascii(text, language)
            for text, language in zip(texts, languages, strict=True)
        ]
        return np.array(found, dtype=np.float64)

    def passage(self, text: str) -> Passage:
        """The text, to be read again without some of its words."""
        return Passage(text, self.reader, self._run)

    def vector_of(self, tokens: Sequence[int]) -> Vectors:
        """Of one window of the reader, alone."""
        return self._run(self.reader.around(tokens))

    def vector_of_window(self, ids: Sequence[int]) -> Vectors:
        """The same of a window with what stands around it."""
        return self._run(ids)

    def _run(self, tokens: Sequence[int]) -> Vectors:
        ids = np.array([tokens], dtype=np.int64)
        vector: Vectors = self._session.run(None, {"input_ids": ids})[0][0]
        return vector


class Passage:
    """One text whose words can be left out, with everything else read as it was.

    Windows stay where they were, and those without any of the words are not read again.
    """

    def __init__(self, text: str, reader: Reader, run: Callable[[list[int]], Vectors]) -> None:
        self._reader, self._run = reader, run
        found = list(_WORD.finditer(text))
        starts = [word.start() for word in found]
        # Some tokenizers give the space before a word to its first token, or a token of its own.
        self._windows = [
            [(name, max(bisect_right(starts, at) - 1, 0)) for name, at in tokens]
            for tokens in reader.placed(text)
        ]
        self.words: dict[int, str] = {
            place: found[place].group()
            for place in sorted({place for tokens in self._windows for _, place in tokens})
            if found
        }
        """Those that were read, by their place in the text."""
        self._read = [self._one(tokens, ()) for tokens in self._windows]
        self.vector: Vectors = _mean(self._read)
        """Of the whole text, as `Encoder.embed` has it."""

    def without(self, places: Container[int]) -> Vectors:
        """The vector of the text without the words at these places."""
        return _mean(
            [
                self._one(tokens, places) if any(place in places for _, place in tokens) else read
                for tokens, read in zip(self._windows, self._read, strict=True)
            ]
        )

    def _one(self, tokens: Sequence[Token], left_out: Container[int]) -> Vectors:
        kept = [name for name, place in tokens if place not in left_out]
        return self._run(self._reader.around(kept))


def _mean(vectors: Sequence[Vectors]) -> Vectors:
    """Of length 1."""
    if len(vectors) == 1:
        return vectors[0]
    mean = np.mean(vectors, axis=0)
    return np.asarray(mean / max(float(np.linalg.norm(mean)), 1e-9), dtype=np.float32)


def _starts(length: int, width: int) -> list[int]:
    """Where windows of that width begin, first at the start and last at the end.

    >>> _starts(1000, 100)
    [0, 300, 600, 900]
    >>> _starts(150, 62)
    [0, 44, 88]
    """
    count = min(WINDOWS, -(-length // width))
    return [place * (length - width) // (count - 1) for place in range(count)]


def current() -> Encoder | None:
    """The encoder of this installation, loaded once a process; None where none was made.

    Raises EncoderUnusable for one that is there and broken.
    """
    directory = settings.WINNOW_ENCODER
    if not (directory / MANIFEST).is_file():
        return None
    # A session does not survive a fork: each process has its own.
    return _loaded(directory, os.getpid())


@lru_cache(maxsize=1)
def _loaded(directory: Path, _process: int) -> Encoder:
    return Encoder(directory)


def named_after(content: bytes, name: str) -> bool:
    """Whether the file's name is the beginning of its SHA-256."""
    return hashlib.sha256(content).hexdigest().startswith(Path(name).stem)


def _content(directory: Path, name: str) -> bytes:
    try:
        return (directory / Path(name).name).read_bytes()
    except OSError as error:
        raise EncoderUnusable(f"{directory}: {name}: {error.strerror}.") from error


def _session(model: bytes) -> InferenceSession:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    # Texts differ in length: a plan or a reserve of memory for each would grow without end.
    options.enable_mem_pattern = False
    options.enable_cpu_mem_arena = False
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
