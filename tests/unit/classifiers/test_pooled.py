"""What is said of all sites together holds of all of them, however unlike they are."""

import numpy as np

from benchmarks.promise import pooled as simulated
from benchmarks.promise.posts import Pool
from classifiers.guarantees import pooled
from classifiers.guarantees.figures import Sampled
from classifiers.guarantees.reviewers import Mistakes

PEOPLE = Mistakes(0.05, 0.02)


def pool(name: str, rate: float) -> Pool:
    spam = np.arange(2_000) < 1_000
    high = np.where(spam, np.arange(2_000) % 10 > 0, np.arange(2_000) % 1_000 < rate * 1_000)
    return Pool(name, spam, np.where(high, 0.99, 0.01))


def test_it_covers_where_one_site_is_fifty_times_worse_than_the_others():
    generator = np.random.default_rng(3)
    found = [pool("good", 0.001)] * 5 + [pool("bad", 0.05)]
    runs = [simulated.installation(generator, found) for _ in range(25)]
    assert all(bound >= truth for bound, truth, _ in runs)
    assert any(max(each) > bound for bound, _, each in runs), "and is no single site's"
    assert np.median([bound for bound, *_ in runs]) < 0.5


def test_what_was_drawn_seldom_weighs_more_and_silence_counts_against_it():
    allowed = Sampled(posts=1_000, honest=(0.2,) * 200, least=0.2, greatest=0.2)
    often = Sampled(posts=100, honest=(1.0,), spam=(1.0,) * 99, least=1.0, greatest=1.0)
    seldom = Sampled(posts=100, honest=(0.5,), spam=(1.0,) * 60, least=0.5, greatest=1.0)
    silent = Sampled(posts=100, unanswered=(1.0,), spam=(1.0,) * 99, least=1.0, greatest=1.0)
    bounds = [pooled.wrongly_blocked(each, allowed, PEOPLE) for each in (often, seldom, silent)]
    assert 0.0 < bounds[0] < bounds[1] < 1.0
    assert bounds[0] == bounds[2]
    assert pooled.wrongly_blocked(often, Sampled(), PEOPLE) == 1.0
    assert pooled.wrongly_blocked(Sampled(), allowed, PEOPLE) == 0.0


def test_sites_that_draw_nothing_are_known_as_such():
    none = Sampled(posts=10, least=0.0, greatest=0.3)
    some = Sampled(posts=10, least=0.1, greatest=0.3)
    assert not pooled.SiteSample(none, some).is_drawn
    assert pooled.SiteSample(some, some).is_drawn and pooled.SiteSample(Sampled(), some).is_drawn
    both = pooled.pool([some, Sampled(posts=5, spam=(0.5,), least=0.5, greatest=0.5), Sampled()])
    assert (both.posts, both.least, both.greatest, both.drawn) == (15, 0.1, 0.5, 1)
