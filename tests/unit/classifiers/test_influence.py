"""Batches of labels before they may train, on posts of two vocabularies."""

import random
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from classifiers.training.data import examples
from classifiers.training.data.dataset import Row, Snapshot
from classifiers.training.data.examples import Examples
from classifiers.training.fitting.recipe import STRENGTH
from classifiers.training.gates.contradiction import objection, usual
from classifiers.training.gates.influence import Tried, harms, screen
from classifiers.training.gates.label_errors import likely_wrong
from classifiers.types import Content
from tests.words import STAGE, WORKSHOP

_chance = random.Random(3)
SPAM, HAM = WORKSHOP, STAGE


def post(words: Sequence[str], spam: bool, source: str, length: int = 9) -> Row:
    text = " ".join(_chance.choices(words, k=length))
    return Row(Content(text=text), spam, source=source)


def honest(count: int, source: str) -> list[Row]:
    return [post(SPAM if n % 2 else HAM, bool(n % 2), source) for n in range(count)]


@pytest.fixture(scope="module")
def people() -> list[Row]:
    return honest(100, "verdict")


@pytest.fixture(scope="module")
def measured() -> Examples:
    return examples.of(Snapshot(honest(80, "audit"), ""))


def tried(rows: Sequence[Row], measured: Examples) -> tuple[dict[str, Tried], int]:
    """What came of each source, and how many rows may train."""
    posts = examples.of(Snapshot(rows, ""))
    kept, found = screen(
        posts,
        rows,
        measured,
        usable=np.ones(len(rows), dtype=bool),
        strength=STRENGTH,
    )
    return {each.source: each for each in found}, int(kept.sum())


def test_flipped_and_dictionary_labels_stay_out_and_honest_ones_train(people, measured):
    rows = [
        *people,
        *honest(12, "feedback:1"),
        *[post(SPAM, False, "feedback:2") for _ in range(30)],
        *[post(HAM, True, "feedback:3", length=60) for _ in range(30)],
    ]
    found, kept = tried(rows, measured)
    assert found["feedback:1"].admitted, found
    assert found["feedback:2"].harmful, found
    assert found["feedback:3"].harmful, found
    assert kept == 112
    assert "With it" in found["feedback:2"].sentence


@pytest.mark.parametrize(
    ("worse", "better", "stays_out", "shown"),
    [(1, 0, False, False), (2, 0, True, False), (4, 0, True, True), (5, 3, True, False)],
)
def test_a_source_is_blamed_only_for_more_than_an_accident(worse, better, stays_out, shown):
    spam = np.arange(80) < 40
    before, after = np.where(spam, 0.96, 0.04), np.where(spam, 0.96, 0.04)
    after[:worse] = 0.94
    before[20 : 20 + better] = 0.94
    sentence, sure = harms(before, after, spam, np.arange(80))
    assert (bool(sentence), sure) == (stays_out, shown)


def test_where_little_is_held_back_people_are_asked_out_of_fold(people, measured):
    few = measured.keep(np.arange(len(measured.spam)) < 20)
    rows = [*people[:60], *honest(12, "feedback:1")]
    rows += [post(SPAM, False, "feedback:2") for _ in range(30)]
    found, kept = tried(rows, few)
    assert found["feedback:1"].admitted, found
    assert found["feedback:2"].harmful, found
    assert kept == 72


def honest_words(count: int, source: str, *, first: int = 1, seconded: bool = False) -> list[Row]:
    """A dictionary of words that the model knows for honest ones, called spam."""
    return [
        replace(post(HAM, True, source, length=20), label_id=first + n, seconded=seconded)
        for n in range(count)
    ]


def lightly(rows: Sequence[Row]) -> list[Row]:
    """The rows with so little weight that they cannot harm."""
    return [replace(row, weight=1e-6) for row in rows]


def test_harmless_labels_that_the_model_surely_contradicts_stay_out(people, measured):
    earned = [replace(row, label_id=n + 1) for n, row in enumerate(honest(150, "feedback:1"))]
    bad = honest_words(100, "feedback:1", first=201)
    found, kept = tried([*people, *lightly([*earned, *bad])], measured)
    assert (found["feedback:1"].harmful, found["feedback:1"].flagged, kept) == (False, True, 100)
    assert set(found["feedback:1"].contradicted) <= {row.label_id for row in bad}
    assert found["feedback:1"].contradicted[0] > found["feedback:1"].contradicted[-1]
    assert "called spam: " in found["feedback:1"].sentence
    assert len(found["feedback:1"].sentence) <= 300, "as much as is stored"


def test_many_names_behind_one_key_are_tried_as_one(people, measured):
    """Five labels of each say nothing: those of two honest people and of ten names of one."""
    names = [f"feedback:{number}/2" for number in range(10, 20)]
    bad = [
        row
        for place, name in enumerate(names)
        for row in honest_words(5, name, first=10 * place + 1)
    ]
    good = [*honest(12, "feedback:3/1"), *honest(12, "feedback:4/1")]
    found, kept = tried([*people, *good, *lightly(bad)], measured)
    assert found["feedback:3/1"].admitted and found["feedback:4/1"].admitted
    assert "feedback:1" not in found, "nothing is said of a key that nothing speaks against"
    assert found["feedback:2"].flagged and found["feedback:2"].labels == 50
    assert not any(found[name].admitted or found[name].flagged for name in names)
    assert kept == 124
    apart = [replace(row, source=row.source.partition("/")[0]) for row in bad]
    _, kept = tried([*people, *good, *lightly(apart)], measured)
    assert kept == 174, "singly they say nothing"


def test_who_was_wrong_long_ago_or_is_wrong_now_and_then_is_believed(people, measured):
    bad = lightly(honest_words(100, "feedback:1"))
    lately = [replace(row, label_id=n + 200) for n, row in enumerate(honest(100, "feedback:1"))]
    erring = lightly([*honest(90, "feedback:2"), *honest_words(10, "feedback:2")])
    found, _ = tried([*people, *lately, *bad, *erring], measured)
    assert found["feedback:1"].admitted, found
    assert found["feedback:2"].admitted, found


def test_what_the_model_does_not_know_and_copies_do_not_speak_against_a_source(people, measured):
    strange = """parliament election minister treaty senate embassy budget policy tariff court judge
        verdict appeal lawyer statute clause coalition cabinet ballot campaign governor district
        mayor council reform debate motion chancellor ambassador republic"""
    half = [
        replace(row, content=Content(text=f"{row.content.text} {' '.join(some)}"))
        for row in honest_words(60, "feedback:1")
        for some in [_chance.sample(strange.split(), 15)]
    ]
    copies = [honest_words(1, "feedback:2")[0]] * 60
    found, _ = tried([*people, *lightly([*half, *copies])], measured)
    assert found["feedback:1"].admitted, found
    assert found["feedback:2"].admitted, found


def test_where_a_moderator_said_the_same_the_source_is_believed(people, measured):
    bad = honest_words(30, "feedback:1", first=31)
    confirmed = honest_words(30, "feedback:1", seconded=True)
    found, _ = tried([*people, *lightly([*confirmed, *bad])], measured)
    assert found["feedback:1"].admitted, found
    few = [replace(row, seconded=n < 8) for n, row in enumerate(confirmed)]
    found, _ = tried([*people, *lightly([*few, *bad])], measured)
    assert found["feedback:1"].flagged, found


@pytest.mark.parametrize(
    ("count", "seconded", "objects"),
    [(100, 4, True), (100, 49, True), (100, 50, False), (7, 3, True), (7, 4, False)],
)
def test_few_labels_that_others_agree_with_excuse_no_others(count, seconded, objects):
    every = np.ones(count, dtype=bool)
    agreed = np.arange(count) < seconded
    assert bool(objection(every, every, agreed, usual=0.0, sources=1)) == objects


def test_a_source_is_asked_about_only_beyond_half_and_beyond_accident():
    none = np.zeros(100, dtype=bool)

    def objects(found: int, count: int, *, usual: float = 0.0, sources: int = 1) -> bool:
        said = np.arange(count) < found
        spam, seconded = np.ones(count, dtype=bool), none[:count]
        return bool(objection(said, spam, seconded, usual=usual, sources=sources))

    assert [objects(n, n) for n in (0, 6, 7)] == [False, False, True], "1 in 128 by accident"
    assert not objects(7, 7, sources=2)
    assert [objects(n, 100) for n in (62, 63)] == [False, True]
    assert not objects(63, 100, usual=0.1), "moderators' labels are contradicted as well"
    assert not objects(100, 100, usual=0.6)


def test_how_often_moderators_are_contradicted_counts_by_what_a_source_calls_posts():
    contradicts, spam = np.array([1, 0, 0, 0, 0, 0]) > 0, np.array([1, 1, 0, 0, 0, 0]) > 0
    assert usual(contradicts, spam, np.array([True, True])) == 0.5
    assert usual(contradicts, spam, np.array([True, False])) == 0.25
    assert usual(contradicts[2:], spam[2:], np.array([True])) == 0.0


def test_what_cannot_be_tried_waits(people, measured):
    few = measured.keep(np.arange(len(measured.spam)) < 10)
    found, kept = tried([*people[:28], *honest(12, "feedback:1")], few)
    assert (found["feedback:1"].admitted, found["feedback:1"].harmful, kept) == (False, False, 28)
    assert "20 of each are needed" in found["feedback:1"].sentence


def test_labels_that_models_take_for_the_other_are_in_doubt():
    unseen = np.array([0.95, 0.9, 0.02, 0.99, 0.05, 0.03, 0.97, 0.4])
    spam = np.array([True, True, True, True, False, False, False, False])
    ids = np.array([11, 12, 13, 14, 21, 22, 23, 24])
    assert likely_wrong(unseen, spam, ids) == (13, 23)
    assert likely_wrong(unseen, spam, np.zeros(8, dtype=np.int64)) == ()
    assert likely_wrong(unseen, np.ones(8, dtype=bool), ids) == ()
