"""A simulated site: posts come, a model scores them, some are drawn, people answer late and err."""

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from benchmarks.promise.posts import Pool
from classifiers.arrays import Flags, Numbers
from classifiers.guarantees.certificates import Draws
from classifiers.guarantees.reviewers import ASSUMED, Mistakes

DAY: Final = 86_400.0
HOUR: Final = 3_600.0
DEADLINE: Final = 3 * DAY
BLOCK_FROM: Final = 0.8
REVIEW_FROM: Final = 0.3
ERRORS: Final = Mistakes(spam_of_honest=0.02, honest_of_spam=0.003)
"""What the simulated people get wrong."""
BOUND: Final = ASSUMED
"""What is assumed of that: all that the statistics are told, here as in service."""
SILENT: Final = 0.002
"""Share of the draws that are never answered."""
MEDIAN_DELAY: Final = 4 * HOUR
PAUSE: Final = 600.0
"""Seconds after an answer before somebody else is asked; as in `reviews.labels.looks`."""
SPREAD_OF_DELAY: Final = 1.0
"""Of the logarithm, a normal distribution."""
WAVE: Final = 1.5
"""The spam of a wave comes within a day: so many times the posts of a usual one."""
WAVES: Final = 30
"""Days from one wave to the next."""


@dataclass(frozen=True, slots=True, eq=False)
class Stream:
    """Posts of one site in their order; all of one length. Times in seconds."""

    at: Numbers
    spam: Flags
    scores: Numbers
    said: Flags
    """Whether people would call it spam."""
    answered_at: Numbers
    """When they would, if it were drawn; infinite for never."""
    overruled_at: Numbers
    """When a second and a third person would have overruled the first who called it honest; a
    second is asked of would-be blocks alone. Infinite for never."""
    throws: Numbers
    """The number in [0, 1) that is compared with the chance of being drawn."""
    whose: NDArray[np.int64]
    """The author of each, as a number; 0 for who is nobody else."""

    @property
    def blocks(self) -> Flags:
        return self.scores >= BLOCK_FROM

    @property
    def allowed(self) -> Flags:
        return self.scores < REVIEW_FROM

    def draws(self, drawn: Flags, now: float, chances: Numbers) -> Draws:
        """What is known at `now` of the draws among the blocks and the allowed posts.

        Of the blocks, `chances` are those with which they were drawn.
        """
        chosen = drawn & (self.blocks | self.allowed) & (self.at <= now)
        return Draws(
            self.at[chosen],
            self.blocks[chosen],
            self.scores[chosen],
            self.answered_at[chosen] <= now,
            self.said[chosen] | (self.blocks & (self.overruled_at <= now))[chosen],
            self.throws[chosen],
            self.whose[chosen],
            chances[chosen],
        )


def stream(
    generator: np.random.Generator,
    pool: Pool,
    *,
    prevalence: float | Numbers,
    volume: float,
    days: float,
    busy: Numbers | None = None,
    errors: Mistakes = ERRORS,
    burst: int = 1,
) -> Stream:
    """Posts of so many days. `busy` gives each day a share of the usual volume, `prevalence` may
    differ by day, and of honest posts so many after one another are one author's, and score alike.
    """
    if busy is None:
        at = np.sort(generator.random(generator.poisson(volume * days)) * days * DAY)
    else:
        counts = generator.poisson(volume * busy)
        at = np.sort(np.repeat(np.arange(len(busy)), counts) + generator.random(counts.sum())) * DAY
    by_day = np.broadcast_to(prevalence, int(np.ceil(days)))
    spam = generator.random(len(at)) < by_day[(at // DAY).astype(np.int64)]
    author = (np.cumsum(~spam) - 1) // burst
    scores = np.where(
        spam,
        generator.choice(pool.scores[pool.spam], len(at)),
        generator.choice(pool.scores[~pool.spam], len(at))[author],
    )
    said, answered_at = answers(generator, at, spam, errors)
    twice, settled_at = looked_again(generator, at, spam, said, answered_at, errors)
    overruled_at = np.where(~said & ~twice, settled_at, np.inf)
    throws = generator.random(len(at))
    whose = np.where(spam, 0, author + 1)
    return Stream(at, spam, scores, said, answered_at, overruled_at, throws, whose)


def worse_in_waves(
    generator: np.random.Generator, posts: Stream, waves: int, share: float
) -> Stream:
    """The same with so large a share of the honest posts that would be blocked on days of waves."""
    honest = ~posts.spam
    in_wave = (posts.at // DAY).astype(np.int64) % waves == waves // 2
    wrong = generator.permutation(posts.scores[honest & posts.blocks])
    others = generator.permutation(posts.scores[honest & ~posts.blocks])
    ours, theirs = ((honest & each).nonzero()[0] for each in (in_wave, ~in_wave))
    count = min(int(generator.binomial(len(wrong), share)), len(ours))
    chosen = np.concatenate(
        [
            generator.choice(ours, count, replace=False),
            generator.choice(theirs, len(wrong) - count, replace=False),
        ]
    )
    scores = posts.scores.copy()
    scores[chosen] = wrong
    honest[chosen] = False
    scores[honest] = others
    return replace(posts, scores=scores)


def before(at: Numbers, which: Flags, days: int) -> Numbers:
    """How many posts of a kind came on the day before each day; on the first, as on average."""
    by_day = np.bincount((at[which] // DAY).astype(np.int64), minlength=days)
    return np.concatenate([[which.sum() / days], by_day[: days - 1]])


def lately(at: Numbers, which: Flags) -> Numbers:
    """How many posts of a kind came in the 24 hours before each post, with itself; on the first
    day, as on average.
    """
    count = np.concatenate([[0], np.cumsum(which)])
    came = count[np.arange(len(at))] - count[np.searchsorted(at, at - DAY)] + 1.0
    days = max(float(at[-1]) / DAY, 1.0) if len(at) else 1.0
    return np.asarray(np.where(at < DAY, which.sum() / days, came))


def with_waves(busy: Numbers, prevalence: Numbers, every: int = WAVES) -> tuple[Numbers, Numbers]:
    """Each day's share of the usual volume, and of spam, where a wave comes every so many days; the
    first half as many days on.
    """
    days = np.arange(len(busy))
    more = np.where(days % every == every // 2, WAVE, 0.0)
    return busy + more, (busy * prevalence + more) / (busy + more)


def answers(
    generator: np.random.Generator, at: Numbers, spam: Flags, errors: Mistakes = ERRORS
) -> tuple[Flags, Numbers]:
    """What people say of each post, and when."""
    wrong = generator.random(len(at)) < np.where(spam, errors.honest_of_spam, errors.spam_of_honest)
    delay = MEDIAN_DELAY * np.exp(SPREAD_OF_DELAY * generator.standard_normal(len(at)))
    silent = generator.random(len(at)) < SILENT
    return spam ^ wrong, np.where(silent, np.inf, at + delay)


def looked_again(
    generator: np.random.Generator,
    at: Numbers,
    spam: Flags,
    said: Flags,
    answered_at: Numbers,
    errors: Mistakes,
) -> tuple[Flags, Numbers]:
    """Whether two people call each post honest that the first did, and when that is known.

    Where a second differs a third decides; what the first called spam is known with the first.
    """
    others = [answers(generator, at, spam, errors) for _ in range(2)]
    second = answered_at + PAUSE + others[0][1] - at
    third = second + others[1][1] - at
    twice = ~said & (~others[0][0] | ~others[1][0])
    return twice, np.where(said, answered_at, np.where(others[0][0], third, second))
