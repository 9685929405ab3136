"""How closely a certificate is watched while it is in force."""

from __future__ import annotations

import math
from typing import Final

from classifiers.guarantees.renewal import RENEWED_DAYS

LASTS_DAYS: Final = 30
"""A certificate expires after so many days, unless another follows it."""
DELTA_A_YEAR: Final = 0.05
"""Chance at most with which a year of kept promises is ended by mistake."""
ONCE_DAYS: Final = 7
"""Under a certificate the model blocks an author once in so many days, and people judge the rest: a
promise of posts would else stand on how few authors are wrong, which are too few to tell.
"""
MOMENT_DAYS: Final = 1.0 / 1_440.0
"""Certificates that follow one another at once still spend something."""
DOUBTED: Final = math.log(5.0)
"""Evidence from which on every block is drawn, so that doubt does not last."""
SHARE: Final = 0.1
"""Of the model's blocks so many are drawn at least: a busy site does more harm in a day."""
AUDITS: Final = 20
"""Of the model's blocks so many are drawn a day at least, and of the allowed posts of a site that
blocks by certificate as many, but of these no more than ALLOWED_SHARE."""
ALLOWED_SHARE: Final = 0.15
"""A small site's verdicts are better spent on what would be blocked."""
HELD_SHARE: Final = 0.25
"""Of the posts that are held for people, at most so many are drawn: what is drawn never trains."""


def broken(delta_a_year: float = DELTA_A_YEAR, *, after_days: float = math.inf) -> float:
    """Evidence against a promise, as a natural logarithm, at which it is broken beyond doubt.

    A certificate spends the part of a year that went by since the site's one before it,
    `after_days`, and at most what goes by until another may follow in the usual way; so all of a
    year spend no more, however often model or policy change. Two tests share it.
    """
    days = min(max(after_days, MOMENT_DAYS), LASTS_DAYS - RENEWED_DAYS)
    return -math.log(delta_a_year * days / 365.25 / 2.0)


def chance_of_block(expected: float, *, certified: bool, doubted: bool) -> float:
    """The least probability with which a would-be block is drawn, of so many a day.

    People judge each where there is no certificate, or one in doubt.
    """
    if not certified or doubted or expected <= 0.0:
        return 1.0
    return min(max(AUDITS / expected, SHARE), 1.0)


def chance_of_other_blocks(expected: float) -> float:
    """The least probability with which a block that needs no certificate is drawn, of so many a
    day: they are measured, and whoever floods a list asks nobody for more.
    """
    return min(AUDITS / expected, 1.0) if expected > 0.0 else 1.0


def chance_of_allowed(expected: float) -> float:
    """The least probability with which an allowed post is drawn, of so many a day."""
    return min(AUDITS / expected, ALLOWED_SHARE) if expected > 0.0 else ALLOWED_SHARE


def chance_of_held(expected: float) -> float:
    """The probability with which a post that is held for people is drawn, of so many a day."""
    if expected <= 0.0:
        return HELD_SHARE
    return min(max(AUDITS / expected, SHARE), HELD_SHARE)
