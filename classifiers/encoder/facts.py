"""What is known of an exported encoder before it is loaded."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from classifiers.encoder.languages import Reads
from classifiers.exceptions import EncoderUnusable

FORMAT: Final = 1
MANIFEST: Final = "encoder.json"


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
    reads: Reads = field(default_factory=Reads)

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
            if stored["format"] != FORMAT:
                raise EncoderUnusable("made by another release; make install.")
            named = {name: stored[name] for name in cls.__slots__[:-2]}
            positions, reads = int(stored["positions"]), Reads.parse(stored["reads"])
            return cls(**named, positions=positions, reads=reads)
        except (
            ArithmeticError,
            AttributeError,
            LookupError,
            RecursionError,
            TypeError,
            ValueError,
        ) as error:
            raise EncoderUnusable(f"{MANIFEST}: {error!r}") from error


def named_after(content: bytes, name: str) -> bool:
    """Whether the file's name is the beginning of its SHA-256."""
    return hashlib.sha256(content).hexdigest().startswith(Path(name).stem)
