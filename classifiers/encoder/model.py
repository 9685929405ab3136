"""The model that makes vectors, and texts given to it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from classifiers.arrays import Numbers, Vectors
from classifiers.encoder.facts import MANIFEST, Facts, named_after
from classifiers.encoder.languages import beyond_ascii
from classifiers.encoder.passage import Passage, mean
from classifiers.encoder.reader import Reader
from classifiers.exceptions import EncoderUnusable

if TYPE_CHECKING:
    from onnxruntime import InferenceSession


class Encoder:
    """Texts -> vectors of length 1. Deterministic; safe to call from several threads."""

    def __init__(self, directory: Path) -> None:
        """Raises EncoderUnusable where a file is not the one that the manifest names."""
        facts = Facts.read(directory)
        self._set_up(facts, {name: _content(directory, name) for name in facts.files})

    @classmethod
    def of_files(cls, files: Mapping[str, bytes]) -> Encoder:
        """The encoder of these files, by name, read from no directory. Raises EncoderUnusable."""
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
        return mean([self.vector_of_window(window) for window in self.reader.windows(text)])

    def unread(self, texts: Sequence[str], languages: Sequence[str]) -> Numbers:
        """The share of each text that it cannot read, in [0, 1]; texts as `embed` has them.

        `languages` are as sites say, or empty.
        """
        reads = self._facts.reads
        found = [
            reads.unread(text, language, self.reader.cut)
            if reads.scripts
            else beyond_ascii(text, language)
            for text, language in zip(texts, languages, strict=True)
        ]
        return np.array(found, dtype=np.float64)

    def passage(self, text: str) -> Passage:
        """The text, to be read again without some of its words."""
        return Passage(text, self.reader, self.vector_of_window)

    def vector_of(self, tokens: Sequence[int]) -> Vectors:
        """The vector of one window of the reader, alone."""
        return self.vector_of_window(self.reader.around(tokens))

    def vector_of_window(self, tokens: Sequence[int]) -> Vectors:
        """The vector of a window with the tokens that stand around it."""
        ids = np.array([tokens], dtype=np.int64)
        vector: Vectors = self._session.run(None, {"input_ids": ids})[0][0]
        return vector


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
