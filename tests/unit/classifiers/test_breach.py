"""Evidence against a promise in force: hardly ever against a kept one, whatever else changes."""

import math
from dataclasses import replace

import numpy as np
import pytest

from classifiers.guarantees import exact, watch
from classifiers.guarantees.breach import (
    Audits,
    Days,
    WrongBlocks,
    evidence,
    evidence_by_known,
    unwatched,
)
from classifiers.guarantees.reviewers import Mistakes

A = 0.01
PEOPLE = Mistakes(spam_of_honest=0.05, honest_of_spam=0.02)
SURE = Mistakes()
LIMIT = math.log(20.0)


def made_of(others, chance, drawn, once, twice, unanswered, audits=None) -> Days:
    """Counts by day; each block that was found is another author's."""
    counts = [np.asarray(each, dtype=float) for each in (others, chance, drawn, unanswered)]
    worst = np.asarray(once, dtype=float) + counts[3]
    return Days(
        counts[0],
        audits_of(np.round(0.15 * counts[0])) if audits is None else audits,
        *counts[1:3],
        *(apart(np.asarray(each, dtype=float)) for each in (once, twice, worst)),
    )


def audits_of(honest, chance=0.15) -> Audits:
    """So many were drawn each day, all with one chance, and called honest."""
    days = np.repeat(np.arange(len(honest)), np.asarray(honest, dtype=np.int64))
    return Audits(days, np.full(len(days), chance), np.full(len(honest), chance))


def apart(by_day) -> WrongBlocks:
    day = np.repeat(np.arange(len(by_day)), by_day.astype(np.int64))
    return WrongBlocks(day, np.ones(len(day), dtype=np.int64))


def up_to(found, day) -> WrongBlocks:
    return WrongBlocks(found.day[found.day < day], found.blocks[found.day < day])


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
    return made_of(others, np.array(chance), *found)


def worst(made, mistakes=PEOPLE):
    """The most evidence of any day's end."""

    def until(day):
        others, chance, drawn = (each[:day] for each in (made.others, made.chance, made.drawn))
        kept, audits = made.audits.day < day, made.audits
        audits = Audits(audits.day[kept], audits.chance[kept], audits.least[:day])
        return Days(
            others,
            audits,
            chance,
            drawn,
            *(up_to(each, day) for each in (made.once, made.twice, made.worst)),
        )

    looks = map(until, range(1, 31))
    return max(evidence(look, most=A, mistakes=mistakes) for look in looks)


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


DRAWN = 0.15 * (1.0 - PEOPLE.spam_of_honest)
"""Of the honest posts that are allowed, those that are drawn and called honest, at least."""


@pytest.mark.parametrize(
    "may_come",
    [
        # (chance, others, audits, drawn, once, twice): the next is an honest post, blocked or not.
        [
            (DRAWN / (1.0 + ODDS), 1, 1, 0, 0, 0),
            ((1.0 - DRAWN) / (1.0 + ODDS), 1, 0, 0, 0, 0),
            (ODDS / (1.0 + ODDS), 0, 0, 1, 1, 1),
        ],
        # The next is blocked spam, of which somebody, or two people, may say that it is honest.
        [(0.98, 0, 0, 1, 0, 0), (0.02 - TWICE, 0, 0, 1, 1, 0), (TWICE, 0, 0, 1, 1, 1)],
    ],
)
def test_whatever_comes_next_the_mean_of_the_evidence_is_at_most_one(may_come):
    mean = 0.0
    for chance, *counts in may_come:
        others, audits, drawn, once, twice = (np.array([float(each)]) for each in counts)
        seen = made_of(others, np.ones(1), drawn, once, twice, np.zeros(1), audits_of(audits))
        mean += chance * math.exp(evidence(seen, most=A, mistakes=PEOPLE))
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
    seen = made_of([200.0], [1.0], [800.0], [20.0], [0.0], [0.0])
    agreed = replace(seen, twice=seen.once)
    assert evidence(seen, most=A, mistakes=PEOPLE) < 1.0
    assert evidence(agreed, most=A, mistakes=PEOPLE) > LIMIT


def test_one_judge_alone_is_heard():
    seen = made_of([500.0], [1.0], [130.0], [30.0], [0.0], [0.0])
    assert evidence(seen, most=A, mistakes=PEOPLE) > LIMIT


def test_silence_breaks_nothing_and_leaves_unwatched():
    seen = made_of([500.0], [1.0], [130.0], [0.0], [0.0], [30.0])
    assert evidence(seen, most=A, mistakes=PEOPLE) < 0.0
    assert unwatched(seen, most=A, mistakes=PEOPLE) > LIMIT


def test_where_everything_was_judged_nothing_is_unwatched():
    seen = made_of([500.0], [1.0], [130.0], [30.0], [0.0], [0.0])
    about = {"most": A, "mistakes": PEOPLE}
    assert evidence(seen, **about) == unwatched(seen, **about) > LIMIT


def test_the_silence_of_one_author_adds():
    """Whoever is the only one that nobody judged takes no promise away."""
    seen = made_of([500.0], [1.0], [130.0], [0.0], [0.0], [30.0])
    of_one = WrongBlocks(np.zeros(1, dtype=np.int64), np.array([30]))
    alike = replace(seen, worst=of_one)
    assert unwatched(alike, most=A, mistakes=PEOPLE) < LIMIT


def test_known_wrong_blocks_alone_may_stop():
    about = {"others": 970, "audits": audits_of([145]), "most": A, "mistakes": PEOPLE}
    assert evidence_by_known([1] * 35, blocked=30, **about) > LIMIT
    assert evidence_by_known([1] * 10, blocked=30, **about) < LIMIT
    assert evidence_by_known([1] * 35, blocked=1_500, **about) < LIMIT, "people err on so many"
    assert evidence_by_known([], blocked=0, **about) == 0.0
    assert evidence_by_known([1] * 35, blocked=30, **about | {"mistakes": SURE}) > LIMIT
    flood = {"others": 20_000, "audits": audits_of([20], chance=20 / 1_000)}
    assert evidence_by_known([1] * 35, blocked=30, **about | flood) > LIMIT
    honest = {"others": 20_000, "audits": audits_of([400], chance=20 / 1_000)}
    assert evidence_by_known([1] * 35, blocked=30, **about | honest) < LIMIT


def bursts(generator, *, rate, size, others=100):
    """Thirty days on which honest posts are blocked in bursts of one author each, all drawn."""
    began = generator.poisson(others * rate / (1.0 - rate) / size, 30)
    day = np.repeat(np.arange(30), began)
    found = WrongBlocks(day, np.full(len(day), size))
    wrong = began * float(size)
    posts = np.full(30, float(others))
    audits = audits_of(generator.binomial(others, 0.15, 30))
    return Days(posts, audits, np.ones(30), wrong, found, found, found)


@pytest.mark.parametrize("size", [3, 10, 20])
def test_bursts_of_one_author_break_no_promise_that_is_kept(size):
    generator, runs = np.random.default_rng(11), 300
    stopped = sum(
        worst(bursts(generator, rate=0.9 * A, size=size), SURE) >= LIMIT for _ in range(runs)
    )
    assert exact.lower(stopped, runs, 0.001) <= 0.05


def test_what_comes_in_bursts_is_stopped_too_if_later():
    generator, runs = np.random.default_rng(12), 40
    for size, least in ((3, 0.9), (10, 0.4)):
        many = [bursts(generator, rate=0.06, size=size, others=400) for _ in range(runs)]
        assert sum(worst(each, SURE) >= LIMIT for each in many) > least * runs


@pytest.mark.parametrize("bound", [1.25, 3.0, 20.0])
def test_whatever_an_author_is_blocked_for_the_mean_of_the_evidence_is_at_most_one(bound):
    """A burst of w comes with a chance of odds / w for each post that is not blocked."""
    odds, less = ODDS, (1.0 + ODDS) / (1.0 + ODDS * bound)
    for sizes in ((1,), (2,), (1, 9), (5, 50)):
        mean = sum(sizes) / len(sizes)
        chance = odds / mean / (1.0 + odds / mean)
        burst = np.mean([(1.0 + (bound - 1.0) * size) * less**size for size in sizes])
        assert (1.0 - chance) * less + chance * burst <= 1.0 + 1e-12


def test_blocks_are_an_authors_from_the_first_on():
    found = WrongBlocks.of([0, 0, 1, 2], ["a", "b", "a", "c"])
    assert (list(found.day), list(found.blocks)) == ([0, 0, 2], [2, 1, 1])


def test_what_is_wrong_mainly_on_days_of_waves_is_found_within_a_certificate():
    """Four of those drawn with a tenth on each of three days: beside 26 other days they are few."""
    waves = np.arange(26) % 10 == 5
    found = np.where(waves, 4, 0)
    made = made_of(
        np.full(26, 200), np.where(waves, 0.1, 1.0), np.full(26, 25), found, found, np.zeros(26)
    )
    assert evidence(made, most=A, mistakes=PEOPLE) > 2.0 * watch.broken()
    even = replace(made, chance=np.full(26, (3 * 0.1 + 23) / 26))
    assert evidence(even, most=A, mistakes=PEOPLE) < watch.broken() / 2.0


def flooded(others, found):
    """Days on which 160 honest posts are allowed, and spam."""
    others = np.asarray(others, dtype=float)
    chance = np.minimum(20.0 / others, 0.15)
    least = np.minimum(chance, np.concatenate([chance[:1], chance[:-1]]))
    day = np.repeat(np.arange(len(others)), np.round(160 * chance).astype(np.int64))
    counts = np.full(len(others), 0.7), np.full(len(others), 25), found, found
    none = np.zeros(len(others))
    return made_of(others, *counts, none, Audits(day, chance[day], least))


def test_a_flood_of_allowed_spam_hides_no_wrong_blocks():
    """Four found a day, of whom one may be: beside 20,000 posts, or 500 a day, they are few."""
    found = np.full(26, 4)
    once = np.where(np.arange(26) == 3, 20_000, 200)
    for others in (once, np.roll(once, 22), np.full(26, 700), np.full(26, 1_200)):
        assert evidence(flooded(others, found), most=A, mistakes=PEOPLE) > watch.broken()


def test_a_flood_of_honest_posts_breaks_no_promise():
    """Four found a day are what the promise allows of 700 honest posts, though few are drawn."""
    generator, runs, stopped = np.random.default_rng(13), 200, 0
    others = np.where(np.arange(30) % 4 == 1, 2_000, 200)
    chance = np.minimum(20.0 / others, 0.15)
    least = np.minimum(chance, np.concatenate([chance[:1], chance[:-1]]))
    for _ in range(runs):
        wrong = generator.binomial(generator.poisson(others * ODDS), 0.7)
        honest = generator.binomial(others, chance * (1.0 - PEOPLE.spam_of_honest))
        day = np.repeat(np.arange(30), honest)
        audits = Audits(day, chance[day], least)
        made = made_of(others, np.full(30, 0.7), wrong, wrong, wrong, np.zeros(30), audits)
        stopped += worst(made) >= LIMIT
    assert exact.lower(stopped, runs, 0.001) <= 0.05
