"""One training in a process of its own: a file and a parent in, a model directory out.

    python -m classifiers.training.run --snapshot FILE --parent DIR --output DIR

No database. The last line of standard output is one JSON object with `promote`, `reason`,
`name`, `digest`, `metrics`, `counts`. Exit status 3 and the reason on standard error, and no
model, where there is too little to learn from; 2 for a file or parent that cannot be read.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np

from classifiers.arrays import Flags
from classifiers.encoder.model import Encoder
from classifiers.exceptions import (
    ArtifactError,
    ArtifactIncompatible,
    EncoderUnusable,
    SnapshotError,
    TooFewLabels,
)
from classifiers.scorers.linear import LinearScorer
from classifiers.training import held_back
from classifiers.training.data import examples, record, room
from classifiers.training.data.dataset import Snapshot, read
from classifiers.training.data.examples import Progress, silent
from classifiers.training.evaluate import metrics
from classifiers.training.fitting import passage_limit
from classifiers.training.fitting.recipe import (
    CHILD_STRENGTHS,
    STRENGTH,
    calibrated,
    judged,
    known_before,
    train,
)
from classifiers.training.gates import influence, promotion
from classifiers.training.gates.label_errors import likely_wrong
from classifiers.training.writing import facts_of, write_model
from classifiers.versions import artifacts

SEED_POSTS: Final = Path(__file__).with_name("seed_posts.jsonl")
"""Written for this project: part of the starter's data, and the anchors of every child."""
WRITTEN: Final = tuple(sorted((Path(__file__).parent / "written").glob("*.jsonl")))
"""Also written for it, many more: of the starter's data alone."""
ASKED: Final = 5
"""Contradicted labels of a source that people are asked about, the latest."""
PROCESSES: Final = 2
TOO_LITTLE: Final = 3
UNREADABLE: Final = 2


@dataclass(frozen=True, slots=True)
class Result:
    """What a training came to."""

    name: str
    digest: str
    gate: promotion.Gate
    sources: tuple[influence.Tried, ...]
    doubts: tuple[int, ...]
    """Ids of labels that are likely wrong, the likeliest first."""
    metrics: Mapping[str, Any]
    counts: Mapping[str, int]

    def as_dict(self) -> dict[str, Any]:
        return {
            "promote": self.gate.promote,
            "reason": self.gate.reason,
            "name": self.name,
            "digest": self.digest,
            "sources": [tried.as_dict() for tried in self.sources],
            "doubts": list(self.doubts),
            "metrics": self.metrics,
            "counts": self.counts,
        }


def retrain(
    snapshot: Snapshot,
    *,
    output: Path,
    parent: LinearScorer | None,
    parent_digest: str = "",
    encoder: Encoder | None = None,
    own_encoder: Mapping[str, bytes] | None = None,
    measured_with: Snapshot | None = None,
    record_in: Path | None = None,
    progress: Progress = silent,
    processes: int = 1,
) -> Result:
    """Trains on the earlier labels, measures on the latest, writes the model that was measured.

    With an encoder its embeddings are stacked on top. They are made anew each time: from a vector
    much of a text can be guessed, and what a site forgets must not stay in a folder. With
    `own_encoder`, its files, the model brings it along as its parent did. Labels that reporters
    gave are tried first, on `measured_with` and on what was held back, and never measure. Up to so
    many `processes` share the work, which changes nothing in the model.
    `record_in` is the file for what became of each row. Raises TooFewLabels.
    """
    posts = examples.of(snapshot, progress, encoder=encoder, processes=processes)
    parent = None if parent is None else parent.with_encoder(encoder)
    reported = np.array([influence.is_tried(row.source) for row in snapshot.rows], dtype=bool)
    posts = passage_limit.of_people(posts, reported)
    held = held_back.hold_back_of_people(snapshot, posts, reported)
    anchors = examples.of(read(SEED_POSTS)) if parent is not None else None
    base = calibrated(parent) if parent is not None else None
    admitted, tried = influence.screen(
        posts,
        snapshot.rows,
        influence.together(
            posts.keep(held), examples.of(measured_with) if measured_with is not None else None
        ),
        usable=~held & ~(reported & np.isin(posts.cluster, posts.cluster[held])),
        strength=STRENGTH if base is None else CHILD_STRENGTHS[1],
        parent=base,
        anchors=anchors,
        known=known_before(parent, anchors),
    )
    if record_in is not None:
        rows = record.write(snapshot, cluster=posts.cluster, trained=admitted, held=held)
        record_in.write_bytes(rows)
    trained = train(
        posts.keep(admitted),
        parent=parent,
        anchors=anchors,
        encoder=encoder,
        progress=progress,
        processes=processes,
    )
    child = trained.scorer("child", encoder)
    later = posts.keep(held)
    unseen = posts.keep(admitted)
    compared = promotion.HeldBack(
        later.spam,
        later.cluster,
        judged(child, later),
        None if parent is None else judged(parent, later),
    )
    contents = [row.content for row, kept in zip(snapshot.rows, held, strict=True) if kept]
    checks = held_back.checks(child, parent, compared, contents)
    gate = promotion.judge(compared, held_back.regression_cases(child, parent), checks)
    gate = replace(gate, reason=gate.reason + _no_room(snapshot))
    measured = {"folds": metrics(trained.unseen, unseen.spam, unseen.cluster)}
    measured |= held_back.figures(compared)
    facts = facts_of(
        snapshot, trained, held=int(held.sum()), parent=parent, parent_digest=parent_digest
    )
    facts |= {
        "metrics": measured,
        "gate": {
            "promote": gate.promote,
            "reason": gate.reason,
            "checks": [check.as_dict() for check in checks],
        },
        "sources": [each.as_dict() for each in tried],
    }
    ids = np.array([row.label_id for row in snapshot.rows], dtype=np.int64)
    # What speaks against a source comes first: people's answers tell whether it, or the model, is
    # wrong.
    asked = [label for each in tried for label in each.contradicted[:ASKED] if label]
    doubts = (*asked, *likely_wrong(trained.unseen, unseen.spam, ids[admitted]))
    name, digest = write_model(output, trained, facts, prefix="model", own_encoder=own_encoder)
    return Result(name, digest, gate, tuple(tried), doubts, measured, _counts(snapshot, held))


def _counts(snapshot: Snapshot, held: Flags) -> dict[str, int]:
    spam = snapshot.spam
    return {
        "spam": int(spam.sum()),
        "ham": int((~spam).sum()),
        "held_back_spam": int(spam[held].sum()),
        "held_back_ham": int((~spam[held]).sum()),
    }


def _no_room(snapshot: Snapshot) -> str:
    return room.told(snapshot.left_out.get(room.NO_ROOM, 0))


def _tell(step: str, done: int, total: int) -> None:
    print(f"{step}: {done} of {total}", file=sys.stderr)


def _parent(directory: Path | None) -> tuple[LinearScorer | None, str]:
    """The parent and its digest; the shipped model for one that an earlier release made."""
    if directory is None:
        return None, ""
    try:
        digest = artifacts.inspect(directory).digest
    except ArtifactIncompatible as error:
        print(f"{error} The shipped model takes its place as the parent.", file=sys.stderr)
        return _parent(artifacts.STARTER)
    return artifacts.load(directory, digest=digest), digest


def _encoder(directory: Path | None) -> Encoder | None:
    """None where there is none, or one that cannot be used: words alone are then learnt from."""
    if directory is None or not directory.is_dir():
        return None
    try:
        return Encoder(directory)
    except EncoderUnusable as error:
        print(error, file=sys.stderr)
        return None


def _audits(file: Path | None) -> Snapshot | None:
    """The labels of audits; an empty file is written where there are none yet."""
    if file is None or (file.is_file() and not file.stat().st_size):
        return None
    return read(file)


def main(arguments: list[str] | None = None) -> int:
    """The exit status; see the module."""
    parser = argparse.ArgumentParser(prog="python -m classifiers.training.run")
    parser.add_argument("--snapshot", type=Path, required=True)
    parser.add_argument("--parent", type=Path)
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--encoder", type=Path, help="where the text encoder lies, if there is one")
    parser.add_argument("--measured", type=Path, help="labels of audits, which never train")
    parser.add_argument("--record", type=Path, help="where to write what became of each row")
    given = parser.parse_args(arguments)
    try:
        parent, digest = _parent(given.parent)
        brought = parent is not None and parent.encoder is not None
        snapshot = room.latest(read(given.snapshot), room.characters())
        result = retrain(
            snapshot,
            output=given.output,
            parent=parent,
            parent_digest=digest,
            encoder=parent.encoder if parent and brought else _encoder(given.encoder),
            own_encoder=artifacts.encoder_of(given.parent) if brought else None,
            measured_with=_audits(given.measured),
            record_in=given.record,
            progress=_tell,
            processes=PROCESSES,
        )
    except TooFewLabels as error:
        print(f"{error}{_no_room(snapshot)}", file=sys.stderr)
        return TOO_LITTLE
    except (SnapshotError, ArtifactError) as error:
        print(error, file=sys.stderr)
        return UNREADABLE
    print(json.dumps(result.as_dict(), ensure_ascii=False, allow_nan=False))
    return 0


if __name__ == "__main__":
    sys.exit(main())
