"""From one case to all of it, as a moderator's browser sees it."""

import re
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.test import Client
from django.utils import timezone

from moderation import guidelines
from moderation.models import Author, Post, Site
from moderation.types import Outcome, Source
from reviews.console.case.standing import decision_token
from reviews.labels import looks
from reviews.models import BulkAction, Case, Look, LookPlan, Membership, Verdict
from reviews.roles import Role
from reviews.search import indexing
from reviews.states import Lane, VerdictKind
from tests.integration.console.answering import post_form
from tests.integration.console.factory import decide, make_case, make_post
from tests.integration.console.hostile import ATTACK
from tests.integration.console.page import read
from tests.integration.world import answer, make_moderator

ALLOWED: dict[str, Any] = {
    "outcome": Outcome.ALLOW,
    "published": True,
    "would_be": Outcome.REVIEW,
}
BLOCKED: dict[str, Any] = {"outcome": Outcome.BLOCK, "would_be": Outcome.BLOCK}
TEMPLATE = "Congratulations friend number {0}, you won a free {1} from our shop: write to us today"
WORD = ("phone", "tablet", "watch", "laptop", "camera", "printer", "console")


@pytest.fixture
def case(site: Site) -> Case:
    """A held post of an author with a hostile name, who has one more that was let through."""
    author = Author.objects.create(site=site, external_id=ATTACK[:200], name=ATTACK[:200])
    there = {"ip": "203.0.113.7", "fingerprint": b"a" * 32}
    decide(make_post(site, author=author, text=ATTACK, post=there), **ALLOWED)
    return make_case(site, author=author, text=ATTACK, post=there)


def test_also_the_only_group_has_its_number(browser, site):
    there = {"fingerprint": b"a" * 32}
    case = [make_case(site, text=ATTACK, post=there) for _ in range(2)][-1]
    page = read(browser.get(f"/review/cases/{case.pk}/all?about=alike"))
    assert "Waits, held back 2" in " ".join(page.words.split())


@pytest.mark.parametrize("about", ["alike", "author", "ip"])
def test_a_dry_run_then_one_answer_then_one_undo(
    browser, site, case, about, django_assert_max_num_queries
):
    url = f"/review/cases/{case.pk}/all?about={about}"
    shown = read(browser.get(f"/review/cases/{case.pk}/"))
    assert "2 posts say the same" in shown.words
    with django_assert_max_num_queries(23):
        page = read(browser.get(url))
    assert "2 posts" in page.words
    assert "Waits, held back 1" in " ".join(page.words.split())
    assert "for 2" in page.words and "for 1" in page.words
    assert not page.all("img", src="x") and ATTACK[:28] in page.text

    done = post_form(browser, url, page, "spam")
    assert "2 posts were decided." in read(done).words
    assert not read(done).all("img", src="x")
    action = BulkAction.objects.get()
    assert set(case.post.author.posts.values_list("outcome", flat=True)) == {"block"}
    again = post_form(browser, url, page, "spam")
    assert again.status_code == 409
    assert "all of them stand so already" in read(again).words

    undone = browser.post(f"/review/many/{action.pk}/undo", follow=True)
    assert "2 posts stand as before." in read(undone).words
    assert browser.post(f"/review/many/{action.pk}/undo").status_code == 409
    with django_assert_max_num_queries(10):
        listed = read(browser.get("/review/many/"))
    assert "taken back" in listed.words


def test_the_counts_are_those_of_what_would_be_overturned_too(browser, site, case):
    kim = make_moderator(site, username="kim")
    said = make_post(site, author=case.post.author)
    decide(said, outcome=Outcome.BLOCK, source=Source.MODERATOR, user=kim)
    page = browser.get(f"/review/cases/{case.pk}/all?about=author").content.decode()
    counts = re.findall(r'(without|over)-people">for (\d+)<', page)
    assert counts == [("without", "1"), ("over", "2")], "of not spam; the others are one number"
    assert page.index('id="newest"') < page.index('id="all"'), "what is meant, then the answer"


def test_nothing_is_offered_for_all_where_there_is_only_one(browser, site):
    alone = make_case(site)
    page = read(browser.get(f"/review/cases/{alone.pk}/all?about=author"))
    assert "no other has this in common with it" in page.words
    (there,) = page.all("a", href=f"/review/cases/{alone.pk}/", **{"data-key": "b"})
    assert there


def test_older_answers_to_many_are_a_page_further(browser, site, mara, monkeypatch):
    monkeypatch.setattr("reviews.console.many.LISTED", 2)
    made = [
        BulkAction.objects.create(
            site=site, user=mara, case_id=1, post_id=UUID(int=n), scope="author",
            value=f"author {n}", kind="spam", state="done", created_at=timezone.now(),
        )
        for n in range(3)
    ]  # fmt: skip
    first = read(browser.get("/review/many/"))
    assert "author 2" in first.words and "author 0" not in first.words
    [older] = first.all("a", href=f"?before={made[1].pk}")
    last = read(browser.get(f"/review/many/{older['href']}"))
    assert "author 0" in last.words and "author 1" not in last.words
    assert "Those before" not in last.words


def test_all_are_answered_by_a_rule_and_with_a_note(browser, site, case):
    guidelines.publish(site=site, text="Rule: Insults\n", public=False)
    written, _ = guidelines.in_force(site.pk)
    assert written is not None
    url = f"/review/cases/{case.pk}/all?about=alike"
    page = read(browser.get(url))
    wrong = post_form(browser, url, page, "", rule="2", note="typed")
    assert wrong.status_code == 400 and "no rule with this number" in read(wrong).words
    assert "typed" in read(wrong).text
    done = post_form(browser, url, page, "", rule="1", note="the usual ones")
    assert "rule 1 of version 1" in read(done).words
    given = Verdict.objects.values_list("kind", "rule", "guidelines", "note").distinct()
    assert list(given) == [("remove", 1, written.pk, "the usual ones")]
    assert BulkAction.objects.get().note == "", "kept with each answer"


def test_nobody_elses(browser, site, case):
    url = f"/review/cases/{case.pk}/all?about=author"
    page = read(browser.get(url))
    colleague, stranger = Client(), Client()
    colleague.force_login(make_moderator(site))
    stranger.force_login(make_moderator(username="stranger"))
    elsewhere = Client()
    elsewhere.force_login(make_moderator(make_case_site()))
    assert stranger.get(url).status_code == 403
    assert elsewhere.get(url).status_code == 404
    assert post_form(elsewhere, url, page, "spam").status_code == 404
    assert not BulkAction.objects.exists()
    post_form(browser, url, page, "spam")
    action = BulkAction.objects.get()
    assert elsewhere.get(f"/review/many/{action.pk}/").status_code == 404
    assert "Ordered by mara" in read(colleague.get(f"/review/many/{action.pk}/")).words
    assert colleague.post(f"/review/many/{action.pk}/undo").status_code == 403


def make_case_site() -> Site:
    from tests.integration.world import make_site

    return make_site()


def test_a_blind_case_shows_no_neighbours_and_is_none(browser, site, mara, case):
    same: dict[str, Any] = {"author": case.post.author, "post": {"fingerprint": b"a" * 32}}
    audit = make_case(site, lane=Lane.AUDIT, decision=ALLOWED, text="drawn", **same)
    words = read(browser.get(f"/review/cases/{audit.pk}/")).words
    assert "2 posts say" not in words and "Everything by this author" not in words
    assert browser.get(f"/review/cases/{audit.pk}/all?about=author").status_code == 409
    page = read(browser.get(f"/review/cases/{case.pk}/all?about=alike"))
    assert "2 posts" in page.words and "drawn" not in page.words


def test_what_a_form_may_not_say_is_refused_and_many_a_minute_are_too_many(
    browser, case, broker, monkeypatch
):
    url = f"/review/cases/{case.pk}/all?about=author"
    page = read(browser.get(url))
    assert post_form(browser, url, page, "cannot_tell").status_code == 400
    assert post_form(browser, url, page, "spam", newest="x").status_code == 400
    more = post_form(browser, url, page, "spam", block="1")
    assert more.status_code == 409 and "look again" in read(more).words
    assert not BulkAction.objects.exists()
    monkeypatch.setattr("reviews.console.many.A_MINUTE", 1)
    assert post_form(browser, url, page, "spam").status_code == 200
    assert post_form(browser, url, page, "spam").status_code == 429
    assert BulkAction.objects.count() == 1


def test_the_keys_are_told(browser):
    page = read(browser.get("/review/"))
    assert re.search(r"A One answer for all that say the same", page.words)
    assert page.all("dialog")


def test_what_the_machine_would_block_is_answered_with_what_says_the_same(
    browser, site, monkeypatch
):
    sure = {"would_be": Outcome.BLOCK, "probability": 0.99}
    cases = [make_case(site, decision=sure, post={"fingerprint": b"b" * 32}) for _ in range(4)]
    first, second, *_, plain = cases
    fallen = {plain.pk}
    monkeypatch.setattr("reviews.labels.looks.lot_of", lambda case: 1.0 - (case.pk in fallen))
    url = f"/review/cases/{first.pk}/all?about=alike"
    page = read(browser.get(f"/review/cases/{first.pk}/"))
    assert "3 posts say the same" in page.words and page.all("a", href=url, **{"data-key": "a"})
    done = post_form(browser, url, read(browser.get(url)), "spam")
    assert "3 posts were decided." in read(done).words
    plain.refresh_from_db()
    second.refresh_from_db()
    assert (second.state, plain.state) == ("judged", "open")

    # What is judged by the post alone leads nowhere, also afterwards.
    make_case(site, decision=sure, post={"fingerprint": b"b" * 32})
    given = {"kind": "spam", "seen": decision_token(plain, plain.decision_id)}
    browser.post(f"/review/cases/{plain.pk}/verdict", given)
    assert "posts say the same" not in read(browser.get(f"/review/cases/{plain.pk}/")).words
    assert browser.get(f"/review/cases/{plain.pk}/all?about=alike").status_code == 409


def test_a_template_is_one_campaign_also_where_the_machine_blocked_most_of_it(browser, site):
    first, *_ = [
        make_case(site, text=TEMPLATE.format(n, WORD[n % 7]), post={"fingerprint": b"%032d" % n})
        for n in range(5)
    ]
    for n in range(5, 14):
        there = {"fingerprint": b"%032d" % n}
        decide(make_post(site, text=TEMPLATE.format(n, WORD[n % 7]), post=there), **BLOCKED)
    other = {"fingerprint": b"o" * 32}
    decide(make_post(site, text="I was a member here before my friend was", post=other), **BLOCKED)
    indexing.follow(seconds=60)
    url = f"/review/cases/{first.pk}/all?about=alike"
    page = read(browser.get(url))
    assert "14 posts" in page.words
    assert "Blocked 9" in " ".join(page.words.split())
    assert "There may be more" in page.words
    post_form(browser, url, page, "not_spam")
    assert Post.objects.filter(outcome=Outcome.ALLOW).count() == 14
    assert Post.objects.filter(outcome=Outcome.BLOCK).count() == 1


def test_what_is_drawn_for_audit_is_no_part_of_a_template(browser, site):
    first, _ = (
        make_case(site, text=TEMPLATE.format(n, "phone"), post={"fingerprint": b"%032d" % n})
        for n in range(2)
    )
    audited = {"fingerprint": b"a" * 32}
    text = TEMPLATE.format(3, "phone")
    make_case(site, lane=Lane.AUDIT, text=text, post=audited, decision=ALLOWED)
    indexing.follow(seconds=60)
    page = read(browser.get(f"/review/cases/{first.pk}/all?about=alike"))
    assert re.search(r"\b2 posts\b", page.words) and "Allowed" not in page.words


def test_a_large_campaign_is_counted_no_further_than_tells_something(browser, site, monkeypatch):
    monkeypatch.setattr("reviews.console.case.case_page.COUNTED", 2)
    cases = [make_case(site, post={"fingerprint": b"b" * 32}) for _ in range(4)]
    assert (
        "At least 2 posts say the same" in read(browser.get(f"/review/cases/{cases[0].pk}/")).words
    )
    page = read(browser.get(f"/review/cases/{cases[0].pk}/all?about=alike"))
    assert "4 posts" in page.words, "an order is about all of them"


def test_what_others_answered_is_not_told_to_whom_may_be_asked_blind(browser, site, mara):
    LookPlan.objects.create(site=site, second_share=0.0, gold_share=0.0)
    robin = make_moderator(site, username="robin")
    author = Author.objects.create(site=site, external_id="new-40", name="Kim")
    case = make_case(site, author=author, decision={"would_be": Outcome.BLOCK})
    theirs = Client()
    theirs.force_login(robin)
    url = f"/review/cases/{case.pk}/all?about=author"
    done = post_form(theirs, url, read(theirs.get(url)), "not_spam", note="well known")
    assert "1 post was decided." in read(done).words
    action, look = BulkAction.objects.get(), Look.objects.get()
    page = f"/review/many/{action.pk}/"

    def told(client: Client) -> list[bool]:
        pages = [read(client.get(each)) for each in ("/review/many/", page)]
        assert all("robin" in each.words and "1 post" in each.words for each in pages)
        chips = pages[0].all("span", **{"class": "chip not-spam"})
        said = [bool(chips), "Not spam for all" in pages[1].words]
        return said + ["new-40" in each.words for each in pages]

    assert told(theirs) == [True] * 4
    assert told(browser) == [False] * 4, "drawn"
    looks.open_due(now=timezone.now() + timedelta(hours=1))
    look.refresh_from_db()
    assert look.case is not None and look.case.meant_for == [mara.pk]
    assert told(browser) == [False] * 4, "waits"
    answer(look.case, mara, VerdictKind.NOT_SPAM, now=timezone.now() - timedelta(hours=1))
    assert told(browser) == [False] * 4, "nor afterwards, or it would be known for a look"
    Membership.objects.filter(user=mara).update(role=Role.SENIOR)
    stopped = read(browser.post(f"{page}undo", follow=True)).words
    assert "taken back by mara" in stopped and "Not spam for all" not in stopped
    assert Post.objects.get(pk=case.post_id).outcome == "review"
    Membership.objects.filter(user=mara).update(role=Role.AUDITOR)
    assert told(browser) == [True] * 4
