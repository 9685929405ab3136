"""What docs/PROMISES.md gives as an example is what the code makes of it."""

import math
from pathlib import Path

import pytest

from classifiers.guarantees import promise, sequences
from classifiers.guarantees.certificates import Level
from classifiers.guarantees.figures import Figures, Held, Sampled, figures
from classifiers.guarantees.promise import PeriodCounts
from classifiers.guarantees.reviewers import ASSUMED

PAGE = (Path(__file__).parents[3] / "docs" / "PROMISES.md").read_text("utf-8")
A_WEEK = 7 / 25


def drawn(posts: int, *, honest: int, spam: int) -> Sampled:
    chance = (honest + spam) / posts
    return Sampled(posts, (chance,) * honest, (chance,) * spam, (), chance, chance)


def period(blocked: Sampled) -> Figures:
    """Of 25 days with 3,850 allowed posts, and 150 that were held."""
    return figures(blocked, drawn(3_850, honest=50, spam=0), Held(100, 50), ASSUMED)


def test_the_intervals_of_the_example():
    found = period(drawn(1_000, honest=2, spam=123))
    for interval, factor, name in (
        (found.wrong_posts, A_WEEK, "Honest posts a week blocked, or held that would have been"),
        (
            found.wrong_of_honest,
            1_000.0,
            "Honest posts of 1,000 blocked, or held that would have been",
        ),
        (found.missed_of_allowed, 1_000.0, "Spam in 1,000 allowed posts"),
    ):
        low, high = interval.shown(factor)
        assert f"| {name} | {low:g} | {high:g} |\n" in PAGE
    weekly = period(drawn(1_000, honest=16, spam=984)).wrong_posts.shown(A_WEEK)
    assert f"it would be {weekly[0]:.0f} to {weekly[1]} a week" in PAGE


def test_what_sixty_clean_answers_prove():
    share = ASSUMED.honest_at_most(sequences.upper(0, 60, promise.DELTA))
    percent = math.ceil(share * 1_000) / 10
    assert f'"0 of 60 would-be blocks wrong: at most {percent} % of them"' in PAGE


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (0, "it takes {:,} allowed posts with no wrong would-be block"),
        (1, "{:,} with one,"),
        (3, "{:,} with three."),
    ],
)
def test_how_many_posts_a_certificate_takes(wrong, said):
    level = Level.of(1 / 7, 1 / 7)

    def holds(allowed: int) -> bool:
        seen = PeriodCounts(
            wrong=wrong, allowed=allowed, drawn=allowed // 7, spam=0, part=level.part
        )
        return promise.wrongly_blocked(seen, ASSUMED) <= 0.01

    needed = next(allowed for allowed in range(100, 2_000) if holds(allowed))
    assert said.format(math.ceil(needed / 10) * 10) in PAGE
