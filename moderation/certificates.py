"""Which certificates are in force: what the model may block by itself."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from moderation.models import Certificate, Policy
from moderation.types import Mode


def in_force(policies: Iterable[Policy], *, now: datetime) -> dict[int, Certificate]:
    """The certificates of the sites that block by one; no query where none does."""
    sites = {policy.site_id for policy in policies if policy.mode == Mode.CERTIFIED}
    if not sites:
        return {}
    found = Certificate.objects.in_force(now).filter(site__in=sites)
    return {certificate.site_id: certificate for certificate in found}
