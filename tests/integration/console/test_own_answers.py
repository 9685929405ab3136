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
from reviews.models import Look, LookPlan, Membership
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


@pytest.mark.parametrize("page", ["", "answers/"])
def test_undo_goes_once_somebody_has_decided_between_two_who_differ(browser, site, mara, page):
    LookPlan.objects.update(second_share=1.0)
    robin, kim = (make_moderator(site, username=name) for name in ("robin", "kim"))
    Membership.objects.filter(user=kim).update(role=Role.SENIOR)
    answer(make_case(site), robin, VerdictKind.SPAM, now=None)
    looks.open_due(now=timezone.now() + timedelta(hours=1))
    look = Look.objects.get()
    assert look.case is not None
    given = answer(look.case, mara, VerdictKind.NOT_SPAM, now=None)
    address, undo = f"/review/{page}", f"/review/verdicts/{given.pk}/undo"
    before = browser.get(address)
    assert read(before).all("form", action=undo)
    look.refresh_from_db()
    assert look.dispute is not None
    answer(look.dispute, kim, VerdictKind.SPAM, now=None)
    known = {"If-None-Match": f'"{before.context.get("version", "")}"'}
    polled = browser.get(address, headers=known)
    assert polled.status_code == 200 and not read(polled).all("form", action=undo)
    assert browser.post(undo).status_code == 409
