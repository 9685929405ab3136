"""Of all sites that share a model: how many of their honest posts it blocks. No site's own figure.

The posts of a period are one finite population. Each was drawn by itself, with a probability that
is known and differs from site to site and day to day, and follows volumes, never the post. Then
y = (drawn and found) / p has each post's own truth as its mean, and the wealth of a bet against the
share m of all is expected to be at most ((1 + bet * (m - mean)))^n, by the inequality of the means:
at most 1 where m is the truth, however unlike the sites are (`weighted`). That is one look at one
period. Because sites are unlike, nothing follows of any one of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from classifiers.guarantees import weighted
from classifiers.guarantees.figures import Sampled
from classifiers.guarantees.reviewers import Mistakes

DELTA: Final = 0.05
FOR_HONEST: Final = 0.2
"""Share of the chance of error that is spent on how many allowed posts are honest."""
FEWEST: Final = 3
"""Sites: of fewer it would tell of one."""


@dataclass(frozen=True, slots=True)
class SiteSample:
    """What the model would have blocked on one site, and what was allowed."""

    blocked: Sampled
    allowed: Sampled

    @property
    def is_drawn(self) -> bool:
        """Whether each of its posts might have been drawn: of others nothing is known."""
        return all(part.least > 0.0 or not part.posts for part in (self.blocked, self.allowed))


def pool(samples: list[Sampled]) -> Sampled:
    """One stratum of all sites."""
    posts = [each for each in samples if each.posts]
    return Sampled(
        posts=sum(each.posts for each in posts),
        honest=tuple(p for each in posts for p in each.honest),
        spam=tuple(p for each in posts for p in each.spam),
        unanswered=tuple(p for each in posts for p in each.unanswered),
        least=min((each.least for each in posts), default=0.0),
        greatest=max((each.greatest for each in posts), default=0.0),
    )


def wrongly_blocked(
    blocked: Sampled, allowed: Sampled, mistakes: Mistakes, delta: float = DELTA
) -> float:
    """Of the honest posts of all these sites together, at most this share; 1 where unknown.

    An unanswered block counts as honest, an unanswered allowed post as spam, and posts that were
    held for people as if none were honest.
    """
    if not blocked.posts:
        return 0.0 if allowed.posts else 1.0
    honest = honest_allowed(allowed, mistakes, delta * FOR_HONEST)
    wrong = _share(blocked, blocked.honest, delta * (1.0 - FOR_HONEST))
    most = mistakes.honest_at_most(wrong) * blocked.posts
    return most / (most + honest) if honest > 0.0 else 1.0


def honest_allowed(allowed: Sampled, mistakes: Mistakes, delta: float) -> float:
    """How many of the allowed posts are honest at least."""
    spam = _share(allowed, allowed.spam, delta)
    return mistakes.honest_at_least(1.0 - spam) * allowed.posts


def _share(sampled: Sampled, found: tuple[float, ...], delta: float) -> float:
    return weighted.upper(
        found + sampled.unanswered, sampled.least, sampled.posts, delta, weighted.LITTLE
    )
