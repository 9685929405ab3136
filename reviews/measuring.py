"""How wrong the machine is on a site, from random draws alone, kept as one row a site.

Made anew every hour: figures with both ends of their intervals, what a certificate still needs,
and how many draws were not answered.
"""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any, Final

from django.utils import timezone

from classifiers.guarantees import promise, sequences
from classifiers.guarantees.figures import Figures, Sampled, figures
from moderation.models import Policy, Site
from moderation.types import Stratum
from reviews import draws, promises
from reviews.models import Measured
from reviews.promises import ASSUMED, DEADLINE, Known

PERIOD: Final = timedelta(days=28)
WEEK: Final = timedelta(days=7)
DAY: Final = timedelta(days=1)
EVERY: Final = timedelta(hours=1)


def measure_due(*, now: datetime | None = None) -> None:
    """Measure the sites that were not measured for an hour."""
    now = now or timezone.now()
    fresh = Measured.objects.filter(measured_at__gt=now - EVERY).values("site")
    for site in Site.objects.exclude(pk__in=fresh).order_by("pk"):
        measure(site=site, now=now)


def measure(*, site: Site, now: datetime | None = None) -> Measured:
    """Measure one site, and keep what was found."""
    now = now or timezone.now()
    since = max(now - PERIOD, min(site.created_at, now))
    found = {
        "period": _period(site, since, now),
        "promise": _promise(site, now),
        "assumed": asdict(ASSUMED),
    }
    measured, _ = Measured.objects.update_or_create(
        site=site,
        defaults={
            "period_from": since,
            "period_to": now,
            "figures": found,
            "measured_at": now,
        },
    )
    return measured


def _period(site: Site, since: datetime, until: datetime) -> dict[str, Any]:
    """Draws younger than the deadline without an answer are left out, with all of their time."""
    settled = until - DEADLINE if until - DEADLINE > since else until
    strata = draws.strata(site, since=since, until=settled)
    blocked = strata.get(Stratum.BLOCK, Sampled())
    allowed = strata.get(Stratum.ALLOW, Sampled())
    held = draws.held(site, since=since, until=settled)
    found = figures(blocked, allowed, held, ASSUMED)
    weeks = max((settled - since) / WEEK, 1e-9)
    return {
        "until": settled.isoformat(),
        "posts": blocked.posts + allowed.posts + held.honest + held.spam + held.unanswered,
        "blocked": _sample(blocked),
        "allowed": _sample(allowed),
        "held": asdict(held),
        "figures": _ends(found, weeks),
    }


def _sample(sampled: Sampled) -> dict[str, int]:
    return {
        "posts": sampled.posts,
        "drawn": sampled.drawn,
        "honest": len(sampled.honest),
        "spam": len(sampled.spam),
        "unanswered": len(sampled.unanswered),
    }


def _ends(found: Figures, weeks: float) -> dict[str, list[float]]:
    """Both ends: per 1,000 honest posts, per 100 blocks, a week; of spam and of posts, percent."""
    return {
        name: [round(interval.low * factor, 2), round(interval.high * factor, 2)]
        for name, interval, factor in (
            ("per_1000_honest", found.wrong_of_honest, 1_000.0),
            ("per_100_blocks", found.wrong_of_blocks, 100.0),
            ("per_week", found.wrong_posts, 1.0 / weeks),
            ("missed_of_spam", found.missed_of_spam, 100.0),
            ("spam_of_posts", found.prevalence, 100.0),
        )
    }


def _promise(site: Site, now: datetime) -> dict[str, Any] | None:
    """What the model in force has earned so far, at the policy's threshold for blocking."""
    policy = Policy.objects.filter(site=site).latest("revision")
    known = promises.know(site, policy, now)
    if known is None:
        return None
    seen = known.seen(policy.block_from)
    judged = int(known.settled.blocks.sum())
    needed = promise.allowed_needed(seen, ASSUMED, policy.promise)
    return {
        "model": known.asked.model,
        "promised": policy.promise,
        "block_from": policy.block_from,
        "judged": judged,
        "wrong": seen.wrong,
        "unanswered": known.settled.unanswered,
        "waiting": known.waiting,
        "wrong_of_blocks": sequences.upper(seen.wrong, judged, promise.DELTA),
        "bound": promise.wrongly_blocked(seen, ASSUMED),
        "still": _still(known, seen, needed),
    }


def _still(known: Known, seen: promise.Seen, needed: int | None) -> dict[str, float] | None:
    """Days and verdicts until the promise would be shown, at the present pace; None if never."""
    days = (known.until - known.asked.since) / DAY
    if needed is None or days <= 0.0:
        return None
    more = needed / max(seen.allowed, 1) - 1.0
    return {
        "days": round(more * days, 1),
        "verdicts": round(more * len(known.settled.at)),
    }
