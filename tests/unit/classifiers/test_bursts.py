"""Posts of one author that are alike count as one."""

from dataclasses import replace

import numpy as np
import pytest

from classifiers.guarantees import sequences, weighted
from classifiers.guarantees.bursts import Bursts
from classifiers.guarantees.promise import FOR_HONEST, Seen, honest_share
from classifiers.guarantees.reviewers import Mistakes

SHARE, BURST, DELTA = 0.01, 5, 0.05


def of(*bursts):
    """From the log-odds of each author's posts on a day."""
    return Bursts(
        len(bursts),
        sum(len(each) for each in bursts),
        sum(len(each) ** 2 for each in bursts),
        sum(sum(each) for each in bursts),
        sum(sum(each) ** 2 / len(each) for each in bursts),
        sum(odds**2 for each in bursts for odds in each),
    )


@pytest.mark.parametrize(
    ("bursts", "together"),
    [
        ([[-3.0], [-2.0], [-5.0]], 1.0),
        ([[-3.0] * 4, [-2.0] * 4, [-5.0] * 4], 4.0),
        ([[-3.0] * 9, [-2.0]], 8.2),
        ([[-3.0, -2.0], [-2.0, -3.0]], 1.0),
        ([[-3.0] * 4], 4.0),
        ([], 1.0),
    ],
    ids=["one each", "all alike", "most of one author", "unlike", "one author", "nothing"],
)
def test_what_counts_as_one_follows_from_how_many_and_how_alike(bursts, together):
    assert of(*bursts).together == pytest.approx(together)


def test_posts_that_are_partly_alike_count_in_between():
    generator = np.random.default_rng(1)
    authors = generator.standard_normal((300, 1))
    posts = authors + generator.standard_normal((300, 5))
    assert of(*posts.tolist()).together == pytest.approx(1 + 4 * 0.5, abs=0.4)


def bursts_found(generator, count):
    """After each of so many bursts, how many posts were found: all of an author's or none."""
    return BURST * np.cumsum(generator.random(count) < SHARE)


def test_the_bound_holds_at_any_time_where_an_authors_posts_are_wrong_together():
    generator, runs = np.random.default_rng(3), 200
    missed = {BURST: 0, 1: 0}
    for _ in range(runs):
        found = bursts_found(generator, 400)
        for together in missed:
            missed[together] += any(
                sequences.upper(k / together, BURST * n / together, DELTA) < SHARE
                for n, k in zip(range(20, 400, 20), found[19::20].tolist(), strict=False)
            )
    assert missed[BURST] <= DELTA * runs + 4 < missed[1]


@pytest.mark.parametrize("chance", [1.0, 0.5])
def test_that_allowed_posts_are_honest_holds_where_an_authors_posts_are_spam_together(chance):
    """It has a tenth of the chance of error; of each author's posts so many are drawn."""
    generator, runs, burst, spam, delta = np.random.default_rng(4), 100, 10, 0.2, 0.5
    missed = {burst: 0, 1: 0}
    for _ in range(runs):
        drawn = generator.binomial(burst, chance, 200)
        found = np.cumsum(drawn * (generator.random(200) < spam))
        for together in missed:
            looks = (
                Seen(0, burst * n, int(drawn[:n].sum()), int(found[n - 1]), together=together)
                for n in range(20, 201, 20)
            )
            missed[together] += any(
                honest_share(seen, Mistakes(), delta) > 1.0 - spam for seen in looks
            )
    assert missed[burst] <= delta * FOR_HONEST * runs < missed[1]


def test_of_draws_that_are_few_each_author_has_one():
    many, few = (Seen(0, 1_000, drawn, 0, together=5.0) for drawn in (1_000, 10))
    alone = [honest_share(replace(each, together=1.0), Mistakes()) for each in (many, few)]
    assert honest_share(many, Mistakes()) < alone[0] - 0.01
    assert honest_share(few, Mistakes()) == pytest.approx(alone[1], abs=0.02)


def test_weighted_draws_that_count_as_one_say_as_much_as_fewer_posts():
    whole = weighted.upper([1.0] * 10, 1.0, 2_000, DELTA, together=5.0)
    assert whole == pytest.approx(weighted.upper([1.0] * 2, 1.0, 400, DELTA))
    assert whole > weighted.upper([1.0] * 10, 1.0, 2_000, DELTA)
