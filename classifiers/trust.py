"""How far the labels of a source may be trusted, learnt from where people judged the same words.

The 5 % quantile of a Beta posterior over the share that a source says as moderators do: nobody is
trusted for what they have not shown, and the more was compared the less is held back. What was
said lately counts most, and a difference weighs as TURN agreements: who earns trust in order to
misuse it has spent it after a few labels.

Behind one key there may be many, each of whom has said little, and a name costs nothing. So what
moderators confirmed counts, whoever said it; of the rest, names that are not PROVEN share what one
reporter may have, and are trusted only while their key is. Among many honest people somebody is
always wrong: a key is no longer trusted when its differences come so close together that a turn
explains them (Page, Continuous inspection schemes, Biometrika 1954).
"""

from __future__ import annotations

import math
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
MOST_OF_SITE: Final = 0.4
"""Shares of a snapshot's weight that a reporter's labels may have which nobody confirmed, and all
labels of a site's reporters."""
PROVEN: Final = 12
"""Labels of a reporter that moderators confirmed, from which they stand for themselves."""
USUAL: Final = 0.05
TURNED: Final = 0.35
"""Shares of differences of a key whose people are honest, and of one where many turn."""
SURE: Final = 5.0
"""Log-odds for a turn from which a key is not trusted: in 300 comparisons one honest key of 70
comes there where people differ in 2 %, one of five where they differ in 5 %."""

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


def trust_of_key(compared: Sequence[Compared]) -> float:
    """The trust that all who speak with a key have earned together, in [0, 1]; oldest first.

    >>> round(trust_of_key([Compared(True, True)] * 20 + [Compared(False, True)]), 2)
    0.8
    """
    return 0.0 if has_turned(compared) else _quantile(compared, QUANTILE, memory=1.0, turn=1.0)


def has_turned(compared: Sequence[Compared]) -> bool:
    """Whether a key's differences once came so close together that its people must have turned."""
    found = 0.0
    for each in compared:
        share = TURNED / USUAL if not each.agrees else (1.0 - TURNED) / (1.0 - USUAL)
        found = max(0.0, found + math.log(share))
        if found >= SURE:
            return True
    return False


def is_distrusted(compared: Sequence[Compared], *, of_key: bool = False) -> bool:
    """Whether even the most that these comparisons allow for is too little to teach."""
    memory, turn = (1.0, 1.0) if of_key else (MEMORY, TURN)
    return _quantile(compared, 1.0 - QUANTILE, memory=memory, turn=turn) < TEACHES_FROM


def _quantile(
    compared: Sequence[Compared], share: float, *, memory: float = MEMORY, turn: float = TURN
) -> float:
    # What it needs is large, and web servers import this module for its constants.
    from scipy.special import betaincinv

    agreed = differed = 0.0
    for each in compared:
        agreed, differed = agreed * memory, differed * memory
        if not each.agrees:
            differed += turn
        else:
            agreed += 1.0 if each.blind else SEEN
    return float(betaincinv(1.0 + agreed, 1.0 + differed, share))


@dataclass(frozen=True, slots=True)
class Reputation:
    """What a reporter, or a key as a whole, has earned."""

    trusted: float = 0.0
    agreed: int = 0
    flagged: bool = False

    @property
    def is_proven(self) -> bool:
        return not self.flagged and self.agreed >= PROVEN and self.trusted >= TEACHES_FROM


def weight_of(own: Reputation, key: Reputation, *, confirmed: bool | None) -> float:
    """The weight of a label; 0 where it may not teach.

    `confirmed`: whether a moderator who was asked blind said the same; None where nobody was.
    """
    if own.flagged or confirmed is False or (key.flagged and not own.is_proven):
        return 0.0
    if confirmed:
        return 1.0
    return weight(own.trusted if own.is_proven else min(own.trusted, key.trusted))


def caps(
    own: Reputation, *, reporter: str, site: str, confirmed: bool | None
) -> tuple[tuple[str, float], ...]:
    """The groups of a label that are capped, as `capped` takes them."""
    if confirmed:
        return ((site, MOST_OF_SITE),)
    alone = reporter if own.is_proven else f"unproven of {site}"
    return ((alone, MOST_OF_REPORTER), (site, MOST_OF_SITE))


def chance_of_check(own: Reputation, key: Reputation) -> float:
    """The chance with which a moderator is asked, blind, about what a reporter said."""
    trusted = own.trusted if own.is_proven else min(own.trusted, key.trusted)
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
