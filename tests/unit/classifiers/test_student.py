"""A student of the site's learner: posts in such words outvote what it errs about in one."""

from dataclasses import replace

import numpy as np
import pytest

from classifiers import learner
from classifiers.assess import assess
from classifiers.learner import Evidence, State, Topics, student
from classifiers.learner.student import Student
from classifiers.scorers.linear import LinearScorer, Weights
from classifiers.types import Content, History
from tests.unit.classifiers import models

SCORER = LinearScorer("model-1", Weights.zero())
KINDS = (
    ["zibbo", "vantle", "grumwort", "snorkle", "plindo", "drabbit", "crumsel"],
    ["hedgerow", "allotment", "barley", "kettle", "trestle", "sparrow", "turnip"],
)


def seen(text: str, log_odds: float = 0.0) -> Evidence:
    found = learner.see(assess(Content(text), History(), (), [SCORER]))
    assert found is not None
    return replace(found, log_odds=log_odds)


def post(number: int, log_odds: float = 0.0) -> Evidence:
    """Some words of its kind, each time others, and one that no other post has."""
    words = KINDS[number % 2]
    drawn = np.random.default_rng(number).choice(words, 4, replace=False)
    return seen(f"{' '.join(drawn)} {number * 7919:x}", log_odds)


SITE = [post(number) for number in range(120)]
ABOUT = Topics.of(SITE)
LABELS = [(post(500 + i), i % 2 == 0, 1.0) for i in range(12)]
KNOWING = models.rebuild(LABELS, ABOUT)
TAUGHT = learner.teach(KNOWING, SITE)


def test_what_the_model_errs_about_in_one_post_is_outvoted_by_posts_in_such_words():
    spam, ham = post(900, log_odds=-4.0), post(901, log_odds=4.0)

    def apart(state: State) -> float:
        return learner.judge(state, spam) - learner.judge(state, ham)

    assert apart(TAUGHT) > apart(KNOWING) + 0.5


def test_two_opinions_together_are_as_sure_as_the_learner_alone():
    alone, both = ([learner.judge(state, one) for one in SITE] for state in (KNOWING, TAUGHT))
    assert np.std(both) == pytest.approx(np.std(alone), rel=0.1)
    assert np.mean(both) == pytest.approx(np.mean(alone), abs=0.1)


def test_a_student_without_labels_topics_or_posts_is_not_taught():
    assert not State.new(topics=ABOUT).teaches
    assert not models.rebuild(LABELS).teaches
    assert learner.teach(models.rebuild(LABELS), SITE).student is None
    assert learner.teach(KNOWING, []) is KNOWING
    with pytest.raises(ValueError, match="no posts"):
        Student.of(ABOUT, [], np.zeros(0), 5)


def test_another_is_taught_with_half_as_many_labels_more():
    made, last = [], None
    for labels in range(100):
        if student.due(labels, last):
            last = replace(TAUGHT.student, labels=labels)
            made.append(labels)
    assert made == [1, 2, 3, 5, 8, 12, 18, 27, 41, 62, 93]
    assert KNOWING.teaches
    assert not TAUGHT.teaches


def test_the_more_labels_the_less_it_says():
    shares = [student.share(labels, 0.5) for labels in (0, 60, 180)]
    assert shares == pytest.approx([0.5, 0.25, 0.05])


def test_the_rarer_one_class_among_the_labels_the_less_it_says():
    shares = [student.share(0, rarer) for rarer in (0.5, 0.15, 0.075, 0.015)]
    assert shares == pytest.approx([0.5, 0.5, 0.25, 0.05])


def test_labels_of_one_class_alone_leave_it_nearly_nothing_to_say(monkeypatch):
    alone = models.rebuild([(post(number), False, 1.0) for number in range(500, 540)], ABOUT)
    taught = replace(alone, student=TAUGHT.student)

    def moved() -> float:
        said = [[learner.judge(state, one) for one in SITE[:20]] for state in (alone, taught)]
        return float(np.abs(np.subtract(*said)).mean())

    doubted = moved()
    monkeypatch.setattr(student, "RARE", 1e-9)
    assert 0.0 < doubted < 0.2 * moved()


def test_one_that_is_wrong_is_soon_believed_no_more():
    state = TAUGHT
    assert state.student is not None
    before = state.student.trust
    for number in range(600, 640):
        state = learner.learn(state, post(number), number % 2 == 1)
    assert state.student is not None
    assert before > 0.8
    assert state.student.trust < 0.5 * before
    again = learner.teach(state, SITE)
    assert again.student is not None
    assert again.student.trust == state.student.trust, "its successors have to earn it"


@pytest.mark.parametrize(
    "posts",
    [
        SITE[:1],
        SITE[:1] * 100,
        [replace(SITE[0], buckets=SITE[0].buckets[:0], values=SITE[0].values[:0])] * 5,
    ],
    ids=["one", "copies", "nothing said"],
)
def test_one_that_could_learn_nothing_says_nothing(posts):
    state = learner.teach(KNOWING, posts)
    for one in SITE[:10]:
        assert learner.judge(state, one) == pytest.approx(learner.judge(KNOWING, one))


def test_what_it_changes_is_told_among_the_reasons_which_add_up():
    content = Content("snorkle plindo drabbit")
    assessment = assess(content, History(), (), [SCORER])
    parts = learner.explain(TAUGHT, content, assessment)
    told = learner.see(assessment)
    assert told is not None
    said = learner.judge(TAUGHT, told)
    assert sum(part.weight for part in parts) == pytest.approx(said, abs=1e-3)
    (one,) = [part for part in parts if part.code == "student"]
    assert one.weight == pytest.approx(said - learner.judge(KNOWING, told), abs=1e-3)


def test_it_is_kept_with_the_state_and_the_same_posts_teach_the_same():
    stored = TAUGHT.to_bytes()
    again = State.from_bytes(stored)
    assert again.to_bytes() == stored == learner.teach(KNOWING, SITE).to_bytes()
    assert learner.judge(again, SITE[0]) == learner.judge(TAUGHT, SITE[0])
