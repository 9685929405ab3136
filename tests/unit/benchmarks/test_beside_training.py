from benchmarks.beside_training import _told
from benchmarks.drift import days, first_alarm
from benchmarks.load import Answers


def answers(*milliseconds: float) -> Answers:
    return Answers({201: len(milliseconds)}, [each / 1000 for each in milliseconds])


def test_the_ratio_is_of_each_turn_and_its_interval_of_their_order():
    slow_machine = [1.0, 5.0, 1.0, 5.0, 1.0, 5.0, 1.0, 5.0]
    thirds = {
        "still": [answers(20 * each) for each in slow_machine],
        "training": [answers(22 * each) for each in slow_machine],
    }
    assert _told(thirds, "training", "still", 0.5) == {"median": 1.1, "low": 1.1, "high": 1.1}
    thirds["training"][0] = answers(200)
    high = _told(thirds, "training", "still", 0.5)["high"]
    assert high == 10.0, "of eight turns the interval is all of them"


def test_posts_that_change_for_good_are_found_and_others_are_not():
    assert first_alarm(days(3, 200, 28, 0.0, 0)) is None
    found = first_alarm(days(3, 200, 28, 0.3, 3))
    assert found is not None and found <= 7
