"""Who looks at which case: claiming is one statement, a lease ends by itself."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from moderation import statements
from moderation.models import Site
from reviews.lanes import Lane
from reviews.models import Case, Verdict
from reviews.people.colleagues import BARRED, JUDGING, OTHERS_LEFT, PASSED_BY, SEEN_WHOLE
from reviews.people.permissions import authors_of, can_judge, closed_lanes, given_to, sites_of
from reviews.queue.by_language import READ_BY, Reading, reading_of
from reviews.queue.priority import DUE, EPOCH, RESERVED, SOON
from reviews.states import PASSING, CaseState

if TYPE_CHECKING:
    from django.contrib.auth.models import User

LEASE: Final = timedelta(minutes=5)
AHEAD: Final = timedelta(seconds=100)
"""Of the case after the one that somebody looks at, so that it is there as they answer. The page
renews it each minute; whoever goes away gives it back soon."""
LANES: Final = [lane.value for lane in Lane]
throw: Callable[[], float] = random.random
"""Uniform on [0, 1)."""

# The case that this person already holds, else the first that nobody holds and that they have
# not passed over as "cannot tell" in this round. A row that another claim has locked is skipped.
#
# The first are looked for in each site's own index and then compared, so that it costs nothing
# how many cases wait, are leased or were passed over. Of those that somebody passed over, and
# that may be one's own, only the first few are looked at while others wait. What is due stays due
# where somebody passed it over.
PASSED_OVER: Final = PASSED_BY.format(who="%(user)s")
# Nobody judges an appeal against their own block while somebody else could, nor what they were
# shown whole as an auditor; nor cases of a lane that their membership leaves out, that are meant
# for others, or about what they wrote themselves.
OPEN_TO: Final = """
(c.id NOT IN (SELECT id FROM barred)
 AND (site_id, lane) NOT IN (
     SELECT * FROM unnest(%(closed_sites)s::bigint[], %(closed_lanes)s::text[])
 )
 AND (meant_for = '{}' OR %(user)s::bigint IS NULL OR %(user)s::bigint = ANY(meant_for))
 AND (%(own)s::bigint[] = '{}' OR NOT EXISTS (
     SELECT FROM moderation_post w WHERE w.id = c.post_id AND w.author_id = ANY(%(own)s::bigint[])
 )))
"""
BARRED_FROM: Final = f"""
WITH barred AS MATERIALIZED (
    SELECT c.id FROM reviews_case c
    WHERE c.site_id = ANY(%(sites)s) AND c.state = 'open' AND {BARRED}
    UNION ALL
    SELECT c.id FROM ({SEEN_WHOLE}) AS met JOIN reviews_case c ON c.id = met.id
    WHERE c.site_id = ANY(%(sites)s) AND c.state = 'open' AND {OTHERS_LEFT}
)
"""  # noqa: S608 - constants
FRESH: Final = f"""
        SELECT c.id, c.priority FROM unnest(%(sites)s::bigint[]) AS site (id), LATERAL (
            SELECT id, priority FROM reviews_case c
            WHERE site_id = site.id AND state = 'open' AND holder_id IS NULL AND NOT passed
              AND {OPEN_TO}
            ORDER BY priority DESC, id LIMIT %(depth)s
        ) AS c
"""  # noqa: S608 - constants
# For whoever reads some languages: each of them has its place in another index, and what waits
# too long is found by its age.
FRESH_READ: Final = f"""
        SELECT c.id, c.priority
        FROM unnest(%(place_sites)s::bigint[], %(place_languages)s::text[]) AS place (site, code),
        LATERAL (
            SELECT id, priority FROM reviews_case c
            WHERE site_id = place.site AND language = place.code AND state = 'open'
              AND holder_id IS NULL AND NOT passed AND {OPEN_TO}
            ORDER BY priority DESC, id LIMIT %(depth)s
        ) AS c
        UNION
        SELECT c.id, c.priority
        FROM unnest(%(sites)s::bigint[]) AS site (id), unnest(%(lanes)s::text[]) AS its (lane),
        LATERAL (
            SELECT id, priority FROM reviews_case c
            WHERE site_id = site.id AND lane = its.lane AND state = 'open'
              AND opened_at <= %(patience)s AND holder_id IS NULL AND NOT passed AND {OPEN_TO}
            ORDER BY opened_at LIMIT %(depth)s
        ) AS c
"""  # noqa: S608 - constants
# Of lanes that nobody is told of, and old enough to be offered in any language.
IS_DUE: Final = "(c.lane IN ('audit', 'look') AND c.opened_at <= %(due)s)"
CLAIM: Final = f"""
{BARRED_FROM}, first AS MATERIALIZED (
    SELECT id FROM (
        {{fresh}}
        UNION ALL
        SELECT c.id, 'infinity' FROM unnest(%(sites)s::bigint[]) AS site (id),
        (VALUES ('audit'), ('look')) AS its (lane), LATERAL (
            SELECT id, round FROM reviews_case c
            WHERE site_id = site.id AND lane = its.lane AND state = 'open'
              AND opened_at <= %(due)s AND holder_id IS NULL AND {OPEN_TO}
            ORDER BY opened_at LIMIT %(look)s
        ) AS c WHERE NOT EXISTS ({PASSED_OVER})
        UNION ALL
        SELECT c.id, c.priority FROM unnest(%(sites)s::bigint[]) AS site (id), LATERAL (
            SELECT id, priority, round, site_id, language, opened_at FROM reviews_case c
            WHERE site_id = site.id AND state = 'open' AND holder_id IS NULL AND passed
              AND {OPEN_TO}
            ORDER BY priority DESC, id LIMIT %(look)s
        ) AS c WHERE {READ_BY} AND NOT EXISTS ({PASSED_OVER})
        UNION ALL
        SELECT id, priority FROM (
            SELECT id, priority FROM reviews_case c
            WHERE state = 'open' AND holder_id IS NOT NULL AND lease_until <= %(now)s
              AND site_id = ANY(%(sites)s) AND {OPEN_TO} AND {READ_BY}
            ORDER BY lease_until LIMIT %(look)s
        ) AS lapsed
    ) AS c
    ORDER BY priority DESC, id LIMIT %(most)s
)
UPDATE reviews_case SET holder_id = %(user)s, lease_until = %(until)s
WHERE id = COALESCE(
    (SELECT id FROM reviews_case c
     WHERE state = 'open' AND holder_id = %(user)s AND lease_until > %(now)s
       AND site_id = ANY(%(sites)s) AND id IS DISTINCT FROM %(besides)s AND {OPEN_TO}
     ORDER BY lease_until DESC, id
     LIMIT 1 FOR UPDATE SKIP LOCKED),
    (SELECT c.id FROM reviews_case c
     WHERE c.id = ANY(ARRAY(SELECT id FROM first)) AND c.state = 'open'
       AND (c.holder_id IS NULL OR c.lease_until <= %(now)s) AND {OPEN_TO}
       AND NOT EXISTS ({PASSED_OVER})
     ORDER BY {IS_DUE} DESC, c.priority DESC, c.id
     LIMIT 1 FOR UPDATE OF c SKIP LOCKED)
)
RETURNING *
"""  # noqa: S608 - constants
CLAIM_ANY: Final = CLAIM.replace("{fresh}", FRESH)
CLAIM_READ: Final = CLAIM.replace("{fresh}", FRESH_READ)
NEAR: Final = {"depth": 4, "look": 20, "most": 40}
FAR: Final = {"depth": 10_000, "look": 10_000, "most": 10_000}
"""For when all that stand first are taken at this very moment, or were passed over."""

COUNTED: Final = 200
"""Open cases of one lane of one site are counted up to here."""
LOOKED_AT: Final = 400
"""So many are looked at for those in somebody's languages."""
KEPT_FROM: Final = """
(c.meant_for <> '{}' AND %(told)s::bigint <> ALL(c.meant_for) AND (
    c.lane = 'look' OR EXISTS (SELECT FROM reviews_look l WHERE l.dispute_id = c.id)
    OR EXISTS (SELECT FROM reviews_check k WHERE k.dispute_id = c.id)
))
"""
WAITING: Final = f"""
{BARRED_FROM}
SELECT site.id, lane.name, seen.n, seen.oldest, seen.looked_at, seen.published
FROM unnest(%(sites)s::bigint[]) AS site (id), unnest(%(lanes)s::text[]) AS lane (name), LATERAL (
    SELECT count(*) FILTER (WHERE {READ_BY}) AS n, count(*) AS looked_at,
        min(opened_at) FILTER (WHERE {READ_BY}) AS oldest,
        count(*) FILTER (WHERE d.published AND {READ_BY}) AS published
    FROM (
        SELECT opened_at, site_id, language, decision_id FROM reviews_case c
        WHERE site_id = site.id AND lane = lane.name AND state = 'open' AND {OPEN_TO}
          AND NOT (passed AND EXISTS ({PASSED_OVER}))
          AND (%(told)s::bigint IS NULL OR NOT {KEPT_FROM})
          AND (%(user)s::bigint IS NULL OR holder_id IS NULL OR holder_id = %(user)s
               OR lease_until <= %(now)s)
        ORDER BY opened_at LIMIT %(most)s
    ) AS c LEFT JOIN (SELECT id, published FROM moderation_decision) AS d
        ON d.id = decision_id AND lane.name IN ('audit', 'look')
) AS seen
WHERE seen.n > 0
"""  # noqa: S608 - constants
ELSEWHERE: Final = f"""
{BARRED_FROM}
SELECT count(*) FROM (
    SELECT FROM reviews_case c
    WHERE holder_id <> %(user)s AND lease_until > %(now)s AND state = 'open'
      AND site_id = ANY(%(sites)s) AND {OPEN_TO} AND {READ_BY}
      AND NOT (passed AND EXISTS ({PASSED_OVER}))
    LIMIT %(most)s
) AS held
"""  # noqa: S608 - constants


@dataclass(frozen=True, slots=True)
class Counted:
    """How many there are: exactly, or at least."""

    least: int = 0
    exact: bool = True

    def __str__(self) -> str:
        return f"{self.least:,}" if self.exact else f"{self.least:,}+"

    def __bool__(self) -> bool:
        return self.least > 0

    def __add__(self, other: Counted) -> Counted:
        return Counted(self.least + other.least, self.exact and other.exact)

    @classmethod
    def up_to(cls, most: int, found: int) -> Counted:
        """What was counted no further than `most`."""
        return cls(found, found < most)


@dataclass(frozen=True, slots=True)
class Waiting:
    """What waits in one lane of one site."""

    site_id: int
    lane: Lane
    open: Counted
    oldest: datetime
    """When the first of them was opened."""
    published: int
    """Of audits and second looks, those of posts that are published."""


def claim_next(
    *,
    user: User,
    site: Site | None = None,
    besides: Case | None = None,
    now: datetime | None = None,
) -> Case | None:
    """Gives the next case to `user` for LEASE; None when nothing waits for them.

    Whoever holds a case already gets that one again, with a fresh lease; but not `besides`, which
    they hold and are about to put back.
    """
    return _claim(user, site, now or timezone.now(), LEASE, besides.pk if besides else None)


def claim_ahead(
    *, user: User, besides: Case, site: Site | None = None, now: datetime | None = None
) -> Case | None:
    """Gives the case that comes after the one they hold to `user` for AHEAD; None without one.

    Its lease ends before that of the case they look at, so `claim_next` still gives that one
    first, and gives this one as soon as that one is answered.
    """
    return _claim(user, site, now or timezone.now(), AHEAD, besides=besides.pk)


def _claim(
    user: User, site: Site | None, now: datetime, length: timedelta, besides: int | None
) -> Case | None:
    mine = sites_of(user)
    if site is not None:
        mine = mine.filter(pk=site.pk)
    asked = _asked_by(user, list(mine.values_list("pk", flat=True)))
    if not asked["sites"]:
        return None
    reading = reading_of(user, asked["sites"], now)
    asked |= reading.asked | {"lanes": LANES, "until": now + length, "now": now}
    asked["besides"] = besides
    # Nothing was opened before EPOCH.
    asked["due"] = now - DUE + SOON if throw() < RESERVED else EPOCH
    statement = CLAIM_ANY if reading.languages is None else CLAIM_READ
    for reach in (NEAR, FAR):
        for case in Case.objects.raw(statement, {**asked, **reach}):
            return case
    return None


def take(*, case: Case, user: User, now: datetime | None = None) -> bool:
    """Gives this very case to `user` for LEASE, where nobody else holds it and they may judge it.

    False where somebody does, where it is closed, or where they passed it on in this round.
    """
    if not can_judge(user, case):
        return False
    now = now or timezone.now()
    passed = Verdict.objects.filter(
        case=OuterRef("pk"), round=OuterRef("round"), user=user, kind__in=sorted(PASSING)
    ).filter(undone_by=None)
    free = Q(holder=None) | Q(holder=user) | Q(lease_until__lte=now)
    found = Case.objects.filter(free, ~Exists(passed), pk=case.pk, state=CaseState.OPEN)
    return bool(found.update(holder=user, lease_until=now + LEASE))


def renew(*, case: Case, user: User, now: datetime | None = None) -> bool:
    """Extends the lease; False when it ran out and somebody else took the case, or it closed."""
    now = now or timezone.now()
    mine = Case.objects.filter(pk=case.pk, state=CaseState.OPEN, holder=user)
    return bool(mine.update(lease_until=now + LEASE))


def release(*, case: Case, user: User) -> bool:
    """Lets go of the case, so that the next claim may get it; False when it was not held."""
    mine = Case.objects.filter(pk=case.pk, state=CaseState.OPEN, holder=user)
    return bool(mine.update(holder=None, lease_until=None))


def _asked_by(user: User | None, found: list[int]) -> dict[str, Any]:
    """The parameters of OPEN_TO, and the sites `found`; for nobody in particular, all is open."""
    if user is None:
        closed, own = [], []
    else:
        closed, own = closed_lanes(user, found), authors_of(user.pk)
    return {
        "user": user.pk if user else None,
        "sites": found,
        "judging": JUDGING,
        "own": own,
        "closed_sites": [site for site, _ in closed],
        "closed_lanes": [lane.value for _, lane in closed],
    }


def waiting(
    *,
    sites: Sequence[Site],
    user: User | None = None,
    told: User | None = None,
    reading: Reading | None = None,
    now: datetime | None = None,
) -> list[Waiting]:
    """What waits on these sites, each lane of each site counted up to COUNTED.

    With `user`, only what they would be given now: not what is kept from them, what they passed on
    or what somebody else looks at; with `reading`, only what they are offered. With `told`, what
    waits for anybody, but for the second looks, and what was opened since two differ, that others
    are asked: whoever judges would learn from the number what followed their answer.
    """
    asked = _asked_by(user, [site.pk for site in sites])
    reading = reading or Reading()
    most = COUNTED if reading.languages is None else LOOKED_AT
    asked |= reading.asked | {"lanes": LANES, "most": most, "now": now or timezone.now()}
    asked["told"] = told.pk if told else None
    return [
        Waiting(site_id, Lane(lane), Counted(n, looked_at < most), oldest, published)
        for site_id, lane, n, oldest, looked_at, published in statements.rows(WAITING, asked)
    ]


def waiting_as_told(site: Site, user: User) -> list[Waiting]:
    """What waits on this site for anybody, as far as this person, who leads or audits it, is told.

    An auditor answers nothing, and is told of all.
    """
    judges = not given_to(user, site.pk).only_audits
    return waiting(sites=[site], told=user if judges else None)


def held_by_others(
    *,
    user: User,
    sites: Sequence[Site],
    reading: Reading | None = None,
    now: datetime | None = None,
) -> Counted:
    """How many cases somebody else looks at just now, up to COUNTED.

    Only those that `user` would be given if nobody did; with `reading`, of what they are offered.
    """
    asked = _asked_by(user, [site.pk for site in sites])
    asked |= (reading or Reading()).asked | {"most": COUNTED, "now": now or timezone.now()}
    ((count,),) = statements.rows(ELSEWHERE, asked)
    return Counted.up_to(COUNTED, count)
