"""What happened: each figure against posts whose fate is known."""

from __future__ import annotations

import csv
from datetime import timedelta
from io import StringIO
from typing import TYPE_CHECKING

import pytest
from django.test import Client
from django.utils import timezone

from moderation.models import Post, Site
from moderation.types import Outcome, Source, Status
from reviews import activity, verdicts
from reviews.activity import Fate, Span
from reviews.models import Membership
from reviews.states import VerdictKind
from tests.integration.console.factory import (
    decide,
    make_case,
    make_moderator,
    make_post,
    make_site,
)
from tests.integration.console.page import read

if TYPE_CHECKING:
    from django.contrib.auth.models import User

pytestmark = pytest.mark.django_db
NOW = timezone.now()
PAGE = "/review/activity/"


@pytest.fixture
def lead(site: Site) -> User:
    lead = make_moderator(username="lea")
    Membership.objects.create(user=lead, site=site, role="senior")
    return lead


@pytest.fixture
def their_browser(lead: User) -> Client:
    client = Client()
    client.force_login(lead)
    return client


def machine(site: Site, outcome: Outcome, *, ago: timedelta) -> Post:
    post = make_post(site, now=NOW - ago)
    decide(post, now=NOW - ago, outcome=outcome, published=outcome == Outcome.ALLOW)
    return post


def answer(site: Site, user: User, kind: VerdictKind, *, opened: timedelta, ago: timedelta) -> None:
    case = make_case(site, opened=timezone.now() - NOW + opened)
    verdicts.submit_verdict(
        case_id=case.pk,
        user=user,
        kind=kind,
        seen_decision_id=case.decision_id,
        now=NOW - ago,
    )


@pytest.fixture
def busy(site: Site, mara: User, lead: User) -> Site:
    minute, hour = timedelta(minutes=1), timedelta(hours=1)
    for _ in range(3):
        machine(site, Outcome.ALLOW, ago=2 * hour + minute)
    machine(site, Outcome.BLOCK, ago=minute)
    # Two honest posts waited for 10 and 30 minutes.
    answer(site, mara, VerdictKind.NOT_SPAM, opened=20 * minute, ago=10 * minute)
    answer(site, mara, VerdictKind.NOT_SPAM, opened=38 * minute, ago=8 * minute)
    answer(site, mara, VerdictKind.SPAM, opened=70 * minute, ago=2 * minute)
    answer(site, lead, VerdictKind.REMOVE, opened=5 * minute, ago=minute)
    make_case(site)
    make_post(site, now=NOW - minute)
    Post.objects.filter(pk=machine(site, Outcome.ALLOW, ago=minute).pk).update(
        status=Status.WITHDRAWN
    )
    ran_out = machine(site, Outcome.REVIEW, ago=3 * hour)
    decide(ran_out, outcome=Outcome.ALLOW, published=True, source=Source.EXPIRY)
    machine(site, Outcome.ALLOW, ago=25 * hour)
    machine(make_site(), Outcome.BLOCK, ago=minute)
    return site


def test_every_post_of_the_day_is_counted_once_as_it_stands(busy: Site) -> None:
    found = activity.of_site(busy, span=Span.DAY, now=timezone.now())
    assert found.counts == {
        Fate.ALLOWED: 3,
        Fate.BLOCKED: 1,
        Fate.PASSED: 2,
        Fate.STOPPED: 2,
        Fate.WAITS: 2,
        Fate.RAN_OUT: 1,
        Fate.WITHDRAWN: 1,
    }
    assert [slot.counts[Fate.ALLOWED] for slot in found.slots if slot.counts[Fate.ALLOWED]] == [3]
    assert found.automated == 4 / 9
    assert (found.held, found.held_share) == (2, 2 / 5)
    assert found.median_wait is not None
    assert round(found.median_wait.total_seconds()) == 20 * 60
    # Mara took 2 minutes between the first two; the 6 to the third were a break.
    assert (found.answers, round(found.minutes, 3)) == (4, 2.0)
    assert activity.of_site(busy, span=Span.HOUR, now=timezone.now()).counts[Fate.ALLOWED] == 0
    assert activity.of_site(busy, span=Span.WEEK, now=timezone.now()).counts[Fate.ALLOWED] == 4


def test_of_a_very_busy_site_the_newest_are_counted_and_it_says_so(
    busy: Site, their_browser: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(activity, "MOST", 4)
    assert activity.of_site(busy, span=Span.WEEK, now=timezone.now()).posts <= 4
    assert "only the newest are counted" in read(their_browser.get(f"{PAGE}?span=week")).words


def test_the_page_and_its_table_say_the_same(busy: Site, their_browser: Client) -> None:
    page = read(their_browser.get(f"{PAGE}?site={busy.pk}&span=day"))
    assert "12 posts came in" in page.words
    assert "44 %" in page.words
    assert len(page.all("rect")) >= 7
    answer = their_browser.get(f"{PAGE}?site={busy.pk}&span=day&as=csv")
    rows = list(csv.DictReader(StringIO(answer.content.decode())))
    assert len(rows) == 24
    assert sum(int(row["passed"]) for row in rows) == 2
    assert sum(int(row[fate]) for row in rows for fate in Fate) == 12


def test_who_does_not_lead_sees_none_of_it(
    browser: Client, their_browser: Client, busy: Site
) -> None:
    assert browser.get(PAGE).status_code == 403
    assert PAGE not in browser.get("/review/").content.decode()
    assert PAGE in their_browser.get("/review/").content.decode()
    foreign = make_site("Somebody else's")
    assert "Somebody else" not in read(their_browser.get(f"{PAGE}?site={foreign.pk}")).words


def test_an_empty_site_has_a_page(site: Site, their_browser: Client) -> None:
    page = read(their_browser.get(f"{PAGE}?span=nonsense"))
    assert "0 posts came in" in page.words
    assert "Nothing waits now." in page.words
