"""Evidence against a promise in force: hardly ever against a kept one, whatever else changes."""

from __future__ import annotations

import math

import numpy as np
import pytest

from classifiers.guarantees import exact
from classifiers.guarantees.doubts import Days, doubt, doubt_by_known, unwatched
from classifiers.guarantees.reviewers import Mistakes

A = 0.01
PEOPLE = Mistakes(spam_of_honest=0.05, honest_of_spam=0.02)
SURE = Mistakes()
LIMIT = math.log(20.0)


def days(generator, *, others, rate, caught, errors=0.02, chance=1.0, answered=1.0):
    """Days on which a share of the honest posts is blocked, and looked at by three people."""
    others = np.asarray(others, dtype=float)
    chance = np.broadcast_to(chance, others.shape)
    wrong = generator.binomial(generator.poisson(others * rate / (1.0 - rate)), chance)
    spam = generator.binomial(generator.poisson(caught, len(others)), chance)
    once = generator.binomial(spam, errors)
    twice = generator.binomial(once, errors * (2.0 - errors))
    drawn = wrong + spam
    silent = generator.binomial(drawn, 1.0 - answered)
    found = (drawn, wrong + once, wrong + twice, silent)
    return Days(others, np.array(chance), *(each.astype(float) for each in found))


def worst(made, mistakes=PEOPLE):
    """The most evidence of any day's end."""
    names = ("others", "chance", "drawn", "once", "twice", "unanswered")
    looks = (Days(*(getattr(made, name)[:day] for name in names)) for day in range(1, 31))
    return max(doubt(look, most=A, mistakes=mistakes) for look in looks)


@pytest.mark.parametrize("spam", [30, 100, 400])
def test_a_kept_promise_is_hardly_ever_broken_by_peoples_errors(spam):
    """At the promised rate, while people err as often as is assumed, at up to 80 % spam."""
    generator, runs = np.random.default_rng(8), 200
    stopped = sum(
        worst(days(generator, others=[100] * 30, rate=A, caught=spam)) >= LIMIT for _ in range(runs)
    )
    assert exact.lower(stopped, runs, 0.001) <= 0.05


def test_it_holds_while_posts_and_chances_change():
    """Fewer posts a block and other chances of a draw are no broken promise: both are counted."""
    generator, runs = np.random.default_rng(9), 200
    others = np.linspace(400, 20, 30)
    chance = np.where(np.arange(30) % 7 < 3, 1.0, 0.2)
    stopped = sum(
        worst(days(generator, others=others, rate=A, caught=200, chance=chance)) >= LIMIT
        for _ in range(runs)
    )
    assert exact.lower(stopped, runs, 0.001) <= 0.05


ODDS = A / (1.0 - A)
TWICE = PEOPLE.honest_of_spam_twice


@pytest.mark.parametrize(
    "may_come",
    [
        # (chance, others, drawn, once, twice): the next is no block, or one of an honest post.
        [(1.0 / (1.0 + ODDS), 1, 0, 0, 0), (ODDS / (1.0 + ODDS), 0, 1, 1, 1)],
        # The next is blocked spam, of which somebody, or two people, may say that it is honest.
        [(0.98, 0, 1, 0, 0), (0.02 - TWICE, 0, 1, 1, 0), (TWICE, 0, 1, 1, 1)],
    ],
)
def test_whatever_comes_next_the_mean_of_the_evidence_is_at_most_one(may_come):
    mean = 0.0
    for chance, *counts in may_come:
        others, drawn, once, twice = (np.array([float(each)]) for each in counts)
        seen = Days(others, np.ones(1), drawn, once, twice, np.zeros(1))
        mean += chance * math.exp(doubt(seen, most=A, mistakes=PEOPLE))
    assert 0.9 < mean <= 1.0 + 1e-12


def test_a_promise_that_breaks_late_is_stopped_too():
    generator, runs = np.random.default_rng(10), 40
    for begins in (0, 10):
        rates = np.where(np.arange(30) < begins, 0.002, 0.03)
        parts = [
            worst(days(generator, others=[400] * 30, rate=rates, caught=100)) for _ in range(runs)
        ]
        assert sum(each >= LIMIT for each in parts) > 0.9 * runs


def test_two_words_tell_where_one_may_be_an_error():
    """Where nearly all is spam, first words prove nothing; that two agree does."""
    none = np.zeros(1)
    seen = Days(np.array([200.0]), np.ones(1), np.array([800.0]), np.array([20.0]), none, none)
    agreed = Days(seen.others, seen.chance, seen.drawn, seen.once, seen.once, none)
    assert doubt(seen, most=A, mistakes=PEOPLE) < 1.0
    assert doubt(agreed, most=A, mistakes=PEOPLE) > LIMIT


def test_one_judge_alone_is_heard():
    none = np.zeros(1)
    seen = Days(np.array([500.0]), np.ones(1), np.array([130.0]), np.array([30.0]), none, none)
    assert doubt(seen, most=A, mistakes=PEOPLE) > LIMIT


def test_silence_breaks_nothing_and_leaves_unwatched():
    none = np.zeros(1)
    seen = Days(np.array([500.0]), np.ones(1), np.array([130.0]), none, none, np.array([30.0]))
    assert doubt(seen, most=A, mistakes=PEOPLE) < 0.0
    assert unwatched(seen, most=A, mistakes=PEOPLE) > LIMIT


def test_known_wrong_blocks_alone_may_stop():
    about = {"others": 970, "most": A, "mistakes": PEOPLE}
    assert doubt_by_known(35, blocked=30, **about) > LIMIT
    assert doubt_by_known(10, blocked=30, **about) < LIMIT
    assert doubt_by_known(35, blocked=1_500, **about) < LIMIT, "people err on so many"
    assert doubt_by_known(0, blocked=0, **about) == 0.0
    assert doubt_by_known(35, blocked=30, others=970, most=A, mistakes=SURE) > LIMIT
