"""A site's own learner: pure, small, and at once the better for each label.

It starts from the global model and moves away from it as far as the site's labels ask. A State
never changes: `learn` returns the next one, and the same labels in the same order give the
same State. There is no unlearning: the labels that are left are learnt anew, from `State.new()`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from classifiers.arrays import Numbers
from classifiers.contributions import adding_up
from classifiers.learner.evidence import Evidence, see
from classifiers.learner.explaining import of_signals, of_words
from classifiers.learner.fusion import Fusion
from classifiers.learner.memory import Row, ordinary
from classifiers.learner.regression import SLOPE, Regression
from classifiers.learner.student import MOST, Student, due, share
from classifiers.learner.tally import Tally
from classifiers.learner.topics import Topics
from classifiers.learner.wire import pack, unpack
from classifiers.scorers.linear import LEAST_SHOWN
from classifiers.types import Assessment, Content, Contribution

__all__ = ["Evidence", "State", "Topics", "explain", "judge", "learn", "see", "teach"]

KNOWN: Final = 0.3
"""Share of a post's n-grams in the labelled posts from which a site's labels know its language.
Fifty labels teach that much of 90 in 100 other posts in Thai, Russian and Hindi, twenty in German,
and none of a language with other letters."""
HEAVIEST: Final = 2.0
"""The most that one label may count."""
MEANT: Final = "How posts of this site with a similar meaning were labelled."
ALIKE: Final = "What the shared score makes of this site's posts about the same."
TAUGHT: Final = "What this site's labels make of its posts in such words."
SHARED: Final = "The shared score of words (and meaning), weighted by how far this site trusts it."


@dataclass(frozen=True, slots=True, eq=False)
class State:
    """All that a site's learner knows."""

    revision: int
    """Labels learnt; 0 before the first."""
    regression: Regression
    tally: Tally
    fusion: Fusion
    topics: Topics | None = None
    """Those of the site's posts; None as long as it has few."""
    student: Student | None = None
    """One that was taught since these topics were made."""

    @classmethod
    def new(cls, *, familiar: bool = False, topics: Topics | None = None) -> State:
        """One that stands on a model which was trained on the site's labels, or was not."""
        return cls(0, Regression.new(), Tally.new(), Fusion.new(familiar=familiar), topics)

    @property
    def thorough(self) -> bool:
        """Whether evidence is to hold the embedding of every post that can be read: where the
        model hardly knows the site. Of another evidence it learns as well.
        """
        return not self.fusion.familiar

    @property
    def teaches(self) -> bool:
        """Whether it is time to teach a student, by the site's posts."""
        return self.topics is not None and due(self.revision, self.student)

    def knows(self, evidence: Evidence) -> bool:
        """Whether these labels were given to posts in such words, so that it may answer alone."""
        return self.tally.familiar(evidence) >= KNOWN

    def to_bytes(self) -> bytes:
        """At most about a megabyte and a half; no text, no words."""
        parts = (self.regression, self.tally, self.fusion, self.topics, self.student)
        return pack(self.revision, *parts)

    @classmethod
    def from_bytes(cls, stored: bytes) -> State:
        """Raises LearnerUnreadable for what `to_bytes` never wrote, and LearnerOutdated for
        what it wrote under other features."""
        return cls(*unpack(stored))


def judge(state: State, evidence: Evidence) -> float:
    """Log-odds of spam on this site; before the first label, those of the global model, which is
    asked about posts on the same topics as well where the site has topics."""
    placed = _placed(state, evidence)
    if not state.revision:
        return float(np.nan_to_num(placed.log_odds))
    opinions = _opinions(state, Row.of(placed), placed)
    said = state.fusion.log_odds(opinions, placed.certain, state.revision)
    if state.student is None:
        return said
    return _with_student(state, evidence, said, state.student.trust)


def teach(state: State, posts: Sequence[Evidence]) -> State:
    """The State with a student of these posts of the site, labelled or not: of the last
    student.MOST. The same where there are no posts or no topics. Takes a third of a second."""
    posts = posts[-MOST:]
    if state.topics is None or not posts:
        return state
    alone = replace(state, student=None)
    said = np.array([judge(alone, post) for post in posts])
    student = Student.of(state.topics, posts, said, state.revision)
    lead = state.student.lead if state.student else 0.0
    return replace(state, student=replace(student, lead=lead))


def learn(state: State, evidence: Evidence, spam: bool, weight: float = 1.0) -> State:
    """The State after one more label.

    `weight` is how far the label is believed, 1 for a moderator's verdict; above HEAVIEST it is
    HEAVIEST. It is not 1 / the chance that the post had to be labelled: measured, a learner that
    counts its few random labels that much ranks worse than one that takes all labels alike.
    Raises ValueError where it is not above 0.
    """
    if not 0.0 < weight < np.inf:
        raise ValueError(f"a label cannot count {weight}")
    counted = min(weight, HEAVIEST)
    placed = _placed(state, evidence)
    row = Row.of(placed)
    opinions = _opinions(state, row, placed)
    regression = state.regression.learn(row, spam, counted, float(opinions[1]))
    fusion = state.fusion.judged(opinions, placed.certain, spam, counted)
    student = state.student
    if student is not None:
        alone = state.fusion.log_odds(opinions, placed.certain, state.revision)
        both = _with_student(state, evidence, alone, 1.0)
        student = student.judged(alone, both, spam, counted)
    memory = regression.memory
    held = np.stack([regression.unseen(), memory.tallied], axis=1)
    return replace(
        state,
        revision=state.revision + 1,
        regression=regression,
        tally=state.tally.learn(placed, spam, counted),
        fusion=fusion.weighed(held, memory.spam, memory.weights),
        student=student,
    )


def explain(state: State, content: Content, assessment: Assessment) -> tuple[Contribution, ...]:
    """What moved the site's log-odds, largest first, and the rest; they add up to `judge`.

    Words and signals count with what this site's labels taught, and the global model, with what
    meaning says anywhere, as one part, what it says of posts about the same as another, and what
    the student changes as a third. Empty where no number was formed.
    """
    told = see(assessment)
    if told is None:
        return ()
    evidence = _placed(state, told)
    row = Row.of(evidence)
    fusion, learnt = state.fusion, state.regression
    say = fusion.say(state.revision)
    by_regression, by_tally = (say * fusion.weights[:2]).tolist()
    places = by_regression * learnt.of_places(evidence)
    places += by_tally * state.tally.of_places(evidence)
    shared = by_regression * learnt.before(row) + (1.0 - say) * evidence.certain
    trusted = by_regression * (SLOPE + learnt.slope) + 1.0 - say
    alike = trusted * (evidence.certain - told.certain)
    names = by_regression * (learnt.of_names(row) - learnt.of_names(ordinary(row)))
    said = judge(state, told)
    by_student = said - judge(replace(state, student=None), told)
    parts = [
        Contribution("student", TAUGHT, by_student),
        Contribution("model", SHARED, shared - alike),
        Contribution("topics", ALIKE, alike),
        Contribution("meaning", MEANT, by_regression * learnt.of_meaning(row)),
        *of_words(content, evidence, places),
        *of_signals(assessment.signals, evidence, places, names),
    ]
    return adding_up([part for part in parts if part.weight], said, LEAST_SHOWN)


def _placed(state: State, evidence: Evidence) -> Evidence:
    """The same among the site's topics."""
    return evidence if state.topics is None else state.topics.beside(evidence, state.revision)


def _with_student(state: State, evidence: Evidence, said: float, trust: float) -> float:
    """What the learner said of the post, and its student as far as it is trusted."""
    if state.topics is None or state.student is None:
        return said
    told = state.student.told(state.topics, evidence)
    allotted = share(state.revision, state.tally.rarer)
    by = trust * state.fusion.say(state.revision) * allotted
    return state.student.beside(said, told, by)


def _opinions(state: State, row: Row, evidence: Evidence) -> Numbers:
    return np.array([state.regression.log_odds(row), state.tally.log_odds(evidence)])
