"""The arithmetic of comparisons, on numbers whose answers are known."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks import measuring


def test_one_minus_roca_counts_misordered_pairs() -> None:
    spam = np.array([True, True, False, False])
    assert measuring.one_minus_roca(np.array([4.0, 1.0, 2.0, 0.0]), spam) == pytest.approx(25.0)
    assert measuring.one_minus_roca(np.array([1.0, 1.0, 1.0, 1.0]), spam) == pytest.approx(50.0)


def test_one_class_alone_has_no_roca() -> None:
    with pytest.raises(ValueError, match="one class"):
        measuring.one_minus_roca(np.zeros(3), np.ones(3, dtype=bool))


def test_bootstrap_is_paired_and_moves_whole_clusters() -> None:
    spam = np.array([True, False] * 20)
    cluster = np.repeat(np.arange(20), 2)
    scores = np.random.default_rng(1).normal(size=40) + spam
    drawn = measuring.bootstrap({"a": scores, "b": scores}, spam, cluster, draws=50)
    assert np.array_equal(drawn["a"], drawn["b"])
    assert drawn["a"].std() > 0.0
    # One cluster that holds everything can only be drawn as it is.
    whole = measuring.bootstrap({"a": scores}, spam, np.zeros(40, dtype=np.int64), draws=5)
    assert whole["a"] == pytest.approx([measuring.one_minus_roca(scores, spam)] * 5)


def test_geometric_mean_of_two_sets() -> None:
    pairs = {
        "one": (np.array([1.0, 1.0, 1.0]), np.array([2.0, 2.0, 2.0])),
        "two": (np.array([0.0, 0.0, 0.0]), np.array([1.0, 1.0, 1.0])),
    }
    found = measuring.geometric_mean_ratio(pairs, {"one": 0.01, "two": 0.125})
    assert found["ratio"] == 0.25
    assert found["interval_95"] == [0.25, 0.25]
    assert measuring.geometric_mean_ratio({}, {})["ratio"] is None
