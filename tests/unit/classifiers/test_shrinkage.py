"""Estimates that lean on other communities."""

import numpy as np
import pytest

from classifiers.guarantees.shrinkage import Sample, shrunk

ALIKE = [
    Sample(2, 100),
    Sample(1, 90),
    Sample(2, 110),
    Sample(3, 120),
]


def test_nobody_to_lean_on() -> None:
    assert shrunk(Sample(0, 10), ALIKE[:2]) is None
    assert shrunk(Sample(0, 10), [*ALIKE[:2], Sample(0, 0)]) is None
    with pytest.raises(ValueError):
        shrunk(Sample(3, 2), ALIKE)


def test_what_is_hardly_looked_at_leans_and_what_is_well_known_does_not() -> None:
    little = shrunk(Sample(1, 4), ALIKE)
    much = shrunk(Sample(250, 1000), ALIKE)
    assert little.mean < 0.08 < 0.23 < much.mean < 0.26
    assert much.high - much.low < 0.06


def test_communities_that_differ_are_leant_on_less() -> None:
    differing = [
        Sample(0, 100),
        Sample(60, 100),
        Sample(5, 100),
        Sample(90, 100),
    ]
    assert shrunk(Sample(2, 5), ALIKE).mean < 0.1
    assert shrunk(Sample(2, 5), differing).mean == pytest.approx(0.4, abs=0.06)


def test_it_is_nearer_to_the_truth_than_the_share_alone_and_its_interval_means_what_it_says() -> (
    None
):
    chance = np.random.default_rng(5)
    inside, own_error, shrunk_error = [], [], []
    for _ in range(100):
        truths = chance.beta(2.0, 40.0, 8)
        seen = [
            Sample(int(chance.binomial(of, truth)), int(of))
            for of, truth in zip(chance.integers(10, 80, 8), truths, strict=True)
        ]
        found = shrunk(seen[0], seen[1:])
        inside.append(found.low <= truths[0] <= found.high)
        own_error.append(abs(seen[0].found / seen[0].of - truths[0]))
        shrunk_error.append(abs(found.mean - truths[0]))
    assert 0.85 <= np.mean(inside) <= 0.97
    assert np.mean(shrunk_error) < 0.9 * np.mean(own_error)


def test_a_draw_stands_for_as_many_as_it_was_drawn_from() -> None:
    """A wave of 1,000 of which few are drawn, and 50 quiet posts, half of them drawn."""
    assert Sample.weighed((0.5,) * 2, (0.5,) * 8) == Sample(2, 10)
    assert Sample.weighed((), ()) == Sample(0, 0)
    wave = Sample.weighed((0.5,) * 5, (0.5,) * 20 + (0.02,) * 20)
    assert wave.found / wave.of == pytest.approx(10 / 1050) and 20 < wave.of < 25
    found = shrunk(wave, [Sample(1, 100)] * 3)
    assert found is not None and found.mean < 0.02
