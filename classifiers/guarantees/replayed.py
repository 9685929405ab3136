"""A candidate judged on stored draws, scored again: is it no worse, and what may it block?

Draws were made of what an earlier model decided; what the candidate would decide divides the same
posts otherwise. Each draw keeps the probability that was stored with it, so nothing is drawn anew:

- Posts that would be blocked, or were held, count by what people said of those drawn, each for
  1 / probability posts (`weighted`).
- Posts that were allowed are all scored again, and each that the candidate would block counts as an
  honest one: that takes no labels, which are few there, and costs little where the candidate blocks
  little of what was allowed. Where only a share was scored again, each counts for 1 / share.

With m the bound of the share of posts that are honest and lie at or above a threshold, and h that
of the posts that are honest and were allowed, at most m / h of the honest posts lie there.

Looking at one candidate after another on the same draws spends the chance of error: the k-th has
delta / (k (k + 1)), which add up to delta however many there are. Those that fail leave no trace in
what is trained next, so there is one sequence of candidates, and the sum is enough; what is
certified ends it, and its draws are not used again.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import numpy as np

from classifiers.arrays import Numbers
from classifiers.guarantees import promise, senders, sequences, thresholds, weighted
from classifiers.guarantees.certificates import Certified
from classifiers.guarantees.promise import DELTA, FOR_HONEST, PeriodCounts
from classifiers.guarantees.reviewers import Mistakes

FOR_ALLOWED: Final = 0.05
"""Share of the chance of error that is spent on how many posts are allowed."""
SURE: Final = 1.0
"""The score of a post that cannot be scored again: as if the candidate blocked it."""
MOST_NEEDED: Final = 100_000


@dataclass(frozen=True, slots=True)
class Judged:
    """A drawn post that was held, or would have been blocked."""

    chance: float
    """With which it was drawn."""
    score: float
    """What the candidate makes of it."""
    spam: bool | None
    """What people say; None where they said nothing in time."""
    at: float = 0.0
    """When it was drawn, in seconds."""
    author: int = 0
    """Whose it is, as `senders`."""


@dataclass(frozen=True, slots=True, eq=False)
class Replayed:
    """A period's posts as a candidate sees them."""

    judged: tuple[Judged, ...]
    least: float
    """The least probability with which any post of those strata was drawn."""
    rest: int
    """Posts of those strata, drawn or not."""
    allowed: int
    """Posts that were allowed."""
    allowed_scores: Numbers
    """Of the allowed posts that were scored again."""
    scored: float
    """The chance with which each allowed post was scored again."""
    drawn: int
    """Allowed posts that were drawn."""
    spam: int
    """Of these, spam or without an answer in time."""
    together: float = 1.0
    """How many of these count as one; see `senders`."""
    allowed_at: Numbers | None = None
    """When those came that were scored again, in seconds; None: each is of another author."""
    allowed_authors: senders.Whose | None = None

    @property
    def posts(self) -> int:
        return self.allowed + self.rest

    @property
    def seen(self) -> PeriodCounts:
        return PeriodCounts(0, self.allowed, self.drawn, self.spam, together=self.together)

    def found(self, threshold: float) -> list[float]:
        """The chance of each post that counts as honest at or above the threshold; of each author
        as many as a certificate lets the model block.
        """
        judged = [each for each in self.judged if each.score >= threshold and each.spam is not True]
        which = self.allowed_scores >= threshold
        none = np.zeros(len(which))
        at = none if self.allowed_at is None else self.allowed_at
        whose = none if self.allowed_authors is None else self.allowed_authors
        chances = np.array([each.chance for each in judged] + [self.scored] * int(which.sum()))
        once = senders.once(
            np.array([each.author for each in judged] + whose[which].tolist(), dtype=np.int64),
            np.array([each.at for each in judged] + at[which].tolist()),
            chances,
        )
        return [float(chance) for chance in chances[once]]

    def blocked(self, threshold: float) -> float:
        """How many posts lie at or above the threshold, estimated."""
        drawn = sum(1.0 / each.chance for each in self.judged if each.score >= threshold)
        return drawn + float((self.allowed_scores >= threshold).sum()) / self.scored


def spent(trial: int, delta: float = DELTA) -> float:
    """The chance of error that the `trial`-th candidate may spend, the first being 1."""
    if trial < 1:
        raise ValueError("trials are counted from 1")
    return delta / (trial * (trial + 1))


def wrongly_blocked(
    found: Iterable[float], replayed: Replayed, mistakes: Mistakes, delta: float
) -> float:
    """Upper bound of the share of honest posts that lie where `found` was; 1 if nothing is known.

    Of honest posts people call some spam, so that as many more may have been found.
    """
    honest = promise.honest_share(replayed.seen, mistakes, delta)
    allowed = 1.0 - sequences.upper(replayed.rest, replayed.posts, delta * FOR_ALLOWED)
    least = min(replayed.least, replayed.scored)
    if honest * allowed <= 0.0 or least <= 0.0:
        return 1.0
    spend = delta * (1.0 - FOR_HONEST - FOR_ALLOWED)
    share = weighted.upper(list(found), least, replayed.posts, spend, weighted.LITTLE)
    return min(share / (1.0 - mistakes.spam_of_honest) / (honest * allowed), 1.0)


def can_say(replayed: Replayed, mistakes: Mistakes, most: float, delta: float) -> bool:
    """Whether a candidate without a mistake could be certified on these draws.

    It asks for nothing that a candidate makes of them, and so spends nothing.
    """
    return replayed.posts > 0 and wrongly_blocked((), replayed, mistakes, delta) <= most


def certify(
    replayed: Replayed, *, block_from: float, mistakes: Mistakes, most: float, delta: float
) -> Certified | None:
    """The lowest threshold from which the promise holds for the candidate; None where of none."""

    def bound(threshold: float) -> float:
        return wrongly_blocked(replayed.found(threshold), replayed, mistakes, delta)

    if not replayed.posts:
        return None
    certified = thresholds.certify(thresholds.grid(block_from), bound, most)
    if certified is None:
        return None
    threshold, shown = certified
    wrong = len(replayed.found(threshold))
    seen = PeriodCounts(wrong, replayed.allowed, replayed.drawn, replayed.spam, replayed.least)
    blocks = replayed.blocked(block_from)
    covers = replayed.blocked(threshold) / blocks if blocks else 0.0
    return Certified(threshold, shown, seen, covers)


@dataclass(frozen=True, slots=True)
class Compared:
    """What two models do with the same drawn posts."""

    volumes: tuple[tuple[int, float], ...]
    """Posts that were drawn from, in groups of like probability, and the least of each group."""
    worse: tuple[float, ...] = ()
    """The chance of each drawn post that only the candidate decides wrongly."""
    better: tuple[float, ...] = ()
    judged: int = 0
    """Drawn posts that people answered."""

    @property
    def posts(self) -> int:
        return sum(posts for posts, _ in self.volumes)

    def at_most(self, delta: float = DELTA) -> float:
        """How many more posts, as a share, the candidate decides wrongly at most."""
        return self._bound(self.worse, self.better, self._least(delta), delta)

    def at_least(self, delta: float = DELTA) -> float:
        return -self._bound(self.better, self.worse, self._least(delta), delta)

    def can_say(self, margin: float, delta: float = DELTA) -> bool:
        """Whether these draws could show as much of two models that agree."""
        return self._bound((), (), self._least(delta), delta) <= margin

    def needed(self, margin: float, delta: float = DELTA) -> int:
        """Draws, all of one probability, with which a model that agrees would pass."""

        def is_enough(draws: int) -> bool:
            return weighted.difference((), (), 1.0, draws, delta) <= margin

        return 1 + bisect_left(range(1, MOST_NEEDED), True, key=is_enough)

    def _least(self, delta: float) -> float:
        """The least chance that counts: where two models that agree are told the most.

        An hour in which many posts came has chances so small that all other draws would say little
        beside it. It asks for volumes alone, so the choice is free.
        """
        chances = (least for _, least in self.volumes)
        return min(chances, key=lambda each: self._bound((), (), each, delta), default=1.0)

    def _bound(
        self, worse: Iterable[float], better: Iterable[float], least: float, delta: float
    ) -> float:
        """Posts with a smaller chance than `least` count at their worst."""
        posts = sum(posts for posts, chance in self.volumes if chance >= least)
        if not posts:
            return 1.0
        lost, won = ([each for each in found if each >= least] for found in (worse, better))
        share = posts / self.posts
        return share * weighted.difference(lost, won, least, posts, delta) + 1.0 - share
