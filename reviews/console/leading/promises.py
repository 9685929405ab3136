"""What who leads a site is shown of promises: how wrong the machine is, what it may block."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from moderation.models import Certificate, Policy, Site
from moderation.types import Mode
from reviews.console.leading.charts import table_as_csv
from reviews.console.leading.paging import page_of
from reviews.console.leading.sources import waiting_alarms
from reviews.console.views import members_only, person
from reviews.models import Alarm, AlarmKind, Measured, MeasuredWeek
from reviews.people.permissions import sites_of
from reviews.roles import Act


@dataclass(frozen=True, slots=True)
class Figure:
    name: str
    low: float
    high: float
    unit: str


@dataclass(frozen=True, slots=True)
class SliceFigure:
    """Some of a site's posts."""

    name: str
    """With what others wrote in it made visible: the language is the site's word."""
    posts: int
    blocked: int
    """Or would have been."""
    judged: int
    wrong: int
    low: float
    high: float
    """Honest posts of 1,000 that were, or would have been, blocked."""
    missed: list[float] | None
    """Spam in 1,000 allowed posts; None where it was measured before this was."""


@dataclass(frozen=True, slots=True)
class Week:
    """One week of a site, as it was measured when its draws were answered or late."""

    start: date
    blocked: int
    authors: int
    let_through: int
    wrong: list[float]
    """Honest posts that were, or would have been, blocked: both ends."""
    missed: list[float]
    """Spam in 1,000 allowed posts."""
    would_be: int
    """Posts that were, or would have been, blocked."""
    judged: int
    """Of these."""
    widest: float
    """The most wrong posts that any week shown may have."""

    @property
    def last_day(self) -> date:
        return self.start + timedelta(days=6)

    @property
    def authors_at_most(self) -> int:
        """How many honest authors the machine can have blocked."""
        return min(int(self.wrong[1]), self.authors)

    @property
    def bar(self) -> tuple[float, float]:
        """Where the interval begins and how long it is, in hundredths of the widest one's end."""
        low, high = (100.0 * end / (self.widest or 1.0) for end in self.wrong)
        return round(low, 2), round(max(high - low, 0.5), 2)


@dataclass(frozen=True, slots=True)
class SitePromise:
    """One site, as the page shows it."""

    site: Site
    policy: Policy
    certificate: Certificate | None
    """The newest, in force or not."""
    measured: Measured | None
    figures: tuple[Figure, ...]
    slices: tuple[SliceFigure, ...]
    weeks: tuple[Week, ...] = ()
    """Newest first."""
    alarms: tuple[Alarm, ...] = ()
    """That wait: too much spam was let through."""
    settles: bool = False
    """Whether whoever looks may answer alarms."""

    @property
    def certifies(self) -> bool:
        return self.policy.mode == Mode.CERTIFIED

    @property
    def in_force(self) -> bool:
        return self.certificate is not None and self.certificate.ended_at is None

    @property
    def drawn(self) -> int:
        """Draws of posts that were held or would-be blocks, where the certificate was replayed.

        It counts what was found wrong apart, since of that some was allowed.
        """
        return self.certificate.judged - self.certificate.wrong if self.certificate else 0

    @property
    def counts(self) -> bool:
        """Whether what was earned so far counts for a certificate."""
        return self.certifies and bool(self._earned.get("counts"))

    @property
    def from_nothing(self) -> dict[str, Any] | None:
        """What a certificate takes, where nothing that is known of this site counts for one."""
        known = self.counts and (self._earned["still"] or self._earned["judged"])
        if self.measured is None or known or (self.certifies and self.in_force):
            return None
        return self.measured.figures.get("from_nothing")

    @property
    def flooded(self) -> dict[str, int] | None:
        """The draws of allowed posts, where most are spam, so that hardly any is of an honest one:
        then wrong blocks are found late.
        """
        allowed = self.measured.figures["period"].get("allowed") if self.measured else None
        return allowed if allowed and allowed["spam"] > allowed["honest"] else None

    @property
    def _earned(self) -> dict[str, Any]:
        return (self.measured.figures.get("promise") if self.measured else None) or {}

    @property
    def unwatched(self) -> bool:
        """Whether nobody could say of late whether it holds, so that it covers nothing."""
        return self.certificate is not None and not self.certificate.is_watched(timezone.now())


BLOCKED = "Honest posts of 1,000 blocked, or held that would have been"
LET_THROUGH = "Spam in 1,000 allowed posts"
NAMES = (
    ("per_1000_honest", BLOCKED, ""),
    ("per_100_blocks", "Wrong of 100 blocks and would-be blocks", ""),
    ("per_week", "Honest posts a week blocked, or held that would have been", ""),
    ("so_far", "Honest posts blocked so far, or held that would have been", ""),
    ("per_1000_allowed", LET_THROUGH, ""),
    ("missed_of_spam", "Of the spam, let through", " %"),
    ("spam_of_posts", "Of the posts, spam", " %"),
)
WRONG_OF_WEEK = "Honest posts blocked in the week, or held that would have been"
WEEKS = 26
"""So many are shown."""
CONFIDENCE = 0.95
"""Of a site's figures together, of each week by itself, and of its slices together; see
`classifiers.guarantees.figures`, which needs more than web servers load."""
COLUMNS = (
    # Judged and wrong are of the blocks, and these are also what would have been blocked.
    *("site", "slice", "measure", "low", "high", "posts", "blocks", "judged", "wrong"),
    *("period_from", "period_to", "confidence"),
)
TRAITS = {
    ("link", "true"): "with a link",
    ("link", "false"): "without a link",
    ("new", "true"): "author new within a week",
    ("new", "false"): "author known, or not said",
    ("author", "first"): "first decided post of each author",
}


@require_safe
@members_only(Act.MEASURE)
def page(request: HttpRequest) -> HttpResponse:
    user = person(request)
    led = sites_of(user, Act.MEASURE)
    settles = set(sites_of(user, Act.SETTLE).values_list("pk", flat=True))
    if request.GET.get("as") == "csv":
        whole = overview(list(led.order_by("name", "pk")), settles)
        return table_as_csv(COLUMNS, _rows(whole), "promises")
    pages = page_of(request, led, AlarmKind.MISSED)
    context = {"sites": overview(list(pages), settles), "pages": pages, "here": "promises"}
    return render(request, "console/promises.html", context)


def overview(sites: Sequence[Site], settles: set[int]) -> list[SitePromise]:
    """These sites; a fixed number of queries."""
    policies = {row.site_id: row for row in Policy.objects.filter(site__in=sites).in_force()}
    newest = Certificate.objects.filter(site__in=sites).order_by("site_id", "-pk")
    newest = newest.select_related("policy").distinct("site_id")
    certificates = {row.site_id: row for row in newest}
    measured = {row.site_id: row for row in Measured.objects.filter(site__in=sites)}
    weeks = _weeks(sites)
    waiting: dict[int | None, list[Alarm]] = {}
    for alarm in waiting_alarms(sites, AlarmKind.MISSED):
        waiting.setdefault(alarm.site_id, []).append(alarm)
    return [
        SitePromise(
            site,
            policies[site.pk],
            certificates.get(site.pk),
            measured.get(site.pk),
            _figures(measured.get(site.pk)),
            _slices(measured.get(site.pk)),
            weeks.get(site.pk, ()),
            tuple(waiting.get(site.pk, ())),
            site.pk in settles,
        )
        for site in sites
    ]


def _rows(sites: Iterable[SitePromise]) -> Iterator[tuple[object, ...]]:
    for each in sites:
        if each.measured is None:
            continue
        name, found = each.site.name, each.measured.figures
        since, until = each.measured.period_from.isoformat(), found["period"].get("until")
        period = (since, until, CONFIDENCE)
        for figure in each.figures:
            measure = f"{figure.name} {figure.unit.strip()}".strip()
            yield (name, None, measure, figure.low, figure.high, *[None] * 4, *period)
        sliced = found.get("slices", {})
        # Counted once a day; until the next time it may not be known up to when.
        period = (sliced.get("since"), sliced.get("until"), CONFIDENCE)
        for week in each.weeks:
            of = (week.start.isoformat(), (week.last_day + timedelta(days=1)).isoformat())
            yield (
                *(name, None, WRONG_OF_WEEK, *week.wrong),
                *(None, week.would_be, week.judged, None, *of, CONFIDENCE),
            )
            yield (name, None, LET_THROUGH, *week.missed, *[None] * 4, *of, CONFIDENCE)
        for part in each.slices:
            counts = (part.posts, part.blocked, part.judged, part.wrong)
            yield (name, part.name, BLOCKED, part.low, part.high, *counts, *period)
            if part.missed:
                yield (name, part.name, LET_THROUGH, *part.missed, *[None] * 4, *period)


def _weeks(sites: Sequence[Site]) -> dict[int, tuple[Week, ...]]:
    found: dict[int, list[MeasuredWeek]] = {}
    now = timezone.now()
    shown = (now.date() - WEEKS * timedelta(days=7), now.date())
    rows = MeasuredWeek.objects.filter(site__in=sites, start__range=shown, measured_at__lte=now)
    for row in rows.order_by("-start"):
        found.setdefault(row.site_id, []).append(row)
    return {site: tuple(_of_site(rows)) for site, rows in found.items()}


def _of_site(rows: Sequence[MeasuredWeek]) -> Iterator[Week]:
    widest = max(row.figures["figures"]["per_week"][1] for row in rows)
    for row in rows:
        found, blocked = row.figures, row.figures["blocked_posts"]
        yield Week(
            row.start,
            blocked["posts"],
            blocked["authors"],
            blocked["let_through"],
            found["figures"]["per_week"],
            found["figures"]["per_1000_allowed"],
            found["blocked"]["posts"],
            sum(found["blocked"][said] for said in ("honest", "spam")),
            widest,
        )


def _figures(measured: Measured | None) -> tuple[Figure, ...]:
    if measured is None:
        return ()
    period = measured.figures["period"]
    if not period["posts"]:
        return ()
    ends: dict[str, Any] = period["figures"]
    # One that was not measured yet by this version comes within the hour.
    return tuple(
        Figure(words, ends[name][0], ends[name][1], unit)
        for name, words, unit in NAMES
        if name in ends
    )


def _slices(measured: Measured | None) -> tuple[SliceFigure, ...]:
    found = measured.figures.get("slices", {}).get("slices", ()) if measured else ()
    return tuple(
        SliceFigure(
            _name(row["trait"], row["value"]),
            row["posts"],
            row["blocked"],
            row["judged"],
            row["wrong"],
            row["per_1000_honest"][0],
            row["per_1000_honest"][1],
            row.get("per_1000_allowed"),
        )
        for row in found
    )


def _name(trait: str, value: str) -> str:
    if trait == "language":
        return f"language {value}" if value else "language not said"
    return TRAITS.get((trait, value), value)
