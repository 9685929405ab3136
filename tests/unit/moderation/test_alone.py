"""One's failure is not the others', unless it is everybody's."""

import pytest

from moderation.alone import alone
from moderation.exceptions import LeaseLost


def test_what_fails_for_one_is_told_and_the_others_go_on(caplog):
    with alone("counting site 1"):
        raise ValueError
    assert "counting site 1" in caplog.text


def test_whoever_lost_the_lease_stops():
    with pytest.raises(LeaseLost), alone("counting site 1"):
        raise LeaseLost
