"""A busy day of a site, and somebody who leads it."""

# Models are imported inside: this file is read before Django's settings.

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from django.utils import timezone

if TYPE_CHECKING:
    from django.contrib.auth.models import User
    from django.test import Client

    from moderation.models import Site


@pytest.fixture(autouse=True)
def moment(monkeypatch: pytest.MonkeyPatch) -> None:
    """The tests of a run that began before midnight are of the day after."""
    from tests.integration.console.activity import day

    monkeypatch.setattr(day, "NOW", timezone.now())


@pytest.fixture
def lead(site: Site) -> User:
    from reviews.models import Membership
    from tests.integration.world import make_moderator

    lead = make_moderator(username="lea")
    Membership.objects.create(user=lead, site=site, role="senior")
    return lead


@pytest.fixture
def their_browser(lead: User) -> Client:
    from tests.integration.world import browser_of

    return browser_of(lead)


@pytest.fixture
def busy(site: Site, mara: User, lead: User) -> Site:
    from moderation.models import Post
    from moderation.types import Outcome, Source, Status
    from reviews.states import VerdictKind
    from tests.integration.console.activity import day
    from tests.integration.console.activity.day import answered, machine
    from tests.integration.console.factory import decide, make_case, make_post
    from tests.integration.world import make_site

    minute, hour = timedelta(minutes=1), timedelta(hours=1)
    for _ in range(3):
        machine(site, Outcome.ALLOW, ago=2 * hour + minute)
    machine(site, Outcome.BLOCK, ago=minute)
    # Two honest posts waited for 10 and 30 minutes, one until its time ran out.
    answered(site, mara, VerdictKind.NOT_SPAM, opened=20 * minute, ago=10 * minute)
    answered(site, mara, VerdictKind.NOT_SPAM, opened=38 * minute, ago=8 * minute)
    answered(site, mara, VerdictKind.SPAM, opened=70 * minute, ago=2 * minute)
    answered(site, lead, VerdictKind.REMOVE, opened=5 * minute, ago=minute)
    make_case(site)
    make_post(site, now=day.NOW - minute)
    Post.objects.filter(pk=machine(site, Outcome.ALLOW, ago=minute).pk).update(
        status=Status.WITHDRAWN
    )
    ran_out = machine(site, Outcome.REVIEW, ago=3 * hour)
    decide(ran_out, outcome=Outcome.ALLOW, published=True, source=Source.EXPIRY)
    machine(site, Outcome.ALLOW, ago=25 * hour)
    machine(make_site(), Outcome.BLOCK, ago=minute)
    return site
