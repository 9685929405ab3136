"""The queue that orders are compared on does what it says, and the figure runs to its end."""

import csv
import json
from dataclasses import replace

import numpy as np
import pytest

from benchmarks import triage
from reviews.lanes import Lane

SPAM = np.arange(400) % 4 == 0
KNOWING = np.where(SPAM, 0.9, 0.1)
SITE = triage.Site(review_from=0.0, pace=60.0, capacity=0.9, posts=600)


def cases(opened: list[float], service: list[float]) -> triage.Cases:
    flags = np.zeros(len(opened), dtype=bool)
    numbers = np.ones(len(opened))
    return triage.Cases(
        np.array(opened),
        np.array(service),
        [Lane.HELD] * len(opened),
        published=flags,
        probability=numbers,
        spam=flags,
        views=numbers,
    )


@pytest.mark.parametrize(
    ("rank", "expected"),
    [
        # The first is begun before the others come and is not put aside; the last finds nobody
        # and stands at the bell.
        ([0.0, 1.0, 2.0, 0.0], [4.0, 8.0, 5.0, 0.0]),
        ([0.0, 2.0, 1.0, 0.0], [4.0, 5.0, 7.0, 0.0]),
        ([0.0, 0.0, 0.0, 0.0], [4.0, 5.0, 7.0, 0.0]),
    ],
)
def test_the_highest_rank_is_judged_next_and_of_equals_the_first(rank, expected):
    came = cases([1.0, 2.0, 3.0, 20.0], [4.0, 2.0, 3.0, 1.0])
    assert triage.waits(came, np.array(rank)).tolist() == expected


def test_what_nobody_answered_has_waited_until_the_bell():
    came = cases([1.0, 2.0, 3.0], [10.0, 1.0, 1.0])
    assert triage.waits(came, np.array([0.0, 1.0, 2.0])).tolist() == [2.0, 1.0, 0.0]


def test_a_claim_that_is_reserved_takes_an_audit_that_is_due_before_all_else():
    came = cases([0.0, 1.0, 2.0, 30.0], [20.0, 2.0, 2.0, 1.0])
    came = replace(came, lane=[Lane.HELD, Lane.AUDIT, Lane.HELD, Lane.HELD])
    rank = np.array([0.0, 0.0, 1.0, 0.0])
    none, second = np.zeros(4, dtype=bool), np.array([False, True, False, False])
    assert triage.waits(came, rank, none).tolist() == [20.0, 23.0, 20.0, 0.0]
    assert triage.waits(came, rank, second).tolist() == [20.0, 21.0, 22.0, 0.0]
    # An audit that is not yet due has to wait for its rank.
    sooner = replace(came, service=np.array([16.0, 2.0, 2.0, 1.0]))
    assert triage.waits(sooner, rank, second).tolist() == [16.0, 19.0, 16.0, 0.0]


def test_what_is_likely_honest_is_hurried_before_the_end_of_its_hold():
    came = cases([0.0, 1.0, 1.0, 2.0, 60.0], [21.0, 1.0, 3.0, 2.0, 1.0])
    came = replace(came, probability=np.array([0.4, 0.4, 0.6, 0.9, 0.4]))
    rank = np.array([0.0, 0.0, 2.0, 1.0, 0.0])
    assert triage.waits(came, rank).tolist() == [21.0, 26.0, 23.0, 24.0, 0.0]
    # At 21 hours nothing is near its end, at 24 the second is.
    hurried = triage.hurried(came)
    assert triage.waits(came, rank, None, hurried).tolist() == [21.0, 24.0, 23.0, 25.0, 0.0]
    live = replace(came, published=np.ones(5, dtype=bool))
    assert np.isinf(triage.hurried(live)).all()


def test_capacity_and_pace_change_nothing_but_the_times():
    one, other = (
        triage.arrivals(KNOWING, SPAM, site, 3)
        for site in (SITE, replace(SITE, pace=6.0, capacity=1.8))
    )
    assert other.opened == pytest.approx(one.opened * 10.0)
    assert other.service == pytest.approx(one.service * 5.0)
    assert other.lane == one.lane
    assert other.views.tolist() == one.views.tolist()


def test_below_the_threshold_only_what_was_pointed_at_is_a_case():
    came = triage.arrivals(KNOWING, SPAM, replace(SITE, review_from=0.5), 0)
    lanes = np.array([lane.value for lane in came.lane])
    below = came.probability < 0.5
    assert set(lanes[below]) == {Lane.AUDIT, Lane.REPORTED}
    assert came.published[below].all()
    assert {Lane.HELD, Lane.PUBLISHED} <= set(lanes[~below])


def test_what_is_known_of_a_post_is_worth_something_and_all_of_it_is_worth_more():
    """A third of the posts look like the other side."""
    mistaken = np.arange(len(SPAM)) % 3 == 0
    played = triage.play(np.where(SPAM ^ mistaken, 0.9, 0.1), SPAM, SITE, range(8))
    first, ours, told, knowing = (
        played.hours[name]["harm"].mean()
        for name in (triage.FIRST_COME, triage.OURS, triage.TOLD_VIEWS, triage.ALL_KNOWING)
    )
    assert knowing < 0.5 * told
    assert told < ours < first


def test_a_model_that_knows_nothing_buys_one_goal_with_the_other_and_a_perfect_one_does_not():
    blind, perfect = (
        triage.overall([triage.play(probability, SPAM, SITE, range(4))])
        for probability in (np.full(len(SPAM), 0.25), np.where(SPAM, 1.0, 0.0))
    )
    assert blind["honest_wait_reduction"] > 0.0 > blind["time_to_catch_reduction"]
    for key in triage.REDUCED:
        assert perfect[f"{key}_reduction_share"] > 0.9
    assert blind["harm_reduction_share"] < 0.8 * perfect["harm_reduction_share"]


def test_a_site_without_live_spam_has_no_time_to_catch():
    with pytest.raises(ValueError, match="no live spam"):
        triage.play(KNOWING, np.zeros(len(SPAM), dtype=bool), SITE, [0])


def test_the_figure(tmp_path, capsys):
    generator = np.random.default_rng(0)
    (tmp_path / "sms_thai").mkdir()
    with (tmp_path / "sms_thai" / "sms_thai.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["text", "label", "split"])
        for number in range(90):
            spam = number % 3 == 0
            # Every sixth post talks like the other side, so that no model is perfect.
            own = ["prize", "winner"] if spam == (number % 6 > 0) else ["garden", "dinner"]
            words = [*own, *generator.choice(["the", "you", "now", "here"], 3), f"n{number}"]
            split = "test" if number % 5 == 4 else "train"
            writer.writerow([" ".join(words), "spam" if spam else "ham", split])
    arguments = ["--data", str(tmp_path), "--json", "--quick", "--sets", "sms_thai"]
    triage.main([*arguments, "--seeds", "2"])
    found = json.loads(capsys.readouterr().out)
    assert found["of"] == ["sms_thai"]
    assert len(found["sites"]) + len(found["left_out"]) == len(triage.sites_of(triage.POSTS))
    for key in triage.REDUCED:
        low, high = found[f"{key}_reduction_interval_95"]
        assert low <= found[f"{key}_reduction"] <= high < 1.0
        assert found[f"{key}_reduction_share"] < 1.2
