from datetime import timedelta

import pytest

from moderation.deciding.audits import expected_volume, inclusion_probability

DAY, HOUR = timedelta(days=1), timedelta(hours=1)


@pytest.mark.parametrize(
    ("target", "expected", "probability"),
    [(5, 100.0, 0.05), (5, 5.0, 1.0), (5, 2.0, 1.0), (5, 0.0, 1.0), (0, 100.0, 0.0), (0, 0.0, 0.0)],
)
def test_inclusion_probability(target, expected, probability):
    assert inclusion_probability(target, expected) == pytest.approx(probability)


def test_an_old_site_is_expected_to_go_on_as_it_did():
    assert expected_volume(seen=1000, waiting=0, window=DAY, young=False) == 1000
    assert expected_volume(seen=0, waiting=64, window=DAY, young=False) == 64
    # A count that stopped at its limit is extrapolated from the time that it covers.
    assert expected_volume(seen=5000, waiting=0, window=DAY / 4, young=False) == 20_000


def test_a_new_site_starts_from_a_hundred_a_day_and_learns_within_hours():
    def expected(seen: int, age: timedelta) -> float:
        return expected_volume(seen=seen, waiting=0, window=age, young=True)

    assert expected(0, timedelta(0)) == pytest.approx(100)
    assert expected(0, 23 * HOUR) == pytest.approx(100 / 24)
    # 100 an hour, for an hour and for twelve, is 2400 a day.
    assert expected(100, HOUR) == pytest.approx(1250)
    assert expected(1200, 12 * HOUR) == pytest.approx(2223, abs=1)


def test_never_less_is_expected_than_is_there():
    assert expected_volume(seen=0, waiting=64, window=23 * HOUR, young=True) >= 64
