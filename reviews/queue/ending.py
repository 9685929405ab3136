"""Held posts whose time runs out: when, and what their site's fallback would get wrong first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db import connection
from django.db.models import F
from django.utils import timezone

from moderation import sites, statements
from moderation.models import Policy, Site
from moderation.types import Outcome, Severity
from reviews.models import Case
from reviews.queue.priority import ENDS_SOON, before_end, ends_within, weight_of
from reviews.states import CaseState, Lane

LOOKED_AT: Final = 10_000
"""Cases whose posts' time runs out first, of all sites together."""
HURRIED: Final = (
    "pk", "decision", "site", "lane", "priority", "opened_at", "decision__probability",
    "decision__failed", "post__hold_until", "post__exposure", "post__severity",
)  # fmt: skip
# Whoever writes a case holds it locked: it is hurried in the next round, if it still is the same.
HURRY: Final = """
UPDATE reviews_case SET priority = given.priority
FROM unnest(%s::bigint[], %s::float8[]) AS given (id, priority)
WHERE reviews_case.id = given.id AND reviews_case.id IN (
    SELECT c.id FROM reviews_case c
    JOIN unnest(%s::bigint[], %s::bigint[]) AS seen (id, decision)
        ON c.id = seen.id AND c.decision_id = seen.decision
    WHERE c.state = 'open' ORDER BY c.id FOR NO KEY UPDATE OF c SKIP LOCKED
)
"""

HOURS: Final = 24
COMING: Final = """
SELECT floor(extract(epoch FROM hold_until - %(now)s) / 3600)::int AS hour, count(*) FROM (
    SELECT hold_until, site_id, hidden_at FROM moderation_post
    WHERE hold_until > %(now)s AND hold_until < %(end)s ORDER BY hold_until LIMIT %(most)s
) AS held WHERE site_id = %(site)s AND hidden_at IS NULL GROUP BY hour
"""
MOST: Final = 100_000
"""Held posts of all sites whose ends are counted."""


@dataclass(frozen=True, slots=True)
class Coming:
    """How many holds of a site end in each of the next HOURS, and what becomes of those posts."""

    hours: Sequence[tuple[datetime, int]]
    becomes: Outcome


def coming(site: Site, *, now: datetime) -> Coming:
    """What would run out if nobody answered any more."""
    end = now + timedelta(hours=HOURS)
    asked = {"now": now, "end": end, "site": site.pk, "most": MOST}
    counts = dict(statements.rows(COMING, asked))
    hours = [(now + timedelta(hours=hour), counts.get(hour, 0)) for hour in range(HOURS)]
    return Coming(hours, Outcome(sites.policy_of(site).hold_fallback))


def hurry(*, now: datetime | None = None) -> int:
    """Move forward the cases of held posts whose time runs out soon; how many that were not yet.

    A case whose facts change meanwhile goes back to its place, until the next round.
    """
    now = now or timezone.now()
    # Posts that were hidden are never published by the end of a hold, and others see to them.
    ending = Case.objects.filter(
        state=CaseState.OPEN,
        lane__in=(Lane.HELD, Lane.OVERFLOW),
        decision=F("post__decision"),
        post__hold_until__gt=now,
        post__hold_until__lte=now + ENDS_SOON,
        post__hidden_at=None,
    )
    rows = list(ending.order_by("post__hold_until").values_list(*HURRIED)[:LOOKED_AT])
    in_force = Policy.objects.in_force().filter(site__in={row[2] for row in rows})
    rules = {one.site_id: one for one in in_force}
    raised: list[tuple[int, int, float]] = []
    for case, decision, site, lane, present, opened_at, probability, failed, *post in rows:
        hold_until, exposure, severity = post
        policy = rules[site]
        if hold_until > now + ends_within(policy.max_hold):
            continue
        wanted = before_end(
            lane=Lane(lane),
            probability=probability,
            opened_at=opened_at,
            weight=weight_of(exposure, Severity(severity)),
            becomes=Outcome.BLOCK if failed else Outcome(policy.hold_fallback),
        )
        if wanted > present:
            raised.append((case, decision, wanted))
    if not raised:
        return 0
    cases, decisions, wanted_of = (list(column) for column in zip(*raised, strict=True))
    with connection.cursor() as cursor:
        cursor.execute(HURRY, [cases, wanted_of, cases, decisions])
        return int(cursor.rowcount)
