"""Whom a canary judges, and how often one that is no worse is stopped."""

import numpy as np
import pytest

from classifiers.guarantees import sequences
from classifiers.versions.rollout import STOPPED, Events, is_drawn

SHARE = 0.1


def stopped(generator: np.random.Generator, chance: float, *, events: int = 150) -> float:
    """Share of 400 trials that are stopped at some look, after each event."""
    found = np.cumsum(generator.random((400, events)) < chance, axis=1)
    looks = np.broadcast_to(np.arange(1, events + 1), found.shape)
    return float((sequences.evidence(found, looks, SHARE) >= STOPPED).any(axis=1).mean())


def side(*, trial: int = 1, salt: str = "a") -> np.ndarray:
    names = [f"author {number}" for number in range(4_000)]
    return np.array([is_drawn(name, trial=trial, share=SHARE, salt=salt) for name in names])


def test_authors_stay_on_their_side_and_every_trial_divides_them_anew():
    first = side()
    assert (first == side()).all()
    assert abs(first.mean() - SHARE) < 0.02
    assert abs((first & side(trial=2)).mean() - SHARE**2) < 0.01


def test_who_knows_all_but_the_salt_knows_nobodys_side():
    assert abs((side() & side(salt="b")).mean() - SHARE**2) < 0.01


def test_a_canary_that_is_no_worse_is_seldom_stopped_and_a_harmful_one_mostly():
    generator = np.random.default_rng(4)
    assert stopped(generator, SHARE) <= 0.025
    thrice = 3 * SHARE / (3 * SHARE + 1 - SHARE)
    assert stopped(generator, thrice) > 0.9


def test_what_happened_to_nobody_says_nothing():
    assert Events(0, 0).evidence(SHARE) == 0.0
    assert (Events(0, 0).share().low, Events(0, 0).share().high) == (0.0, 1.0)
    assert Events(5, 1).evidence(SHARE) > Events(1, 5).evidence(SHARE)
    assert Events(5, 1).share().low == pytest.approx(0.182, abs=0.001)


def test_the_interval_holds_however_often_one_looks():
    """At the share that no harm gives, it is missed by some look in a trial of twenty at most."""
    generator, runs, missed = np.random.default_rng(7), 100, 0
    for _ in range(runs):
        own = np.cumsum(generator.random(300) < 0.2)
        looks = (Events(int(own[n]), n + 1 - int(own[n])).share() for n in range(0, 300, 3))
        missed += any(0.2 not in ends for ends in looks)
    assert missed <= 0.05 * runs
