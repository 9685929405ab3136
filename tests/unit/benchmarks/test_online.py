"""Peers that learn online are played as our own learner is."""

import numpy as np
import pytest

from benchmarks import prequential
from benchmarks.corpus import Corpus
from benchmarks.peers import online
from classifiers.training.data.dataset import Row, Snapshot
from classifiers.training.evaluate import roc_auc
from classifiers.types import Content

SPAM = np.arange(80) % 2 == 0
TEXTS = [
    f"cheap followers, order {i} now" if spam else f"I liked verse {i} of that song"
    for i, spam in enumerate(SPAM)
]


@pytest.mark.parametrize(
    "name", ["scikit-learn SGD", "scikit-learn naive Bayes", "scikit-learn refitted"]
)
def test_a_peer_judges_before_it_learns(name):
    scores = online.play(online.PEERS[name](), TEXTS, SPAM.tolist())
    assert scores[0] == 0.0
    assert roc_auc(scores[40:], SPAM[40:]) > 0.95


def test_the_curve_is_read_on_posts_that_nobody_was_told_of_nor_of_copies():
    told = []
    cluster = np.arange(len(SPAM)) // 2

    class Spy:
        def judge(self, place):
            assert cluster[place] not in cluster[told]
            return float(len(told))

        def learn(self, place, spam):
            told.append(place)

    found = prequential._curve(Spy(), SPAM, cluster, seed=0)
    assert list(found) == [0, 20]
    assert len(told) == 40


def test_fifty_labels_of_ours_stand_beside_the_best_peers_two_hundred():
    def after(at_50, at_200):
        keys = ("error", "one_minus_roca_percent", "log_loss")
        return {"50": dict.fromkeys(keys, at_50), "200": dict.fromkeys(keys, at_200)}

    found = prequential._worth(
        {"ours": after(3, 1), "ours from scratch": after(4, 1), "a": after(9, 5), "b": after(9, 4)}
    )
    assert found["error"] == {
        "ours_after_50": 3,
        "ours_from_scratch_after_50": 4,
        "best_peer": "b",
        "best_peer_after_200": 4,
    }


def test_a_thinned_stream_keeps_its_order_and_all_that_is_honest():
    spam = np.arange(300) % 3 == 0
    places = 1000 + np.arange(300)
    kept = prequential.thinned(places, spam, 0.01)
    assert (np.diff(kept) > 0).all()
    assert set(places[~spam]) < set(kept)
    assert spam[kept - 1000].sum() == 2
    assert len(prequential.thinned(places, spam, 0.9)) == 300


def test_fewer_posts_of_other_platforms_leave_the_set_whole():
    rows = [Row(Content(text), bool(spam), "train") for text, spam in zip(TEXTS, SPAM, strict=True)]
    whole = Corpus(
        Snapshot(rows, "0" * 64),
        np.arange(80),
        np.array(["a", "b"]).repeat([50, 30]),
        np.ones(80, dtype=bool),
    )
    fewer = prequential.with_fewer_others(whole, "a", 10)
    assert fewer.platform.tolist() == ["a"] * 50 + ["b"] * 10
    assert fewer.texts[:50] == TEXTS[:50]
