import pytest

from classifiers import trust
from classifiers.trust import Compared, Reputation

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
def test_trust_is_earned_slowly_and_lost_soon(compared, teaches):
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


@pytest.mark.parametrize(
    ("compared", "turned"),
    [
        # Among many honest people somebody is wrong now and then.
        (([RIGHT] * 19 + [WRONG]) * 15, False),
        ([RIGHT] * 30 + [WRONG, WRONG] + [RIGHT] * 30, False),
        ([RIGHT] * 300 + [WRONG, RIGHT] * 3, True),
        ([RIGHT] * 30 + [WRONG] * 3 + [RIGHT] * 30, True),
    ],
)
def test_a_key_has_turned_where_differences_come_close_together(compared, turned):
    assert trust.has_turned(compared) is turned
    assert (trust.trust_of_key(compared) == 0.0) is turned


def test_a_label_weighs_what_a_moderator_said_of_it_or_what_was_earned():
    proven = Reputation(0.6, trust.PROVEN)
    few, stranger, good = Reputation(0.55, 4), Reputation(0.05), Reputation(0.9, 40)
    flagged, turned = Reputation(0.0, 40, flagged=True), Reputation(0.0, 40)

    def weighs(own: Reputation, key: Reputation) -> list[float]:
        return [trust.weight_of(own, key, confirmed=said) for said in (None, True, False)]

    assert weighs(stranger, good) == [0.0, 1.0, 0.0]
    assert weighs(few, good) == [0.55, 1.0, 0.0]
    assert weighs(few, turned) == [0.0, 1.0, 0.0]
    assert weighs(few, flagged) == [0.0, 0.0, 0.0]
    assert weighs(proven, turned) == weighs(proven, flagged) == [0.6, 1.0, 0.0]
    assert weighs(flagged, good) == [0.0, 0.0, 0.0]
    assert trust.chance_of_check(few, turned) == trust.chance_of_check(proven, good) + 0.6 == 1.0
    assert trust.chance_of_check(proven, turned) == 0.4, "by their own trust alone"
    assert trust.chance_of_check(good, good) == trust.LEAST_CHECKED


def test_names_that_are_not_proven_share_a_cap_but_for_what_was_confirmed():
    def groups(agreed: int, *, confirmed: bool | None) -> set[str]:
        own = Reputation(0.6, agreed)
        found = trust.caps(own, reporter="r", site="s", confirmed=confirmed)
        return {name for name, _ in found}

    assert groups(4, confirmed=None) == {"unproven of s", "s"}
    assert groups(trust.PROVEN, confirmed=None) == {"r", "s"}
    assert groups(4, confirmed=True) == groups(trust.PROVEN, confirmed=True) == {"s"}
