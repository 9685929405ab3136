"""The arithmetic of comparisons, on numbers whose answers are known."""

import numpy as np
import pytest

from benchmarks import measuring


def test_one_minus_roca_counts_misordered_pairs():
    spam = np.array([True, True, False, False])
    assert measuring.one_minus_roca(np.array([4.0, 1.0, 2.0, 0.0]), spam) == pytest.approx(25.0)
    assert measuring.one_minus_roca(np.array([1.0, 1.0, 1.0, 1.0]), spam) == pytest.approx(50.0)


def test_one_class_alone_has_no_roca():
    with pytest.raises(ValueError, match="one class"):
        measuring.one_minus_roca(np.zeros(3), np.ones(3, dtype=bool))


def test_bootstrap_is_paired_and_moves_whole_clusters():
    spam = np.array([True, False] * 20)
    cluster = np.repeat(np.arange(20), 2)
    scores = np.random.default_rng(1).normal(size=40) + spam
    drawn = measuring.bootstrap({"a": scores, "b": scores}, spam, cluster, draws=50)
    assert np.array_equal(drawn["a"], drawn["b"])
    assert drawn["a"].std() > 0.0
    # One cluster that holds everything can only be drawn as it is.
    whole = measuring.bootstrap({"a": scores}, spam, np.zeros(40, dtype=np.int64), draws=5)
    assert whole["a"] == pytest.approx([measuring.one_minus_roca(scores, spam)] * 5)


def test_geometric_mean_of_two_sets():
    pairs = {
        "one": (np.array([1.0, 1.0, 1.0]), np.array([2.0, 2.0, 2.0])),
        "two": (np.array([0.0, 0.0, 0.0]), np.array([1.0, 1.0, 1.0])),
    }
    found = measuring.geometric_mean_ratio(pairs, {"one": 0.01, "two": 0.125})
    assert found["ratio"] == 0.25
    assert found["interval_95"] == [0.25, 0.25]
    assert measuring.geometric_mean_ratio({}, {})["ratio"] is None


def test_intervals_over_few_draws_hold_what_they_say():
    """Resampling three draws would hold the truth in three of four."""
    generator = np.random.default_rng(5)
    held = 0
    for _ in range(400):
        pairs = {
            name: (np.exp(generator.normal(0.2, spread, 3)), np.ones(3))
            for name, spread in (("one", 0.3), ("two", 0.3))
        }
        found = measuring.ratio_over_draws(pairs, {"one": 0.0, "two": 0.0})
        low, high = found["interval_95"]
        held += low <= np.exp(0.2) <= high
    assert held / 400 >= 0.95 - 3 * (0.95 * 0.05 / 400) ** 0.5
    once = measuring.ratio_over_draws({"one": (np.ones(1), np.ones(1))}, {"one": 0.0})
    assert (once["ratio"], once["interval_95"]) == (1.0, None)
