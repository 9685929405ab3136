"""Fits what the meaning of a post says anywhere, for the encoder of this installation.

    python -m classifiers.training.encoders.meaning [--shelf DIR]

Of the posts that were written for the starter those that the encoder can read are learnt, weighed
as the starter weighs them. Other encoders' entries in the file stay as they are.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np

from classifiers import features
from classifiers.encoder import loaded
from classifiers.encoder.languages import UNREAD
from classifiers.encoder.model import Encoder
from classifiers.scorers.meaning import FILE, Meaning
from classifiers.training.data import embeddings
from classifiers.training.data.dataset import Row, read
from classifiers.training.fitting.head import fit_joint
from classifiers.training.make import balanced
from classifiers.training.run import SEED_POSTS, WRITTEN

STRENGTH: Final = 3.0
"""Pull towards zero where a post weighs 1; between 3 and 100 newcomers hardly differ."""
DIGITS: Final = 4


def fitted(rows: Sequence[Row], encoder: Encoder, shelf: Path | None = None) -> Meaning:
    """To the rows that the encoder can read; `shelf` as in `embeddings.of`."""
    readings = [features.read(row.content) for row in rows]
    bodies = [reading.body for reading in readings]
    can = encoder.unread(bodies, [reading.language for reading in readings]) <= UNREAD
    weights = np.array([row.weight for row in rows])[can]
    spam = np.array([row.spam for row in rows], dtype=bool)[can]
    known = [body for body, readable in zip(bodies, can, strict=True) if readable]
    vectors = embeddings.of(known, encoder, shelf, lambda _n, _m: None)
    made = fit_joint(
        np.zeros(len(spam)), vectors, spam, weights / weights.mean(), strength=STRENGTH
    )
    average = np.average(vectors, axis=0, weights=weights).astype(np.float32)
    return Meaning(made.vector, made.shift, average)


def write(file: Path, digest: str, meaning: Meaning) -> None:
    """Beside what the file has of other encoders."""
    stored = json.loads(file.read_text()) if file.exists() else {}
    vector, average = (
        np.round(each.astype(np.float64), DIGITS).tolist()
        for each in (meaning.vector, meaning.average)
    )
    shift = round(meaning.shift, DIGITS)
    stored[digest] = {"shift": shift, "vector": vector, "average": average}
    lines = (f"{json.dumps(key)}: {json.dumps(stored[key])}" for key in sorted(stored))
    file.write_text("{\n" + ",\n".join(lines) + "\n}\n")


def main(arguments: list[str] | None = None) -> int:
    """The exit status: 1 without an encoder."""
    parser = argparse.ArgumentParser(prog="python -m classifiers.training.encoders.meaning")
    parser.add_argument("--shelf", type=Path, help="a folder that keeps embeddings")
    shelf = parser.parse_args(arguments).shelf
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    encoder = loaded.current()
    if encoder is None:
        print("No encoder is installed.", file=sys.stderr)
        return 1
    rows = [row for file in (SEED_POSTS, *WRITTEN) for row in balanced(read(file).rows)]
    write(FILE, encoder.digest, fitted(rows, encoder, shelf))
    return 0


if __name__ == "__main__":
    sys.exit(main())
