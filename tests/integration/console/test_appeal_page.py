"""The public page of an appeal, and what a moderator sees of it."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from moderation.deciding import appeal_links
from moderation.models import Decision, Post, Site
from moderation.sites import change_policy
from moderation.submitting import posts
from moderation.types import Outcome, Source
from reviews.console.case.standing import decision_token
from reviews.judging import appeals, verdicts
from reviews.models import Appeal, Case, Verdict
from reviews.public import appeal_page
from reviews.queue.intake import new_case
from reviews.states import AppealVia, Lane, VerdictKind
from tests.integration.console.factory import decide, make_post
from tests.integration.console.hostile import ATTACK
from tests.integration.console.page import read
from tests.integration.world import answer, make_moderator


@pytest.fixture
def blocked(site: Site, broker: Any) -> Post:
    post = make_post(site, text="canary-words of the post")
    decide(post, outcome=Outcome.BLOCK)
    return post


def address(post: Post) -> str:
    assert post.decision is not None
    shown = appeal_links.show_statement(post.decision, post.decision.policy)
    assert shown is not None
    return str(shown["appeal"]["url"])


def test_an_author_appeals_without_logging_in(blocked, client):
    url = address(blocked)
    answer = client.get(url)
    page = read(answer)
    assert answer.status_code == 200
    assert "Your post is not shown" in page.words
    assert "unsolicited advertising" in page.words
    assert "canary" not in answer.content.decode()
    assert blocked.site.name not in page.words
    sent = client.post(url, {"words": "It is\r\nmine."}, follow=True)
    assert "Your appeal was received" in read(sent).words
    assert not read(sent).all("form")
    filed = Appeal.objects.get()
    assert (filed.via, filed.words, filed.post) == ("link", "It is\nmine.", blocked)
    assert "mine" not in sent.content.decode()
    assert client.post(url, {}).status_code == 409
    assert Appeal.objects.count() == 1


@pytest.mark.parametrize(
    ("kind", "heading"),
    [(VerdictKind.SPAM, "The decision stands"), (VerdictKind.NOT_SPAM, "Your appeal succeeded")],
)
def test_the_address_tells_what_became_of_it(blocked, client, mara, kind, heading, monkeypatch):
    url = address(blocked)
    client.post(url, {})
    case = Case.objects.get(lane="appeal")
    answer(case, mara, kind, now=None)
    assert heading in read(client.get(url)).words
    later = timezone.now() + timedelta(days=31)
    monkeypatch.setattr(appeal_page.timezone, "now", lambda: later)
    assert heading in read(client.get(url)).words, "also when nobody could appeal any more"


def test_what_was_said_is_dated_once_there_is_an_appeal(blocked, client):
    url = address(blocked)
    assert "you can appeal until" in read(client.get(url)).words
    client.post(url, {})
    words = read(client.get(url)).words
    day = timezone.localtime(blocked.decided_at)
    assert f"What was said of the post on {day:%-d %B %Y}" in words
    assert "This post is not shown to readers." in words
    assert "Turn to the site" not in words
    assert "you can appeal" not in words


@pytest.mark.parametrize(
    ("fields", "heading", "sentence"),
    [
        ({"outcome": Outcome.ALLOW}, "Your post is shown", "It is no longer blocked."),
        (
            {"outcome": Outcome.REVIEW, "published": True},
            "Your post is shown",
            "It is no longer blocked.",
        ),
        (
            {"outcome": Outcome.REVIEW},
            "Your post waits for a person",
            "a person looks at it first",
        ),
    ],
)
def test_of_a_post_that_is_not_blocked_nothing_is_said_that_was_so_before(
    blocked, client, fields, heading, sentence
):
    url = address(blocked)
    decide(blocked, source=Source.MODERATOR, **fields)
    for answered in (client.get(url), client.post(url, {})):
        words = read(answered).words
        assert heading in words
        assert sentence in words
        assert "not shown to readers" not in words
        assert "Turn to the site" not in words
        assert "not possible" not in words
    assert answered.status_code == 409


def test_who_succeeded_is_not_told_that_the_post_is_not_shown(blocked, client, mara):
    url = address(blocked)
    client.post(url, {})
    answer(Case.objects.get(lane="appeal"), mara, VerdictKind.NOT_SPAM, now=None)
    words = read(client.get(url)).words
    assert "Your appeal succeeded" in words
    assert "not shown to readers" not in words
    decide(blocked, outcome=Outcome.BLOCK, source=Source.MODERATOR)
    page = read(client.get(url))
    assert "The post was blocked again since." in page.words
    (link,) = [one["href"] for one in page.all("a") if "/appeal/" in one["href"]]
    assert "Your post is not shown" in read(client.get(link)).words


def test_the_address_of_a_block_that_a_person_confirmed_leads_to_that_ones(blocked, client, mara):
    assert blocked.decision is not None
    url = address(blocked)
    opened = client.get(url)
    assert "decided automatically" in read(opened).words
    case = new_case(blocked, blocked.decision, Lane.REPORTED, timezone.now())
    case.save()
    answer(case, mara, VerdictKind.SPAM, now=None)
    sent = client.post(url, {"words": "It is mine."})
    assert sent.status_code == 409
    assert "blocked anew" in read(sent).words
    assert "It is mine." in read(sent).words, "nothing typed is lost"
    assert not Appeal.objects.exists()
    led = client.get(url, follow=True)
    assert led.redirect_chain
    page = read(led)
    assert "This was decided by a person." in page.words
    assert "you can appeal until" in page.words
    (form,) = [one for one in read(sent).all("form") if one["method"] == "post"]
    assert form["action"] == led.redirect_chain[-1][0]
    client.post(form["action"], {"words": "It is mine."})
    blocked.refresh_from_db()
    assert Appeal.objects.get().decision == blocked.decision
    assert "Your appeal was received" in read(client.get(url, follow=True)).words


def test_what_changed_since_is_said(blocked, client):
    url = address(blocked)
    posts.withdraw(post=blocked)
    page = read(client.get(url))
    assert "The post was withdrawn." in page.words
    assert not page.all("form")
    assert client.post(url, {}).status_code == 409


def test_forged_foreign_and_late_addresses_show_nothing(blocked, client, monkeypatch):
    url = address(blocked)
    other = make_post(blocked.site)
    decide(other, outcome=Outcome.BLOCK)
    token, signature = url.rpartition(":")[0], url.rpartition(":")[2]
    wrong = [
        url[:-1] + ("A" if url[-1] != "A" else "B"),
        f"{address(other).rpartition(':')[0]}:{signature}",
        f"{token}:",
        "/appeal/x",
        "/appeal/" + "x" * 10_000,
        f"{url}%00",
        appeal_links.address_of(10**9, timezone.now() + timedelta(days=1)),
    ]
    for address_ in wrong:
        answer = client.get(address_)
        assert answer.status_code == 404, address_
        assert "not valid" in read(answer).words
    monkeypatch.setattr(
        appeal_page.timezone, "now", lambda: Decision.objects.earliest("pk").created_at
    )
    assert client.get(url).status_code == 200
    late = timezone.now() + timedelta(days=31)
    monkeypatch.setattr(appeal_page.timezone, "now", lambda: late)
    assert client.get(url).status_code == 404
    assert client.post(url, {}).status_code == 404
    assert not Appeal.objects.exists()


def test_the_page_is_kept_from_caches_robots_and_other_sites(blocked):
    client = Client(enforce_csrf_checks=True)
    url = address(blocked)
    answer = client.get(url)
    policy = answer["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "script-src" not in policy
    assert "frame-ancestors 'none'" in policy
    assert answer["X-Robots-Tag"].startswith("noindex")
    assert "no-store" in answer["Cache-Control"]
    assert answer["Referrer-Policy"] == "same-origin"
    page = read(answer)
    assert not page.all("script")
    assert page.all("meta", name="robots")[0]["content"] == "noindex, nofollow, noarchive"
    assert client.post(url, {"words": "x"}).status_code == 403
    assert not Appeal.objects.exists()
    token = page.all("input", name="csrfmiddlewaretoken")[0]["value"]
    assert client.post(url, {"csrfmiddlewaretoken": token}).status_code == 302
    assert Client().put(url).status_code == 405


@pytest.mark.parametrize("kind", ["address", "decision"])
def test_who_asks_too_often_waits(blocked, monkeypatch, kind):
    monkeypatch.setitem(appeal_page.PER_MINUTE, kind, 3)
    url = address(blocked)
    hosts = [f"192.0.2.{1 if kind == 'address' else n}" for n in range(1, 5)]
    statuses = [Client(REMOTE_ADDR=host).get(url).status_code for host in hosts]
    assert statuses == [200, 200, 200, 429]
    again = Client(REMOTE_ADDR=hosts[-1]).post(url, {})
    assert again.status_code == 429
    assert int(again["Retry-After"]) > 0
    assert not Appeal.objects.exists()
    if kind == "address":
        assert Client(REMOTE_ADDR="192.0.2.9").get(url).status_code == 200


def test_words_that_are_too_long_are_given_back(blocked, client):
    line = "one line of it\r\n"
    answer = client.post(address(blocked), {"words": line * 200})
    assert answer.status_code == 400
    assert "2000" in read(answer).words
    assert "one line of it" in read(answer).words
    assert client.post(address(blocked), {"words": (line * 133)}).status_code == 302


def test_a_copy_without_statement_has_no_page(site, client, broker):
    post = make_post(site)
    decide(post, outcome=Outcome.BLOCK)
    url = address(post)
    policy = change_policy(site=site, statements="none")
    decide(post, outcome=Outcome.BLOCK, policy=policy)
    assert appeal_links.show_statement(post.decision, policy) is None
    assert "decided anew" in read(client.get(url)).words


# The moderators' page


def file(post: Post, words: str = "") -> Case:
    return appeals.file(post_id=post.pk, via=AppealVia.API, words=words).case


def test_a_moderator_reads_the_appeal_with_the_post(blocked, browser):
    case = file(blocked, f"Please look again. {ATTACK}")
    home = read(browser.get("/review/")).words
    assert "Appeals 1" in home
    claimed = browser.post("/review/next")
    assert claimed["Location"] == f"/review/cases/{case.pk}/"
    answer = browser.get(claimed["Location"])
    page = read(answer)
    assert "The author appeals" in page.words
    assert "Against the block by the machine" in page.words
    assert "Please look again." in page.words
    assert not page.all("img")
    assert not [name for name, attrs in page.elements if "onload" in attrs]
    assert "<script>__hit" not in answer.content.decode()
    assert [attrs for _, attrs in page.elements if attrs.get("data-code")], "marked"


def test_who_judges_an_appeal_sees_who_answered_before_and_why(
    blocked, browser, mara, django_assert_max_num_queries
):
    kim, noor = (make_moderator(blocked.site, username=name) for name in ("kim", "noor"))
    now, seen = timezone.now(), blocked.decision
    assert seen is not None
    first = new_case(blocked, seen, Lane.REPORTED, now)
    first.save()
    verdicts.submit_verdict(
        case_id=first.pk, user=kim, kind=VerdictKind.SPAM, note="why", seen_decision_id=seen.pk
    )
    look = new_case(blocked, seen, Lane.LOOK, now)
    look.meant_for = [noor.pk]
    look.save()
    Verdict.objects.create(
        case=look, user=noor, round=0, kind="not_spam", seen=seen, created_at=now
    )
    blocked.refresh_from_db()
    appeal = file(blocked, "Why?")
    with django_assert_max_num_queries(28):
        words = read(browser.get(f"/review/cases/{appeal.pk}/")).words
    assert f"Spam · kim , just now · Case {first.pk} why" in words
    assert "noor" not in words, "a second look is told of nowhere"
    answered = read(browser.get(f"/review/cases/{first.pk}/")).words
    assert f"Open · appealed just now · Case {appeal.pk} Why?" in answered


def test_who_decided_is_told_that_a_colleague_judges(blocked, browser, mara, site):
    make_moderator(site)
    decide(blocked, outcome=Outcome.BLOCK, source=Source.MODERATOR, user=mara)
    case = file(blocked, "Why?")
    answer = browser.get(f"/review/cases/{case.pk}/")
    assert "so a colleague judges the appeal" in read(answer).words
    assert not read(answer).all("form", id="answer")
    given = {"kind": "not_spam", "seen": decision_token(case, case.decision_id), "note": "mine"}
    refused = browser.post(f"/review/cases/{case.pk}/verdict", given)
    assert refused.status_code == 409
    assert "a colleague judges the appeal" in read(refused).words
    assert Appeal.objects.get().state == "open"


def test_an_answer_by_key_resolves_it(blocked, browser):
    case = file(blocked)
    given = {"kind": "not_spam", "seen": decision_token(case, case.decision_id), "note": ""}
    assert browser.post(f"/review/cases/{case.pk}/verdict", given).status_code == 302
    assert Appeal.objects.get().state == "overturned"
    page = read(browser.get(f"/review/cases/{case.pk}/")).words
    assert "overturned" in page


def test_the_admin_lists_appeals_and_changes_none(blocked, operator):
    file(blocked, ATTACK)
    row = Appeal.objects.get()
    assert str(row.pk) in read(operator.get("/admin/reviews/appeal/")).words
    shown = operator.get(f"/admin/reviews/appeal/{row.pk}/change/")
    assert shown.status_code == 200
    assert "<script>__hit" not in shown.content.decode()
    assert operator.post(f"/admin/reviews/appeal/{row.pk}/change/", {}).status_code == 403
    assert (
        operator.post(f"/admin/reviews/appeal/{row.pk}/delete/", {"post": "yes"}).status_code == 403
    )
