"""One training in a process of its own: a file and a parent in, a model directory out.

    python -m classifiers.training.run --snapshot FILE --parent DIR --output DIR

No database. The last line of standard output is one JSON object with `promote`, `reason`,
`name`, `digest`, `metrics`, `counts`. Exit status 3 and the reason on standard error, and no
model, where there is too little to learn from; 2 for a file or parent that cannot be read.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import platform
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from classifiers.encoder import Encoder as TextEncoder
from classifiers.exceptions import (
    ArtifactError,
    ArtifactIncompatible,
    EncoderUnusable,
    SnapshotError,
    TooFewLabels,
)
from classifiers.guarantees.paired import Check
from classifiers.scorers.head import Encoder
from classifiers.scorers.linear import LinearScorer
from classifiers.training.card import write_card
from classifiers.training.data import examples, record, room
from classifiers.training.data.dataset import Snapshot, read
from classifiers.training.data.division import latest
from classifiers.training.data.examples import Examples, Progress, signals_of, silent
from classifiers.training.evaluate import metrics
from classifiers.training.fitting.recipe import (
    CHILD_STRENGTHS,
    STRENGTH,
    Trained,
    calibrated,
    judged,
    known_before,
    train,
)
from classifiers.training.gates import against_parent, influence, promotion
from classifiers.training.gates.label_errors import likely_wrong
from classifiers.types import Content
from classifiers.versions import artifacts

REGRESSION_CASES: Final = Path(__file__).with_name("regression_cases.jsonl")
SEED_POSTS: Final = Path(__file__).with_name("seed_posts.jsonl")
"""Written for this project: part of the starter's data, and the anchors of every child."""
WRITTEN: Final = tuple(sorted((Path(__file__).parent / "written").glob("*.jsonl")))
"""Also written for it, many more: of the starter's data alone."""
HELD_BACK: Final = 0.25
MOST_HELD_BACK: Final = 0.5
ASKED: Final = 5
"""Contradicted labels of a source that people are asked about, the latest."""
PROCESSES: Final = 2
TOO_LITTLE: Final = 3
UNREADABLE: Final = 2
LIBRARIES: Final = ("numpy", "scipy", "safetensors")

Flags = NDArray[np.bool_]


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
    held = _hold_back_of_people(snapshot, posts, reported)
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
    checks = _checks(child, parent, compared, contents)
    gate = promotion.judge(compared, regression_cases(child, parent), checks)
    measured = {"folds": metrics(trained.unseen, unseen.spam, unseen.cluster)}
    measured |= _of_held_back(compared)
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


def _hold_back_of_people(snapshot: Snapshot, posts: Examples, reported: Flags) -> Flags:
    """As `hold_back`, among the labels that no reporter gave: theirs measure nothing."""
    held = np.zeros(len(reported), dtype=bool)
    people = np.flatnonzero(~reported)
    if len(people):
        held[people] = hold_back(snapshot.keep(people), posts.keep(~reported))
    return held


def hold_back(snapshot: Snapshot, posts: Examples) -> Flags:
    """Marks the rows that are measured with: those of split `valid` or `test`, if there are any.

    Else the latest quarter of each class; up to half where that makes enough for the gate.
    """
    named = np.array([row.split in ("valid", "test") for row in snapshot.rows], dtype=bool)
    if named.any() and not named.all():
        return named
    rarest = max(min(int(posts.spam.sum()), int((~posts.spam).sum())), 1)
    share = min(max(HELD_BACK, (promotion.LEAST_HELD_BACK + 1) / rarest), MOST_HELD_BACK)
    times = np.array([row.time for row in snapshot.rows], dtype=np.float64)
    return latest(posts.cluster, times, posts.spam, share)


def _checks(
    child: LinearScorer,
    parent: LinearScorer | None,
    held: promotion.HeldBack,
    contents: Sequence[Content],
) -> list[Check]:
    """The child beside its parent on what was held back; nothing without a parent."""
    if parent is None or held.parent is None:
        return []
    return [
        *against_parent.slices(contents, held.spam, held.cluster, held.child, held.parent),
        against_parent.calibration(held.spam, held.cluster, held.child, held.parent),
        against_parent.cost(child, parent, contents),
    ]


def _of_held_back(held: promotion.HeldBack) -> dict[str, Any]:
    """The figures of child and parent on what was held back; none where nothing was."""
    if not len(held.spam):
        return {}
    found = {"held back": metrics(held.child, held.spam, held.cluster)}
    if held.parent is not None:
        found["parent, held back"] = metrics(held.parent, held.spam, held.cluster)
    return found


def regression_cases(child: LinearScorer, parent: LinearScorer | None) -> promotion.Cases:
    """The project's own cases, and what child and parent say of them."""
    cases = read(REGRESSION_CASES)
    signals = signals_of(cases.contents)

    def judge(scorer: LinearScorer) -> NDArray[np.float64]:
        scores = scorer.score(cases.contents, signals)
        return np.array([score.probability for score in scores])

    texts = tuple(content.text for content in cases.contents)
    return promotion.Cases(
        texts, cases.spam, judge(child), None if parent is None else judge(parent)
    )


def facts_of(
    snapshot: Snapshot,
    trained: Trained,
    *,
    held: int = 0,
    parent: LinearScorer | None = None,
    parent_digest: str = "",
) -> dict[str, Any]:
    """What goes into the manifest besides the figures."""
    spam = int(snapshot.spam.sum())
    return {
        "created_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "snapshot": {
            "sha256": snapshot.sha256,
            "spam": spam,
            "ham": len(snapshot.rows) - spam,
            "held_back": held,
            "no_room": snapshot.left_out.get(room.NO_ROOM, 0),
        },
        "training": {
            "strength": trained.strength,
            "asked": round(trained.asked, 4) if trained.head else None,
        },
        "parent": {"name": parent.version if parent else "", "digest": parent_digest},
        "code": {"sha256": code_digest()},
        "libraries": {
            "python": platform.python_version(),
            **{name: version(name) for name in LIBRARIES},
        },
    }


def code_digest() -> str:
    """SHA-256 over the source files that decide what a model sees and how it is fitted."""
    package = REGRESSION_CASES.parents[1]
    digest = hashlib.sha256()
    for file in sorted(package.rglob("*.py")):
        if "management" not in file.parts and "migrations" not in file.parts:
            digest.update(f"{file.relative_to(package)}\n".encode())
            digest.update(file.read_bytes())
    return digest.hexdigest()


def write_model(
    output: Path,
    trained: Trained,
    facts: Mapping[str, Any],
    *,
    prefix: str,
    name: str = "",
    own_encoder: Mapping[str, bytes] | None = None,
) -> tuple[str, str]:
    """Name and digest of the model written to `output`; `own_encoder` goes with a head."""
    stamp = datetime.now(UTC).strftime("%Y%m%d-%H%M%S")
    name = name or f"{prefix}-{stamp}-{facts['snapshot']['sha256'][:6]}"
    digest = artifacts.write(
        output,
        name=name,
        weights=trained.weights,
        calibration=trained.calibration,
        doubt=trained.doubt,
        head=trained.head,
        known=trained.known,
        card=write_card(name, facts),
        facts=facts,
        encoder=own_encoder if trained.head is not None else None,
    )
    return name, digest


def _counts(snapshot: Snapshot, held: Flags) -> dict[str, int]:
    spam = snapshot.spam
    return {
        "spam": int(spam.sum()),
        "ham": int((~spam).sum()),
        "held_back_spam": int(spam[held].sum()),
        "held_back_ham": int((~spam[held]).sum()),
    }


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
        return TextEncoder(directory)
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
        print(error, file=sys.stderr)
        return TOO_LITTLE
    except (SnapshotError, ArtifactError) as error:
        print(error, file=sys.stderr)
        return UNREADABLE
    print(json.dumps(result.as_dict(), ensure_ascii=False, allow_nan=False))
    return 0


if __name__ == "__main__":
    sys.exit(main())
