"""A candidate beside the model that it would replace, where a mean over all posts hides harm.

Each check is an interval of how much worse the candidate is, and a margin. It is clearly worse
where the whole interval lies above the margin; where posts are too few for an interval, that is
said, and stops nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from classifiers.guarantees import weighted

FEWEST: Final = 20
"""Posts below which nothing is told."""
WIDE: Final = 0.3
"""A difference of shares whose interval is wider says nothing but that posts are too few: ten times
what a candidate may lose."""


@dataclass(frozen=True, slots=True)
class Check:
    """How much worse a candidate is in one respect; the ends are None where nothing is known."""

    what: str
    """Of which posts, or what of the model."""
    posts: int
    low: float | None
    high: float | None
    margin: float | None
    """What may be lost; None for a figure that is told and decides nothing."""
    is_ratio: bool = False
    """Whether it is a ratio to the other model's figure, and not a difference of shares."""

    @property
    def is_known(self) -> bool:
        if self.low is None or self.high is None:
            return False
        return self.is_ratio or self.is_worse or self.high - self.low <= WIDE

    @property
    def is_worse(self) -> bool:
        return self.low is not None and self.margin is not None and self.low > self.margin

    @property
    def says(self) -> str:
        posts = f"{self.posts:,} post{'' if self.posts == 1 else 's'}"
        if self.low is None or self.high is None or not self.is_known:
            return f"{posts} {'is' if self.posts == 1 else 'are'} too few to say"
        if self.is_ratio:
            ends = f"{self.low:.2f} to {self.high:.2f} times the other's"
            allowed = "decides nothing" if self.margin is None else f"{self.margin:g} times allowed"
        else:
            ends = f"{100 * self.low:+.1f} to {100 * self.high:+.1f} points".replace("-", "−")
            allowed = (
                "decides nothing" if self.margin is None else f"{100 * self.margin:+g} allowed"
            )
        return f"{ends} on {posts} ({allowed})"

    def as_dict(self) -> dict[str, Any]:
        return {
            "what": self.what,
            "posts": self.posts,
            "low": self.low,
            "high": self.high,
            "margin": self.margin,
            "worse": self.is_worse,
            "known": self.is_known,
            "says": self.says,
        }


def errors(
    what: str,
    worse: Sequence[float],
    better: Sequence[float],
    *,
    least: float,
    posts: int,
    seen: int,
    margin: float,
    delta: float,
) -> Check:
    """How many more posts, as a share, the candidate decides wrongly; see `weighted.difference`.

    `posts` were drawn from, with a probability of at least `least`; `seen` of them were drawn.
    """
    if seen < FEWEST or least <= 0.0:
        return Check(what, seen, None, None, margin)
    high = weighted.difference(worse, better, least, posts, delta / 2)
    low = -weighted.difference(better, worse, least, posts, delta / 2)
    return Check(what, seen, low, high, margin)


def counted(checks: Sequence[Check]) -> str:
    """How many were passed, and how many could not be, in words; for checks of which none fails."""
    judging = [check for check in checks if check.margin is not None]
    known = sum(check.is_known for check in judging)
    unknown = len(judging) - known
    said = f"none of {known} further checks shows it clearly worse"
    return f"{said}, and {unknown} had too few posts to say" if unknown else said
