"""A site's own learner: pure, small, and at once the better for each label.

It starts from the global model and moves away from it as far as the site's labels ask. A State
never changes: `learn` returns the next one, and the same labels in the same order give the
same State. There is no unlearning; `rebuild` makes the State of the labels that are left.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import numpy as np

from classifiers.learning.evidence import Evidence, gather
from classifiers.learning.fusion import Fusion, Numbers
from classifiers.learning.regression import Regression, Row
from classifiers.learning.tally import Tally
from classifiers.learning.wire import pack, unpack

__all__ = ["Evidence", "State", "gather", "judge", "learn", "rebuild"]

HEAVIEST: Final = 5.0
"""The most that one label may count."""


@dataclass(frozen=True, slots=True, eq=False)
class State:
    """All that a site's learner knows."""

    revision: int
    """Labels learnt; 0 before the first."""
    regression: Regression
    tally: Tally
    fusion: Fusion

    @classmethod
    def new(cls) -> State:
        return cls(0, Regression.new(), Tally.new(), Fusion.new())

    def to_bytes(self) -> bytes:
        """At most about a megabyte; no text, no words."""
        return pack(self.revision, self.regression, self.tally, self.fusion)

    @classmethod
    def from_bytes(cls, stored: bytes) -> State:
        """Raises LearnerUnreadable for what `to_bytes` never wrote, and LearnerOutdated for
        what it wrote under other features: `rebuild` then."""
        return cls(*unpack(stored))


def judge(state: State, evidence: Evidence) -> float:
    """Log-odds of spam on this site; before the first label, those of the global model."""
    if not state.revision:
        return evidence.certain
    opinions = _opinions(state, Row.of(evidence), evidence)
    return state.fusion.log_odds(opinions, evidence.certain)


def learn(state: State, evidence: Evidence, spam: bool, weight: float = 1.0) -> State:
    """The State after one more label.

    `weight` is what the label counts against others, as 1 / the chance that the post had to
    get one; above HEAVIEST it is HEAVIEST. Raises ValueError where it is not above 0.
    """
    if not 0.0 < weight < np.inf:
        raise ValueError(f"a label cannot count {weight}")
    counted = min(weight, HEAVIEST)
    row = Row.of(evidence)
    opinions = _opinions(state, row, evidence)
    return State(
        state.revision + 1,
        state.regression.learn(row, spam, counted),
        state.tally.learn(evidence, spam, counted),
        state.fusion.learn(opinions, evidence.certain, spam, counted),
    )


def rebuild(labels: Iterable[tuple[Evidence, bool, float]]) -> State:
    """The State of these labels (evidence, spam, weight), in the order in which they came."""
    state = State.new()
    for evidence, spam, weight in labels:
        state = learn(state, evidence, spam, weight)
    return state


def _opinions(state: State, row: Row, evidence: Evidence) -> Numbers:
    return np.array([state.regression.log_odds(row), state.tally.log_odds(evidence)])
