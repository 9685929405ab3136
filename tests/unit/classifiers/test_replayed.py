"""Candidates judged on stored draws: bounds, and how often what is not so is certified."""

import math
from dataclasses import replace

import numpy as np
import pytest

from benchmarks.promise.candidates import A, divided, is_certified, seen_by
from classifiers.guarantees import promise, replayed, weighted
from classifiers.guarantees.replayed import Compared, Judged, Replayed, spent
from classifiers.guarantees.reviewers import Mistakes

NONE = Mistakes()
SITES = 8
POSTS = 5_000


def site(generator: np.random.Generator, *, rate: float) -> Replayed:
    return seen_by(generator, *divided(generator, POSTS), rate=rate)


def test_one_candidate_after_another_certifies_what_is_not_so_in_one_of_twenty_at_most():
    """Four candidates on the same draws of a site, each a twentieth beyond the promise."""
    generator = np.random.default_rng(5)
    wrongly = 0
    for _ in range(SITES):
        did, drawn = divided(generator, POSTS)
        wrongly += any(
            is_certified(seen_by(generator, did, drawn, rate=1.05 * A), trial)
            for trial in range(1, 5)
        )
    assert wrongly <= 1


def test_a_candidate_without_mistakes_is_certified_and_one_with_many_is_not():
    generator = np.random.default_rng(6)
    assert all(is_certified(site(generator, rate=0.0), 1) for _ in range(5))
    assert not any(is_certified(site(generator, rate=3 * A), 1) for _ in range(5))


def test_the_chance_of_error_is_spent_once():
    parts = [spent(trial) for trial in range(1, 2_000)]
    assert math.fsum(parts) <= 0.05
    assert parts == sorted(parts, reverse=True)
    with pytest.raises(ValueError, match="from 1"):
        spent(0)


def test_where_posts_are_alike_less_is_known_of_how_many_of_the_allowed_are_honest():
    found = site(np.random.default_rng(8), rate=0.0)
    shares = [
        promise.honest_share(replace(found, together=together).seen, NONE)
        for together in (1.0, 50.0)
    ]
    assert shares[1] < shares[0]


def test_more_is_asked_of_the_tenth_candidate_than_of_the_first():
    generator = np.random.default_rng(7)
    found = site(generator, rate=0.0)
    bounds = [replayed.wrongly_blocked((), found, NONE, spent(trial)) for trial in (1, 10)]
    assert bounds[0] < bounds[1]
    assert replayed.can_say(found, NONE, bounds[0], spent(1))
    assert not replayed.can_say(found, NONE, bounds[0], spent(10))


def test_what_cannot_be_scored_again_or_had_no_answer_counts_against_it():
    quiet = Replayed((), 0.5, 100, 900, np.zeros(900), 1.0, 100, 0)
    unanswered = Replayed(
        (Judged(0.5, replayed.SURE, None),) * 5, 0.5, 100, 900, np.zeros(900), 1.0, 100, 0
    )
    unread = Replayed((), 0.5, 100, 900, np.full(900, replayed.SURE), 1.0, 100, 0)
    assert quiet.found(0.9) == []
    assert unanswered.found(0.9) == [0.5] * 5
    assert len(unread.found(0.9)) == 900
    bounds = [
        replayed.wrongly_blocked(each.found(0.9), each, NONE, 0.05)
        for each in (quiet, unanswered, unread)
    ]
    assert bounds == sorted(bounds)
    assert bounds[2] == 1.0


def test_nothing_drawn_says_nothing():
    empty = Replayed((), 0.0, 0, 0, np.zeros(0), 1.0, 0, 0)
    assert replayed.certify(empty, block_from=0.9, mistakes=NONE, most=0.5, delta=0.05) is None
    assert not replayed.can_say(empty, NONE, 0.5, 0.05)


def test_what_two_models_agree_on_says_that_neither_is_worse():
    same = Compared(volumes=((1_000, 0.2),))
    by_hand = weighted.upper((), 0.2, 1_000, 0.05)
    assert same.at_most() == pytest.approx(by_hand, abs=1e-6)
    assert same.at_least() == pytest.approx(-by_hand, abs=1e-6)
    assert same.can_say(0.03) and not same.can_say(0.01)
    worse = Compared(((1_000, 0.2),), worse=(0.2,) * 20)
    better = Compared(((1_000, 0.2),), better=(0.2,) * 20)
    assert worse.at_least() > 0.0
    assert better.at_most() < 0.0
    assert better.at_most() == pytest.approx(-worse.at_least())
    assert not same.can_say(0.03, spent(3)), "the third on the same draws needs more of them"
    enough = same.needed(0.03)
    assert Compared(volumes=((enough, 1.0),)).can_say(0.03)
    assert not Compared(volumes=((enough - 1, 1.0),)).can_say(0.03)
    assert same.at_most(spent(3)) > same.at_most(spent(1))


def test_an_hour_of_many_posts_does_not_silence_all_other_draws():
    busy = Compared(volumes=((20, 0.001), (2_000, 0.2)))
    assert weighted.difference((), (), 0.001, 2_020, 0.05) > 0.5, "as one, they say nothing"
    rest = 2_000 / 2_020 * weighted.difference((), (), 0.2, 2_000, 0.05) + 20 / 2_020
    assert busy.at_most() == pytest.approx(rest, abs=1e-6), "those twenty count as worse"
    assert replace(busy, worse=(0.001,)).at_most() == busy.at_most()
    assert replace(busy, better=(0.001,)).at_least() == busy.at_least()
    assert Compared(volumes=((2_000, 0.0), (20, 0.2))).at_most() > 0.99
    assert Compared(volumes=()).at_most() == 1.0 and not Compared(volumes=()).can_say(0.03)


def test_the_bound_of_a_difference_is_seldom_missed():
    generator = np.random.default_rng(8)
    missed = 0
    for _ in range(60):
        kind = generator.random(600)
        chance = np.where(generator.random(600) < 0.5, 0.2, 0.9)
        drawn = generator.random(600) < chance
        worse, better = drawn & (kind < 0.06), drawn & (kind > 0.96)
        truth = float((kind < 0.06).mean() - (kind > 0.96).mean())
        bound = weighted.difference(chance[worse].tolist(), chance[better].tolist(), 0.2, 600, 0.05)
        missed += truth > bound
    assert missed <= 6


def test_of_an_author_a_candidate_is_charged_what_it_would_block():
    """One in a week, the one that stands for most posts; those of unknown authors one by one."""
    judged = (
        Judged(0.5, 0.99, False, at=0.0, author=7),
        Judged(0.25, 0.99, False, at=86_400.0, author=7),
        Judged(0.5, 0.99, False, at=0.0),
    )
    found = Replayed(
        judged,
        0.25,
        100,
        900,
        np.full(3, 0.99),
        1.0,
        100,
        0,
        allowed_at=np.zeros(3),
        allowed_authors=np.array([7, 8, 8]),
    )
    assert sorted(found.found(0.9)) == [0.25, 0.5, 1.0]
