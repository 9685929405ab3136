"""What hostile labels the benchmark makes, and whose they are."""

from __future__ import annotations

import random
from collections import Counter

import numpy as np
import pytest

from benchmarks import poisoning
from benchmarks.poisoning import EARNED_OF_ID, HOSTILE, IDS, NEW_SITE
from classifiers import trust
from classifiers.training.data import examples
from classifiers.training.data.dataset import Row, Snapshot
from classifiers.types import Content


@pytest.fixture
def stream() -> poisoning.Stream:
    texts = [f"cheap pills {n}" if n % 3 == 0 else f"my garden {n}" for n in range(60)]
    rows = [Row(Content(text=text), n % 3 == 0) for n, text in enumerate(texts)]
    return poisoning._stream(examples.of(Snapshot(rows, "")), random.Random(1))


def made(stream: poisoning.Stream, attack: str, share: float) -> poisoning.Stream:
    words = ["my garden"] * 60
    return poisoning._hostile(attack, share, stream, words, random.Random(2))


def test_many_ids_of_one_key_each_earn_trust_before_they_turn(stream):
    hostile = made(stream, "many_ids", 0.9)
    earned = hostile.source[: IDS * EARNED_OF_ID]
    assert set(Counter(earned).values()) == {EARNED_OF_ID} and len(set(earned)) == IDS
    assert hostile.true[: len(earned)].all() and not hostile.true.all()
    assert {source.partition("/")[2] for source in hostile.source} == {"hostile"}


@pytest.mark.parametrize("share", poisoning.SHARES_OF_SITE)
def test_a_new_site_sends_its_share_of_all_labels_and_is_capped_as_a_key(stream, share):
    hostile = made(stream, NEW_SITE, share)
    attacking = len(hostile.true) - poisoning.EARNED
    assert attacking == round(60 * share / (1 - share))
    assert set(hostile.source) == {HOSTILE}
    assert poisoning._groups(HOSTILE, whole_key=True) == ((HOSTILE, trust.MOST_OF_KEY),)
    half = poisoning._at_half(stream.with_hostile(hostile)).weights
    assert np.array_equal(np.unique(half), [trust.TEACHES_FROM, 1.0])


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
