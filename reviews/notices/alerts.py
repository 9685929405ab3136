"""Tells those who lead a site, once, that something waits too long, or that holds run out.

An incident is open while it is so and for QUIET after it was so last, so that a case that comes
and goes at the limit is one incident. Its beginning is told, and its end.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone

from moderation import statements
from moderation.models import Certificate, Policy, Post, Site
from moderation.models.certificate import WATCHED_WITHIN
from moderation.types import Outcome
from reviews.lanes import Lane
from reviews.models import Incident, IncidentKind, MailKind
from reviews.notices import mailing
from reviews.people.permissions import leads_of
from reviews.queue.priority import DUE, SHARE

QUIET: Final = timedelta(minutes=15)
LOOKED_AT: Final = 10_000
"""Held posts whose time runs out first are counted up to here, of all sites together."""

# The first of each lane by an index. What two answers differ about waits in an ordinary lane.
OLDEST: Final = """
SELECT site.id, min(first.opened_at)
FROM moderation_site site, unnest(%(lanes)s::text[]) AS lane (name), LATERAL (
    SELECT opened_at FROM reviews_case
    WHERE site_id = site.id AND lane = lane.name AND state = 'open'
    ORDER BY opened_at LIMIT 1
) AS first
GROUP BY site.id HAVING min(first.opened_at) <= %(before)s
"""


@dataclass(frozen=True, slots=True)
class Trouble:
    """What is so at this moment on one site."""

    site_id: int
    kind: IncidentKind
    sentence: str


@dataclass(frozen=True, slots=True)
class Ending:
    """Held posts of one site whose time runs out soon."""

    site_id: int
    posts: int
    within: timedelta
    first: datetime
    becomes: Outcome
    """What they are then, unread."""

    @property
    def then(self) -> str:
        """What happens to them, after their number."""
        if self.becomes is Outcome.ALLOW:
            return "is published" if self.posts == 1 else "are published"
        return "stays unpublished" if self.posts == 1 else "stay unpublished"


def look(*, now: datetime | None = None) -> None:
    """Open, keep and close incidents as things stand, and write the mails that tell of them."""
    now = now or timezone.now()
    troubles = {(one.site_id, one.kind): one for one in _troubles(now)}
    known = {(one.site_id, IncidentKind(one.kind)): one for one in _open()}
    for place, trouble in troubles.items():
        if place in known:
            Incident.objects.filter(pk=known[place].pk).update(seen_at=now)
        else:
            _begin(trouble, now)
    for place, incident in known.items():
        if place not in troubles and incident.seen_at <= now - QUIET:
            _end(incident, now)


def _troubles(now: datetime) -> list[Trouble]:
    return [
        *_waits(now),
        *_audits(now),
        *_looks(now),
        *_holds(now),
        *_promises(now),
    ]


def _open() -> list[Incident]:
    return list(Incident.objects.filter(closed_at=None).select_related("site"))


def _waits(now: datetime) -> list[Trouble]:
    if not settings.WINNOW_ALERT_WAIT:
        return []
    lanes = [lane.value for lane in Lane if lane is not Lane.LOOK]
    return [
        Trouble(site, IncidentKind.WAIT, f"The oldest case has waited {length}.")
        for site, length in _oldest(lanes, settings.WINNOW_ALERT_WAIT, now)
    ]


def _audits(now: datetime) -> list[Trouble]:
    # What is promised of the machine rests on their answers, however long other cases may wait.
    return [
        Trouble(site, IncidentKind.AUDIT, f"An audit has waited {length}.")
        for site, length in _oldest([Lane.AUDIT.value], DUE, now)
    ]


def _looks(now: datetime) -> list[Trouble]:
    # A case of its own only since it is due.
    return [
        Trouble(site, IncidentKind.LOOK, f"A second look has waited {length}.")
        for site, length in _oldest([Lane.LOOK.value], DUE, now)
    ]


def _oldest(lanes: list[str], least: timedelta, now: datetime) -> list[tuple[int, str]]:
    """For each site where a case of these lanes has waited at least so long: how long."""
    found = statements.rows(OLDEST, {"lanes": lanes, "before": now - least})
    return [(site, hours(now - opened)) for site, opened in found]


def _holds(now: datetime) -> list[Trouble]:
    """What happens to a post whose time runs out, nobody chose for that post."""
    found = []
    for ending in ending_holds(now):
        these = "1 held post" if ending.posts == 1 else f"{ending.posts:,} held posts"
        it = "it" if ending.posts == 1 else "they"
        sentence = (
            f"The time of {these} runs out within {hours(ending.within)}. Then {it} {ending.then}, "
            "unread."
        )
        found.append(Trouble(ending.site_id, IncidentKind.HOLD, sentence))
    return found


def ending_holds(now: datetime, sites: Sequence[int] | None = None) -> list[Ending]:
    """For each site, of these if they are given, where held posts are near the end of their time:
    how many, and the first end."""
    margin = settings.WINNOW_ALERT_HOLD
    if not margin:
        return []
    near = Post.objects.filter(hold_until__lte=now + margin).order_by("hold_until")
    if sites is not None:
        near = near.filter(site__in=sites)
    ends: dict[int, list[datetime]] = defaultdict(list)
    for site, until in near.values_list("site", "hold_until")[:LOOKED_AT]:
        if until is not None:
            ends[site].append(until)
    rules = Policy.objects.in_force().filter(site__in=ends)
    holds = {row.site_id: row for row in rules}
    found = []
    for site, untils in ends.items():
        least = min(margin, holds[site].max_hold / SHARE)
        count = sum(until <= now + least for until in untils)
        if count:
            becomes = Outcome(holds[site].hold_fallback)
            found.append(Ending(site, count, least, untils[0], becomes))
    return found


def _promises(now: datetime) -> list[Trouble]:
    ended = [(one.site_id, one.ended_because) for one in Certificate.objects.taken_away()]
    # Only where a look failed: after an outage nobody has looked yet.
    late = Certificate.objects.wanted().current(now).filter(unwatched_at__isnull=False)
    failed = f"For {hours(WATCHED_WITHIN)} nobody could say whether the promise holds."
    unwatched = [(one.site_id, one.unwatched_because or failed) for one in late]
    return [
        Trouble(
            site,
            IncidentKind.PROMISE,
            f"{why} The model blocks no more: people judge what it would.",
        )
        for site, why in [*ended, *unwatched]
    ]


def _begin(trouble: Trouble, now: datetime) -> None:
    site = Site.objects.get(pk=trouble.site_id)
    with transaction.atomic():
        try:
            with transaction.atomic():
                Incident.objects.create(site=site, kind=trouble.kind, opened_at=now, seen_at=now)
        except IntegrityError:
            return  # Another process has just told it.
        mailing.write(
            kind=MailKind.ALERT,
            to=leads_of(site.pk),
            site=site,
            subject=f"{site.name}: {SUBJECTS[trouble.kind]}",
            text="\n\n".join((trouble.sentence, WHAT_NOW[trouble.kind], ONCE, address())),
            now=now,
        )


def _end(incident: Incident, now: datetime) -> None:
    with transaction.atomic():
        ended = Incident.objects.filter(pk=incident.pk, closed_at=None).update(closed_at=now)
        if ended:
            mailing.write(
                kind=MailKind.RECOVERY,
                to=leads_of(incident.site_id),
                site=incident.site,
                subject=f"{incident.site.name}: {PASSED[IncidentKind(incident.kind)]}",
                text=f"This lasted {hours(now - incident.opened_at)}.\n\n{address()}",
                now=now,
            )


SUBJECTS: Final = {
    IncidentKind.WAIT: "cases wait too long",
    IncidentKind.HOLD: "held posts are near the end of their time",
    IncidentKind.AUDIT: "audits are not answered in time",
    IncidentKind.LOOK: "second looks are not answered in time",
    IncidentKind.PROMISE: "the promise ended before its time",
}
WHAT_NOW: Final = {
    IncidentKind.WAIT: "More moderators, or other thresholds, bring the queue down again.",
    IncidentKind.HOLD: "Likely mistakes among them are offered first.",
    IncidentKind.AUDIT: "What the machine gets wrong is known from audits alone; promises wait "
    "for them.",
    IncidentKind.LOOK: "What people get wrong is known from them alone; each waits for those "
    "it is meant for.",
    IncidentKind.PROMISE: "See Promises; the model blocks again once draws carry a promise.",
}
PASSED: Final = {
    IncidentKind.WAIT: "cases no longer wait too long",
    IncidentKind.HOLD: "no held post is near the end of its time",
    IncidentKind.AUDIT: "no audit waits too long",
    IncidentKind.LOOK: "no second look waits too long",
    IncidentKind.PROMISE: "a promise is in force again, or none is wanted",
}
ONCE: Final = "You will hear of this once more: when it is over."


def address() -> str:
    """Where the queue is, as far as that is known."""
    return f"{settings.WINNOW_PUBLIC_URL}/review/" if settings.WINNOW_PUBLIC_URL else ""


def hours(length: timedelta) -> str:
    """Return a length of time in words: minutes below two hours, then hours, then days.

    >>> hours(timedelta(minutes=90)), hours(timedelta(hours=30)), hours(timedelta(days=4))
    ('90 minutes', '30 hours', '4 days')
    """
    minutes = max(0, int(length.total_seconds() // 60))
    if minutes < 120:
        return "1 minute" if minutes == 1 else f"{minutes} minutes"
    return f"{minutes // 60} hours" if minutes < 72 * 60 else f"{minutes // 1440} days"
