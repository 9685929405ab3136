"""Posts of one author are not independent of one another."""

import numpy as np
import pytest

from benchmarks.promise import heavy
from classifiers.guarantees import senders
from classifiers.guarantees.certificates import Draw, Draws
from classifiers.guarantees.promise import FOR_HONEST, PeriodCounts, honest_share
from classifiers.guarantees.reviewers import Mistakes

DAY = senders.DAY


def array(values, kind=np.float64):
    return np.array(values, dtype=kind)


def once(authors, days, chances=None):
    at = array(days) * DAY
    return senders.once(array(authors, np.int64), at, array(chances or [1.0] * len(at))).tolist()


def test_one_wrong_block_of_an_author_counts_in_a_week_and_all_of_unknown_authors():
    assert once([5, 5, 5, 6], [1, 2, 8, 2]) == [0, 2, 3]
    assert once([0, 0, senders.FORGOTTEN, senders.FORGOTTEN], [1, 1, 1, 1]) == [0, 1, 2, 3]
    assert once([], []) == []


def test_the_one_counts_that_was_drawn_with_the_least_chance():
    assert once([5, 5, 5], [1, 2, 3], [1.0, 0.1, 0.5]) == [1]


def test_never_fewer_count_than_would_be_blocked():
    generator = np.random.default_rng(1)
    for _ in range(50):
        days = np.sort(generator.random(40) * 60)
        blocked, last = 0, -np.inf
        for day in days:
            if day - last > senders.ONCE_DAYS:
                blocked, last = blocked + 1, day
        assert len(once([3] * 40, days)) >= blocked


@pytest.mark.parametrize(
    ("authors", "days", "together"),
    [
        ([1, 2, 3], [1, 1, 1], 1.0),
        ([1, 1, 1, 1], [1, 1, 1, 1], 4.0),
        ([1] * 9 + [2], [1] * 10, 8.2),
        ([1, 1], [1, 2], 1.0),
        ([0, 0, 0], [1, 1, 1], 1.0),
        ([senders.FORGOTTEN] * 4, [1, 1, 1, 2], 2.5),
        ([1, 2] + [senders.FORGOTTEN] * 2, [1, 1, 1, 1], 1.0),
        ([], [], 1.0),
    ],
    ids=[
        "one each",
        "one author",
        "most of one",
        "two days",
        "nobody's",
        "forgotten",
        "some",
        "no",
    ],
)
def test_draws_of_one_author_and_day_count_as_one(authors, days, together):
    found = senders.together(array(authors, np.int64), array(days) * DAY)
    assert found == pytest.approx(together)


def test_a_threshold_counts_what_it_would_block_of_an_author():
    draws = Draws.of(
        [Draw(DAY, True, 0.9, False, author=4), Draw(2 * DAY, True, 0.99, False, author=4)]
    )
    assert len(draws.mistaken(0.8).at) == 2
    assert [len(draws.wrong(threshold).at) for threshold in (0.8, 0.95, 0.999)] == [1, 1, 0]


def test_what_only_those_break_who_send_much_is_not_certified():
    """Though as many of their posts come at once as of thirty others."""
    generator = np.random.default_rng(2)
    wrong = heavy.wrong_authors(30, 0.1, of="authors")
    assert sum(heavy.is_certified(generator, 30, 0.1, wrong) for _ in range(20)) <= 2
    assert heavy.is_certified(generator, 30, 0.1, wrong / 20)


def test_that_allowed_posts_are_honest_holds_where_an_authors_posts_are_spam_together():
    """It has a tenth of the chance of error; of each author's posts half are drawn."""
    generator, runs, burst, spam, delta = np.random.default_rng(4), 100, 10, 0.2, 0.5
    missed = {True: 0, False: 0}
    for _ in range(runs):
        drawn = generator.binomial(burst, 0.5, 200)
        found = np.cumsum(drawn * (generator.random(200) < spam))
        for clustered in missed:
            for n in range(20, 201, 20):
                sizes = drawn[:n]
                whose = np.repeat(np.arange(1, n + 1), sizes)
                as_one = senders.together(whose, np.zeros(len(whose))) if clustered else 1.0
                seen = PeriodCounts(
                    0, burst * n, int(sizes.sum()), int(found[n - 1]), together=as_one
                )
                if honest_share(seen, Mistakes(), delta) > 1.0 - spam:
                    missed[clustered] += 1
                    break
    assert missed[True] <= delta * FOR_HONEST * runs < missed[False]
