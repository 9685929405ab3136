import numpy as np
import pytest
from scipy.special import expit

from classifiers.calibration import Platt
from classifiers.odds import FLOOR
from classifiers.training.fitting.calibrate import fit_platt
from classifiers.training.reliability import ece


def _drawn(count: int, slope: float, shift: float):
    generator = np.random.default_rng(0)
    log_odds = generator.normal(0, 2, count)
    return log_odds, generator.random(count) < expit(slope * log_odds + shift)


def test_finds_how_much_of_the_log_odds_to_believe():
    log_odds, spam = _drawn(20_000, 0.4, -1.0)
    found = fit_platt(log_odds, spam)
    assert found.slope == pytest.approx(0.4, abs=0.03)
    assert found.shift == pytest.approx(-1.0, abs=0.06)


def test_probabilities_can_be_taken_at_their_word():
    log_odds, spam = _drawn(5_000, 0.4, -1.0)
    other_log_odds, other_spam = log_odds[::2], spam[::2]
    fitted = fit_platt(log_odds[1::2], spam[1::2])
    before = ece(Platt().probabilities(other_log_odds), other_spam)
    after = ece(fitted.probabilities(other_log_odds), other_spam)
    assert after < 0.05 < before


def test_order_is_kept_even_if_the_labels_stand_on_their_head():
    log_odds, spam = _drawn(500, 1.0, 0.0)
    fitted = fit_platt(log_odds, ~spam)
    assert fitted.slope > 0
    assert (np.diff(fitted.probabilities(np.sort(log_odds))) >= 0).all()


def test_perfect_separation_stays_finite():
    fitted = fit_platt(np.array([-1.0, -2.0, 1.0, 2.0]), np.array([False, False, True, True]))
    assert 0 < fitted.slope < 60
    assert np.isfinite(fitted.shift)


def test_a_few_labels_do_not_move_a_trusted_parent_far():
    log_odds, spam = _drawn(6, 1.0, 3.0)
    weak = fit_platt(log_odds, spam, prior=Platt(), prior_strength=0.1)
    strong = fit_platt(log_odds, spam, prior=Platt(), prior_strength=1000.0)
    assert abs(strong.shift) < 0.05 < abs(weak.shift)


def test_weights_count_as_that_many_posts():
    log_odds, spam = _drawn(200, 0.7, 0.3)
    twice = fit_platt(np.tile(log_odds, 2), np.tile(spam, 2))
    weighted = fit_platt(log_odds, spam, weights=np.full(200, 2.0))
    assert weighted.slope == pytest.approx(twice.slope, rel=1e-3)


def test_nothing_is_certain():
    assert Platt().probabilities(np.array([-1e6, 1e6])).tolist() == [FLOOR, 1 - FLOOR]
    assert np.isnan(Platt().probabilities(np.array([np.nan])))[0]


@pytest.mark.parametrize(
    "stored",
    [
        {},
        {"kind": "platt", "slope": 1.0},
        {"kind": "platt", "slope": float("nan"), "shift": 0.0},
        {"kind": "platt", "slope": -1.0, "shift": 0.0},
        {"kind": "platt", "slope": "1", "shift": 0.0},
        {"kind": "code", "slope": 1.0, "shift": 0.0},
    ],
)
def test_refuses_what_is_no_calibration(stored):
    with pytest.raises(ValueError, match="calibration"):
        Platt.from_dict(stored)


def test_survives_storing():
    assert Platt.from_dict(Platt(1.5, -0.25).as_dict()) == Platt(1.5, -0.25)
