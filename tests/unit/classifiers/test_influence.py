"""Batches of labels before they may train, on posts of two vocabularies."""

from __future__ import annotations

import random
from collections.abc import Sequence

import numpy as np
import pytest

from classifiers.training import examples
from classifiers.training.dataset import Row, Snapshot
from classifiers.training.doubts import doubtful
from classifiers.training.examples import Examples
from classifiers.training.influence import Tried, screen
from classifiers.training.recipe import STRENGTH
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
        [row.source for row in rows],
        np.array([row.trust for row in rows]),
        measured,
        usable=np.ones(len(rows), dtype=bool),
        strength=STRENGTH,
    )
    return {each.source: each for each in found}, int(kept.sum())


def test_flipped_and_dictionary_labels_stay_out_and_honest_ones_train(
    people: list[Row], measured: Examples
):
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


def test_where_little_is_held_back_people_are_asked_out_of_fold(
    people: list[Row], measured: Examples
):
    few = measured.keep(np.arange(len(measured.spam)) < 20)
    rows = [*people[:60], *honest(12, "feedback:1")]
    rows += [post(SPAM, False, "feedback:2") for _ in range(30)]
    found, kept = tried(rows, few)
    assert found["feedback:1"].admitted, found
    assert found["feedback:2"].harmful, found
    assert kept == 72


def test_what_cannot_be_tried_waits(people: list[Row], measured: Examples):
    few = measured.keep(np.arange(len(measured.spam)) < 10)
    found, kept = tried([*people[:28], *honest(12, "feedback:1")], few)
    assert (found["feedback:1"].admitted, found["feedback:1"].harmful, kept) == (False, False, 28)
    assert "20 of each are needed" in found["feedback:1"].sentence


def test_labels_that_models_take_for_the_other_are_in_doubt():
    unseen = np.array([0.95, 0.9, 0.02, 0.99, 0.05, 0.03, 0.97, 0.4])
    spam = np.array([True, True, True, True, False, False, False, False])
    ids = np.array([11, 12, 13, 14, 21, 22, 23, 24])
    assert doubtful(unseen, spam, ids) == (13, 23)
    assert doubtful(unseen, spam, np.zeros(8, dtype=np.int64)) == ()
    assert doubtful(unseen, np.ones(8, dtype=bool), ids) == ()
