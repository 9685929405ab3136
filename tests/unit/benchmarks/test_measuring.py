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


def test_recalibration_finds_slope_and_intercept() -> None:
    generator = np.random.default_rng(0)
    true = generator.normal(0.0, 2.0, 20_000)
    spam = generator.random(20_000) < 1.0 / (1.0 + np.exp(-true))
    # Said to be twice as sure as is right, and one too high.
    slope, intercept = measuring.recalibrated(2.0 * true + 1.0, spam, np.ones(20_000))
    assert slope == pytest.approx(0.5, abs=0.03)
    assert intercept == pytest.approx(-0.5, abs=0.08)


def test_recalibration_stays_finite_where_classes_do_not_overlap() -> None:
    log_odds = np.array([-3.0, -2.0, 2.0, 3.0])
    slope, intercept = measuring.recalibrated(log_odds, log_odds > 0, np.ones(4))
    assert np.isfinite([slope, intercept]).all()
    assert slope > 1.0


def test_noise_explains_the_error_of_a_perfect_calibration() -> None:
    generator = np.random.default_rng(0)
    chances = generator.random(400)
    spam = generator.random(400) < chances
    fair = measuring.calibration_error(chances, spam)
    assert fair["noise_floor"] > 0.02
    assert fair["debiased"] < 0.05
    loud = measuring.calibration_error(np.where(chances > 0.5, 0.99, 0.01), spam)
    assert loud["debiased"] > 0.15
