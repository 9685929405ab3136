"""The simulation of promises: sites whose truth is known."""

import numpy as np
import pytest

from benchmarks.promise import certifying, drifting, sites, watching, year
from benchmarks.promise.__main__ import measure
from benchmarks.promise.drifting import WORST
from benchmarks.promise.posts import Pool
from benchmarks.promise.watching import Blocking


def pool(rate: float, name: str = "made") -> Pool:
    """Spam that is nearly always above every threshold; of honest posts `rate` are too."""
    spam = np.arange(4_000) < 2_000
    sure = np.where(spam, np.arange(4_000) % 20 > 0, np.arange(4_000) % 2_000 < rate * 2_000)
    return Pool(name, spam, np.where(sure, 0.9995, 0.01))


def test_a_site_that_keeps_the_promise_is_certified_and_one_that_breaks_it_is_not():
    generator = np.random.default_rng(1)
    good = certifying.run(generator, pool(0.0005), volume=200)
    bad = certifying.run(generator, pool(0.03), volume=200)
    assert good.certified and good.true and good.days < 20
    assert not bad.certified and not bad.possible
    assert bad.automated[500] == 0.0


def test_a_model_that_turns_bad_is_stopped_and_its_harm_is_counted_from_then_on():
    generator = np.random.default_rng(2)
    site = Blocking(volume=200, rate=0.001, prevalence=0.2, caught=0.9)
    kept = watching.watch(generator, site, rates=np.full(60, 0.001), lapses=False)
    rates = np.where(np.arange(90) < 10, 0.001, 0.06)
    stopped = watching.watch(generator, site, rates=rates, counted_from=10)
    assert kept is None
    assert stopped.how == "broken" and 0 < stopped.day <= 30
    a_day = 200 * 0.8 * 0.06
    assert 0 < stopped.honest < 2 * a_day * (stopped.day + 1)


def test_draws_follow_the_volume_and_bursts_are_one_authors():
    generator = np.random.default_rng(5)
    busy = np.array([1.0, 3.0, 1.0])
    prevalence = np.array([0.0, 0.5, 0.0])
    posts = sites.stream(
        generator, pool(0.05), prevalence=prevalence, volume=300, days=3.0, busy=busy, burst=5
    )
    day = (posts.at // sites.DAY).astype(int)
    assert posts.spam[day == 1].mean() > 0.4 and not posts.spam[day != 1].any()
    counts = sites.before(posts.at, posts.allowed, 3)
    assert counts[1] == (posts.allowed & (day == 0)).sum()
    honest = posts.scores[~posts.spam]
    groups = honest[: len(honest) // 5 * 5].reshape(-1, 5)
    assert (groups == groups[:, :1]).all() and 0.0 < (groups > 0.9).mean() < 0.2
    known = posts.draws(posts.throws < 0.5, 60 * sites.DAY, np.ones(len(posts.at)))
    assert known.thrown.max() < 0.5 < 0.01 + known.thrown.max()


def test_a_wave_is_spam_of_one_day_of_which_less_is_drawn():
    busy, shares = sites.with_waves(np.ones(21), np.full(21, 0.2), every=10)
    assert np.flatnonzero(busy > 1).tolist() == [5, 15]
    assert (busy * (1 - shares) == pytest.approx(0.8)) and shares[5] == pytest.approx(1.7 / 2.5)
    generator = np.random.default_rng(6)
    posts = sites.stream(generator, pool(0.0), prevalence=shares, volume=200, days=21.0, busy=busy)
    chances = certifying.chances_of_blocks(posts)
    day = (posts.at // sites.DAY).astype(int)
    assert chances[day == 5].min() < 0.1 * 1.01 < 0.3 < np.median(chances[day == 10])


def test_before_the_first_allowed_post_no_chance_of_a_block_is_known():
    """A block that waits longer than any allowed post came is counted with its own."""
    posts = sites.stream(np.random.default_rng(9), pool(0.0), prevalence=1.0, volume=50, days=2.0)
    drawn = certifying.Chances(np.full(2, 0.3), np.ones(len(posts.at)))
    nothing = drawn.volumes(posts, 0.0, float(posts.at[posts.blocks][0]))
    assert (nothing.allowed, nothing.chance, nothing.least) == (0, 0.0, 0.0)


def test_what_is_wrong_can_be_so_mainly_on_days_of_waves():
    generator = np.random.default_rng(8)
    posts = sites.stream(generator, pool(0.02), prevalence=0.2, volume=500, days=20.0)
    worse = sites.worse_in_waves(generator, posts, 10, 0.7)
    wrong = ~posts.spam & worse.blocks
    assert wrong.sum() == (~posts.spam & posts.blocks).sum()
    in_wave = np.isin(posts.at // sites.DAY, [5, 15])
    assert 0.6 < in_wave[wrong].mean() < 0.8
    assert (worse.scores[posts.spam] == posts.scores[posts.spam]).all()
    assert np.sort(worse.scores) == pytest.approx(np.sort(posts.scores))


def test_a_wave_ends_no_certificate():
    generator = np.random.default_rng(7)
    busy, shares = sites.with_waves(np.ones(year.YEAR), np.full(year.YEAR, 0.2))
    posts = sites.stream(
        generator, pool(0.0005), prevalence=shares, volume=200, days=365.0, busy=busy
    )
    site, blocks = year.year(posts, widens=True)
    assert blocks[int(blocks.argmax()) :].all() and len(site.certificates) > 10


def test_all_figures_are_told(monkeypatch):
    # Few looks: how often to look is no figure.
    monkeypatch.setattr(certifying, "EVERY", 100)
    found = measure([pool(0.0005), pool(0.001, "made by others")], 6)
    assert found["kept_share"] == 1.0
    assert set(found["days_to_certificate"]) == {"50", "200", "2000"}
    assert set(found["automated_share_of_oracle"]) == {"200", "500"}
    assert found["bad_model_stopped_share"] == 1.0
    assert found["honest_blocked_before_stop"]["median"] > 0.0
    assert found["false_stops_per_good_site_year"] == 0.0
    assert found["interval_coverage"]["all"] > 0.5
    assert all(0.0 < width < 1.0 for width in found["interval_width_median"].values())
    assert found["people_at_their_worst"]["interval_coverage"].keys() >= {"all", "prevalence"}
    assert set(found["waves"]) == {"first", "following"}
    assert set(found["bursts"]) == set(found["just_broken_in_bursts"]) == {"3", "10"}


def test_drift_is_told_and_what_keeps_its_promise_is_not_stopped():
    found = drifting.figures(np.random.default_rng(3), 3)
    assert found["ramp_14_days"]["bad_model_stopped_share"] == 1.0
    assert found["mix_of_posts"]["bad_model_stopped_share"] == 1.0
    kept = [told for name, told in found.items() if name.startswith("kept")]
    assert len(kept) == 8
    assert found["bad_in_bursts_of_10"]["bad_model_stopped_share"] == 1.0
    assert all(told["false_stops_per_good_site_year"] == 0.0 for told in kept)


def test_an_error_on_spam_holds_until_two_others_say_otherwise():
    generator = np.random.default_rng(4)
    posts = sites.stream(generator, pool(0.0), prevalence=1.0, volume=500, days=4.0, errors=WORST)
    drawn = np.ones(len(posts.at), dtype=bool)
    at_last = posts.draws(drawn, 60 * sites.DAY, np.ones(len(drawn)))
    first = (posts.blocks & ~posts.said).sum()
    assert 0 < (~at_last.spam & at_last.blocks).sum() < 0.3 * first
