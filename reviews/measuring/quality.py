"""How well people judge: from second looks, known cases and appeals, as of last midnight.

What belongs to one person is shown to that person; what is pooled over a site names nobody, and is
left out where fewer than three people would make it somebody's own. All ends at the last midnight:
a figure that moved with an answer would tell which case it came from.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from django.db.models import Q, QuerySet, Window
from django.db.models.functions import RowNumber
from django.utils import timezone

from moderation.models import Site
from reviews.measuring.agreement import Agreement, Answers, Tally, alpha, kappa, measure
from reviews.models import Appeal, Look
from reviews.states import AppealState, LookKind, LookReason

if TYPE_CHECKING:
    from django.contrib.auth.models import User

NEWEST: Final = 1_000
"""Looks and appeals of a person or a site that figures rest on, at most."""
LEAST_POSTS: Final = 20
"""That two people judged, to speak of agreement."""
LEAST_CASES: Final = 5
"""Known cases or appeals, to speak of a share."""
LEAST_PEOPLE: Final = 3
"""Whose answers are pooled, so that nobody's own can be read off."""


@dataclass(frozen=True, slots=True)
class Share:
    """`found` of `of`, with an exact interval."""

    found: int
    of: int
    low: float
    high: float

    @property
    def value(self) -> float:
        return self.found / self.of


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure, or what it lacks."""

    title: str
    hint: str
    agreement: Agreement | None = None
    share: Share | None = None
    missing: str = ""
    """What there is too little of; empty where there is a figure."""


@dataclass(frozen=True, slots=True)
class Pooled:
    """What the people of a site make of the same posts, together."""

    site: Site
    figures: list[Figure]
    looked: int | None
    """Answers that a second person has looked at, whatever they were drawn from; None where they
    are of fewer than LEAST_PEOPLE people."""
    disputed: int | None
    """Of these, where the two differed."""


def of_person(user: User, *, now: datetime | None = None) -> list[Figure]:
    """Return a person's own figures, over all their sites."""
    until = _midnight(now)
    second = _looks(LookKind.SECOND, until).filter(why=LookReason.SAMPLE)
    others = second.filter(Q(verdict__user=user) | Q(answer__user=user), own=False)
    known = _looks(LookKind.GOLD, until).filter(answer__user=user)
    appealed = _appeals(until).filter(decision__user=user)
    return [
        _agreement(
            "Agreement with others",
            "Cohen’s kappa on posts that somebody else judged, too; neither knew of the other.",
            [pair if who == user.pk else pair[::-1] for who, _, pair in _pairs(others)],
            kappa,
        ),
        _agreement(
            "Agreement with yourself",
            "The same on posts that you judged twice, a day apart, where nobody else was there.",
            [pair for *_, pair in _pairs(second.filter(own=True, verdict__user=user))],
            kappa,
        ),
        _share(*GOLD, _alike(known.values_list(*PAIR)[:NEWEST])),
        _share(*APPEALS, _overturned(appealed.values_list(*APPEAL)[:NEWEST])),
    ]


def of_sites(sites: Sequence[Site], *, now: datetime | None = None) -> list[Pooled]:
    """Return what is pooled over each site's people; four queries, however many sites."""
    until = _midnight(now)
    looks = _looks(LookKind.SECOND, until).filter(site__in=sites, own=False)
    looked = _by_site(looks, PAIR)
    sampled = _by_site(looks.filter(why=LookReason.SAMPLE), PAIR)
    known = _by_site(_looks(LookKind.GOLD, until).filter(site__in=sites), PAIR)
    appealed = _by_site(_appeals(until).filter(site__in=sites), APPEAL)
    return [
        _pooled(
            site,
            _answers(looked.get(site.pk, ())),
            _answers(sampled.get(site.pk, ())),
            _alike(known.get(site.pk, ())),
            _overturned(appealed.get(site.pk, ())),
        )
        for site in sites
    ]


def _pooled(
    site: Site,
    looked: Sequence[tuple[int, int, Answers]],
    sampled: Sequence[tuple[int, int, Answers]],
    known: Sequence[tuple[int, bool]],
    appealed: Sequence[tuple[int, bool]],
) -> Pooled:
    is_somebodys = 0 < _people(looked) < LEAST_PEOPLE
    return Pooled(
        site=site,
        figures=[
            _agreement(
                "Agreement",
                "Krippendorff’s alpha on posts that two people judged; neither knew of the other.",
                [pair for *_, pair in sampled],
                alpha,
                people=_people(sampled),
            ),
            _share(*GOLD, known, pooled=True),
            _share(*APPEALS, appealed, pooled=True),
        ],
        looked=None if is_somebodys else len(looked),
        disputed=None if is_somebodys else sum(one != other for *_, (one, other) in looked),
    )


def _people(pairs: Sequence[tuple[int, int, Answers]]) -> int:
    return len({who for one, other, _ in pairs for who in (one, other)})


PAIR: Final = ("verdict__user", "answer__user", "verdict__kind", "answer__kind")
APPEAL: Final = ("decision__user", "state")
GOLD: Final = ("Known cases answered alike", "Posts on which two others agreed.")
APPEALS: Final = (
    "Blocks overturned on appeal",
    "Of blocks by people that were appealed against and looked at again.",
)


def _midnight(now: datetime | None) -> datetime:
    return (now or timezone.now()).replace(hour=0, minute=0, second=0, microsecond=0)


def _looks(kind: LookKind, until: datetime) -> QuerySet[Look]:
    """Looks that were answered, neither side of which was taken back; newest first."""
    answered = Look.objects.filter(kind=kind, answer__created_at__lt=until)
    return answered.filter(verdict__undone_by=None, answer__undone_by=None).order_by("-pk")


def _appeals(until: datetime) -> QuerySet[Appeal]:
    """Appeals against what a person blocked that were answered; newest first."""
    return Appeal.objects.filter(
        state__in=[AppealState.UPHELD, AppealState.OVERTURNED],
        resolved_at__lt=until,
        decision__user__isnull=False,
    ).order_by("-pk")


def _by_site(rows: QuerySet[Any], names: Sequence[str]) -> dict[int, list[tuple[Any, ...]]]:
    """These columns of the newest rows of each site."""
    place = Window(RowNumber(), partition_by="site", order_by="-pk")
    found: dict[int, list[tuple[Any, ...]]] = defaultdict(list)
    newest = rows.annotate(place=place).filter(place__lte=NEWEST)
    for site, *values in newest.values_list("site", *names):
        found[site].append(tuple(values))
    return found


def _pairs(looks: QuerySet[Look]) -> list[tuple[int, int, Answers]]:
    return _answers(looks.values_list(*PAIR)[:NEWEST])


def _answers(rows: Iterable[tuple[Any, ...]]) -> list[tuple[int, int, Answers]]:
    """Who answered first, who second, and both answers in that order."""
    return [(first, second, (one, other)) for first, second, one, other in rows]


def _alike(rows: Iterable[tuple[Any, ...]]) -> list[tuple[int, bool]]:
    """Who answered a known case, and whether as two others had."""
    return [(second, one == other) for _, second, one, other in rows]


def _overturned(rows: Iterable[tuple[Any, ...]]) -> list[tuple[int, bool]]:
    """Whose block was appealed against, and whether it was overturned."""
    return [(who, state == AppealState.OVERTURNED) for who, state in rows]


def _agreement(
    title: str,
    hint: str,
    pairs: Sequence[Answers],
    coefficient: Callable[[Tally], float | None],
    *,
    people: int | None = None,
) -> Figure:
    """`people` is how many a pooled figure is of; None for a person's own."""
    if len(pairs) < LEAST_POSTS:
        return Figure(title, hint, missing=f"{len(pairs)} of {LEAST_POSTS} posts judged twice")
    if people is not None and people < LEAST_PEOPLE:
        return Figure(title, hint, missing=f"{people} of {LEAST_PEOPLE} people with such posts")
    found = measure(pairs, coefficient)
    if found is None:
        return Figure(title, hint, missing="posts that differ: all were answered alike so far")
    return Figure(title, hint, agreement=found)


def _share(
    title: str, hint: str, answers: Sequence[tuple[int, bool]], *, pooled: bool = False
) -> Figure:
    people = len({who for who, _ in answers})
    if len(answers) < LEAST_CASES:
        return Figure(title, hint, missing=f"{len(answers)} of {LEAST_CASES} cases")
    if pooled and people < LEAST_PEOPLE:
        return Figure(title, hint, missing=f"{people} of {LEAST_PEOPLE} people with such cases")
    # What it needs is large, and few pages do.
    from classifiers.guarantees.exact import interval

    found = sum(right for _, right in answers)
    ends = interval(found, len(answers))
    return Figure(title, hint, share=Share(found, len(answers), ends.low, ends.high))
