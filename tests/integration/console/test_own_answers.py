"""All of one's own answers, and lists of which nothing may be shown."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from moderation.models import Site
from reviews.console import own_answers
from reviews.console.leading import behind
from reviews.labels import looks
from reviews.labels.blind import PAUSE
from reviews.models import LookPlan, Membership
from reviews.roles import Role
from reviews.search.behind import Behind
from reviews.states import VerdictKind
from tests.integration.console.factory import make_case
from tests.integration.console.page import read
from tests.integration.world import answer, browser_of, make_moderator

LATE = PAUSE + timedelta(seconds=1)


@pytest.fixture(autouse=True)
def all_plain(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    LookPlan.objects.create(site=site, second_share=0.0, gold_share=0.0)
    monkeypatch.setattr(looks, "lot_of", lambda case: 0.0)


def give(site: Site, user: User, number: int) -> None:
    for each in range(number):
        case = make_case(site, text=f"word{each} of a post")
        answer(case, user, VerdictKind.REMOVE, now=timezone.now() - LATE)


def test_every_answer_of_ones_own_is_found_a_page_at_a_time(
    browser, site, mara, monkeypatch, django_assert_max_num_queries
):
    monkeypatch.setattr(own_answers, "PAGE", 4)
    give(site, make_moderator(site, username="kim"), 1)
    give(site, mara, 10)
    assert read(browser.get("/review/")).all("a", href="/review/answers/")
    address, seen = "/review/answers/", []
    while address:
        with django_assert_max_num_queries(25):
            page = read(browser.get(address))
        seen.append([each for each in range(10) if f"word{each} " in page.words])
        assert page.words.count("Removed") == len(seen[-1])
        older = [a["href"] for a in page.all("a") if "before=" in (a.get("href") or "")]
        address = older[0] or "" if older else ""
    assert seen == [[6, 7, 8, 9], [2, 3, 4, 5], [0, 1]]
    assert browser.get("/review/answers/?before=²").status_code == 200


def test_a_list_whose_first_page_is_withheld_says_so_and_goes_on(site, mara, monkeypatch):
    monkeypatch.setattr(behind, "PAGE", 2)
    lead = make_moderator(site, username="lead")
    Membership.objects.filter(user=lead).update(role=Role.SENIOR)
    now = timezone.now()
    give(site, mara, 1)
    give(site, lead, 2)
    browser = browser_of(lead)
    address = behind.address(
        site, Behind.ANSWERED, since=now - timedelta(hours=1), until=now + timedelta(hours=1)
    )
    page = read(browser.get(address))
    assert "The 2 that are counted here are not listed." in page.words
    [more] = [a["href"] for a in page.all("a") if "page=2" in (a.get("href") or "")]
    last = read(browser.get(more or ""))
    assert "word0" in last.words
    assert "not listed" not in last.words
