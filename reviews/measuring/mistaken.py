"""What people get wrong, measured on known cases, where that says more than what is assumed.

A known case is a post on which two people agreed, shown to a third who does not know. It counts
once, as it was answered first: what somebody missed is shown to nobody again. Only those count that
the machine did not take for plainly honest, because everyday posts are easier than those that
figures are about.

What two people agreed on is easier than what divides them. So second looks count beside: at a
plain sample of the answers to such posts, drawn whatever was said. Whoever looks knows as little as
whoever answers an audit; they are wrong where the first and a third person say otherwise.

Where two differ and no third person settles it, one of them is wrong all the same. More of that
than the assumption allows contradicts it, and then each of these may be an error of either kind.

Of a few dozen cases a bound says little, and the assumption stays. It gives way where known cases
or second looks contradict it, or where the bounds of both are tighter. Certificates reckon with
what contradicts it, and gain nothing from what is tighter.

Cases are counted on from the first day of the last half-year, so that bounds hold at all times at
once: cases of a number of days before each look would be another sequence each day.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db.models import Q

from classifiers.guarantees import reviewers, sequences
from classifiers.guarantees.reviewers import ASSUMED, MOST, Mistakes
from moderation.models import Decision, Site
from moderation.types import Outcome
from reviews.measuring.differing import Answer, not_undone
from reviews.models import Case, Look, Verdict
from reviews.queue.priority import DEADLINE
from reviews.states import LookKind, LookReason, VerdictKind

DELTA: Final = 0.01
"""Chance that any bound is wrong at any time of a year; part of what a figure may err with."""
BOUNDS: Final = (2 * 2 * 2 + 1) * 3
"""Both ends, of both kinds, of known cases and second looks, and the test of what nobody settled,
in the sequences of a year."""
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
    open: int = 0
    """Second looks that differed, of which no third person said what is right."""


@dataclass(frozen=True, slots=True)
class People:
    """What the people of a site get wrong."""

    honest: Kind
    spam: Kind
    spends: float = DELTA
    """Chance that any of the bounds is wrong, if one is measured."""
    differ: bool = False
    """Whether more of their second looks are open than of people who err as is assumed."""
    unanswered: int = 0
    """Second looks of the plain sample that nobody took in time: errors, where those who answered
    show fewer than is assumed."""

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
    looks = _answered(site, now)
    (honest, spam), seconds = _known(looks), _second(looks)
    differ, silent = _differ_too_often(*seconds, delta / BOUNDS), _unanswered(site, now)
    return People(
        _kind(honest, seconds[0], ASSUMED.spam_of_honest, delta, differ=differ, silent=silent),
        _kind(spam, seconds[1], ASSUMED.honest_of_spam, delta, differ=differ, silent=silent),
        delta,
        differ,
        silent,
    )


@dataclass(frozen=True, slots=True)
class Said:
    """Posts of one kind, those called the other, and those of which it is not known."""

    of: int
    wrong: int
    open: int = 0

    def upper(self, delta: float, silent: int = 0) -> float:
        unknown = self.open + silent
        return min(sequences.upper(self.wrong + unknown, self.of + unknown, delta), MOST)

    def lower(self, delta: float) -> float:
        return sequences.floor(self.wrong, self.of + self.open, delta)


@dataclass(frozen=True, slots=True)
class _Look:
    """What was said of a post first, and by whoever looked without knowing it."""

    kind: str
    why: str
    first: Answer
    answer: Answer
    dispute: int | None


def _answered(site: Site, now: datetime) -> list[_Look]:
    """What was answered in this half-year and the last, of posts not taken for plainly honest.

    Each table is read by itself, by ids. In one statement they are seven, joined in an order that
    rests on a guess of how many rows each holds: where they were filled since PostgreSQL last
    counted, that took minutes for a hundred looks.
    """
    rows = Look.objects.filter(site=site, own=False, answer__isnull=False).order_by("-answer")
    looks = list(rows.values_list("kind", "why", "verdict", "answer", "dispute"))
    known = {verdict: answer for kind, _, verdict, answer, _ in looks if kind == LookKind.GOLD}
    firsts = not_undone(Verdict.objects.filter(pk__in={look[2] for look in looks}))
    answers = not_undone(
        Verdict.objects.filter(
            pk__in={look[3] for look in looks}, created_at__gte=begins(now), created_at__lte=now
        )
    )
    cases = Case.objects.filter(pk__in={first.case for first in firsts.values()})
    decisions = dict(cases.values_list("pk", "decision"))
    plain = Decision.objects.filter(pk__in=decisions.values(), would_be=Outcome.ALLOW)
    honest = set(plain.values_list("pk", flat=True))
    return [
        _Look(kind, why, firsts[verdict], answers[answer], dispute)
        for kind, why, verdict, answer, dispute in looks
        if verdict in firsts
        and answer in answers
        and decisions[firsts[verdict].case] not in honest
        and (kind != LookKind.GOLD or known[verdict] == answer)
    ]


def _unanswered(site: Site, now: datetime) -> int:
    """How many second looks drawn in this half-year and the last nobody took, or has not in time:
    whoever passes on the hard ones shows no fewer errors than are assumed."""
    looks = Look.objects.filter(site=site, kind=LookKind.SECOND, why=LookReason.SAMPLE, own=False)
    open_still = Q(ended="", due_at__gt=now - DEADLINE)
    drawn = looks.filter(answer=None, created_at__gte=begins(now), created_at__lte=now)
    return drawn.exclude(open_still).count()


def _known(looks: Iterable[_Look]) -> tuple[Said, Said]:
    """Honest known cases, and spam."""
    gold = (look for look in looks if look.kind == LookKind.GOLD)
    return _counted(Counter((look.first.kind, look.answer.kind) for look in gold), 0)


def _second(looks: Iterable[_Look]) -> tuple[Said, Said]:
    """Second looks at honest posts, and at spam; where two differ, by what a third person says."""
    sampled = [
        look
        for look in looks
        if (look.kind, look.why) == (LookKind.SECOND, LookReason.SAMPLE)
        and look.answer.kind in (SPAM, *HONEST)
    ]
    disputes = {look.dispute for look in sampled if look.dispute}
    settled = Verdict.objects.filter(case__in=disputes, kind__in=(SPAM, *HONEST))
    third = {verdict.case: verdict for verdict in not_undone(settled).values()}
    pairs: Counter[tuple[str, str]] = Counter()
    unsettled = 0
    for look in sampled:
        first, answer = look.first, look.answer
        if (first.kind == SPAM) == (answer.kind == SPAM):
            pairs[first.kind, answer.kind] += 1
            continue
        by = third.get(look.dispute or 0)
        if by and by.user not in (first.user, answer.user):
            pairs[by.kind, answer.kind] += 1
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


def _differ_too_often(honest: Said, spam: Said, delta: float) -> bool:
    """Whether so many second looks are open that people err more than is assumed."""
    evidence = reviewers.differing(honest.open, honest.of, spam.of, ASSUMED)
    return evidence >= -math.log(delta)


def _kind(
    known: Said, looks: Said, assumed: float, delta: float, *, differ: bool, silent: int = 0
) -> Kind:
    both, each = (known, looks), delta / BOUNDS
    against = [said.upper(each) for said in both if said.lower(each) > assumed]
    if differ:
        against.append(looks.upper(each))
    bound = max(against or (known.upper(each), looks.upper(each, silent)))
    measured = bool(against) or bound < assumed
    counts = known.wrong, known.of, looks.wrong, looks.of
    return Kind(*counts, bound if measured else assumed, measured, looks.open)
