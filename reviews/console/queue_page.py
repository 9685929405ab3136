"""The queue's page: what waits for one person, and what they did; a fixed number of queries.

An audit or a second look is counted with the cases that stand as it does.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import sha256
from statistics import median
from typing import TYPE_CHECKING, Final

from django.utils import timezone

from moderation.models import Site
from reviews.console.own_answers import Recent, recent
from reviews.console.templatetags.winnow import duration
from reviews.measuring import work
from reviews.models import Case, Incident, IncidentKind, Verdict
from reviews.notices.alerts import SUBJECTS, Ending, ending_holds
from reviews.people import countable
from reviews.people.permissions import sites_of
from reviews.queue import by_language, claiming
from reviews.queue.by_language import reading_of
from reviews.queue.claiming import Counted, Waiting
from reviews.queue.languages import name_of
from reviews.states import CaseState, Lane

if TYPE_CHECKING:
    from django.contrib.auth.models import User

RECENT: Final = 10
HOUR = timedelta(hours=1)
PACED = 2_000
"""Answers of the last hour that are read; nobody gives more."""
UNREAD_SHOWN = 8

LANES = (
    (Lane.APPEAL, "Appeals"),
    (Lane.HELD, "Held back"),
    (Lane.PUBLISHED, "Published meanwhile"),
    (Lane.REPORTED, "Reported by members"),
    (Lane.OVERFLOW, "Over the hourly cap"),
)
ALWAYS_SHOWN = frozenset({Lane.HELD})


@dataclass(frozen=True, slots=True)
class LaneCount:
    label: str
    count: Counted


@dataclass(frozen=True, slots=True)
class SiteCount:
    pk: int
    name: str
    waiting: Counted


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast somebody answered within the last hour, one case after the other.

    What was answered along with others tells no pace, nor does what was taken back.
    """

    answers: int
    seconds: int | None
    """The median from one answer to the next, without breaks."""


@dataclass(frozen=True, slots=True)
class Unread:
    """A language that nobody reads who judges a site, and that is therefore offered to all."""

    language: str
    site: str


@dataclass(frozen=True, slots=True)
class Trouble:
    """What those who lead a site were told of by mail, and what has not passed."""

    site: str
    says: str
    since: datetime
    oldest: datetime | None
    """Since when the first of the cases waits that wait too long, as far as they are shown."""
    ending: Ending | None = None
    """The held posts that are near the end of their time."""


@dataclass(frozen=True, slots=True)
class Overview:
    """The queue as one person sees it."""

    waiting: Counted
    elsewhere: Counted
    oldest: datetime | None
    lanes: list[LaneCount]
    sites: list[SiteCount]
    today: int
    pace: Pace
    held: Case | None
    recent: list[Recent]
    judges: bool
    """Whether this person judges any of these sites, or looks on."""
    unread: list[Unread]
    """Languages that wait on these sites and that nobody reads who judges there."""
    troubles: list[Trouble]
    reads: list[str]
    """The languages that this person reads; empty for all."""
    version: str = ""
    """Another one as soon as the page would look different, but for ages: browsers tell these."""

    @property
    def last(self) -> Recent | None:
        """What `U` takes back: the newest answer that still can be."""
        return next((one for one in self.recent if one.can_undo and not one.undone), None)


def overview(*, user: User, sites: Sequence[Site], now: datetime | None = None) -> Overview:
    """Return what waits on these sites, and what this person did."""
    now = now or timezone.now()
    reads = reading_of(user, [site.pk for site in sites], now)
    waiting = claiming.waiting(sites=sites, user=user, reading=reads, now=now)
    by_site: defaultdict[int, Counted] = defaultdict(Counted)
    by_lane: defaultdict[Lane, Counted] = defaultdict(Counted)
    for part in waiting:
        by_site[part.site_id] += part.open
        for lane, count in _as_they_stand(part):
            by_lane[lane] += count
    shown = Overview(
        waiting=sum((part.open for part in waiting), Counted()),
        elsewhere=claiming.held_by_others(user=user, sites=sites, reading=reads, now=now),
        oldest=min((part.oldest for part in waiting), default=None),
        lanes=[
            LaneCount(label, by_lane[lane])
            for lane, label in LANES
            if by_lane[lane] or lane in ALWAYS_SHOWN
        ],
        sites=[SiteCount(site.pk, site.name, by_site[site.pk]) for site in sites],
        today=_answers_today(user, now),
        pace=_pace(user, now),
        held=_held(user, sites, now),
        recent=recent(user=user, now=now, most=RECENT)[0],
        judges=sites_of(user).filter(pk__in=[site.pk for site in sites]).exists(),
        unread=_unread(sites),
        troubles=_troubles(sites, waiting, now),
        reads=sorted(map(name_of, reads.languages or ())),
    )
    seen = sha256(f"{user.pk} {shown}".encode()).hexdigest()
    return replace(shown, version=seen[:32])


def in_short(*, user: User, sites: Sequence[Site], now: datetime | None = None) -> str:
    """Return what waits and how fast this person answers in a line, for the page of a case."""
    now = now or timezone.now()
    reads = reading_of(user, [site.pk for site in sites], now)
    waiting = claiming.waiting(sites=sites, user=user, reading=reads)
    depth = sum((part.open for part in waiting), Counted())
    said = [f"{depth} {'waits' if depth.least == 1 else 'wait'}" if depth else "Nothing waits"]
    if waiting:
        said.append(f"the oldest for {duration(min(part.oldest for part in waiting), now)}")
    pace = _pace(user, now)
    if pace.seconds is not None:
        said.append(f"your pace {pace.seconds} s")
    return " · ".join(said)


TOLD: Final = (IncidentKind.WAIT, IncidentKind.HOLD)


def _troubles(sites: Sequence[Site], waiting: Sequence[Waiting], now: datetime) -> list[Trouble]:
    # Whoever judges is told of nothing else; those who lead a site are, by mail.
    open_now = Incident.objects.filter(site__in=sites, closed_at=None)
    found = list(open_now.filter(kind__in=TOLD).select_related("site").order_by("opened_at", "pk"))
    held = [one.site_id for one in found if one.kind == IncidentKind.HOLD]
    ending = {one.site_id: one for one in ending_holds(now, held)} if held else {}
    oldest: dict[int, datetime] = {}
    for part in waiting:
        oldest[part.site_id] = min(part.oldest, oldest.get(part.site_id, part.oldest))
    return [
        Trouble(
            site=one.site.name,
            says=SUBJECTS[IncidentKind(one.kind)],
            since=one.opened_at,
            oldest=oldest.get(one.site_id) if one.kind == IncidentKind.WAIT else None,
            ending=ending.get(one.site_id) if one.kind == IncidentKind.HOLD else None,
        )
        for one in found
        # An incident outlives its last post for a while.
        if one.kind != IncidentKind.HOLD or one.site_id in ending
    ]


def _unread(sites: Sequence[Site]) -> list[Unread]:
    names = {site.pk: site.name for site in sites}
    found = by_language.unread(list(names))
    return sorted(
        (Unread(name_of(code), names[site]) for site, code in found),
        key=lambda one: (one.language, one.site),
    )[:UNREAD_SHOWN]


def _as_they_stand(part: Waiting) -> list[tuple[Lane, Counted]]:
    """Return audits and second looks among the cases that they look like: published and held."""
    if part.lane not in (Lane.AUDIT, Lane.LOOK):
        return [(part.lane, part.open)]
    least, exact = part.open.least, part.open.exact
    return [
        (Lane.PUBLISHED, Counted(part.published, exact)),
        (Lane.HELD, Counted(least - part.published, exact)),
    ]


def _held(user: User, sites: Sequence[Site], now: datetime) -> Case | None:
    held = Case.objects.filter(state=CaseState.OPEN, holder=user, lease_until__gt=now)
    # Not the one that is leased ahead for when this one is answered.
    return held.filter(site__in=sites).order_by("-lease_until", "pk").first()


def _answers_today(user: User, now: datetime) -> int:
    midnight = timezone.localtime(now).replace(hour=0, minute=0, second=0, microsecond=0)
    given = Verdict.objects.filter(user=user, created_at__gte=midnight)
    return countable.number(given.filter(undoes=None, undone_by=None))


def _pace(user: User, now: datetime) -> Pace:
    given = Verdict.objects.filter(user=user, undoes=None, created_at__gte=now - HOUR)
    given = given.filter(undone_by=None, bulk_item=None)
    times = list(given.order_by("-pk").values_list("created_at", flat=True)[:PACED])
    gaps = work.gaps(times)
    return Pace(len(times), round(median(gaps)) if gaps else None)
