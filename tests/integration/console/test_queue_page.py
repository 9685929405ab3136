"""The queue's page as it looks again by itself."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from django.test import Client
from django.utils import timezone

from moderation.models import Post, Site
from reviews.console import queue_page
from reviews.console.case.standing import decision_token
from reviews.judging import bulk, scopes
from reviews.judging.undoing import undo
from reviews.models import Case, Incident, PageView, Verdict
from reviews.notices import digests
from reviews.states import VerdictKind
from tests.integration.console.factory import make_case
from tests.integration.console.page import read
from tests.integration.world import answer, make_moderator, make_site

if TYPE_CHECKING:
    from django.contrib.auth.models import User

HOME = "/review/"


def test_the_page_is_sent_again_only_when_something_changed(
    browser: Client, mara: User, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    moment = timezone.now().replace(second=10)
    monkeypatch.setattr(queue_page.timezone, "now", lambda: moment)
    make_case(site=site)

    def look(version: str = "") -> tuple[int, str]:
        answer = browser.get(HOME, headers={"if-none-match": version})
        if not answer.content:
            return answer.status_code, ""
        (live,) = read(answer).all("div", **{"hx-trigger": "every 10s"})
        return answer.status_code, json.loads(live["hx-headers"] or "")["If-None-Match"]

    _, version = look()
    assert look(version) == (304, "")
    make_case(site=site)
    status, with_two = look(version)
    assert (status, with_two != version) == (200, True)
    assert look(with_two)[0] == 304
    views = PageView.objects.count()
    moment += timedelta(minutes=1)
    status, older = look(with_two)
    assert (status, older != with_two) == (200, True), "ages are told anew"
    assert PageView.objects.count() == views, "nobody was shown anything new"
    make_case(site=site)
    assert look(older)[0] == 200
    assert PageView.objects.count() > views


def test_a_case_tells_what_waits_and_the_queue_what_is_wrong(
    browser: Client, mara: User, site: Site, django_assert_max_num_queries: Any
) -> None:
    opened = timezone.now() - timedelta(hours=3)
    case = make_case(site, opened=timedelta(minutes=150))
    url = "/review/depth"
    (told_of,) = read(browser.get(f"/review/cases/{case.pk}/")).all("p", id="depth")
    assert told_of["hx-get"] == url
    with django_assert_max_num_queries(15):
        told = browser.get(url)
    assert "1 waits · the oldest for 2\xa0hours" in read(told).text
    Case.objects.update(opened_at=timezone.now() - timedelta(hours=53))
    line = queue_page.in_short(user=mara, sites=[site])
    assert "the oldest for 2\xa0days" in line, "as the queue's page says it"
    Case.objects.update(opened_at=timezone.now() - timedelta(minutes=150))
    again = browser.get(url, headers={"if-none-match": told["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    Incident.objects.create(site=site, kind="wait", opened_at=opened, seen_at=opened)
    elsewhere = make_site("Elsewhere")
    Incident.objects.create(site=elsewhere, kind="hold", opened_at=opened, seen_at=opened)
    words = read(browser.get(HOME)).words
    assert "Cases wait too long, the oldest for 2 hours ." in words
    assert "near the end" not in words
    Incident.objects.create(site=site, kind="hold", opened_at=opened, seen_at=opened)
    assert "near the end" not in read(browser.get(HOME)).words, "it has passed by now"
    end = timezone.now() + timedelta(minutes=20)
    Post.objects.filter(pk=case.post_id).update(hold_until=end)
    page = read(browser.get(HOME))
    first = f"the first until {end:%-d %b, %H:%M} UTC"
    assert f"1 held post is near the end of its time, {first}" in page.words
    (link,) = [one["href"] for one in page.all("a") if "state=review" in str(one.get("href"))]
    assert "short.example" in read(browser.get(link)).words
    late = Post.objects.exclude(pk=case.post_id)
    make_case(site, opened=timedelta(hours=1))
    late.update(hold_until=end + timedelta(minutes=5))
    assert f"2 held posts are near the end of their time, {first}" in read(browser.get(HOME)).words
    Incident.objects.update(closed_at=timezone.now())
    assert "Cases wait too long" not in read(browser.get(HOME)).words


def test_pace_is_the_median_from_answer_to_answer_without_breaks(mara: User, site: Site) -> None:
    now = timezone.now()
    for seconds in (3_500, 900, 892, 40, 10):
        case = make_case(site=site)
        answer(case, mara, now=now - timedelta(seconds=seconds))
    page = queue_page.overview(user=mara, sites=[site], now=now)
    # Gaps are 2,600 (a break), 8, 852 (a break) and 30 seconds.
    assert page.pace == queue_page.Pace(answers=5, seconds=19)
    # Neither what was taken back nor what was answered along with others is a pace.
    taken_back = answer(make_case(site=site), mara, now=now - timedelta(seconds=2))
    undo(verdict_id=taken_back.pk, user=mara)
    case = make_case(site=site)
    scope = scopes.alike(case_id=case.pk, post=case.post)
    run = scopes.dry_run(scope, user=mara)
    expected = run.would_decide(VerdictKind.SPAM)
    bulk.start(
        scope, user=mara, kind=VerdictKind.SPAM, newest=run.newest, expected=expected, now=now
    )
    assert Verdict.objects.exclude(bulk_item=None).exists()
    page = queue_page.overview(user=mara, sites=[site], now=timezone.now())
    assert page.pace == queue_page.Pace(answers=5, seconds=19)


def test_an_answer_to_many_is_one_of_todays(mara: User, site: Site) -> None:
    first, second = (make_case(site, post={"fingerprint": b"a" * 32}) for _ in range(2))
    answer(make_case(site), mara, now=None)
    scope = scopes.alike(case_id=first.pk, post=first.post)
    newest = scopes.dry_run(scope, user=mara).newest
    bulk.start(scope, user=mara, kind=VerdictKind.SPAM, newest=newest, expected=2)
    assert Verdict.objects.filter(case__in=[first, second]).count() == 2
    assert queue_page.overview(user=mara, sites=[site]).today == 2
    told = digests.digest_of(mara, timezone.now())
    assert "2 answers within the last 24 hours, by all." in told
    assert "2 of the answers were yours." in told


def test_a_page_that_was_fetched_before_a_second_look_came_is_not_shown(
    browser: Client, mara: User, site: Site
) -> None:
    robin = make_moderator(site, username="robin")
    first, second = (make_case(site, opened=timedelta(minutes=30 - number)) for number in range(2))
    browser.post("/review/next")
    fetched = browser.post(f"/review/cases/{first.pk}/ahead").json()
    look = make_case(site)
    Case.objects.filter(pk=look.pk).update(
        post=second.post, lane="look", meant_for=[mara.pk, robin.pk]
    )
    assert browser.post(f"/review/cases/{first.pk}/ahead").json() != fetched
    given = browser.post(
        f"/review/cases/{first.pk}/verdict",
        {"kind": "spam", "seen": decision_token(first, first.decision_id)},
        headers={"X-Shown-Ahead": " ".join(fetched.values())},
    ).json()
    assert given == {"url": fetched["url"]}


def test_the_case_after_the_one_on_the_screen_is_leased_and_told_as_shown(
    browser: Client, mara: User, site: Site
) -> None:
    first, second, third = (
        make_case(site, opened=timedelta(minutes=30 - number)) for number in range(3)
    )
    browser.post("/review/next")
    ahead = f"/review/cases/{first.pk}/ahead"
    following = f"/review/cases/{second.pk}/"
    shows = {"url": following, "shows": decision_token(second, second.decision_id)}
    assert browser.post(ahead).json() == shows
    assert browser.post(ahead).json() == shows
    for case in (first, second):
        case.refresh_from_db()
        assert case.holder == mara
    assert second.lease_until is not None
    assert first.lease_until is not None
    assert second.lease_until < first.lease_until, "whoever goes away gives it back soon"
    # Until the first is answered it is what they work at.
    assert f"Continue with case {first.pk}" in read(browser.get(HOME)).words
    assert browser.post("/review/next")["Location"] == f"/review/cases/{first.pk}/"

    answer = {"kind": "spam", "seen": decision_token(first, first.decision_id)}
    told = browser.post(
        f"/review/cases/{first.pk}/verdict",
        answer,
        headers={"X-Shown-Ahead": f"{following} {decision_token(second, second.decision_id)}"},
    ).json()
    assert told["minutes_left"] == 5
    assert "Spam recorded." in told["flashes"]
    assert "/undo" in told["flashes"]
    # Somebody whose page shows another case than the one they get is led to that one.
    answer["seen"] = decision_token(second, second.decision_id)
    led = browser.post(
        f"/review/cases/{second.pk}/verdict",
        answer,
        headers={"X-Shown-Ahead": f"{following} {decision_token(second, second.decision_id)}"},
    )
    assert led.json() == {"url": f"/review/cases/{third.pk}/"}
    assert browser.post(f"/review/cases/{third.pk}/ahead").json() == {"url": None}
    assert browser.post(ahead).json() == {"url": None}, "it is answered"
