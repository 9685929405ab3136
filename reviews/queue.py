"""Who looks at which case: claiming is one statement, a lease ends by itself."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from django.db.models import Count, Min, Q
from django.utils import timezone

from moderation.models import Site
from reviews.models import Case
from reviews.permissions import sites_of
from reviews.states import CaseState

if TYPE_CHECKING:
    from django.contrib.auth.models import User

LEASE: Final = timedelta(minutes=5)

# The case that this person already holds, else the first that nobody holds and that they have
# not passed over as "cannot tell" in this round. A row that another claim has locked is skipped.
CLAIM: Final = """
UPDATE reviews_case SET holder_id = %(user)s, lease_until = %(until)s
WHERE id = COALESCE(
    (SELECT id FROM reviews_case
     WHERE state = 'open' AND holder_id = %(user)s AND lease_until > %(now)s
       AND site_id = ANY(%(sites)s)
     ORDER BY lease_until DESC, id
     LIMIT 1 FOR UPDATE SKIP LOCKED),
    (SELECT c.id FROM reviews_case c
     WHERE c.state = 'open' AND c.site_id = ANY(%(sites)s)
       AND (c.holder_id IS NULL OR c.lease_until <= %(now)s)
       AND NOT EXISTS (
           SELECT 1 FROM reviews_verdict v
           WHERE v.case_id = c.id AND v.round = c.round
             AND v.user_id = %(user)s AND v.kind = 'cannot_tell'
             AND NOT EXISTS (SELECT 1 FROM reviews_verdict u WHERE u.undoes_id = v.id))
     ORDER BY c.priority DESC, c.id
     LIMIT 1 FOR UPDATE OF c SKIP LOCKED)
)
RETURNING *
"""


@dataclass(frozen=True, slots=True)
class QueueCounts:
    """What waits for one person."""

    open: int
    held_by_others: int
    oldest: datetime | None
    """When the oldest open case was opened."""


def claim_next(*, user: User, site: Site | None = None, now: datetime | None = None) -> Case | None:
    """Gives the next case to `user` for LEASE; None when nothing waits for them.

    Whoever holds a case already gets that one again, with a fresh lease.
    """
    now = now or timezone.now()
    sites = list(_sites(user, site))
    if not sites:
        return None
    asked = {"user": user.pk, "until": now + LEASE, "now": now, "sites": sites}
    return next(iter(Case.objects.raw(CLAIM, asked)), None)


def renew(*, case: Case, user: User, now: datetime | None = None) -> bool:
    """Extends the lease; False when it ran out and somebody else took the case, or it closed."""
    now = now or timezone.now()
    mine = Case.objects.filter(pk=case.pk, state=CaseState.OPEN, holder=user)
    return bool(mine.update(lease_until=now + LEASE))


def release(*, case: Case, user: User) -> bool:
    """Lets go of the case, so that the next claim may get it; False when it was not held."""
    mine = Case.objects.filter(pk=case.pk, state=CaseState.OPEN, holder=user)
    return bool(mine.update(holder=None, lease_until=None))


def counts(*, user: User, site: Site | None = None, now: datetime | None = None) -> QueueCounts:
    """What waits on the sites of `user`."""
    now = now or timezone.now()
    waiting = Case.objects.filter(state=CaseState.OPEN, site__in=list(_sites(user, site)))
    others = Q(lease_until__gt=now) & ~Q(holder=user)
    found = waiting.aggregate(
        open=Count("pk"), held_by_others=Count("pk", filter=others), oldest=Min("opened_at")
    )
    return QueueCounts(**found)


def _sites(user: User, site: Site | None) -> list[int]:
    sites = sites_of(user)
    if site is not None:
        sites = sites.filter(pk=site.pk)
    return list(sites.values_list("pk", flat=True))
