"""How wrong a machine was in a period, with intervals, from what was counted and what was drawn.

Posts that were, or would have been, blocked and posts that were allowed are two strata, sampled
with known probabilities; those held for people are judged by them and counted. The chance of error
is split between the three, and each figure takes the ends that are worst for it.
"""

from __future__ import annotations

from dataclasses import dataclass

from classifiers.guarantees import exact, weighted
from classifiers.guarantees.exact import Interval
from classifiers.guarantees.reviewers import Mistakes

DELTA = 0.05
OF_HELD = 0.1
"""Share of the chance of error that is kept for what people get wrong of the posts held."""
OF_COUNTED = 0.1
"""Share of a stratum's chance of error that is kept for what is certain without the draws' chances:
what is drawn is found, and what is not may be anything."""
EQUAL = 1e-9
"""Inclusion probabilities that differ by less are one."""


@dataclass(frozen=True, slots=True)
class Sampled:
    """One stratum of a period."""

    posts: int = 0
    """All of it, counted."""
    honest: tuple[float, ...] = ()
    """The probability with which each post was drawn that people found honest."""
    spam: tuple[float, ...] = ()
    unanswered: tuple[float, ...] = ()
    least: float = 0.0
    """The least probability with which any post of the stratum was drawn."""
    greatest: float = 0.0

    @property
    def drawn(self) -> int:
        return len(self.honest) + len(self.spam) + len(self.unanswered)

    def honest_share(self, mistakes: Mistakes, delta: float, *, mostly: bool) -> Interval:
        """Of the posts, the share that is honest, whatever the unanswered are.

        Where all were drawn with one probability the sample is uniform, and the interval exact.
        Elsewhere it is a bound of what people say, `mostly` honest or mostly spam, from which
        theirs follow; or what counting alone leaves, where that is narrower.
        """
        if self.drawn == 0 or self.least <= 0.0:
            return Interval(0.0, 1.0)
        if self.greatest - self.least < EQUAL:
            return self._honest_of(self.posts, mistakes, delta) * (1.0 / self.posts)
        found = self.spam if mostly else self.honest
        each = (1.0 - OF_COUNTED) * delta / 2
        said = Interval(
            weighted.lower(found, self.least, self.posts, each),
            weighted.upper(found + self.unanswered, self.least, self.posts, each),
        )
        weighed = _true(_rest(said) if mostly else said, mistakes)
        counted = self._honest_of(self.drawn, mistakes, OF_COUNTED * delta)
        left = self.posts - self.drawn
        high = min(weighed.high, (counted.high + left) / self.posts)
        return Interval(min(max(weighed.low, counted.low / self.posts), high), high)

    def _honest_of(self, posts: int, mistakes: Mistakes, delta: float) -> Interval:
        """How many of `posts` are honest, of which these were drawn uniformly."""
        silent = len(self.unanswered)
        return _counted(len(self.honest), len(self.spam), silent, posts, mistakes, delta)


@dataclass(frozen=True, slots=True)
class Held:
    """Posts that were held for people: counted, no sample."""

    honest: int = 0
    spam: int = 0
    unanswered: int = 0


@dataclass(frozen=True, slots=True)
class Figures:
    """Each with both ends; all together with a chance of error of DELTA."""

    wrong_of_honest: Interval
    """Share of the honest posts that were, or would have been, blocked."""
    wrong_of_blocks: Interval
    """Share of the blocks that are honest posts."""
    wrong_posts: Interval
    """Honest posts blocked in the period."""
    missed_of_allowed: Interval
    """Share of the allowed posts that are spam."""
    missed_of_spam: Interval
    """Share of the spam that was allowed."""
    prevalence: Interval
    """Share of the posts that are spam."""


def figures(
    blocked: Sampled, allowed: Sampled, held: Held, mistakes: Mistakes, delta: float = DELTA
) -> Figures:
    """All figures of a period; see Figures."""
    of_held = OF_HELD * delta
    sampled = (delta - of_held) / 2
    wrong = blocked.honest_share(mistakes, sampled, mostly=False)
    honest = allowed.honest_share(mistakes, sampled, mostly=True)
    wrong_posts = wrong * blocked.posts
    honest_allowed = honest * allowed.posts
    held_posts = held.honest + held.spam + held.unanswered
    honest_held = _counted(held.honest, held.spam, held.unanswered, held_posts, mistakes, of_held)
    missed = Interval(allowed.posts - honest_allowed.high, allowed.posts - honest_allowed.low)
    caught = Interval(blocked.posts - wrong_posts.high, blocked.posts - wrong_posts.low)
    asked = Interval(held_posts - honest_held.high, held_posts - honest_held.low)
    posts = blocked.posts + allowed.posts + held_posts
    spam = Interval(missed.low + caught.low + asked.low, missed.high + caught.high + asked.high)
    return Figures(
        wrong_of_honest=_part(wrong_posts, _sum(honest_allowed, honest_held)),
        wrong_of_blocks=wrong,
        wrong_posts=wrong_posts,
        missed_of_allowed=_rest(honest),
        missed_of_spam=_part(missed, _sum(caught, asked)),
        prevalence=spam * (1.0 / posts) if posts else Interval(0.0, 1.0),
    )


def _true(said_honest: Interval, mistakes: Mistakes) -> Interval:
    return Interval(
        mistakes.honest_at_least(said_honest.low), mistakes.honest_at_most(said_honest.high)
    )


def _counted(
    honest: int, spam: int, unanswered: int, posts: int, mistakes: Mistakes, delta: float
) -> Interval:
    """How many of `posts` are honest, of which so many were drawn uniformly and called that."""
    drawn = honest + spam + unanswered
    return Interval(
        exact.fewest(honest, drawn, posts, delta / 2, mistakes.honest_of_spam),
        exact.most(honest + unanswered, drawn, posts, delta / 2, mistakes.spam_of_honest),
    )


def _rest(share: Interval) -> Interval:
    return Interval(1.0 - share.high, 1.0 - share.low)


def _sum(one: Interval, other: Interval) -> Interval:
    return Interval(one.low + other.low, one.high + other.high)


def _part(part: Interval, rest: Interval) -> Interval:
    """part / (part + rest), at its worst; the whole interval where both may be nothing."""
    low = part.low / (part.low + rest.high) if part.low > 0.0 else 0.0
    high = part.high / (part.high + rest.low) if part.high + rest.low > 0.0 else 1.0
    return Interval(low, high)
