"""What people get wrong, carried through to what is said of a machine.

Of honest posts a share `spam_of_honest` is said to be spam, of spam a share `honest_of_spam` to be
honest. A share q of honest posts is then seen as q * (1 - spam_of_honest) + (1 - q) *
honest_of_spam (Rogan, Gladen, Estimating prevalence from the results of a screening test, American
Journal of Epidemiology 1978). Bounds need only bounds of the two, each in the direction that hurts.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from classifiers.guarantees import exact
from classifiers.guarantees.weighted import BETS


@dataclass(frozen=True, slots=True)
class Mistakes:
    """Upper bounds of what people get wrong."""

    spam_of_honest: float = 0.0
    honest_of_spam: float = 0.0

    def __post_init__(self) -> None:
        if not (0.0 <= self.spam_of_honest < 1.0 and 0.0 <= self.honest_of_spam < 1.0):
            raise ValueError("a share of mistakes lies in [0, 1)")

    @property
    def spam_of_honest_twice(self) -> float:
        """Of honest posts, the share that ends as spam where whatever one calls spam is judged
        again, and a third person decides where two differ; if people err apart from one another.
        """
        one = self.spam_of_honest
        return one * one * (2.0 - one)

    @property
    def honest_of_spam_twice(self) -> float:
        """The same of spam that ends as honest."""
        one = self.honest_of_spam
        return one * one * (2.0 - one)

    def honest_at_most(self, seen: float) -> float:
        """The largest share of honest posts that goes with at most `seen` said to be honest."""
        return min(seen / (1.0 - self.spam_of_honest), 1.0)

    def honest_at_least(self, seen: float) -> float:
        """The smallest share of honest posts that goes with at least `seen` said to be honest."""
        return max((seen - self.honest_of_spam) / (1.0 - self.honest_of_spam), 0.0)


ASSUMED: Final = Mistakes(spam_of_honest=0.05, honest_of_spam=0.02)
"""What people are held to get wrong at most, where nothing measures it: no bound of ours, and so
shown beside everything that stands on it."""


def mistakes(*, honest: int, said_spam: int, spam: int, said_honest: int, delta: float) -> Mistakes:
    """Upper bounds from posts whose truth is known, `delta` split between the two.

    Known posts should be as hard as those that they stand for: borderline ones.
    """
    return Mistakes(
        min(exact.upper(said_spam, honest, delta / 2), MOST),
        min(exact.upper(said_honest, spam, delta / 2), MOST),
    )


def differing(differ: int, honest: int, spam: int, assumed: Mistakes) -> float:
    """Natural logarithm of the evidence that people err more than `assumed`, after any number of
    posts that two of them judged: it exceeds ln(1 / delta) with a chance of at most `delta`.

    Of `differ` posts one said spam and one honest, and nobody knows who is wrong; of `honest` and
    `spam` both said so, or it is known.

    However their errors go together, two differ on at most 2 e of the honest posts and 2 e' of the
    spam, and both call at most e of the honest ones spam, so that the share h of honest posts is at
    most P(not both say spam) / (1 - e). Hence P(differ) - c P(not both say spam) is at most 2 e',
    with c = 2 (e - e') / (1 - e), whatever h is; bets against that are mixed as in `weighted`.
    """
    e, f = assumed.spam_of_honest, assumed.honest_of_spam
    if e < f:
        raise ValueError("more of the honest posts are supposed to be misjudged")
    most, lean = 2.0 * f, 2.0 * (e - f) / (1.0 - e)
    bets = np.asarray(BETS) / (most + lean) * (1.0 - 1e-9)
    wealth = (
        differ * np.log1p(bets * (1.0 - lean - most))
        + honest * np.log1p(-bets * (lean + most))
        + spam * np.log1p(-bets * most)
    )
    return float(np.logaddexp.reduce(wealth) - np.log(len(bets)))


MOST = 0.999
"""Of nothing known everything may be wrong; kept below 1, where bounds are still numbers."""
