import numpy as np
import pytest
from scipy.special import expit

from classifiers import drift
from classifiers.arrays import Numbers

FEATURES = 6


def days(count: int, *, posts: int, seed: int, moved: float = 0.0) -> list[list[Numbers]]:
    """Days of FEATURES features in five bins, which differ a little more than draws do."""
    chance = np.random.default_rng(seed)
    shares = np.random.default_rng(seed // 100).dirichlet(np.full(5, 3.0), FEATURES)
    found = []
    for _ in range(count):
        day = []
        for number, usual in enumerate(shares):
            share = chance.dirichlet(usual * 400.0 + 1e-3)
            if number == 2:
                share = (1.0 - moved) * share + moved * np.eye(5)[4]
            day.append(chance.multinomial(posts, share).astype(np.float64))
        found.append(day)
    return found


def sounded(seed: int, count: int, moved: float = 0.0) -> tuple[int | None, dict[str, float]]:
    """The day of the alarm, and each feature's evidence then."""
    first = days(drift.REFERENCE_DAYS, posts=200, seed=seed)
    usual = [drift.reference([day[f] for day in first]) for f in range(FEATURES)]
    detectors: dict[str, float] = {}
    for number, day in enumerate(days(count, posts=200, seed=seed + 1, moved=moved)):
        evidences = {
            str(f): drift.evidence(drift.moved(usual[f], day[f]).p) for f in range(FEATURES)
        }
        detectors = drift.follow(detectors, evidences)
        if drift.whole(detectors) >= drift.ALARM:
            return number, detectors
    return None, detectors


def test_false_alarms_are_rarer_than_one_in_a_year():
    """Of twelve sites watched for eighty days each, 2.6 site-years, 2.6 may be wrong."""
    assert sum(sounded(100 * site, 80)[0] is not None for site in range(12)) <= 2


def test_what_moves_is_noticed_and_named():
    found = [sounded(100 * site, 30, moved=0.3) for site in range(6)]
    assert all(day is not None for day, _ in found)
    assert sorted(day for day, _ in found if day is not None)[3] <= 7
    assert all(max(detectors, key=lambda f: detectors[f]) == "2" for _, detectors in found)


def test_a_small_shift_that_stays_shows_in_a_window_of_days():
    found = {0.0: 0, 0.15: 0}
    for moved in found:
        for site in range(6):
            first = days(drift.REFERENCE_DAYS, posts=200, seed=100 * site)
            later = days(28, posts=200, seed=100 * site + 1, moved=moved)
            for f in range(FEATURES):
                usual = drift.reference([day[f] for day in first])
                together = np.sum([day[f] for day in later], axis=0)
                found[moved] += drift.of_window(usual, together, 28, FEATURES) >= drift.ALARM
    assert found[0.0] == 0 and found[0.15] >= 5


def test_how_far_it_moved():
    usual = drift.reference([np.array([50.0, 50.0, 0.0])] * 14)
    same = drift.moved(usual, np.array([500.0, 500.0, 0.0]))
    other = drift.moved(usual, np.array([20.0, 50.0, 30.0]))
    assert same.psi < 0.001 and same.ks == pytest.approx(0.0) and same.p > 0.9
    assert other.psi > 0.5 and other.ks == pytest.approx(0.3) and other.p < 1e-6


def test_probabilities_that_are_wrong_give_evidence_and_right_ones_do_not():
    chance = np.random.default_rng(7)
    said = chance.uniform(0.05, 0.95, 60)
    right, wrong = chance.random(60) < said, chance.random(60) < said**3
    assert drift.calibration_evidence(said, wrong) > 100.0
    assert drift.calibration_evidence(said, right) < 10.0
    # What was off from the start is usual.
    assert drift.calibration_evidence(said, wrong, drift.usual_shifts(said, wrong)) < 10.0


def _alarms(fallen: float) -> int:
    """Of 20 sites whose model is too sure, how many raise an alarm of its probabilities in 120
    days, the log-odds of whose blocks fall so far after 14; all other detectors wait.
    """
    found = 0
    for seed in range(20):
        generator = np.random.default_rng(seed)

        def day(falls, generator=generator):
            odds = np.where(generator.random(generator.poisson(40)) < 0.5, 5.0, -4.0)
            odds += generator.normal(0.0, 1.2, len(odds))
            off = np.where(odds > 0.0, -1.0 - falls, 1.0)
            return expit(odds), generator.random(len(odds)) < expit(odds + off)

        said, spam = (
            np.concatenate(each) for each in zip(*(day(0.0) for _ in range(14)), strict=True)
        )
        usual, detector = drift.usual_shifts(said, spam), 0.0
        for _ in range(120):
            detector = (detector + 1.0) * drift.calibration_evidence(*day(fallen), usual)
            if detector > 20.0 * drift.ALARM:
                found += 1
                break
    return found


def test_a_model_that_is_always_too_sure_does_not_drift():
    """With one shift for all probabilities 16 of these raised one."""
    assert _alarms(0.0) <= 2
    assert _alarms(2.0) >= 18
