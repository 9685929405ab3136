"""A model from files, all of whose rows are learnt from: what `train_model` does."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np

from classifiers.encoder.model import Encoder
from classifiers.exceptions import LabelsContradict
from classifiers.tables.columns import Chosen
from classifiers.training.data import examples, known, noise, room
from classifiers.training.data.dataset import Row, Snapshot, Tell, read
from classifiers.training.data.examples import Progress, silent
from classifiers.training.evaluate import metrics
from classifiers.training.fitting.recipe import train
from classifiers.training.writing import facts_of, write_model
from classifiers.versions import artifacts

USUAL_FILE: Final = 3_000
"""Rows of a file whose posts count as 1; see `balanced`."""
USUAL_SHARE: Final = 0.35
"""Share of spam that a balanced file counts as having."""


def make(
    files: Sequence[Path],
    *,
    output: Path | None,
    folder: Path,
    splits: Collection[str] = (),
    chosen: Chosen = Chosen(),
    tell: Tell | None = None,
    parent: Path | None = None,
    name: str = "",
    balance: bool = False,
    strength: float | None = None,
    head_strength: float | None = None,
    platforms: Sequence[str] = (),
    encoder: Encoder | None = None,
    shelf: Path | None = None,
    progress: Progress = silent,
    processes: int = 1,
) -> Path:
    """The directory of the new model: `output`, or one named after the model in `folder`.

    With `platforms`, one name a file, it is made for a platform that is not among them: each is
    left out in turn, and what is measured there is what the model is calibrated by. `chosen` and
    `tell` are as in `dataset.read`.
    Raises SnapshotError, ArtifactError, TooFewLabels, LabelsContradict.
    """
    digest = artifacts.inspect(parent).digest if parent else ""
    base = artifacts.load(parent, digest=digest) if parent else None
    whole = [read(file, splits=splits, chosen=chosen, tell=tell) for file in files]
    shares = room.shares(whole, room.characters())
    parts = [room.latest(part, share) for part, share in zip(whole, shares, strict=True)]
    gone = sum(part.left_out.get(room.NO_ROOM, 0) for part in parts)
    if gone and tell:
        tell(room.told(gone).strip())
    refuse_contradicted([row for part in parts for row in part.rows])
    snapshot = Snapshot(
        [row for part in parts for row in (balanced(part.rows) if balance else part.rows)],
        sha256_of(files),
        {room.NO_ROOM: gone},
    )
    posts = examples.of(
        snapshot,
        progress,
        encoder=encoder,
        shelf=shelf,
        processes=processes,
        # File by file: what another file holds changes none of its copies.
        altered=[copy for part in parts for copy in noise.copies(part.contents)],
    )
    names = sorted(set(platforms))
    apart = [
        names.index(name) for name, part in zip(platforms, parts, strict=False) for _ in part.rows
    ]
    trained = train(
        posts,
        parent=base,
        strength=strength,
        head_strength=head_strength,
        platforms=np.array(apart, dtype=np.int64) if apart else None,
        encoder=encoder,
        progress=progress,
        processes=processes,
    )
    facts = facts_of(snapshot, trained, parent=base, parent_digest=digest)
    which = f" ({', '.join(splits)})" if splits else ""
    facts["snapshot"]["files"] = [
        f"{file.name}{which}: {int(part.spam.sum())} spam, {int((~part.spam).sum())} ham"
        for file, part in zip(files, parts, strict=True)
    ]
    above = artifacts.inspect(parent).stored if parent else None
    facts["snapshot"]["sample"] = known.sample(snapshot.contents, above)
    ends = np.cumsum([len(part.rows) for part in parts])
    facts["metrics"] = {"folds": metrics(trained.unseen, posts.spam, posts.cluster)} | {
        f"folds, {file.stem}": metrics(
            trained.unseen[end - len(part.rows) : end],
            part.spam,
            posts.cluster[end - len(part.rows) : end],
        )
        for file, part, end in zip(files, parts, ends, strict=True)
        if len(files) > 1
    }
    facts["starter"] = output is not None and output.resolve() == artifacts.STARTER
    directory = output or folder / f"trained-{snapshot.sha256[:12]}"
    write_model(directory, trained, facts, prefix="trained", name=name)
    return directory


def refuse_contradicted(rows: Sequence[Row]) -> None:
    """Raises LabelsContradict where each text is labelled spam in some rows and ham in others."""
    said: dict[tuple[str, str], set[bool]] = {}
    for row in rows:
        text = row.content.title.casefold().strip(), row.content.text.casefold().strip()
        said.setdefault(text, set()).add(row.spam)
    if rows and all(len(labels) > 1 for labels in said.values()):
        raise LabelsContradict(
            f"Each text ({len(said)} in {len(rows)} rows) is labelled spam in some rows and ham "
            "in others: nothing can be learnt."
        )


def sha256_of(files: Sequence[Path]) -> str:
    """Over the bytes of all files, as `dataset.Snapshot` has it."""
    digest = hashlib.sha256()
    for file in files:
        with file.open("rb") as opened:
            while block := opened.read(1 << 20):
                digest.update(block)
    return digest.hexdigest()


def balanced(rows: Sequence[Row]) -> list[Row]:
    """The rows with weights such that a large file does not drown a small one.

    A file counts as much as sqrt(its rows x USUAL_FILE) rows, and USUAL_SHARE of that is spam.
    """
    spam = np.array([row.spam for row in rows], dtype=bool)
    share = spam.mean() if len(rows) else 0.0
    if share in (0.0, 1.0):
        return list(rows)
    size = (USUAL_FILE / len(rows)) ** 0.5
    of_class = {True: size * USUAL_SHARE / share, False: size * (1 - USUAL_SHARE) / (1 - share)}
    return [replace(row, weight=row.weight * of_class[row.spam]) for row in rows]
