"""What draws say of a site, in the order in which they were made, and at its worst."""

import math
from dataclasses import replace

import numpy as np
import pytest

from classifiers.guarantees import certificates, exact, watch
from classifiers.guarantees.certificates import Certified, Draw, Draws, Level, Volumes
from classifiers.guarantees.exact import Interval
from classifiers.guarantees.figures import Held, Sampled, figures
from classifiers.guarantees.promise import (
    FOR_HONEST,
    IF_UNLIKE,
    PeriodCounts,
    allowed_needed,
    honest_share,
    however_days_differ,
    is_kept,
    wrongly_blocked,
)
from classifiers.guarantees.reviewers import Mistakes

NO_MISTAKES = Mistakes()
HOUR = 3_600.0
DEADLINE = 72 * HOUR


def block(at, spam, score=0.97):
    return Draw(at * HOUR, True, score, spam)


def allowed(at, spam):
    return Draw(at * HOUR, False, 0.05, spam)


# Draws


@pytest.mark.parametrize(
    ("draws", "settled"),
    [
        ([block(2, True), block(1, True)], 2),
        ([block(1, True), block(2, None), block(3, True)], 1),
        ([block(1, True), allowed(2, None), block(3, True)], 1),
        ([block(-80, None), block(1, True)], 2),
    ],
    ids=["all", "up to who waits", "of either stratum", "who waited too long"],
)
def test_draws_count_in_their_order_up_to_the_first_that_waits(draws, settled):
    known = Draws.of(draws)
    moment = known.settled_at(10 * HOUR, DEADLINE)
    assert len(known.before(moment).at) == settled


def test_a_draw_that_waits_may_count_at_its_worst():
    """Where one of two has no answer yet, the first counts by itself, or both, one as honest."""
    known = Draws.of([block(1, True), block(2, None), block(3, True), *[allowed(4, True)] * 9])
    moments = known.moments(10 * HOUR, DEADLINE)
    assert moments == [2 * HOUR, 10 * HOUR]
    known = Draws.of([block(hour, None) for hour in range(20)])
    assert known.moments(20 * HOUR, DEADLINE) == [hour * HOUR for hour in range(6)]
    far = certificates.seen(known.before(5 * HOUR), 0.9, Volumes(40))
    assert far.wrong == 5


def test_would_be_blocks_do_not_wait_for_what_is_said_of_allowed_posts():
    draws = [block(1, True), allowed(2, None), block(3, True), block(4, None), block(5, True)]
    known = Draws.of([allowed(0, False)] * 3 + draws)

    def until(moment, _):
        return Volumes(int(moment / HOUR))

    found = list(certificates.ways(known, 10 * HOUR, DEADLINE, until))
    assert [moment / HOUR for moment, *_ in found] == [4, 10]
    _, settled, volumes = found[0]
    assert (settled.blocks.sum(), volumes.allowed) == (2, 4)
    assert (~settled.blocks).sum() == 3, "one more, which would count as spam, shows less"


@pytest.mark.parametrize(
    ("first", "least", "level"),
    [
        (0.15, 0.15, Level(0.15, 0.5)),
        (0.2, 0.1, Level(0.1, 0.25)),
        (0.2, 0.09, Level(0.05, 0.125)),
        (0.2, 0.0, Level(0.0)),
    ],
)
def test_where_allowed_posts_are_drawn_less_a_sample_with_half_the_chance_takes_over(
    first, least, level
):
    assert Level.of(first, least) == level


def test_a_day_whose_chances_were_small_costs_its_own_posts_and_no_other_draws():
    """A flood of allowed posts: a sample of all would keep a sixteenth of what was drawn before."""
    usual = [(day, 160, 0.125) for day in range(20)]
    assert Level.of_days(0.125, usual) == (Level(0.125, 0.5),)
    levels = Level.of_days(0.125, [*usual, (20, 2_000, 0.01), (21, 160, 0.01)])
    out = frozenset({20, 21})
    assert levels[0] == Level(0.125, 0.5, share=3_200 / 5_360, without=out)
    assert levels[-1] == Level.of(0.125, 0.01) and len(levels) == 5
    assert Level.of_days(0.125, []) == (Level(0.125, 0.5),)


@pytest.mark.parametrize(
    ("chance", "share", "out"),
    [(0.07, 1.0, {}), (0.01, 1_600 / 3_600, {10})],
    ids=["as busy days are", "a flood"],
)
def test_posts_after_the_last_draw_that_counts_are_like_those_before_unless_less_is_drawn(
    chance, share, out
):
    usual = [(day, 160, 0.125) for day in range(10)]
    *_, last = Level.of_days(0.125, usual, [(10, 2_000, chance)])
    assert (last.share, last.without) == (share, frozenset(out))
    (nothing,) = Level.of_days(0.125, [(0, 9, 0.125)], [(0, 2_000, 0.01)])
    assert nothing.share == 0.0


@pytest.mark.parametrize(("flood", "chosen"), [(100, 0), (2_000, 1)])
def test_of_levels_that_one_counts_that_tells_most(flood, chosen):
    """A small flood is left out, for more of the draws; a large one in a young period is not."""
    draws = [Draw(row * HOUR, False, 0.05, False, thrown=row / 480) for row in range(60)]
    kept = Level(0.125, 0.5, share=1_000 / (1_000 + flood))
    volumes = Volumes(1_000 + flood, levels=(kept, Level(0.02, 0.25)))
    *_, (_, _, found) = certificates.ways(Draws.of(draws), 100 * HOUR, DEADLINE, lambda *_: volumes)
    assert found.levels == (volumes.levels[chosen],)


def test_draws_of_days_that_are_left_out_count_for_nothing():
    draws = [Draw(day * 24 * HOUR, False, 0.05, False, thrown=0.001) for day in (0, 1, 1, 2)]
    level = Level(0.01, 0.5, share=0.6, without=frozenset({1}))
    found = certificates.seen(Draws.of(draws), 0.9, Volumes(400, levels=(level,)))
    assert (found.drawn, found.share) == (2, 0.6)


@pytest.mark.parametrize("share", [0.5, 0.9])
def test_allowed_posts_of_days_that_are_left_out_are_taken_for_spam(share):
    whole = PeriodCounts(0, 2_000, 200, 0)
    part = replace(whole, share=share)
    assert honest_share(part, Mistakes()) == pytest.approx(share * honest_share(whole, Mistakes()))
    bounds = [wrongly_blocked(each, Mistakes()) for each in (whole, part)]
    assert bounds[1] == pytest.approx(bounds[0] / share, rel=0.02)
    assert is_kept(part, Mistakes(), bounds[1] * 1.001)
    assert not is_kept(part, Mistakes(), bounds[1] * 0.999)


def test_that_allowed_posts_are_honest_holds_at_all_looks_while_fewer_and_fewer_are_drawn():
    """Half of them are spam; so many times it is said of more that they are honest."""
    generator, runs, delta, times = np.random.default_rng(8), 200, 0.5, 0
    chances = np.repeat(0.9 * 0.6 ** np.arange(8), 100)
    for _ in range(runs):
        thrown, spam = generator.random((2, len(chances)))
        rows = (thrown < chances).nonzero()[0]
        known = Draws.of(
            Draw(float(row), False, 0.0, bool(spam[row] < 0.5), float(thrown[row])) for row in rows
        )
        for look in range(25, 801, 25):
            volumes = Volumes(look, levels=(Level.of(0.9, float(chances[look - 1])),))
            found = certificates.seen(known.before(look), 0.9, volumes)
            if honest_share(found, NO_MISTAKES, delta) > 0.5:
                times += 1
                break
    assert times <= runs * delta * FOR_HONEST


def test_silence_counts_against_what_is_claimed():
    known = Draws.of([block(1, None), block(2, True), allowed(3, None), allowed(4, False)])
    found = certificates.seen(known, 0.9, Volumes(40))
    assert found == PeriodCounts(wrong=1, allowed=40, drawn=2, spam=1, least=1.0, chances=(1.0,))
    assert certificates.seen(known, 0.98, Volumes(40)).wrong == 0


def test_of_unequal_chances_the_least_makes_a_uniform_sample():
    """Spam came on a busy day, when less was drawn: it weighs as much as on any other."""
    busy = [Draw(HOUR, False, 0.05, True, thrown=0.01 * i) for i in range(2)]
    quiet = [Draw(HOUR, False, 0.05, False, thrown=0.01 * i) for i in range(20)]
    known = Draws.of(busy + quiet)
    found = certificates.seen(known, 0.9, Volumes(400, levels=(Level(0.02),)))
    assert (found.drawn, found.spam) == (4, 2)


def test_the_lowest_threshold_that_holds_is_certified():
    """Honest posts between 0.9 and 0.95 speak against 0.9, and not against 0.95."""
    draws = [block(i, True) for i in range(50)] + [allowed(i, False) for i in range(80)]
    many = Volumes(700)
    asked = {"block_from": 0.9, "mistakes": NO_MISTAKES, "most": 0.01}
    assert certificates.certify(Draws.of(draws), many, **asked).threshold == 0.9
    draws += [block(60 + i, False, score=0.92) for i in range(10)]
    found = certificates.certify(Draws.of(draws), many, **asked)
    assert (found.threshold, found.covers, found.further) == (0.95, pytest.approx(50 / 60), 1.0)
    draws += [block(80 + i, True, score=0.93) for i in range(90)]
    found = certificates.certify(Draws.of(draws), many, **asked)
    assert (found.threshold, found.covers) == (0.95, pytest.approx(50 / 150))
    assert found.further > 3.0 and found.is_worth
    assert certificates.certify(Draws.of(draws), Volumes(100), **asked) is None


def days_of(waves, of_waves, of_others, days=20):
    """Draws of so many days, and volumes: 18 would-be blocks a day, and 600 on each of the `waves`,
    of which a tenth is drawn; of the drawn ones so many are honest, by whether there was a wave.
    """
    draws = []
    for day in range(days):
        drawn, chance, honest = (60, 0.1, of_waves) if day in waves else (18, 1.0, of_others)
        draws += [
            Draw(day * 24 * HOUR, True, 0.9995, row >= honest, chance=chance)
            for row in range(drawn)
        ]
        draws += [allowed(day * 24, False)] * 20
    share = 1.0 - 2 * len(waves) / days
    volumes = Volumes(400 * days, share + 0.1 * (1.0 - share), (Level(0.05, 0.5),), 0.1)
    return Draws.of(draws), volumes


@pytest.mark.parametrize(
    ("waves", "of_waves", "of_others", "certified"),
    [((5, 15), 3, 1, False), ((5, 15), 0, 2, True), ((5,), 1, 1, True)],
    ids=["on days of waves", "on others", "once on a day of a wave"],
)
def test_what_is_wrong_mainly_on_days_of_waves_is_refused(waves, of_waves, of_others, certified):
    """Of 8,000 allowed posts, 60 wrong blocks on two days of waves and 18 on others are as many as
    80 may be, though but 24 of them are found: the first bound, for days that are alike, holds.
    """
    draws, volumes = days_of(waves, of_waves, of_others)
    seen = certificates.seen(draws, 0.9, volumes)
    assert wrongly_blocked(seen, NO_MISTAKES) <= 0.01
    asked = {"block_from": 0.9, "mistakes": NO_MISTAKES, "most": 0.01}
    assert (certificates.certify(draws, volumes, **asked) is not None) == certified


@pytest.mark.parametrize("chance", [1.0, 0.1])
@pytest.mark.parametrize("wrong", range(0, 12, 2))
def test_where_all_days_are_drawn_alike_the_bound_for_unlike_days_refuses_nothing(chance, wrong):
    """At the first volume that carries the promise."""
    few = PeriodCounts(wrong, 2_000, 300, 0, chance)
    needed = allowed_needed(few, NO_MISTAKES, 0.01)
    enough = replace(few, allowed=needed, drawn=300 * needed // 2_000)
    alike = wrongly_blocked(enough, NO_MISTAKES)
    assert however_days_differ(enough, NO_MISTAKES) <= alike <= 0.0105


def test_the_bound_for_unlike_days_holds_at_all_looks_together():
    """Most wrong blocks come on days of waves, of which a tenth is drawn: what is said after each
    of forty days is ever too little on as many sites as that bound may err on, and no more.
    """
    generator, runs, missed = np.random.default_rng(5), 200, 0
    for _ in range(runs):
        counts = np.zeros(4)
        chances: list[float] = []
        for day in range(40):
            chance, wrong = (0.1, 28.0) if day % 10 == 5 else (1.0, 1.3)
            found = generator.binomial(generator.poisson(wrong), chance)
            counts += 400, 400 * chance, wrong, found
            chances += [chance] * int(found)
            allowed, weighed, expected, _ = counts
            seen = PeriodCounts(
                len(chances),
                int(allowed),
                4_000,
                0,
                weighed / allowed,
                least=0.1 if day >= 5 else 1.0,
                chances=tuple(chances),
            )
            if however_days_differ(seen, NO_MISTAKES) < expected / (expected + allowed):
                missed += 1
                break
    assert 0.01 * runs < missed <= IF_UNLIKE * runs


def test_what_is_still_needed_is_reckoned_with_both_bounds():
    """One found with a tenth stands for ten posts: more are needed than if days were alike."""
    seen = PeriodCounts(2, 2_000, 300, 0, 0.9, least=0.1, chances=(0.1, 0.1))
    needed = allowed_needed(seen, NO_MISTAKES, 0.01)
    assert wrongly_blocked(seen, NO_MISTAKES) <= 0.01
    for posts, kept in ((needed, True), (needed - 1, False)):
        then = replace(seen, allowed=posts, drawn=math.ceil(300 * posts / 2_000))
        assert is_kept(then, NO_MISTAKES, 0.01) == kept


def test_a_certificate_that_covers_little_is_waited_with_unless_more_is_far_off():
    seen = PeriodCounts(0, 500, 60, 0)
    assert Certified(0.9, 0.01, seen, covers=0.6, further=1.0).is_worth
    assert not Certified(0.99, 0.01, seen, covers=0.2, further=1.9).is_worth
    assert Certified(0.99, 0.01, seen, covers=0.2, further=2.1).is_worth
    assert not Certified(0.999, 0.01, seen, covers=0.0).is_worth


def test_how_much_is_drawn_follows_from_what_is_known():
    assert watch.chance_of_block(1_000, certified=False, doubted=False) == 1.0
    assert watch.chance_of_block(1_000, certified=True, doubted=True) == 1.0
    assert watch.chance_of_block(100, certified=True, doubted=False) == 0.2
    assert watch.chance_of_block(1_000, certified=True, doubted=False) == watch.SHARE
    assert watch.chance_of_allowed(1_000) == 0.02
    assert watch.chance_of_allowed(10) == watch.ALLOWED_SHARE


# Figures


def test_what_was_judged_whole_is_counted():
    blocked = Sampled(20, honest=(1.0,) * 2, spam=(1.0,) * 18, least=1.0, greatest=1.0)
    others = Sampled(80, honest=(1.0,) * 70, spam=(1.0,) * 10, least=1.0, greatest=1.0)
    found = figures(blocked, others, Held(honest=8, spam=2), NO_MISTAKES)
    assert found.wrong_of_blocks == Interval(0.1, 0.1)
    assert found.wrong_of_honest == Interval(2 / 80, 2 / 80)
    assert found.missed_of_spam == Interval(10 / 30, 10 / 30)
    assert found.prevalence == pytest.approx(Interval(30 / 110, 30 / 110))


def test_who_did_not_answer_may_be_either():
    blocked = Sampled(20, spam=(1.0,) * 19, unanswered=(1.0,), least=1.0, greatest=1.0)
    found = figures(blocked, Sampled(), Held(unanswered=4), NO_MISTAKES)
    assert found.wrong_of_blocks == Interval(0.0, 0.05)
    assert found.wrong_posts == Interval(0.0, 1.0)


def test_without_draws_nothing_is_known():
    found = figures(Sampled(30), Sampled(70), Held(), NO_MISTAKES)
    assert found.wrong_of_blocks == found.wrong_of_honest == Interval(0.0, 1.0)
    assert found.missed_of_spam == found.prevalence == Interval(0.0, 1.0)


def test_what_was_found_leaves_no_more_than_the_rest():
    """A busy hour, of which little was drawn, among posts of which all were."""
    often, seldom = (1.0,) * 80, (0.1,) * 2
    blocked = Sampled(100, spam=often[:77] + seldom, honest=often[77:], least=0.1, greatest=1.0)
    assert blocked.honest_share(NO_MISTAKES, 0.0225, mostly=False) == Interval(0.03, 0.21)
    people = blocked.honest_share(Mistakes(0.05, 0.02), 0.0225, mostly=False)
    assert 0.21 < people.high < 0.35
    allowed = replace(blocked, spam=blocked.honest, honest=blocked.spam)
    assert allowed.honest_share(NO_MISTAKES, 0.0225, mostly=True).low == pytest.approx(0.79)


@pytest.mark.parametrize("honest", [0, 1, 8, 29, 30])
@pytest.mark.parametrize("seldom_first", [True, False])
def test_few_posts_drawn_with_chances_near_none_and_one_are_covered(honest, seldom_first):
    generator, missed, runs, delta = np.random.default_rng(13), 0, 200, 0.2
    chances = np.sort(np.where(np.arange(30) % 3, 0.99, 0.03))
    is_honest = np.arange(30) < honest if seldom_first else np.arange(30) >= 30 - honest
    for _ in range(runs):
        drawn = generator.random(30) < chances
        wrong = generator.random(30) < np.where(is_honest, 0.05, 0.02)
        said = is_honest ^ wrong
        found = Sampled(
            30, tuple(chances[drawn & said]), tuple(chances[drawn & ~said]), (), 0.03, 0.99
        ).honest_share(Mistakes(0.05, 0.02), delta, mostly=False)
        missed += not found.low - 1e-9 <= honest / 30 <= found.high + 1e-9
    assert exact.lower(missed, runs, 0.001) <= delta


@pytest.mark.parametrize("equal", [True, False], ids=["one probability", "several"])
def test_the_truth_lies_within_although_people_err(equal):
    generator, missed, runs = np.random.default_rng(11), 0, 100
    mistakes = Mistakes(0.05, 0.02)
    for _ in range(runs):
        samples, truth = [], []
        for posts, spam_share in ((200, 0.9), (600, 0.1)):
            spam = generator.random(posts) < spam_share
            said = spam ^ (generator.random(posts) < np.where(spam, 0.02, 0.05))
            chance = np.full(posts, 0.5) if equal else np.linspace(0.3, 0.7, posts)
            drawn = generator.random(posts) < chance
            samples.append(
                Sampled(
                    posts,
                    honest=tuple(chance[drawn & ~said]),
                    spam=tuple(chance[drawn & said]),
                    least=float(chance.min()),
                    greatest=float(chance.max()),
                )
            )
            truth.append(int(spam.sum()))
        found = figures(*samples, Held(), mistakes)
        wrong, honest = 200 - truth[0], 800 - sum(truth)
        missed += not (
            wrong / honest in found.wrong_of_honest
            and truth[1] / sum(truth) in found.missed_of_spam
            and sum(truth) / 800 in found.prevalence
        )
    assert missed <= 0.05 * runs + 5
