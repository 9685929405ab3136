"""What hostile labels the benchmark makes, and whose they are."""

import random
from collections import Counter

import numpy as np
import pytest

from benchmarks import hostile_labels, poisoning
from benchmarks.hostile_labels import EARNED, EARNED_OF_ID, HOSTILE, IDS, KEYS, NEW_SITE, VERDICT
from classifiers import trust
from classifiers.training.data import examples
from classifiers.training.data.dataset import Row, Snapshot
from classifiers.types import Content


@pytest.fixture
def stream() -> hostile_labels.Stream:
    texts = [f"cheap pills {n}" if n % 3 == 0 else f"my garden {n}" for n in range(60)]
    rows = [Row(Content(text=text), n % 3 == 0) for n, text in enumerate(texts)]
    return hostile_labels.honest(examples.of(Snapshot(rows, "")), random.Random(1))


def made(stream: hostile_labels.Stream, attack: str, share: float) -> hostile_labels.Stream:
    words = ["my garden"] * 60
    return hostile_labels.made(attack, share, stream, words, random.Random(2))


def test_many_ids_of_one_key_each_earn_trust_before_they_turn(stream):
    hostile = made(stream, "many_ids", 0.9)
    earned = hostile.source[: IDS * EARNED_OF_ID]
    assert set(Counter(earned).values()) == {EARNED_OF_ID} and len(set(earned)) == IDS
    assert hostile.true[: len(earned)].all() and not hostile.true.all()
    assert hostile.when[: len(earned)].max() < hostile.when[len(earned) :].min()
    assert len({poisoning.key_of(source) for source in hostile.source}) == 1


def test_ids_may_follow_each_other_or_have_several_keys(stream):
    hostile = made(stream, "id_after_id", 0.9)
    turns = hostile.source[np.argsort(hostile.when)]
    assert (turns[1:] != turns[:-1]).sum() == IDS - 1
    first = np.flatnonzero(hostile.source == turns[0])
    last = hostile.when[first].argmax()
    assert first[last] >= IDS * EARNED_OF_ID, "turns before the next begins"
    hostile = made(stream, "many_keys", 0.9)
    assert len({poisoning.key_of(source) for source in hostile.source}) == KEYS


def test_hostile_ids_may_share_the_key_of_honest_people(stream):
    words = ["my garden"] * 60
    both = hostile_labels.attacked("among_honest", 0.5, stream, words, random.Random(2))
    told = [str(source) for source in both.source if source != VERDICT]
    assert len({poisoning.key_of(source) for source in told}) == 1
    assert {hostile_labels.is_hostile(source) for source in told} == {True, False}


def test_many_honest_people_of_a_key_are_wrong_now_and_then(stream, monkeypatch):
    monkeypatch.setattr(hostile_labels, "HONEST_ERR", 0.5)
    many = hostile_labels.by_many(stream, random.Random(1))
    told = many.source != VERDICT
    assert many.true[~told].all() and 0 < many.true[told].sum() < told.sum()
    assert np.array_equal(many.posts.spam == stream.posts.spam, many.true)
    assert len({poisoning.key_of(source) for source in many.source[told]}) == 1


@pytest.mark.parametrize("share", poisoning.SHARES_OF_SITE)
def test_a_new_site_sends_its_share_of_all_labels_at_half_its_weight(stream, share):
    hostile = made(stream, NEW_SITE, share)
    attacking = len(hostile.true) - EARNED
    assert attacking == round(60 * share / (1 - share))
    assert set(hostile.source) == {HOSTILE}
    half = poisoning._at_half(stream.with_hostile(hostile)).weights
    assert np.array_equal(np.unique(half), [trust.TEACHES_FROM, 1.0])


def test_honest_people_of_a_key_teach_and_a_key_that_turns_does_not(stream):
    many = hostile_labels.by_many(stream, random.Random(1))
    found, confirmed = poisoning._judged(many, random.Random(1), known=True)
    assert found["feedback:key"].reputation.trusted >= trust.TEACHES_FROM
    assert all(many.true[place] for place, agrees in confirmed.items() if agrees)
    hostile = stream.with_hostile(made(stream, "many_ids", 0.9))
    found, _ = poisoning._judged(hostile, random.Random(1), known=True)
    assert found["feedback:key"].reputation.trusted == 0.0


def test_a_new_site_stands_apart_from_reporters():
    def figures(drop: float) -> dict[str, float]:
        return {"recall_drop": drop, "false_positive_rise": 0.0, "f1_drop": 0.0}

    found = {
        "set": {
            "turned 10%": figures(30.0),
            "turned 10%, defended": figures(1.0),
            "new_site 50%": figures(40.0),
            "new_site 50%, untried": figures(35.0),
            "new_site 50%, defended": figures(2.0),
        }
    }
    shown = poisoning.worst(found)
    assert shown["worst_recall_drop_points"] == 1.0
    assert shown["undefended_worst_recall_drop_points"] == 30.0
    assert shown["new_site_worst_recall_drop_points"] == 2.0
    assert shown["new_site_undefended_worst_recall_drop_points"] == 40.0
