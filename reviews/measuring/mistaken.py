"""What people get wrong, measured on known cases, where that says more than what is assumed.

A known case is a post on which two people agreed, shown to a third who does not know. It counts
once, as it was answered first: what somebody missed is shown to nobody again. Only those count that
the machine did not take for plainly honest, because everyday posts are easier than those that
figures are about.

What two people agreed on is easier than what divides them. So second looks count beside: at a
plain sample of the answers to such posts, drawn whatever was said. Whoever looks knows as little as
whoever answers an audit; they are wrong where the first and a third person say otherwise.

Of a few dozen cases a bound says little, and the assumption stays. It gives way where known cases
or second looks contradict it, or where the bounds of both are tighter. Certificates reckon with
what contradicts it, and gain nothing from what is tighter.

Cases are counted on from the first day of the last half-year, so that bounds hold at all times at
once: cases of a number of days before each look would be another sequence each day.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db.models import Exists, OuterRef, QuerySet

from classifiers.guarantees import sequences
from classifiers.guarantees.reviewers import ASSUMED, MOST, Mistakes
from moderation.models import Site
from moderation.types import Outcome
from reviews.models import Look, Verdict
from reviews.states import LookKind, LookReason, VerdictKind

DELTA: Final = 0.01
"""Chance that any bound is wrong at any time of a year; part of what a figure may err with."""
BOUNDS: Final = 2 * 2 * 2 * 3
"""Both ends, of both kinds, of known cases and second looks, in the sequences of a year."""
SPAM: Final = VerdictKind.SPAM.value
HONEST: Final = (VerdictKind.NOT_SPAM.value, VerdictKind.REMOVE.value)


@dataclass(frozen=True, slots=True)
class Kind:
    """Posts of one kind, and how many were called the other: known cases, and second looks."""

    wrong: int
    of: int
    looks_wrong: int
    looks: int
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
    looks = Look.objects.filter(
        site=site,
        own=False,
        answer__created_at__gte=begins(now),
        answer__created_at__lte=now,
        verdict__undone_by=None,
        answer__undone_by=None,
    ).exclude(verdict__case__decision__would_be=Outcome.ALLOW)
    (honest, spam), (honest_looks, spam_looks) = _known(looks), _second(looks)
    return People(
        _kind(honest, honest_looks, ASSUMED.spam_of_honest, delta),
        _kind(spam, spam_looks, ASSUMED.honest_of_spam, delta),
        delta,
    )


@dataclass(frozen=True, slots=True)
class Said:
    """Posts of one kind, those called the other, and those of which it is not known."""

    of: int
    wrong: int
    open: int = 0

    def upper(self, delta: float) -> float:
        return min(sequences.upper(self.wrong + self.open, self.of + self.open, delta), MOST)

    def lower(self, delta: float) -> float:
        return sequences.floor(self.wrong, self.of + self.open, delta)


def _known(looks: QuerySet[Look]) -> tuple[Said, Said]:
    """Honest known cases, and spam."""
    before = Look.objects.filter(
        kind=LookKind.GOLD, verdict=OuterRef("verdict"), answer__lt=OuterRef("answer")
    )
    first = looks.filter(~Exists(before), kind=LookKind.GOLD)
    return _counted(Counter(first.values_list("verdict__kind", "answer__kind")), 0)


def _second(looks: QuerySet[Look]) -> tuple[Said, Said]:
    """Second looks at honest posts, and at spam; where two differ, by what a third person says."""
    sampled = looks.filter(
        kind=LookKind.SECOND, why=LookReason.SAMPLE, answer__kind__in=(SPAM, *HONEST)
    )
    third = {
        case: (kind, user)
        for case, kind, user in Verdict.objects.filter(
            case__in=sampled.values("dispute"), kind__in=(SPAM, *HONEST), undone_by=None
        )
        .order_by("pk")
        .values_list("case", "kind", "user")
    }
    pairs: Counter[tuple[str, str]] = Counter()
    unsettled = 0
    for first, answer, dispute, *asked in sampled.values_list(
        "verdict__kind", "answer__kind", "dispute", "verdict__user", "answer__user"
    ):
        if (first == SPAM) == (answer == SPAM):
            pairs[first, answer] += 1
            continue
        kind, user = third.get(dispute, ("", None))
        if kind and user not in asked:
            pairs[kind, answer] += 1
        else:
            unsettled += 1
    return _counted(pairs, unsettled)


def _counted(pairs: Counter[tuple[str, str]], unsettled: int) -> tuple[Said, Said]:
    """From what posts are, and what was said of them."""
    honest = sum(pairs[truth, said] for truth in HONEST for said in (SPAM, *HONEST))
    honest_wrong = sum(pairs[truth, SPAM] for truth in HONEST)
    spam_wrong = sum(pairs[SPAM, said] for said in HONEST)
    return (
        Said(honest, honest_wrong, unsettled),
        Said(pairs[SPAM, SPAM] + spam_wrong, spam_wrong, unsettled),
    )


def begins(now: datetime) -> datetime:
    """The first day of the half-year before the present one."""
    year, month = (now.year - 1, 7) if now.month < 7 else (now.year, 1)
    return datetime(year, month, 1, tzinfo=now.tzinfo)


def _kind(known: Said, looks: Said, assumed: float, delta: float) -> Kind:
    both, each = (known, looks), delta / BOUNDS
    against = [said.upper(each) for said in both if said.lower(each) > assumed]
    bound = max(against or (said.upper(each) for said in both))
    measured = bool(against) or bound < assumed
    counts = known.wrong, known.of, looks.wrong, looks.of
    return Kind(*counts, bound if measured else assumed, measured)
