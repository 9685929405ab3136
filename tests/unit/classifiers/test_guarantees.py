"""Bounds keep what they say: against scipy, against their definition, and by simulation."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binomtest, hypergeom

from classifiers.guarantees import exact, reviewers, sequences, thresholds, weighted
from classifiers.guarantees.promise import (
    PeriodCounts,
    allowed_needed,
    honest_share,
    however_days_differ,
    is_kept,
    wrongly_blocked,
)
from classifiers.guarantees.reviewers import Mistakes

NO_MISTAKES = Mistakes()
DELTA = 0.05


def at_most(errors: int, of: int, share: float) -> bool:
    """Whether so many errors go with a true share of at most `share`; a false alarm in 1,000."""
    return exact.lower(errors, of, 0.001) <= share


@st.composite
def counts(draw, most=400):
    of = draw(st.integers(1, most))
    return draw(st.integers(0, of)), of


# Exact


@given(counts(), st.sampled_from([0.002, 0.05, 0.2]))
@settings(max_examples=40, deadline=None)
def test_clopper_pearson_agrees_with_scipy(count, delta):
    found, of = count
    theirs = binomtest(found, of).proportion_ci(1.0 - delta, "exact")
    ours = exact.interval(found, of, delta)
    assert (ours.low, ours.high) == pytest.approx((theirs.low, theirs.high), abs=1e-9)


def test_none_of_sixty_is_at_most_four_point_nine_percent():
    assert exact.upper(0, 60, DELTA) == pytest.approx(1.0 - DELTA ** (1 / 60))


@pytest.mark.parametrize("found,sampled,of", [(0, 20, 50), (3, 20, 50), (20, 20, 50), (0, 7, 7)])
def test_without_replacement_the_bound_is_the_last_that_is_not_too_unlikely(found, sampled, of):
    most = exact.most(found, sampled, of, DELTA)
    assert hypergeom.cdf(found, of, most, sampled) >= DELTA
    if most < of - (sampled - found):
        assert hypergeom.cdf(found, of, most + 1, sampled) < DELTA
    assert exact.fewest(sampled - found, sampled, of, DELTA) == of - most


def test_a_stratum_that_was_sampled_whole_is_counted():
    assert exact.most(3, 50, 50, DELTA) == exact.fewest(3, 50, 50, DELTA) == 3


def test_a_counted_stratum_narrows_the_bound():
    assert exact.most(0, 60, 100, DELTA) / 100 < exact.upper(0, 60, DELTA) * 0.7


@pytest.mark.parametrize("found,of,delta", [(-1, 5, 0.05), (6, 5, 0.05), (1, 5, 0.0), (1, 5, 1.0)])
def test_counts_that_cannot_be_are_refused(found, of, delta):
    with pytest.raises(ValueError):
        exact.upper(found, of, delta)


# Unequal probabilities


def draws(generator, posts, share, chances):
    found = generator.random(posts) < share
    drawn = generator.random(posts) < chances
    return chances[found & drawn]


def test_unequal_draws_are_covered_from_both_sides():
    generator, over, under = np.random.default_rng(1), 0, 0
    chances = np.where(np.arange(300) % 3 == 0, 0.2, 0.7)
    runs = 150
    for _ in range(runs):
        found = draws(generator, 300, 0.06, chances)
        over += weighted.upper(found, 0.2, 300, DELTA) < 0.06
        under += weighted.lower(found, 0.2, 300, DELTA) > 0.06
    assert at_most(over, runs, DELTA)
    assert at_most(under, runs, DELTA)


def test_unequal_draws_narrow_with_what_is_known():
    generator = np.random.default_rng(2)
    few, many = (
        weighted.interval(draws(generator, n, 0.05, np.linspace(0.3, 1.0, n)), 0.3, n, DELTA)
        for n in (300, 3_000)
    )
    assert 0.05 in few and 0.05 in many
    assert many.width < few.width / 2 < 0.1


def test_nothing_drawn_says_nothing():
    assert weighted.upper([], 0.0, 50, DELTA) == 1.0
    assert weighted.lower([], 0.0, 50, DELTA) == 0.0


def test_weights_count():
    """What was drawn seldom stands for more."""
    rare = weighted.lower([0.2] * 10, 0.2, 400, DELTA)
    usual = weighted.lower([0.8] * 10, 0.2, 400, DELTA)
    assert rare > 2 * usual > 0


# At any time


def ever(bound, truth, labels, runs, seed, against):
    """In how many runs some look, one after each label, is contradicted by the truth."""
    generator = np.random.default_rng(seed)
    looks = np.arange(1, labels + 1)
    wrong = 0
    for _ in range(runs):
        found = np.cumsum(generator.random(labels) < truth)
        wrong += any(
            against(bound(int(k), int(n), DELTA)) for k, n in zip(found, looks, strict=True)
        )
    return wrong


@pytest.mark.parametrize("truth", [0.01, 0.1])
def test_looking_after_every_label_costs_no_more_than_delta(truth):
    missed = ever(sequences.upper, truth, 150, 500, 3, lambda bound: bound < truth)
    assert at_most(missed, 500, DELTA)


def test_an_exact_bound_would_not_stand_repeated_looks():
    """The simulation can tell: a bound for one look is broken by many."""
    missed = ever(exact.upper, 0.1, 150, 500, 3, lambda bound: bound < 0.1)
    assert not at_most(missed, 500, DELTA)


def test_what_is_certain_of_a_small_share_holds_at_any_time():
    above = ever(sequences.floor, 0.05, 150, 500, 4, lambda bound: bound > 0.05)
    assert at_most(above, 500, DELTA)
    assert 0.02 < sequences.floor(10, 100, DELTA) < exact.lower(10, 100, DELTA)


@given(counts())
@settings(max_examples=30, deadline=None)
def test_any_time_costs_something_and_not_much(count):
    found, of = count
    assert sequences.upper(found, of, DELTA) >= exact.upper(found, of, DELTA) - 1e-9
    assert sequences.upper(0, of, DELTA) <= exact.upper(0, of, DELTA / 2) + 1e-9
    assert sequences.lower(of - found, of, DELTA) == 1.0 - sequences.upper(found, of, DELTA)


@given(st.integers(0, 5), st.integers(6, 500))
@settings(max_examples=30, deadline=None)
def test_a_bound_falls_with_clean_labels(found, of):
    assert sequences.upper(found, of + 1, DELTA) < sequences.upper(found, of, DELTA)
    assert sequences.upper(found, of, DELTA) < sequences.upper(found + 1, of + 1, DELTA)


def test_evidence_against_what_is_kept_is_rare_at_any_time():
    generator, stopped, runs = np.random.default_rng(5), 0, 400
    for _ in range(runs):
        found = np.cumsum(generator.random(300) < 0.05)
        stopped += sequences.evidence(found, np.arange(1, 301), 0.05).max() >= -math.log(DELTA)
    assert at_most(stopped, runs, DELTA)


def test_evidence_is_the_mean_of_likelihood_ratios_of_what_exceeds_it():
    allowed, found, of = 0.1, 7, 30
    q = np.linspace(allowed, 1.0, 200_001)[1:-1]
    a, b = sequences.LARGER
    prior = q ** (a - 1) * (1 - q) ** (b - 1)
    ratio = (q / allowed) ** found * ((1 - q) / (1 - allowed)) ** (of - found)
    mean = float((ratio * prior).sum() / prior.sum())
    assert sequences.evidence(found, of, allowed) == pytest.approx(math.log(mean), abs=1e-3)


# People


@given(
    st.floats(0.0, 1.0),
    st.floats(0.0, 0.4),
    st.floats(0.0, 0.4),
    st.floats(0.0, 1.0),
    st.floats(0.0, 1.0),
)
def test_mistakes_are_carried_in_the_direction_that_hurts(share, e, f, less, other):
    """Whatever people get wrong within the bounds, the truth lies within ours."""
    seen = share * (1.0 - e * less) + (1.0 - share) * f * other
    allowed = Mistakes(e, f)
    assert allowed.honest_at_most(seen) >= share - 1e-9
    assert allowed.honest_at_least(seen) <= share + 1e-9


def test_mistakes_come_from_posts_whose_truth_is_known():
    found = reviewers.mistakes(honest=60, said_spam=0, spam=60, said_honest=3, delta=0.1)
    assert found.spam_of_honest == pytest.approx(exact.upper(0, 60, 0.05))
    assert found.honest_of_spam == pytest.approx(exact.upper(3, 60, 0.05))
    nothing = reviewers.mistakes(honest=0, said_spam=0, spam=0, said_honest=0, delta=0.1)
    assert wrongly_blocked(PeriodCounts(0, 1_000, 500, 0), nothing) == 1.0


@pytest.mark.parametrize("honest", [0.0, 0.3, 1.0])
@pytest.mark.parametrize("alike", [0.0, 0.5], ids=["never both", "half of them both"])
def test_two_who_err_as_is_assumed_hardly_ever_differ_too_often_at_any_look(honest, alike):
    generator, runs, shown = np.random.default_rng(14), 300, 0
    for _ in range(runs):
        is_honest = generator.random(400) < honest
        rate = np.where(
            is_honest, reviewers.ASSUMED.spam_of_honest, reviewers.ASSUMED.honest_of_spam
        )
        u = generator.random(400)
        # Each errs on a share `rate`: on `alike` of it both, else one or the other.
        both, either = u < alike * rate, u < (2.0 - alike) * rate
        differ, said_spam = either & ~both, is_honest == both
        counts = zip(
            *(np.cumsum(x)[19::20] for x in (differ, ~differ & ~said_spam, ~differ & said_spam)),
            strict=True,
        )
        shown += any(
            reviewers.differing(*map(int, each), reviewers.ASSUMED) >= -math.log(DELTA)
            for each in counts
        )
    assert at_most(shown, runs, DELTA)


def test_two_who_differ_more_than_they_may_are_shown_to_err_the_sooner_the_more_is_spam():
    def says(differ, honest, spam):
        return reviewers.differing(differ, honest, spam, reviewers.ASSUMED)

    assert says(45, 40, 315) > says(45, 200, 155) > says(40, 205, 155)
    assert says(45, 40, 315) > math.log(2_700) > 0 > says(16, 0, 384)
    assert says(40, 360, 0) < 0 < math.log(2_700) < says(80, 320, 0)


# The promise


def simulate(generator, *, posts, honest, rate, spam_allowed, audit, chance, mistakes):
    """What is known of a site after each of some looks; the truth is `rate`."""
    is_honest = generator.random(posts) < honest
    blocks = np.where(
        is_honest, generator.random(posts) < rate, generator.random(posts) >= spam_allowed
    )
    said_honest = np.where(
        is_honest,
        generator.random(posts) >= mistakes.spam_of_honest,
        generator.random(posts) < mistakes.honest_of_spam,
    )
    judged = blocks & (generator.random(posts) < chance)
    drawn = ~blocks & (generator.random(posts) < audit)
    every = [np.cumsum(x) for x in (judged & said_honest, ~blocks, drawn, drawn & ~said_honest)]
    return [PeriodCounts(*(int(x[i]) for x in every), chance) for i in range(19, posts, 20)]


@pytest.mark.parametrize(
    "rate,chance,mistakes",
    [(0.0101, 1.0, NO_MISTAKES), (0.0101, 0.4, NO_MISTAKES), (0.0101, 1.0, Mistakes(0.3, 0.0))],
    ids=["all judged", "a sample judged", "people who err"],
)
def test_a_promise_that_is_broken_is_hardly_ever_certified_at_any_look(rate, chance, mistakes):
    generator, runs, certified = np.random.default_rng(7), 300, 0
    for _ in range(runs):
        looks = simulate(
            generator,
            posts=1_200,
            honest=0.8,
            rate=rate,
            spam_allowed=0.1,
            audit=0.1,
            chance=chance,
            mistakes=mistakes,
        )
        certified += any(wrongly_blocked(seen, mistakes) <= 0.01 for seen in looks)
    assert at_most(certified, runs, DELTA)


def test_a_promise_that_is_kept_is_certified_within_days():
    """200 posts a day, a fifth spam: three days of judging every would-be block."""
    seen = PeriodCounts(wrong=0, allowed=500, drawn=60, spam=1)
    assert wrongly_blocked(seen, NO_MISTAKES) < 0.01
    assert wrongly_blocked(PeriodCounts(1, 500, 60, 1), NO_MISTAKES) > 0.01


def test_what_is_sampled_less_is_bound_less():
    whole = wrongly_blocked(PeriodCounts(0, 2_000, 60, 1), NO_MISTAKES)
    half = wrongly_blocked(PeriodCounts(0, 2_000, 60, 1, chance=0.5), NO_MISTAKES)
    assert half == pytest.approx(2 * whole, rel=0.05)
    assert wrongly_blocked(PeriodCounts(0, 2_000, 60, 1, chance=0.0), NO_MISTAKES) == 1.0
    assert wrongly_blocked(PeriodCounts(0, 2_000, 0, 0), NO_MISTAKES) == 1.0


@pytest.mark.parametrize("kind", ["waves", "falling", "any"])
def test_a_broken_promise_is_hardly_ever_certified_however_many_are_drawn_each_day(kind):
    """A twentieth too many honest posts are blocked; a look after each of forty days."""
    generator, runs, days = np.random.default_rng(12), 400, 40
    certified = 0
    for _ in range(runs):
        chances = {
            "waves": np.where(np.arange(days) % 7 == 3, 0.1, 1.0),
            "falling": 0.93 ** np.arange(days),
            "any": generator.choice([0.1, 0.3, 0.67, 1.0], days),
        }[kind]
        posts = generator.poisson(165, days)
        wrong = generator.binomial(posts, 0.0105)
        allowed, found = np.cumsum(posts - wrong), np.cumsum(generator.binomial(wrong, chances))
        weighed = np.cumsum((posts - wrong) * chances)
        certified += any(
            wrongly_blocked(
                PeriodCounts(int(k), int(n), 2_000, 0, chance=float(w / n)), NO_MISTAKES
            )
            <= 0.01
            for k, n, w in zip(found, allowed, weighed, strict=True)
        )
    assert at_most(certified, runs, DELTA)


def test_a_day_of_which_little_is_drawn_takes_nothing_from_the_others():
    """2,000 posts while each would-be block was judged, and 500 while one in ten was."""
    quiet = wrongly_blocked(PeriodCounts(1, 2_000, 60, 1), NO_MISTAKES)
    both = PeriodCounts(1, 2_500, 60, 1, chance=(2_000 + 0.1 * 500) / 2_500)
    assert 0.95 * quiet < wrongly_blocked(both, NO_MISTAKES) < quiet


def test_honest_posts_are_not_counted_on_without_a_sample():
    assert honest_share(PeriodCounts(0, 500, 0, 0), NO_MISTAKES) == 0.0
    assert honest_share(PeriodCounts(0, 500, 60, 1), Mistakes(0.0, 0.1)) < honest_share(
        PeriodCounts(0, 500, 60, 1), NO_MISTAKES
    )


def test_what_is_still_needed_is_the_least_that_would_do():
    seen = PeriodCounts(wrong=1, allowed=150, drawn=20, spam=1)
    needed = allowed_needed(seen, NO_MISTAKES, 0.01)
    share = needed / 150
    assert needed > 150
    then = PeriodCounts(1, needed, math.ceil(20 * share), math.floor(share))
    assert wrongly_blocked(then, NO_MISTAKES) <= 0.01
    before = PeriodCounts(
        1, needed - 1, math.ceil(20 * (needed - 1) / 150), math.floor((needed - 1) / 150)
    )
    assert wrongly_blocked(before, NO_MISTAKES) > 0.01
    assert allowed_needed(PeriodCounts(0, 150, 0, 0), NO_MISTAKES, 0.01) is None


# Thresholds


def test_the_sequence_ends_at_the_first_threshold_that_fails():
    bounds = {0.999: 0.001, 0.99: 0.004, 0.9: 0.02, 0.5: 0.003}
    assert thresholds.certify(tuple(bounds), bounds.__getitem__, 0.01) == (0.99, 0.004)
    assert thresholds.certify(tuple(bounds), lambda t: 0.5, 0.01) is None


def test_the_grid_is_of_the_policy_alone():
    assert thresholds.grid(0.95) == (0.999, 0.998, 0.995, 0.99, 0.98, 0.95)
    assert thresholds.grid(1.0) == (1.0,)


@pytest.mark.parametrize(
    ("of", "having", "sampled"), [(200, 5, 200), (600, 50, 600), (600, 50, 150)]
)
def test_what_is_overlooked_at_its_worst_is_within_the_bound(of, having, sampled):
    """Where all were looked at, too: what was found is not all there is."""
    generator = np.random.default_rng(11)
    drawn = generator.hypergeometric(having, of - having, sampled, 400)
    found = generator.binomial(drawn, 0.95)
    missed = [exact.most(int(n), sampled, of, 0.05, 0.05) < having for n in found]
    assert np.mean(missed) <= 0.05 + 3 * (0.05 * 0.95 / 400) ** 0.5
    invented = drawn + generator.binomial(sampled - drawn, 0.02)
    beyond = [exact.fewest(int(n), sampled, of, 0.05, 0.02) > having for n in invented]
    assert np.mean(beyond) <= 0.05 + 3 * (0.05 * 0.95 / 400) ** 0.5
    assert exact.most(0, 60, 60, 0.05) == 0 < exact.most(0, 60, 60, 0.05, 0.05)


@given(
    counts(60),
    st.integers(0, 6),
    st.integers(1, 6000),
    st.tuples(st.floats(0.05, 1.0), st.floats(0.05, 1.0)),
    st.floats(1.0, 6.0),
    st.sampled_from([NO_MISTAKES, Mistakes(0.05, 0.02)]),
)
@settings(max_examples=300, deadline=None)
def test_a_promise_is_kept_where_neither_bound_exceeds_it(
    drawn, wrong, allowed, chances, together, mistakes
):
    spam, of = drawn
    seen = PeriodCounts(
        wrong=wrong,
        allowed=max(allowed, of),
        drawn=of,
        spam=spam,
        chance=max(chances),
        least=min(chances),
        chances=(max(chances),) * (wrong // 2),
        together=together,
    )
    bound = max(wrongly_blocked(seen, mistakes), however_days_differ(seen, mistakes))
    for most in (0.005, 0.01, 0.05, 0.3):
        if abs(most - bound) > 1e-9:
            assert is_kept(seen, mistakes, most) == (bound <= most)
    if 1e-6 < bound < 0.99:
        assert is_kept(seen, mistakes, bound * (1 + 1e-6))
        assert not is_kept(seen, mistakes, bound * (1 - 1e-6))
