"""Which sites let through more spam than they allow, so that people are asked about more."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from moderation.models import Caution, Policy


def in_force(policies: Iterable[Policy], *, now: datetime) -> dict[int, Caution]:
    """The cautions of sites that have a limit and give people for it; no query where none has."""
    sites = {
        policy.site_id
        for policy in policies
        if policy.missed_limit is not None and policy.missed_reviews_per_day
    }
    if not sites:
        return {}
    found = Caution.objects.in_force(now).filter(site__in=sites)
    return {caution.site_id: caution for caution in found}
