"""How many posts count as one, because posts of one author on one day are alike.

If of each author's posts on a day all are wrong or none, N posts say as much as N / m, where m is
the mean over posts of how many its author sent that day; if they are wrong independently, as much
as N. Between the two lies the design effect 1 + (m - 1) * r (Kish, Survey sampling, 1965, 8.2),
r being the correlation within a day of an author. Wrong posts are too few to tell it, so it is that
of the model's log-odds among allowed posts, by analysis of variance (Donner, A review of inference
procedures for the intraclass correlation coefficient, International Statistical Review 1986). It
is an estimate: an author may be wrong together who is otherwise no more alike than others. And m is
a mean over allowed posts: where only those few authors are wrong who send much, it is too small.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

SURE: Final = 1e-6
"""Probabilities are held so far from 0 and 1, that log-odds are numbers."""


@dataclass(frozen=True, slots=True)
class Bursts:
    """Sums over the allowed posts of each author and day; n posts and the sum s of log-odds."""

    count: int = 0
    posts: float = 0.0
    sizes: float = 0.0
    """Sum of n * n."""
    total: float = 0.0
    """Sum of s."""
    between: float = 0.0
    """Sum of s * s / n."""
    squares: float = 0.0
    """Sum over posts of the square of the log-odds."""

    @property
    def together(self) -> float:
        """How many posts count as one; 1 where each author sent one."""
        if self.posts <= self.count:
            return 1.0
        return 1.0 + (self.sizes / self.posts - 1.0) * self._alike()

    def _alike(self) -> float:
        """The correlation within bursts; 1 where nothing speaks against it."""
        if self.count < 2:
            return 1.0
        within = max(self.squares - self.between, 0.0) / (self.posts - self.count)
        mean = self.total**2 / self.posts
        apart = max(self.between - mean, 0.0) / (self.count - 1)
        size = (self.posts - self.sizes / self.posts) / (self.count - 1)
        spread = apart + (size - 1.0) * within
        return min(max((apart - within) / spread, 0.0), 1.0) if spread > 0.0 else 1.0
