"""What people get wrong, measured on known cases, where that says more than what is assumed.

A known case is a post on which two people agreed, shown to a third who does not know. It counts
once, as it was answered first: what somebody missed is shown to nobody again. Only those count that
the machine did not take for plainly honest, because everyday posts are easier than those that
figures are about. Of a few dozen known cases a bound says little, and the assumption
stays; it gives way where the bound is tighter, or where the cases contradict it. Certificates
reckon with what contradicts it, and gain nothing from what is tighter.

Cases are counted on from the first day of the last half-year, so that bounds hold at all times at
once: cases of a number of days before each look would be another sequence each day.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db.models import Exists, OuterRef

from classifiers.guarantees import sequences
from classifiers.guarantees.reviewers import ASSUMED, MOST, Mistakes
from moderation.models import Site
from moderation.types import Outcome
from reviews.models import Look
from reviews.states import LookKind, VerdictKind

DELTA: Final = 0.01
"""Chance that any bound is wrong at any time of a year; part of what a figure may err with."""
BOUNDS: Final = 2 * 2 * 3
"""Both ends, of both kinds, of the sequences that are in use within a year."""


@dataclass(frozen=True, slots=True)
class Kind:
    """Known posts of one kind, and how many were called the other."""

    wrong: int
    of: int
    bound: float
    """What figures reckon with."""
    measured: bool
    """Whether that comes from these cases, or is assumed."""


@dataclass(frozen=True, slots=True)
class People:
    """What the people of a site get wrong."""

    honest: Kind
    spam: Kind
    spends: float = DELTA
    """Chance that any of the bounds is wrong, if one is measured."""

    @property
    def mistakes(self) -> Mistakes:
        return Mistakes(self.honest.bound, self.spam.bound)

    @property
    def delta(self) -> float:
        """The chance of error that the bounds take."""
        return self.spends if self.honest.measured or self.spam.measured else 0.0

    def for_certificates(self, delta: float) -> tuple[Mistakes, float]:
        """What certificates reckon with, never below what is assumed; what is left of `delta`."""
        widened = Mistakes(
            max(self.honest.bound, ASSUMED.spam_of_honest),
            max(self.spam.bound, ASSUMED.honest_of_spam),
        )
        return widened, delta if widened == ASSUMED else delta - self.spends


def people(*, site: Site, now: datetime, delta: float = DELTA) -> People:
    """Measure a site's people on the known cases of this half-year and the last.

    `delta` is the chance that any of the bounds is wrong at any time of a year.
    """
    known = Look.objects.filter(site=site, kind=LookKind.GOLD, own=False)
    before = known.filter(verdict=OuterRef("verdict"), answer__lt=OuterRef("answer"))
    looks = known.filter(
        ~Exists(before),
        answer__created_at__gte=begins(now),
        answer__created_at__lte=now,
        verdict__undone_by=None,
        answer__undone_by=None,
    ).exclude(verdict__case__decision__would_be=Outcome.ALLOW)
    pairs = Counter(looks.values_list("verdict__kind", "answer__kind"))
    spam = VerdictKind.SPAM.value
    others = (VerdictKind.NOT_SPAM.value, VerdictKind.REMOVE.value)
    honest_right = sum(pairs[truth, said] for truth in others for said in others)
    honest_wrong = sum(pairs[truth, spam] for truth in others)
    spam_wrong = sum(pairs[spam, said] for said in others)
    return People(
        _kind(honest_wrong, honest_right + honest_wrong, ASSUMED.spam_of_honest, delta),
        _kind(spam_wrong, pairs[spam, spam] + spam_wrong, ASSUMED.honest_of_spam, delta),
        delta,
    )


def begins(now: datetime) -> datetime:
    """The first day of the half-year before the present one."""
    year, month = (now.year - 1, 7) if now.month < 7 else (now.year, 1)
    return datetime(year, month, 1, tzinfo=now.tzinfo)


def _kind(wrong: int, of: int, assumed: float, delta: float) -> Kind:
    bound = min(sequences.upper(wrong, of, delta / BOUNDS), MOST)
    measured = bound < assumed or sequences.lower(wrong, of, delta / BOUNDS) > assumed
    return Kind(wrong, of, bound if measured else assumed, measured)
