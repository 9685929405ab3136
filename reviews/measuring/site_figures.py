"""How wrong the machine is on a site, from random draws alone, kept as one row a site.

Made anew every hour: figures with both ends of their intervals, what a certificate still needs,
how many draws were not answered, and an estimate that leans on other sites. Slices once a day. Each
week is kept for itself, once its draws were answered or late.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any, Final

from django.utils import timezone

from classifiers.guarantees import promise, sequences, shrinkage, watch, weighted
from classifiers.guarantees.certificates import Draws
from classifiers.guarantees.figures import EQUAL, OF_COUNTED
from moderation.alone import alone
from moderation.models import Policy, Site
from moderation.types import Mode
from reviews.measuring import earned, missed, periods, slices, weeks
from reviews.measuring.earned import Standing
from reviews.measuring.mistaken import People, people
from reviews.measuring.periods import WEEK
from reviews.models import Measured
from reviews.queue.priority import DEADLINE

PERIOD: Final = timedelta(days=28)
DAY: Final = timedelta(days=1)
EVERY: Final = timedelta(hours=1)
SLICED_EVERY: Final = timedelta(days=1)


def measure_due(*, now: datetime | None = None, keep: Callable[[], None] = lambda: None) -> None:
    """Measure the sites that were not measured for an hour: one's failure is no other's.

    `keep` is called before each.
    """
    now = now or timezone.now()
    # What a clock that was ahead has measured is not fresh.
    fresh = Measured.objects.filter(measured_at__gt=now - EVERY, measured_at__lte=now).values(
        "site"
    )
    for site in Site.objects.exclude(pk__in=fresh).order_by("pk"):
        keep()
        with alone(f"measuring site {site.pk}"):
            measure(site=site, now=now)


def measure(*, site: Site, now: datetime | None = None) -> Measured:
    """Measure one site, and keep what was found."""
    now = now or timezone.now()
    since = max(now - PERIOD, min(site.created_at, now))
    # Draws younger than the deadline without an answer are left out, with all of their time.
    settled = now - DEADLINE if now - DEADLINE > since else now
    judges = people(site=site, now=now)
    policy = Policy.objects.filter(site=site).latest("revision")
    period = periods.measure(site=site, since=since, until=settled, people=judges, told_at=now)
    found = {
        "period": period,
        "last_week": periods.blocked_posts(site=site, since=now - WEEK, until=now),
        "promise": _promise(site, policy, judges, now),
        "from_nothing": _from_nothing(policy, judges, period, (settled - since) / DAY),
        "missed": missed.follow(site=site, people=judges, now=now),
        "people": asdict(judges),
        "estimate": _estimate(site, period),
        "slices": _slices(site, since, settled, judges, now),
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
    weeks.measure_next(site=site, people=judges, now=now)
    return measured


def _estimate(site: Site, period: dict[str, Any]) -> dict[str, float] | None:
    """Wrong blocks of 100, leaning on the installation's other sites; None with too few."""
    others = Measured.objects.exclude(site=site).values_list("figures__period__blocked", flat=True)
    found = shrinkage.shrunk(_seen(period["blocked"]), [_seen(each) for each in others])
    if found is None:
        return None
    return {name: round(100.0 * value, 2) for name, value in asdict(found).items()}


def _seen(blocked: dict[str, Any]) -> shrinkage.Sample:
    # What was measured before this was is measured anew within the hour.
    return shrinkage.Sample(*blocked.get("worth", (0.0, 0.0)))


def _slices(
    site: Site, since: datetime, settled: datetime, judges: People, now: datetime
) -> dict[str, Any]:
    """As they were found within a day, or found anew: they read each post of the period."""
    kept = Measured.objects.filter(site=site).values_list("figures__slices", flat=True).first()
    if kept and now - SLICED_EVERY < datetime.fromisoformat(kept["at"]) <= now:
        return dict(kept)
    found = slices.measure(site=site, since=since, until=settled, people=judges, told_at=now)
    return {"at": now.isoformat(), **found}


def _from_nothing(
    policy: Policy, judges: People, period: Mapping[str, Any], days: float
) -> dict[str, Any]:
    """What a certificate takes of which nothing is drawn yet; at the present pace, if posts come.

    `wrong` has the allowed posts that it takes with so many wrong would-be blocks.
    """
    posts = {name: period[name]["posts"] / max(days, 1.0) for name in ("allowed", "blocked")}
    chance = watch.chance_of_allowed(posts["allowed"])
    mistakes, delta = judges.for_certificates(promise.DELTA)
    needed = [
        promise.allowed_needed(
            promise.PeriodCounts(wrong, round(1.0 / chance), 1, 0), mistakes, policy.promise, delta
        )
        for wrong in (0, 1)
    ]
    found = {"promised": policy.promise, "drawn": chance, "wrong": needed}
    if needed[0] is None or not posts["allowed"]:
        return found
    takes = needed[0] / posts["allowed"]
    verdicts = takes * (posts["allowed"] * chance + posts["blocked"])
    return found | {"days": round(takes, 1), "verdicts": round(verdicts)}


def _promise(site: Site, policy: Policy, judges: People, now: datetime) -> dict[str, Any] | None:
    """What the model in force has earned so far, at the policy's threshold for blocking."""
    known = earned.know(site, policy, now)
    if known is None:
        return None
    seen = known.seen(policy.block_from)
    blocks, audits = known.settled.strata
    wrong = blocks.mistaken(policy.block_from)
    mistakes, delta = judges.for_certificates(promise.DELTA)
    # One that covers less may be issued before.
    wanted = known.seen(known.settled.wanted(policy.block_from))
    needed = promise.allowed_needed(wanted, mistakes, policy.promise, delta)
    return {
        "model": known.asked.model,
        "counts": policy.mode == Mode.CERTIFIED,
        "promised": policy.promise,
        "block_from": policy.block_from,
        "judged": len(blocks.at),
        "wrong": len(wrong.at),
        "authors": wrong.of_authors,
        "unanswered": blocks.unanswered,
        "unanswered_allowed": audits.unanswered,
        "together": seen.together,
        "allowed_drawn": wanted.drawn,
        "waiting": known.waiting,
        "wrong_of_blocks": mistakes.honest_at_most(_wrong(known, blocks, wrong, delta)),
        "bound": promise.wrongly_blocked(seen, mistakes, delta),
        "still": _still(known, seen, needed),
        "if_days_are_alike": promise.wrongly_blocked(wanted, mistakes, delta) <= policy.promise,
    }


def _wrong(known: Standing, blocks: Draws, wrong: Draws, delta: float) -> float:
    """Of the would-be blocks, at most this share is called honest or not answered.

    While a certificate is in force they are drawn with other chances than before.
    """
    if (blocks.chances - known.least < EQUAL).all():
        return sequences.upper(len(wrong.at), len(blocks.at), delta)
    # The chances forget how many were drawn: where most were, what the others may be is less.
    came, others = known.would_block, known.would_block - len(blocks.at)
    return min(
        weighted.upper(wrong.chances.tolist(), known.least, came, (1.0 - OF_COUNTED) * delta),
        sequences.upper(len(wrong.at) + others, came, OF_COUNTED * delta),
    )


def _still(
    known: Standing, seen: promise.PeriodCounts, needed: int | None
) -> dict[str, float] | None:
    """Days and verdicts until the promise would be shown, at the present pace; None if never."""
    days = (known.until - known.asked.since) / DAY
    if needed is None or days <= 0.0:
        return None
    more = needed / max(seen.allowed, 1) - 1.0
    return {
        "days": round(more * days, 1),
        "verdicts": round(more * len(known.settled.at)),
    }
