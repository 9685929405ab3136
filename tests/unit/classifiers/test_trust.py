from __future__ import annotations

import pytest

from classifiers import trust
from classifiers.trust import Compared

RIGHT, WRONG, SEEN = Compared(True, True), Compared(False, True), Compared(True, False)


@pytest.mark.parametrize(
    ("compared", "teaches"),
    [
        ([], False),
        ([RIGHT] * 3, False),
        ([RIGHT] * 4, True),
        ([SEEN] * 12, False),
        ([SEEN] * 24, True),
        ([RIGHT] * 20 + [WRONG], True),
        ([RIGHT] * 20 + [WRONG] * 3, False),
        # However long it was earned, a few labels spend it.
        ([RIGHT] * 1_000 + [WRONG] * 4, False),
        ([RIGHT] * 30 + [WRONG] + [RIGHT] * 30, True),
    ],
)
def test_trust_is_earned_slowly_and_lost_soon(compared: list[Compared], teaches: bool):
    assert (trust.weight(trust.trust(compared)) > 0.0) is teaches


def test_who_is_mostly_wrong_is_distrusted_and_a_stranger_is_not():
    assert trust.is_distrusted([WRONG, WRONG])
    assert not trust.is_distrusted([])
    assert not trust.is_distrusted([WRONG] + [RIGHT] * 5)


def test_no_reporter_and_no_key_has_more_than_its_share():
    weights = dict.fromkeys(range(100), 0.8)
    of = {number: ((f"reporter {number % 4}", 0.05), ("key", 0.1)) for number in weights}
    capped = trust.capped(weights, of, 200.0)
    whole = 200.0 + sum(capped.values())
    assert sum(capped.values()) <= 0.1 * whole + 1e-9
    for reporter in range(4):
        assert sum(capped[n] for n in weights if n % 4 == reporter) <= 0.05 * whole + 1e-9
    assert trust.capped(weights, of, 0.0)[0] == 0.0, "nothing is the whole of a snapshot"
    assert trust.capped({1: 0.8}, {1: (("reporter", 0.05),)}, 200.0) == {1: 0.8}
