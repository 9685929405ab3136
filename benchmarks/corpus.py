"""The labelled sets that figures are measured on, read once; the texts stay outside the project.

A folder holds NAME/NAME.csv for each name in SETS, with the columns of
`classifiers.training.data.dataset`. Everything else about a post but its text is left away: authors
and times separate the classes of these collections without being spam.
"""

import argparse
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from classifiers.arrays import Flags, Numbers, Places
from classifiers.training.data.dataset import Row, Snapshot, read
from classifiers.training.data.division import clusters
from classifiers.types import Content

SETS: Final[Mapping[str, tuple[str, ...]]] = {
    "sms_uci": ("sms_uci",),
    "youtube": ("youtube_psy", "youtube_lmfao", "youtube_eminem"),
    "email_spamassassin": ("email_spamassassin",),
    "x_janitr": ("x_janitr",),
    "sms_thai": ("sms_thai",),
}
"""Files of one community each."""
PLATFORMS: Final[Mapping[str, tuple[str, ...]]] = {
    **SETS,
    "sms_uci": ("sms_uci", "sms_uci_translated"),
}
"""Files of one platform each: a message and its translations are no two platforms."""
QUICK: Final = 240
"""Posts of a set in a smoke run."""
TRANSLATIONS: Final = 4_000
"""Rows of a file of translations that are used at most."""


@dataclass(frozen=True, slots=True, eq=False)
class Corpus:
    """Posts of some files; all fields of one length, in the order of the files."""

    snapshot: Snapshot
    cluster: Places
    """Near-duplicates share a number."""
    platform: NDArray[np.str_]
    main: Flags
    """False for what only helps to train: translations."""

    @property
    def texts(self) -> list[str]:
        return [row.content.text for row in self.snapshot.rows]

    @property
    def spam(self) -> Flags:
        return self.snapshot.spam

    @property
    def test(self) -> Flags:
        return np.array([row.split == "test" for row in self.snapshot.rows], dtype=bool)

    @property
    def times(self) -> Numbers:
        """Seconds since 1970; NaN where the file does not say."""
        return np.array([row.time for row in self.snapshot.rows], dtype=np.float64)


def load(folder: Path, platforms: Mapping[str, Sequence[str]], *, quick: bool = False) -> Corpus:
    """All files of these platforms. `quick` takes the first posts of each class of each."""
    rows: list[Row] = []
    platform: list[str] = []
    main: list[bool] = []
    for name, files in platforms.items():
        for file in files:
            found: Sequence[Row] = read(folder / file / f"{file}.csv").rows
            translated = file not in SETS.get(name, files)
            if translated:
                found = found[:: -(-len(found) // TRANSLATIONS)]
            if quick:
                found = first(found, QUICK // len(files))
            rows += [replace(row, content=Content(text=row.content.text)) for row in found]
            platform += [name] * len(found)
            main += [not translated] * len(found)
    cluster = clusters([row.content.text for row in rows])
    return Corpus(Snapshot(rows, ""), cluster, np.array(platform), np.array(main, dtype=bool))


def first(rows: Sequence[Row], count: int) -> list[Row]:
    """The first rows of each class, so many in all."""
    spam = [row for row in rows if row.spam][: count // 2]
    return [*spam, *[row for row in rows if not row.spam][: count - len(spam)]]


def data_folder() -> Path:
    """$WINNOW_DATA, else `shared/data` beside the checkout."""
    beside = Path(__file__).resolve().parents[2] / "shared" / "data"
    return Path(os.environ.get("WINNOW_DATA", beside))


def arguments(name: str) -> argparse.ArgumentParser:
    """The options that every figure has."""
    parser = argparse.ArgumentParser(prog=f"python -m benchmarks.{name}")
    parser.add_argument("--data", type=Path, default=data_folder(), help="the data folder")
    parser.add_argument("--json", action="store_true", help="one line, nothing else")
    parser.add_argument("--quick", action="store_true", help="a few posts: does it still run?")
    parser.add_argument("--shelf", type=Path, help="a folder that keeps embeddings between runs")
    return parser
