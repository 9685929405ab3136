"""A mail a day for each moderator who wants one: what waits for them, and what was done."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from django.conf import settings
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from moderation.models import Post, Site
from moderation.models.site import in_one_line
from reviews.models import MailKind, Preferences, Verdict
from reviews.notices import mailing
from reviews.notices.alerts import address, hours
from reviews.people import countable
from reviews.people.permissions import sites_of
from reviews.queue import claiming
from reviews.queue.by_language import reading_of
from reviews.queue.claiming import Counted
from reviews.roles import Act

if TYPE_CHECKING:
    from django.contrib.auth.models import User

DAY: Final = timedelta(days=1)
COUNTED: Final = 10_000
BATCH: Final = 50
"""Digests of one turn; a turn comes each minute."""


def write_due(*, now: datetime | None = None) -> int:
    """Write the digests of this day that are due; return how many."""
    now = now or timezone.now()
    if not settings.WINNOW_MAIL or now.hour < settings.WINNOW_DIGEST_HOUR:
        return 0
    late = Q(digest_on=None) | Q(digest_on__lt=now.date())
    due = Preferences.objects.filter(late, digest=True, user__is_active=True)
    written = 0
    for row in due.exclude(user__email="").select_related("user").order_by("pk")[:BATCH]:
        with transaction.atomic():
            mine = Preferences.objects.filter(late, pk=row.pk).update(digest_on=now.date())
            if mine and (text := digest_of(row.user, now)):
                subject = f"Winnow, {now:%d %B %Y}"
                written += mailing.write(
                    kind=MailKind.DIGEST, to=[row.user], subject=subject, text=text, now=now
                )
    return written


def digest_of(user: User, now: datetime) -> str:
    """Return the text of somebody's digest; empty where nothing waits and nothing was done."""
    sites = list(sites_of(user, Act.SEE).order_by("name"))
    reading = reading_of(user, [site.pk for site in sites], now)
    waits = claiming.waiting(sites=sites, user=user, reading=reading)
    given = {
        site.pk: countable.answers(site, since=now - DAY, until=now).filter(undone_by=None)
        for site in sites
    }
    judged = set(sites_of(user).values_list("pk", flat=True))
    parts = [
        part
        for site in sites
        if (part := _of_site(site, waits, given[site.pk], now, judges=site.pk in judged))
    ]
    own = sum(countable.number(answers.filter(user=user)) for answers in given.values())
    if not parts and not own:
        return ""
    mine = f"{own:,} of the answers {'was' if own == 1 else 'were'} yours." if own else ""
    ending = "You get this because you asked for it, under Account."
    return "\n\n".join(filter(None, (*parts, mine, address(), ending)))


def _of_site(
    site: Site,
    waits: list[claiming.Waiting],
    given: QuerySet[Verdict],
    now: datetime,
    *,
    judges: bool,
) -> str:
    """Return what is told of a site; an auditor is told what waits, but not for them."""
    here = [part for part in waits if part.site_id == site.pk]
    total = sum((part.open for part in here), Counted())
    done = countable.number(given)
    held = Post.objects.filter(site=site, hidden_at=None, hold_until__lte=now + DAY)
    ends = held[:COUNTED].count()
    if not (total or done):
        return ""
    lines = [in_one_line(site.name)]
    if total:
        oldest = min(part.oldest for part in here if part.oldest)
        verb = "case waits" if total.least == 1 else "cases wait"
        whom = " for you" if judges else ""
        lines.append(f"  {total} {verb}{whom}, the oldest for {hours(now - oldest)}.")
    else:
        lines.append(f"  Nothing waits{' for you' if judges else ''}.")
    if ends:
        lines.append(f"  The time of {_counted(ends, 'held post')} runs out within a day.")
    lines.append(f"  {_counted(done, 'answer')} within the last 24 hours, by all.")
    return "\n".join(lines)


def _counted(count: int, what: str) -> str:
    """Return `1 answer`, `2,000 answers` or `No answers`."""
    return f"1 {what}" if count == 1 else f"{f'{count:,}' if count else 'No'} {what}s"
