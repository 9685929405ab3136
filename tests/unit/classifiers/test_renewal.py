"""Which draws count for the certificate that is to follow another."""

from classifiers.guarantees import promise, renewal
from classifiers.guarantees.promise import PeriodCounts
from classifiers.guarantees.reviewers import Mistakes


def test_what_is_enough_carries_the_promise_with_three_mistakes():
    """A third of the would-be blocks drawn, nine of ten allowed posts honest."""
    allowed, chance = 4_900, 1 / 3
    assert renewal.are_enough(allowed=allowed, chance=chance, promise=0.01)
    assert not renewal.are_enough(allowed=allowed // 2, chance=chance, promise=0.01)
    seen = PeriodCounts(wrong=3, allowed=allowed, drawn=500, spam=20, chance=chance)
    assert promise.wrongly_blocked(seen, Mistakes(0.05, 0.02)) <= 0.01


def test_earlier_periods_count_again_for_sixty_days():
    assert renewal.start([10.0, 40.0, 75.0, 100.0], last=100.0) == 40.0
    assert renewal.start([10.0], last=100.0) == 100.0
    assert renewal.start([], last=100.0) == 100.0
