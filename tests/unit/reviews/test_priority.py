import math
from datetime import timedelta

import pytest

from reviews.queue.priority import EPOCH, FLOOR, LEAST, MOST, TIME_CONSTANT, cost_of_delay, priority
from reviews.states import Lane

NOON = EPOCH + timedelta(days=500, hours=12)


def at(lane: Lane, probability: float | None, *, published: bool = False, hours: float = 0.0):
    return priority(
        lane=lane,
        published=published,
        probability=probability,
        opened_at=NOON + timedelta(hours=hours),
    )


@pytest.mark.parametrize("lane", [Lane.PUBLISHED, Lane.REPORTED, Lane.HELD, Lane.AUDIT, Lane.LOOK])
@pytest.mark.parametrize("published", [True, False])
def test_what_is_seen_more_comes_sooner_where_it_is_live_and_no_audit(lane, published):
    def seen(weight: float) -> float:
        return priority(
            lane=lane, published=published, probability=0.4, opened_at=NOON, weight=weight
        )

    counts = published and lane not in (Lane.AUDIT, Lane.LOOK)
    hours = math.log(4.0) * 12 if counts else 0.0
    assert seen(4.0) - seen(1.0) == pytest.approx(hours)


def test_every_lane_has_a_place():
    assert set(FLOOR) == set(Lane)
    assert all(LEAST <= floor <= MOST for floor in FLOOR.values())


@pytest.mark.parametrize(
    ("sooner", "later"),
    [
        # What is held hurts if it is honest, what is published if it is spam.
        (at(Lane.HELD, 0.3), at(Lane.HELD, 0.9)),
        (at(Lane.PUBLISHED, 0.9, published=True), at(Lane.PUBLISHED, 0.3, published=True)),
        # A post that nobody could judge stands between.
        (at(Lane.HELD, 0.4), at(Lane.HELD, None)),
        (at(Lane.HELD, None), at(Lane.HELD, 0.6)),
        # A report that the machine did not see coming is looked at before a sure block.
        (at(Lane.REPORTED, 0.05, published=True), at(Lane.OVERFLOW, 0.99)),
        (at(Lane.APPEAL, 0.99), at(Lane.HELD, 0.01)),
        (at(Lane.OVERFLOW, 0.97), at(Lane.HELD, 0.97)),
        # Of two alike, the one that waits longer.
        (at(Lane.HELD, 0.5), at(Lane.HELD, 0.5, hours=0.01)),
    ],
)
def test_what_hurts_more_comes_first(sooner, later):
    assert sooner > later


@pytest.mark.parametrize("published", [True, False])
def test_the_place_of_an_audit_says_nothing_about_the_post(published):
    places = {at(Lane.AUDIT, p, published=published) for p in (0.0, 0.2, 0.99, 1.0, None)}
    assert len(places) == 1


def test_nothing_starves():
    longest = TIME_CONSTANT * math.log(MOST / LEAST)
    least_urgent = at(Lane.HELD, 1.0)
    most_urgent = at(
        Lane.PUBLISHED, 1.0, published=True, hours=longest / timedelta(hours=1) + 0.001
    )
    assert least_urgent > most_urgent


def test_a_days_backlog_does_not_undo_the_order():
    """Where few cases come an hour; with a short time constant age alone would count."""
    sure_spam = at(Lane.HELD, 0.99)
    assert at(Lane.HELD, 0.4, hours=36.0) > sure_spam
    assert at(Lane.PUBLISHED, 0.9, published=True, hours=36.0) > sure_spam


def test_an_audit_stands_behind_nothing_that_came_fourteen_hours_later():
    most_urgent = at(Lane.PUBLISHED, 1.0, published=True, hours=14.0)
    assert at(Lane.AUDIT, None) > most_urgent


@pytest.mark.parametrize("lane", list(Lane))
@pytest.mark.parametrize("probability", [None, 0.0, 1e-9, 0.5, 1.0])
@pytest.mark.parametrize("published", [True, False])
def test_costs_stay_in_their_range(lane, probability, published):
    assert LEAST <= cost_of_delay(lane=lane, published=published, probability=probability) <= MOST


def test_sure_spam_does_not_grow_old_past_an_honest_post_in_doubt():
    """Nearly all that waits long is such spam: each of it that is read first costs an honest post
    its place, and the slowest of these are told as the 95th percentile."""
    sure_spam = at(Lane.HELD, 0.9999)
    assert at(Lane.HELD, 0.5, hours=60.0) > sure_spam
