"""No page tells what somebody else answered about a post to who is yet to judge it blind."""

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from moderation import outbox
from moderation.access import create_key
from moderation.deciding import feedback
from moderation.models import ApiKey, Author, Site
from moderation.types import Outcome
from reviews.console.leading.behind import address
from reviews.console.urls import urlpatterns
from reviews.judging import appeals, bulk, scopes
from reviews.labels import checks, looks, reports, sources, weighing
from reviews.labels.blind import withheld_from
from reviews.models import (
    BulkAction,
    Case,
    Check,
    Label,
    Likeness,
    Look,
    LookPlan,
    Membership,
    Reporter,
    ReportRecord,
    Verdict,
)
from reviews.roles import Role
from reviews.search import indexing
from reviews.search.behind import Behind
from reviews.states import AppealVia, Lane, VerdictKind
from tests.integration.console.factory import make_case
from tests.integration.console.page import read
from tests.integration.world import answer, make_moderator

SPAM, HAM = VerdictKind.SPAM, VerdictKind.NOT_SPAM
WORD = "zebrafish"
THERE: dict[str, Any] = {"ip": "203.0.113.7"}
WROTE: dict[str, Any] = {"author_email": "kim@mail.example"}

NOT_ASKED = {
    # Of one's own account and of the installation.
    "login", "code", "logout", "account", "enrol", "unenrol", "system", "mail", "depth",
    "guidelines", "write-guidelines", "models", "trials", "model-card", "promote-model",
    "roll-back-model", "try-model", "stop-model",
    # Counted over very many posts, by the hour at most: no list and no words.
    "promises", "drift",
    # Forms, whose pages are asked for.
    "show-again", "hide-again", "hide-copies", "show-copies", "hidden-words", "answer-alarm",
    "next", "take", "renew", "ahead", "release",
    "list", "undo-list", "save-search", "forget-search", "undo-action",
}  # fmt: skip


def one_by_one(site: Site, case: Case, robin: User) -> Verdict:
    return answer(case, robin, HAM, now=None)


def among_many(site: Site, case: Case, robin: User) -> Verdict:
    scope = scopes.by_ip(case_id=case.pk, post=case.post)
    bulk.start(scope, user=robin, kind=HAM, newest=case.post_id, expected=1, over_people=False)
    return Verdict.objects.get()


def on_appeal(site: Site, case: Case, robin: User) -> Verdict:
    answer(case, make_moderator(site), SPAM, now=None)
    appeal = appeals.file(post_id=case.post_id, via=AppealVia.API).case
    return answer(appeal, robin, HAM, now=None)


def addresses(site: Site, asked: Case, other: Case) -> Iterator[tuple[str, str]]:
    """Every page that could tell something, by its name."""
    post, case = asked.post_id, asked.pk
    yield "home", "/review/"
    yield "answers", "/review/answers/"
    yield "activity", "/review/activity/?span=hour"
    for chart in ("campaigns", "domains"):
        yield "activity", f"/review/activity/?span=hour&as=csv&of={chart}"
    yield "quality", "/review/quality/"
    yield "quality", "/review/quality/?as=csv"
    yield "sources", "/review/sources/"
    now = timezone.now()
    for of in Behind:
        since, until = now - timedelta(days=1), now + timedelta(hours=1)
        yield "cases", address(site, of, since=since, until=until)
    yield "case", f"/review/cases/{case}/"
    yield "case", f"/review/cases/{other.pk}/"
    for about in ("alike", "author", "ip", "email", "domain-0"):
        yield "everything", f"/review/cases/{other.pk}/all?about={about}"
    yield "post", f"/review/posts/{post}/"
    for question in (
        f"q={WORD}", "author=u-7", "address=203.0.113.7", "address=kim@mail.example", "state=allow",
        "domain=shop.example.com", f"like={post}", f"like={other.post_id}", "by=people",
    ):  # fmt: skip
        yield "search", f"/review/search?{question}"
    yield "hidden", "/review/hidden/"
    yield "actions", "/review/many/"
    for action in BulkAction.objects.all():
        yield "action", f"/review/many/{action.pk}/"
    for verdict in Verdict.objects.filter(case=asked):
        yield "anew", f"/review/verdicts/{verdict.pk}/anew"


def told(client: Client, site: Site, first: Case, other: Case) -> set[str]:
    """The names of the pages that tell of the post or of its answer."""
    found = set()
    for name, url in addresses(site, first, other):
        page = client.get(url)
        assert page.status_code in (200, 403, 404, 409), url
        html = page.content.decode()
        words = " ".join(re.sub(r"<[^>]+>", " ", html).split())
        if WORD in re.sub(r'value="[^"]*"', "", html):
            found.add(name)
        if re.search(
            r"Not spam (for all|1 post)|\b1 allowed|Allowed (by another person )?1\b", words
        ):
            found.add(name)
    return found


@pytest.fixture
def auditor(site: Site) -> Client:
    ada, client = make_moderator(site, username="ada"), Client()
    Membership.objects.filter(user=ada).update(role=Role.AUDITOR)
    client.force_login(ada)
    return client


@pytest.mark.parametrize("first", [one_by_one, among_many, on_appeal])
def test_who_is_asked_blind_is_told_nowhere_what_was_answered(browser, auditor, site, mara, first):
    Membership.objects.filter(user=mara).update(role=Role.SENIOR)
    LookPlan.objects.create(site=site, second_share=0.0, spam_share=0.0, gold_share=0.0)
    author = Author.objects.create(site=site, external_id="u-7", name="Kim")
    text = f"Nothing but {WORD} at https://shop.example.com/x"
    case = make_case(
        site, text=text, author=author, post=THERE, decision={"would_be": Outcome.BLOCK}, **WROTE
    )
    given = first(site, case, make_moderator(site, username="robin")).case
    words = "Something else at https://shop.example.com/y"
    other = make_case(site, text=words, author=author, post=THERE, **WROTE)
    Likeness.objects.create(post=case.post, other=other.post, similarity=0.97)
    indexing.follow(seconds=60)
    look = Look.objects.get()
    assert look.case is None
    assert told(browser, site, given, other) == set(), "drawn, and not due"
    looks.open_due(now=timezone.now() + timedelta(hours=1))
    look.refresh_from_db()
    assert look.case is not None and look.case.meant_for == [mara.pk]
    assert told(browser, site, given, other) == set(), "waits"
    answer(look.case, mara, SPAM, now=None)
    assert told(browser, site, given, other) <= {"home", "answers"}, "may be taken back"
    expected = {"search", "cases", "case", "post", *(["actions", "action"] * (first is among_many))}
    assert told(auditor, site, given, other) >= expected, "or nothing could be told at all"


@pytest.fixture
def reported(site: Site, mara: User, monkeypatch: pytest.MonkeyPatch) -> Case:
    """A case that the feedback of a reporter closed, whose label is to be checked."""
    monkeypatch.setattr(looks, "throw", lambda: 0.0)
    monkeypatch.setattr(weighing, "FEW", 0)
    Membership.objects.filter(user=mara).update(role=Role.SENIOR)
    LookPlan.objects.create(site=site, second_share=0.0, spam_share=0.0, gold_share=0.0)
    author = Author.objects.create(site=site, external_id="u-7", name="Kim")
    text = f"Nothing but {WORD} at https://shop.example.com/x"
    case = make_case(site, text=text, author=author, post=THERE, **WROTE)
    key, _ = create_key(site=site, name="forum")
    feedback.receive(
        post=case.post, label="ham", actor_id="17", actor_role="moderator", api_key=key,
        now=timezone.now(),
    )  # fmt: skip
    outbox.deliver(now=timezone.now() + timedelta(seconds=1))
    return case


def test_who_is_asked_whether_a_reporter_was_right_is_told_nowhere_what_they_said(
    browser, auditor, site, mara, reported
):
    text = "Something else at https://shop.example.com/y"
    other = make_case(site, text=text, author=reported.post.author, post=THERE, **WROTE)
    Likeness.objects.create(post=reported.post, other=other.post, similarity=0.97)
    indexing.follow(seconds=60)
    check = Check.objects.get()
    assert check.case is None
    assert told(browser, site, reported, other) == set(), "drawn, and not due"
    checks.open_due(now=timezone.now() + timedelta(hours=1))
    check.refresh_from_db()
    assert check.case is not None and mara.pk in check.case.meant_for
    assert told(browser, site, reported, other) == set(), "waits"
    answer(check.case, mara, SPAM, now=None)
    assert told(browser, site, reported, other) <= {"home", "answers"}, "may be taken back"
    assert {"search", "case", "post"} <= told(auditor, site, reported, other)


def test_no_count_tells_that_an_answer_was_to_a_check(browser, site, mara, reported):
    """Nor that it was to none: an answer to an ordinary case makes a label, and a record."""

    def counted() -> list[str]:
        sources.follow()
        reports.follow(now=timezone.now())
        return [read(browser.get(f"/review/{page}/")).words for page in ("sources", "models")]

    member = make_case(site, decision={"published": True})
    feedback.receive(
        post=member.post, label="spam", actor_id="31", actor_role="member",
        api_key=ApiKey.objects.get(), now=timezone.now(),
    )  # fmt: skip
    before = counted()
    checks.open_due(now=timezone.now() + timedelta(hours=1))
    answer(Check.objects.get().case, mara, HAM, now=None)
    assert Reporter.objects.get(actor_id="17").compared == 0
    assert counted() == before
    assert Reporter.objects.get(actor_id="17").compared == 1
    answer(member, mara, SPAM, now=None)
    assert counted() == before
    assert ReportRecord.objects.get(actor_id="31").right == 1
    tomorrow = timezone.now() + timedelta(days=1)
    sources.follow(now=tomorrow)
    reports.follow(now=tomorrow)
    [page, _] = [read(browser.get(f"/review/{page}/")).words for page in ("sources", "models")]
    assert "17 forum 1 1 of 1" in page and "31 forum 1 of 1" in page


def test_older_labels_of_reporters_are_checked_no_more_so_that_few_posts_are_withheld(
    site, reported
):
    LookPlan.objects.update(checks_per_day=1)
    key = ApiKey.objects.get()
    now = timezone.now()
    for _ in range(5):
        feedback.receive(
            post=make_case(site).post, label="ham", actor_id="17", actor_role="moderator",
            api_key=key, now=now,
        )  # fmt: skip
    outbox.deliver(now=now + timedelta(seconds=1))
    checks.open_due(now=now + timedelta(minutes=9))
    assert Check.objects.filter(ended="").count() == 6, "none is due"
    checks.open_due(now=now + timedelta(hours=1))
    kept = Check.objects.filter(ended="").order_by("-pk")
    assert [check.case is not None for check in kept] == [True, False, False]
    assert list(kept) == list(Check.objects.order_by("-pk")[:3]), "the newest"


def test_of_labels_that_a_training_doubts_those_are_withheld_whose_turn_comes_soon(site, mara):
    LookPlan.objects.create(site=site, second_share=0.0, gold_share=0.0, doubts_per_day=1)
    robin = make_moderator(site, username="robin")
    for _ in range(5):
        answer(make_case(site), robin, now=None)
    labels = list(Label.objects.order_by("-pk").values_list("pk", "post"))
    assert checks.doubt([pk for pk, _ in labels]) == 5
    posts = [post for _, post in labels]
    assert withheld_from(mara, posts) == set(posts[:3])
    assert withheld_from(robin, posts) == set(), "whose labels they are"
    checks.open_due(now=timezone.now() + timedelta(hours=1))
    assert withheld_from(mara, posts) == set(posts[:4]), "one is open, three come soon"


def test_the_page_of_a_dispute_says_how_the_post_stood_before_anybody_answered(browser, site, mara):
    """The post is out; Robin has it blocked, Kim would not. Mara is to decide between them."""
    Membership.objects.filter(user=mara).update(role=Role.SENIOR)
    LookPlan.objects.create(site=site, second_share=1.0, gold_share=0.0)
    robin, kim = (make_moderator(site, username=name) for name in ("robin", "kim"))
    case = make_case(site, lane=Lane.PUBLISHED, decision={"published": True})
    answer(case, robin, SPAM, now=None)
    assert case.post.decision is not None
    looks.open_due(now=timezone.now() + timedelta(hours=1))
    look = Look.objects.get()
    assert look.case is not None
    asked = read(browser.get(f"/review/cases/{look.case.pk}/")).words
    answer(look.case, kim, HAM, now=None)
    look.refresh_from_db()
    assert look.dispute is not None and not look.dispute.decision.published
    page = read(browser.get(f"/review/cases/{look.dispute.pk}/")).words
    for words in (asked, page):
        assert "When decided shown to readers" in words
    assert look.dispute.lane == Lane.PUBLISHED, "and so it is counted on the queue's page"


@pytest.mark.parametrize("asked", ["verdict", "take", ""])
def test_who_differs_does_not_learn_of_it_while_they_may_answer_otherwise(
    browser, auditor, site, mara, asked
):
    """The dispute has a number that is easily guessed: the next one."""
    LookPlan.objects.create(site=site, second_share=1.0, gold_share=0.0)
    robin, kim, lee = (make_moderator(site, username=name) for name in ("robin", "kim", "lee"))
    Membership.objects.filter(user=kim).update(role=Role.SENIOR)
    answer(make_case(site), robin, SPAM, now=None)
    looks.open_due(now=timezone.now() + timedelta(hours=1))
    look = Look.objects.get()
    assert look.case is not None
    answer(look.case, mara, HAM, now=None)
    look.refresh_from_db()
    assert look.dispute is not None and look.dispute.meant_for == [kim.pk]
    url = f"/review/cases/{look.dispute.pk}/{asked}"
    method = "post" if asked else "get"
    assert getattr(browser, method)(url, {"kind": "spam"}).status_code == 404
    assert auditor.get(f"/review/cases/{look.dispute.pk}/").status_code == 200
    for other in (lee, kim):
        browser.force_login(other)
        assert getattr(browser, method)(url).status_code != 404, "links lead there"


def test_who_was_looked_at_does_not_learn_that_somebody_differs_and_may_still_take_it_back(
    browser, site, mara, monkeypatch
):
    """An answer that was not given by the post alone may be taken back for as long as it stands."""
    monkeypatch.setattr(looks, "lot_of", lambda case: 1.0)
    LookPlan.objects.create(site=site, second_share=1.0, gold_share=0.0)
    robin, kim, lee = (make_moderator(site, username=name) for name in ("robin", "kim", "lee"))
    Membership.objects.filter(user__in=[robin, kim]).update(role=Role.SENIOR)
    first = answer(make_case(site, text=WORD), mara, SPAM, now=None)
    looks.open_due(now=timezone.now() + timedelta(hours=1))
    look = Look.objects.get()
    assert look.case is not None
    answer(look.case, robin, HAM, now=None)
    look.refresh_from_db()
    dispute = look.dispute
    assert dispute is not None and dispute.meant_for == [kim.pk]
    indexing.follow(seconds=60)

    def asked_by(user: User, *, found: int) -> None:
        browser.force_login(user)
        assert browser.get(f"/review/cases/{dispute.pk}/").status_code == found
        pages = [browser.get(url) for _, url in addresses(site, first.case, first.case)]
        assert not any(f"cases/{dispute.pk}/" in page.content.decode() for page in pages)

    for user, found in ((mara, 404), (robin, 404), (kim, 200), (lee, 200)):
        asked_by(user, found=found)
    for senior in (robin, kim):
        browser.force_login(senior)
        told = browser.post(f"/review/verdicts/{first.pk}/undo").content.decode()
        assert "There is no such verdict" in told, "whoever is asked finds no answer by its number"
    browser.force_login(mara)
    browser.post(f"/review/verdicts/{first.pk}/undo")
    dispute.refresh_from_db()
    first.case.refresh_from_db()
    assert (first.case.state, first.case.holder, dispute.state) == ("open", mara, "closed")


def test_every_page_of_the_console_is_asked_for_here(site, browser):
    case = make_case(site, lane=Lane.HELD)
    given = answer(case, make_moderator(site), now=None)
    BulkAction.objects.create(
        site=site, user=given.user, case_id=1, post_id=case.post_id, scope="author", value="a",
        kind="spam", state="done", created_at=timezone.now(),
    )  # fmt: skip
    asked = {name for name, _ in addresses(site, given.case, case)}
    named = {pattern.name for pattern in urlpatterns}
    forms = {"verdict", "undo"}
    assert named == asked | NOT_ASKED | forms
