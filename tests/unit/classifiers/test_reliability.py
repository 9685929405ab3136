"""What is said of a calibration, against simulations in which the truth is known."""

import numpy as np
import pytest
from scipy.special import expit

from classifiers.training import evaluate
from classifiers.training.card import told
from classifiers.training.reliability import LEAST, ece, excess, oracle, reliability


def drawn(generator, count, *, slope=1.0, shift=0.0):
    """Probabilities whose log-odds are slope times the true ones, plus shift; and labels."""
    true = generator.normal(0.0, 2.0, count)
    return expit(slope * true + shift), generator.random(count) < expit(true)


def covers(found, name, value):
    return found[f"{name}_low"] < value < found[f"{name}_high"]


@pytest.mark.parametrize("count", [80, 400])
def test_intervals_hold_the_truth_as_often_as_they_say(count):
    generator = np.random.default_rng(1)
    found = [reliability(*drawn(generator, count)) for _ in range(200)]
    for name, truth in (("calibration_slope", 1.0), ("calibration_intercept", 0.0)):
        share = np.mean([covers(one, name, truth) for one in found])
        assert 0.91 < share < 0.99


def test_near_duplicates_are_no_further_witnesses():
    """Posts of a cluster share their luck: intervals that count them apart are too narrow."""
    generator = np.random.default_rng(2)
    together, apart = [], []
    for _ in range(150):
        true = generator.normal(0.0, 2.0, 90)
        luck = generator.random(90) < expit(true)
        cluster = np.repeat(np.arange(90), generator.integers(1, 8, 90))
        chances, spam = expit(true)[cluster], luck[cluster]
        together.append(covers(reliability(chances, spam, cluster), "calibration_slope", 1.0))
        apart.append(covers(reliability(chances, spam), "calibration_slope", 1.0))
    assert np.mean(together) > 0.89
    assert np.mean(apart) < 0.8


def test_slope_and_intercept_are_found():
    chances, spam = drawn(np.random.default_rng(3), 20_000, slope=2.0, shift=1.0)
    found = reliability(chances, spam)
    # The labels follow (said - 1) / 2.
    assert found["calibration_slope"] == pytest.approx(0.5, abs=0.03)
    assert found["calibration_intercept"] == pytest.approx(-0.5, abs=0.08)
    assert not covers(found, "calibration_slope", 1.0)
    assert not covers(found, "calibration_intercept", 0.0)


def test_the_excess_is_what_a_recalibration_would_save():
    generator = np.random.default_rng(4)
    chances, spam = drawn(generator, 20_000, slope=2.0, shift=1.0)
    right = 1.0 / (1.0 + np.exp(-(np.log(chances / (1.0 - chances)) - 1.0) / 2.0))
    saved = evaluate.log_loss(chances, spam) - evaluate.log_loss(right, spam)
    assert reliability(chances, spam)["excess_log_loss"] == pytest.approx(saved, abs=5e-4)
    # Of a perfect calibration it is what two fitted numbers gain: a post's share of one nat.
    small = [reliability(*drawn(generator, 200))["excess_log_loss"] for _ in range(200)]
    assert np.mean(small) == pytest.approx(1.0 / 200.0, rel=0.25)


def test_noise_explains_the_error_of_a_perfect_calibration():
    generator = np.random.default_rng(5)
    found = [reliability(*drawn(generator, 300)) for _ in range(100)]
    plain, floor, left = (
        np.mean([one[key] for one in found]) for key in ("ece", "ece_noise_floor", "ece_debiased")
    )
    assert plain > 0.05
    assert floor == pytest.approx(plain, rel=0.05)
    assert left < 0.3 * plain


def test_what_is_left_is_the_error_of_many_posts():
    many = ece(*drawn(np.random.default_rng(6), 400_000, shift=0.7))
    generator = np.random.default_rng(7)
    found = [reliability(*drawn(generator, 300, shift=0.7)) for _ in range(100)]
    plain, left = (np.mean([one[key] for one in found]) for key in ("ece", "ece_debiased"))
    assert abs(left - many) < 0.8 * abs(plain - many)


def test_the_floor_is_higher_where_near_duplicates_share_their_luck():
    chances, spam = drawn(np.random.default_rng(8), 600)
    alone = reliability(chances, spam)["ece_noise_floor"]
    both = reliability(np.repeat(chances, 4), np.repeat(spam, 4), np.repeat(np.arange(600), 4))
    assert both["ece_noise_floor"] == pytest.approx(alone, rel=0.1)
    assert reliability(np.repeat(chances, 4), np.repeat(spam, 4))["ece_noise_floor"] < 0.7 * alone


def test_too_few_of_a_class_leave_unknown_what_they_cannot_tell():
    chances = np.random.default_rng(9).random(400)
    spam = np.zeros(400, dtype=bool)
    spam[: LEAST - 1] = True
    found = reliability(chances, spam)
    known = {key for key, value in found.items() if value is not None}
    assert known == {"ece", "ece_noise_floor"}
    spam[LEAST - 1] = True
    assert None not in reliability(chances, spam).values()
    # One campaign, told often, is one post.
    cluster = np.arange(400)
    cluster[:LEAST] = 0
    assert reliability(chances, spam, cluster)["calibration_slope"] is None


def test_classes_that_a_limit_divides_have_no_slope():
    chances = np.linspace(0.01, 0.99, 100)
    found = reliability(chances, chances > 0.4)
    assert found["calibration_slope"] is None
    assert found["excess_log_loss"] is None
    assert found["ece_debiased"] > 0.1


def test_the_oracle_stays_finite_and_whole_posts_weigh_as_often():
    log_odds = np.array([-3.0, -2.0, 2.0, 3.0])
    line = oracle(log_odds, log_odds > 0)
    assert np.isfinite([line.slope, line.intercept]).all()
    assert line.slope > 1.0
    chances, spam = drawn(np.random.default_rng(10), 200, slope=2.0)
    said = np.log(chances / (1.0 - chances))
    twice = excess(np.repeat(said, 2), np.repeat(spam, 2))
    assert excess(said, spam, np.full(200, 2.0)) == pytest.approx(twice)


def test_reports_carry_them_and_say_them_in_words():
    chances, spam = drawn(np.random.default_rng(11), 500)
    found = evaluate.metrics(chances, spam)
    assert found["n"] == 500
    assert reliability(chances, spam).items() <= found.items()
    words = told(found)
    low, high = found["calibration_slope_low"], found["calibration_slope_high"]
    assert words["calibration_slope"].endswith(f"({low:.4f} to {high:.4f})")
    assert not any(key.endswith(("_low", "_high")) for key in words)
    few = told(evaluate.metrics(chances[:10], spam[:10]))
    assert few["calibration_slope"] == few["ece_debiased"] == "not known"
