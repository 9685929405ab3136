"""What the meaning of a post says of it anywhere: a site's learner starts from it, too.

A linear function of the embedding for each encoder that has one, fitted to the posts that were
written for the starter and to no others (`classifiers.training.encoders.meaning`). It has no part
in a model's score.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final

import numpy as np

from classifiers.arrays import Numbers, Vectors

FILE: Final = Path(__file__).with_name("meaning.json")


@dataclass(frozen=True, slots=True, eq=False)
class Meaning:
    """vector . embedding + shift, and what posts mean on average."""

    vector: Vectors
    shift: float
    average: Vectors
    """Embedding of the average post; from it a learner counts, so that a post without an embedding
    is to it an average one."""

    def log_odds(self, embeddings: Vectors) -> Numbers:
        """Of spam; one a row."""
        return np.asarray(embeddings @ self.vector + self.shift, dtype=np.float64)


def of_encoder(digest: str) -> Meaning | None:
    """None for an encoder that has none."""
    return _all().get(digest)


@lru_cache(maxsize=1)
def _all() -> Mapping[str, Meaning]:
    stored = json.loads(FILE.read_text())
    return {
        digest: Meaning(
            np.array(found["vector"], dtype=np.float32),
            float(found["shift"]),
            np.array(found["average"], dtype=np.float32),
        )
        for digest, found in stored.items()
    }
