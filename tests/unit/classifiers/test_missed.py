"""A limit of missed spam: what speaks against it, and what is shown of it."""

from itertools import product

import numpy as np
import pytest

from benchmarks.promise import missing
from classifiers.guarantees import missed
from classifiers.guarantees.missed import AllowedDraws
from classifiers.guarantees.reviewers import Mistakes

PEOPLE = Mistakes(spam_of_honest=0.05, honest_of_spam=0.02)


def test_of_a_kept_limit_the_evidence_is_even_in_the_mean():
    """Over all that ten draws of three days may be, weighed with how likely each is at the limit:
    a test martingale's mean is 1, so that it seldom grows."""
    days = np.array([0, 0, 0, 1, 1, 1, 1, 2, 2, 2], dtype=np.float64)
    share = missed.called(0.1, PEOPLE)
    mean = 0.0
    for said in product((False, True), repeat=len(days)):
        spam = np.array(said)
        chance = np.prod(np.where(spam, share, 1.0 - share))
        mean += chance * np.exp(missed.doubt(spam, days, limit=0.1, mistakes=PEOPLE))
    assert mean == pytest.approx(1.0, abs=1e-9)


def test_what_two_people_call_spam_by_mistake_is_allowed_for():
    """First and second err, or the first and, after a second who does not, the third."""
    assert PEOPLE.spam_of_honest_twice == pytest.approx(0.05**2 + 0.05 * 0.95 * 0.05)
    assert missed.called(0.02, PEOPLE) == pytest.approx(0.02 + 0.98 * PEOPLE.spam_of_honest_twice)


def test_silence_counts_against_what_is_shown_and_is_no_evidence():
    assert missed.at_most(AllowedDraws(200, 1, 4), PEOPLE) == missed.at_most(
        AllowedDraws(200, 5, 0), PEOPLE
    )
    assert missed.at_most(AllowedDraws(0, 0, 0), PEOPLE) == 1.0
    more = missed.needed(AllowedDraws(100, 0, 0), 0.02, PEOPLE)
    assert more and missed.at_most(AllowedDraws(more, 0, 0), PEOPLE) <= 0.02
    assert missed.at_most(AllowedDraws(more - 1, 0, 0), PEOPLE) > 0.02
    assert missed.needed(AllowedDraws(100, 10, 0), 0.02, PEOPLE) is None
    nothing = np.zeros(300, dtype=bool)
    assert missed.doubt(nothing, np.arange(300) // 20, limit=0.02, mistakes=PEOPLE) < 0.0


def test_the_simulation_finds_what_is_three_times_the_limit_and_leaves_the_good_alone():
    generator = np.random.default_rng(4)
    bad = missing.bad(generator, 2_000, 6)
    assert bad["found_share"] == 1.0 and bad["days_median"] < 60
    assert missing.waves(generator, 200, 100)["bound_untrue"] <= 0.05
    good = missing.good(generator, 200, 4, worst=True)
    assert good["false_alarms"] == 0.0 and good["bound_ever_untrue"] == 0.0
