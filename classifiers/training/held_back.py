"""What a candidate is measured on: labels that it does not learn from, and the project's cases."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np

from classifiers.arrays import Flags, Numbers
from classifiers.guarantees.paired import Check
from classifiers.scorers.linear import LinearScorer
from classifiers.training.data.dataset import Snapshot, read
from classifiers.training.data.division import latest
from classifiers.training.data.examples import Examples, signals_of
from classifiers.training.evaluate import metrics
from classifiers.training.gates import against_parent, promotion
from classifiers.types import Content

REGRESSION_CASES: Final = Path(__file__).with_name("regression_cases.jsonl")
SHARE: Final = 0.25
MOST: Final = 0.5


def hold_back_of_people(snapshot: Snapshot, posts: Examples, reported: Flags) -> Flags:
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
    share = min(max(SHARE, (promotion.LEAST_HELD_BACK + 1) / rarest), MOST)
    times = np.array([row.time for row in snapshot.rows], dtype=np.float64)
    return latest(posts.cluster, times, posts.spam, share)


def checks(
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


def figures(held: promotion.HeldBack) -> dict[str, Any]:
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

    def judge(scorer: LinearScorer) -> Numbers:
        scores = scorer.score(cases.contents, signals)
        return np.array([score.probability for score in scores])

    texts = tuple(content.text for content in cases.contents)
    return promotion.Cases(
        texts, cases.spam, judge(child), None if parent is None else judge(parent)
    )
