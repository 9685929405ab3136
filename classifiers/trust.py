"""How far the labels of a source may be trusted, learnt from where people judged the same words.

The 5 % quantile of a Beta posterior over the share that a source says as moderators do: nobody is
trusted for what they have not shown, and the more was compared the less is held back. What was
said lately counts most, and a difference weighs as TURN agreements: who earns trust in order to
misuse it has spent it after a few labels.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeVar

QUANTILE: Final = 0.05
MEMORY: Final = 0.95
"""What a comparison keeps of its weight when another follows: about the last 20 count."""
SEEN: Final = 0.25
"""Weight of an agreement with somebody who may have known what the source had said."""
TURN: Final = 4.0
TEACHES_FROM: Final = 0.5
"""Trust from which labels may train: four blind agreements and no difference."""
LEAST_CHECKED: Final = 0.1
"""Whoever is trusted is looked at now and then all the same."""
STEP: Final = 0.05
"""Weights move in such steps, so that a snapshot is not another for every word that is said."""
MOST_OF_REPORTER: Final = 0.05
MOST_OF_KEY: Final = 0.4
"""Shares of a snapshot's weight that the labels of one reporter, and of one key, may have."""

Name = TypeVar("Name", bound=object)


@dataclass(frozen=True, slots=True)
class Compared:
    """One thing that a source said, beside what a moderator said of the same words."""

    agrees: bool
    blind: bool
    """The moderator did not know what the source had said."""


def trust(compared: Sequence[Compared]) -> float:
    """The trust that these comparisons earn, in [0, 1]; oldest first.

    >>> [round(trust([Compared(True, True)] * n), 2) for n in (0, 4, 20)]
    [0.05, 0.53, 0.8]
    """
    return _quantile(compared, QUANTILE)


def is_distrusted(compared: Sequence[Compared]) -> bool:
    """Whether even the most that these comparisons allow for is too little to teach."""
    return _quantile(compared, 1.0 - QUANTILE) < TEACHES_FROM


def _quantile(compared: Sequence[Compared], share: float) -> float:
    # What it needs is large, and web servers import this module for its constants.
    from scipy.special import betaincinv

    return float(betaincinv(*_posterior(compared), share))


def _posterior(compared: Sequence[Compared]) -> tuple[float, float]:
    agreed = differed = 0.0
    for each in compared:
        agreed, differed = agreed * MEMORY, differed * MEMORY
        if not each.agrees:
            differed += TURN
        else:
            agreed += 1.0 if each.blind else SEEN
    return 1.0 + agreed, 1.0 + differed


def chance_of_check(trusted: float) -> float:
    """The chance with which a moderator is asked, blind, about what a source said."""
    return max(LEAST_CHECKED, 1.0 - trusted)


def weight(trusted: float) -> float:
    """The weight of a label of a source that is trusted so far; 0 where it may not teach."""
    if trusted < TEACHES_FROM:
        return 0.0
    return round(STEP * int(trusted / STEP + 1e-9), 2)


def capped(
    weights: Mapping[Name, float], of: Mapping[Name, Iterable[tuple[str, float]]], others: float
) -> dict[Name, float]:
    """The weights, scaled so that no group has more than its share of all.

    `of` names the groups of each label with the share that is their most; `others` is the weight
    of labels that belong to none. Shares are of these and the group together, so that several
    groups cannot make room for each other.
    """
    scaled = dict(weights)
    totals: dict[str, float] = {}
    shares: dict[str, float] = {}
    for name, weighs in weights.items():
        for group, share in of[name]:
            totals[group] = totals.get(group, 0.0) + weighs
            shares[group] = share
    factors = {
        group: min(1.0, shares[group] / (1.0 - shares[group]) * others / total) if total else 1.0
        for group, total in totals.items()
    }
    for name in weights:
        scaled[name] *= min((factors[group] for group, _ in of[name]), default=1.0)
    return scaled
