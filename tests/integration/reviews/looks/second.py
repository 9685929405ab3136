"""Second looks that become due."""

from datetime import datetime, timedelta

from moderation.models import Site
from reviews.labels import looks
from reviews.models import (
    Case,
    Look,
    LookPlan,
    Verdict,
)
from reviews.states import VerdictKind
from tests.integration.world import NOW

SPAM, NOT_SPAM = VerdictKind.SPAM, VerdictKind.NOT_SPAM
LATER = NOW + timedelta(hours=1)


def plan(site: Site, **shares: float) -> None:
    given = {"second_share": 0.0, "spam_share": 0.0, "gold_share": 0.0, **shares}
    LookPlan.objects.update_or_create(site=site, defaults=given)


def look_at(verdict: Verdict, now: datetime = LATER) -> Case:
    looks.open_due(now=now)
    found = Look.objects.get(verdict=verdict).case
    assert found is not None
    return found
