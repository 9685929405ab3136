"""A case from the queue to its answer, and back."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from moderation.models import ApiKey, Author, Feedback
from moderation.submitting import posts
from reviews.console.case.standing import shown as seen_on
from reviews.models import Case, Embedding, Label, Verdict
from reviews.search import indexing, memory
from reviews.states import Lane
from tests.integration.console.factory import REASONS, decide, make_case, make_post
from tests.integration.console.page import read
from tests.integration.world import make_moderator, make_site


def post_answer(browser: Client, case: Case, kind: str, **more: Any) -> Any:
    case.refresh_from_db()
    fields = {"kind": kind, "seen": seen_on(case, case.decision_id), **more}
    return browser.post(f"/review/cases/{case.pk}/verdict", fields, follow=True)


def test_the_page_shows_the_post_its_author_and_the_evidence(browser, site):
    author = Author.objects.create(
        site=site, external_id="u-7", name="Robin", spam_verdicts=3, ham_verdicts=1
    )
    case = make_case(
        site,
        author=author,
        text="First line\n   and an indented one",
        title="A title",
        context="What it answers",
        permalink="https://harbour.example/t/1",
        author_email="robin@example.org",
        post={"ip": "203.0.113.7"},
    )
    page = read(browser.get(f"/review/cases/{case.pk}/"))
    assert "First line\n   and an indented one" in page.text
    for shown in (
        "A title",
        "What it answers",
        "https://harbour.example/t/1",
        "Robin",
        "u-7",
        "robin@example.org",
        "203.0.113.7",
        "3 spam, 1 not spam",
        "Probably spam",
        "62 %",
        "A link hides behind a shortener.",
        "+1.9",
        "−0.8",
        "Provisional",
        "revision 1",
        "starter-1",
        "The post is not shown to readers",
    ):
        assert shown in page.words, shown
    links = {attrs.get("href") for attrs in page.all("a")}
    assert not [link for link in links if link and "harbour.example" in link]


def test_the_words_behind_the_encoders_part_stand_in_its_place(
    browser, site, django_assert_max_num_queries
):
    whole = {"code": "meaning", "sentence": "As a whole, it reads like spam.", "weight": 1.7}
    case = make_case(site, decision={"reasons": [*REASONS, whole]})
    before = read(browser.get(f"/review/cases/{case.pk}/"))
    assert "As a whole, it reads like spam." in before.words
    parts = [
        {"code": "meaning.words", "sentence": "“deal” makes the text read so.", "weight": 2.6},
        {"code": "meaning", "sentence": "Beyond these words, like honest posts.", "weight": -0.9},
    ]
    Embedding.objects.create(
        post=case.post,
        site=site,
        revision=1,
        encoder="e",
        vector=b"",
        created_at=timezone.now(),
        told={"decision": case.decision_id, "parts": parts},
    )
    with django_assert_max_num_queries(26):
        page = read(browser.get(f"/review/cases/{case.pk}/"))
    assert "As a whole, it reads like spam." not in page.words
    for shown in ("“deal” makes the text read so.", "+2.6", "Beyond these words", "−0.9", "+1.9"):
        assert shown in page.words


def test_claiming_leads_to_the_case_and_holds_it(browser, site, mara):
    case = make_case(site)
    arrived = browser.post("/review/next", follow=True)
    assert arrived.redirect_chain == [(f"/review/cases/{case.pk}/", 302)]
    case.refresh_from_db()
    assert case.holder == mara
    assert "Yours for 5 min" in read(arrived).words


@pytest.mark.parametrize(
    ("kind", "outcome", "label", "said"),
    [
        ("spam", "block", "spam", "Spam recorded."),
        ("not_spam", "allow", "ham", "Not spam recorded."),
        ("remove", "block", None, "Removal recorded."),
    ],
)
def test_an_answer_decides_the_post_and_brings_the_next_case(
    browser, site, kind, outcome, label, said
):
    case, following = make_case(site, opened=timedelta(hours=3)), make_case(site)
    browser.post("/review/next")
    arrived = post_answer(browser, case, kind, note="looked twice")

    case.refresh_from_db()
    case.post.refresh_from_db()
    assert (case.state, case.post.outcome) == ("judged", outcome)
    assert [row.label for row in Label.objects.all()] == ([label] if label else [])
    assert Verdict.objects.get().note == "looked twice"
    assert arrived.redirect_chain == [(f"/review/cases/{following.pk}/", 302)]
    assert said in read(arrived).words


def test_cannot_tell_decides_nothing_and_leaves_the_case_to_others(browser, site):
    case, colleague = make_case(site), make_moderator(site)
    browser.post("/review/next")
    arrived = post_answer(browser, case, "cannot_tell")
    case.refresh_from_db()
    assert (case.state, case.holder) == ("open", None)
    assert not Label.objects.exists()
    assert "Passed on to somebody else." in read(arrived).words
    assert "Nothing waits for you just now." in read(arrived).words

    again = read(browser.get(f"/review/cases/{case.pk}/"))
    assert "You passed this case on" in again.words
    assert not again.all("button", value="spam")

    other = Client()
    other.force_login(colleague)
    assert other.post("/review/next")["Location"] == f"/review/cases/{case.pk}/"


def test_undo_reopens_the_case_with_the_machines_evidence_and_takes_the_label_back(browser, site):
    case = make_case(site)
    browser.post("/review/next")
    arrived = read(post_answer(browser, case, "spam"))
    undo = f"/review/verdicts/{Verdict.objects.get().pk}/undo"
    assert arrived.all("form", action=undo)

    reopened = browser.post(undo, follow=True)
    assert reopened.redirect_chain == [(f"/review/cases/{case.pk}/", 302)]
    case.refresh_from_db()
    case.post.refresh_from_db()
    assert (case.state, case.round, case.post.outcome) == ("open", 1, "review")
    assert not Label.objects.in_force().exists()
    page = read(reopened)
    assert "Probably spam" in page.words
    assert "A link hides behind a shortener." in page.words
    assert page.all("button", value="not_spam")

    post_answer(browser, case, "not_spam")
    case.post.refresh_from_db()
    assert case.post.outcome == "allow"
    assert [label.label for label in Label.objects.in_force()] == ["ham"]


def test_an_undo_that_comes_too_late_says_why(browser, site):
    case = make_case(site)
    post_answer(browser, case, "spam")
    undo = f"/review/verdicts/{Verdict.objects.get().pk}/undo"
    browser.post(undo)
    again = browser.post(undo)
    assert again.status_code == 409
    assert "undone already" in read(again).words


def test_a_late_answer_is_refused_with_the_present_state_and_the_note(browser, site):
    case = make_case(site)
    seen = seen_on(case, case.decision_id)
    browser.post("/review/next")
    other = make_moderator(site, username="quicker")
    Case.objects.update(holder=None, lease_until=None)
    quick = Client()
    quick.force_login(other)
    post_answer(quick, case, "not_spam")

    late = browser.post(
        f"/review/cases/{case.pk}/verdict",
        {"kind": "spam", "seen": seen, "note": "my <long> thoughts"},
    )
    assert late.status_code == 409
    page = read(late)
    assert "quicker answered this case: not spam." in page.words
    assert "Allowed, by a moderator" in page.words
    assert "my <long> thoughts" in page.text
    assert "It stands on this page only: copy it if you need it." in page.words
    case.post.refresh_from_db()
    assert case.post.outcome == "allow"
    assert Verdict.objects.count() == 1


def test_an_answer_to_a_page_that_showed_an_earlier_decision_is_refused(browser, site):
    case = make_case(site)
    seen = seen_on(case, case.decision_id)
    case.decision = decide(case.post, probability=0.99)
    case.save()
    late = browser.post(f"/review/cases/{case.pk}/verdict", {"kind": "spam", "seen": seen})
    assert late.status_code == 409
    assert "Your answer was not stored" in read(late).words
    assert not Verdict.objects.exists()


def test_a_case_that_somebody_else_took_meanwhile_is_not_answered_twice(browser, site):
    case = make_case(site)
    other = make_moderator(site, username="noor")
    Case.objects.update(holder=other, lease_until=timezone.now() + timedelta(minutes=5))
    shown = read(browser.get(f"/review/cases/{case.pk}/"))
    assert "noor holds this case, for 5 more minutes." in shown.words
    assert not shown.all("button", value="spam")
    assert post_answer(browser, case, "spam", note="kept").status_code == 409
    assert not Verdict.objects.exists()


def test_who_may_not_answer_is_told_why(browser, site, mara):
    own = Author.objects.create(site=site, external_id="mara-writes")
    theirs, closed, meant = make_case(site, author=own), make_case(site), make_case(site)
    membership = mara.memberships.get()
    membership.writes_as = "mara-writes"
    membership.save()
    Case.objects.filter(pk=closed.pk).update(lane=Lane.PUBLISHED)
    Case.objects.filter(pk=meant.pk).update(meant_for=[make_moderator(site).pk])

    def standing(case: Case) -> str:
        page = read(browser.get(f"/review/cases/{case.pk}/"))
        assert not page.all("button", value="spam")
        return page.words

    assert "You wrote this post yourself" in standing(theirs)
    assert "This case waits for somebody else." in standing(meant)
    membership.lanes = [Lane.HELD]
    membership.save()
    assert "You do not judge cases of this kind." in standing(closed)


def test_an_answer_that_cannot_be_read_keeps_the_page_and_the_note(browser, site):
    case = make_case(site)
    browser.post("/review/next")
    unknown = post_answer(browser, case, "maybe", note="typed")
    assert unknown.status_code == 400
    assert "typed" in read(unknown).text
    long = post_answer(browser, case, "spam", note="x" * 2001)
    assert long.status_code == 400
    assert "at most 2000 characters" in read(long).words
    assert not Verdict.objects.exists()


def test_a_case_that_was_opened_by_its_address_is_taken_with_the_note(browser, site, mara):
    case = make_case(site)
    address = f"/review/cases/{case.pk}/"
    (button,) = read(browser.get(address)).all("button", **{"data-key": "j"})
    assert (button["form"], button["formaction"]) == ("answer", f"{address}take")
    arrived = read(browser.post(button["formaction"], {"note": "begun"}, follow=True))
    case.refresh_from_db()
    assert case.holder == mara
    assert "Yours for 5 min" in arrived.words
    assert "begun" in arrived.text
    assert not arrived.all("button", **{"data-key": "j"})
    other = make_moderator(site)
    Case.objects.update(holder=other, lease_until=timezone.now() + timedelta(minutes=1))
    late = read(browser.post(button["formaction"], {"note": "begun"}, follow=True))
    assert f"{other.username} holds this case" in late.words
    assert "begun" in late.text
    case.refresh_from_db()
    assert case.holder == other


def test_putting_a_case_back_frees_it_for_others(browser, site):
    case = make_case(site)
    browser.post("/review/next")
    arrived = browser.post(f"/review/cases/{case.pk}/release", follow=True)
    assert f"Case {case.pk} is back in the queue." in read(arrived).words
    assert "Nothing else waits for you just now." in read(arrived).words
    case.refresh_from_db()
    assert (case.holder, case.lease_until) == (None, None)


def test_putting_a_case_back_leads_to_the_next_one(browser, site, mara):
    first, second = make_case(site, opened=timedelta(hours=2)), make_case(site)
    browser.post("/review/next")
    back = f"/review/cases/{first.pk}/release"
    (button,) = read(browser.get(f"/review/cases/{first.pk}/")).all("button", **{"data-key": "z"})
    assert button
    assert browser.post(back)["Location"] == f"/review/cases/{second.pk}/"
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.holder, second.holder) == (None, mara)
    assert browser.post(back)["Location"] == "/review/", "it was not theirs to put back"
    second.refresh_from_db()
    assert second.holder == mara


@pytest.mark.parametrize(("kind", "seen"), [("spam", "not shown"), ("not_spam", "shown")])
def test_a_case_says_whether_its_post_is_shown_to_readers_now(browser, site, kind, seen):
    case = make_case(site)
    browser.post("/review/next")
    assert post_answer(browser, case, kind).status_code == 200
    page = read(browser.get(f"/review/cases/{case.pk}/"))
    assert f"The post is {seen} to readers" in page.words
    posts.withdraw(post=case.post)
    page = read(browser.get(f"/review/cases/{case.pk}/"))
    assert "The post is withdrawn" in page.words


def test_renewing_lengthens_the_lease_until_it_is_lost(browser, site, mara):
    case = make_case(site)
    soon = timezone.now() + timedelta(seconds=30)
    Case.objects.update(holder=mara, lease_until=soon)
    assert browser.post(f"/review/cases/{case.pk}/renew").json() == {"minutes_left": 5}
    case.refresh_from_db()
    assert case.lease_until is not None
    assert case.lease_until > soon

    Case.objects.update(holder=make_moderator(site), lease_until=soon)
    assert browser.post(f"/review/cases/{case.pk}/renew").status_code == 409


TAUGHT: dict[str, Any] = {
    "site_probability": 0.83,
    "learner_revision": 3,
    "reasons": [
        {"code": "site.more", "sentence": "By this site's own labels, more.", "weight": 1.6},
        {"code": "model.allow", "sentence": "The model allows it.", "weight": -2.0},
        {"code": "learnt.from", "sentence": "Learnt from 6 labels of this site.", "weight": 0.0},
        {"code": "learnt.word", "sentence": "“<b>tonic” is more usual in spam.", "weight": 2.6},
        {"code": "learnt.model", "sentence": "What the model says of it.", "weight": -1.0},
    ],
}


def test_what_the_sites_labels_taught_is_shown_apart(browser, site):
    held = {"outcome": "review", "would_be": "allow", **TAUGHT}
    page = read(browser.get(f"/review/cases/{make_case(site, decision=held).pk}/"))
    evidence, taught = page.words.split("What this site’s labels taught")
    assert "The model allows it. −2.0" in evidence
    assert "tonic" not in evidence
    assert "Learnt from 6 labels of this site. With what they taught the post is 83 %" in taught
    assert "“<b>tonic” is more usual in spam. +2.6" in taught
    assert "What the model says of it. −1.0" in taught
    assert not page.all("b")


def test_who_measures_the_machine_sees_nothing_of_it(browser, site):
    blocked = {"outcome": "block", "would_be": "block", **TAUGHT}
    held, audit = (
        read(browser.get(f"/review/cases/{make_case(site, lane=lane, decision=blocked).pk}/"))
        for lane in (Lane.HELD, Lane.AUDIT)
    )
    for told in ("own labels", "83 %", "labels taught", "Learnt from", "tonic"):
        assert told in held.words
        assert told not in audit.words


def test_audits_are_counted_with_the_cases_that_stand_as_they_do(browser, site):
    published = {"outcome": "allow", "would_be": "allow", "published": True}
    make_case(site, lane=Lane.AUDIT, decision=published)
    make_case(site, lane=Lane.AUDIT, decision={"outcome": "block", "would_be": "block"})
    make_case(site, lane=Lane.HELD)
    words = read(browser.get("/review/")).words
    assert "3 cases wait" in words
    assert "Held back 2" in words
    assert "Published meanwhile 1" in words


def test_what_is_read_in_part_or_left_out_says_so(browser, site):
    hosts = " ".join(f"https://a{n}.example.com" for n in range(11))
    case = make_case(site, text=f"{hosts} {'word ' * 6_000}", title="V1agra", context="Buy v1agra")
    page = read(browser.get(f"/review/cases/{case.pk}/"))
    assert "And 3 more hosts." in page.words
    assert "evidence are marked in its first 30,000 characters only." in page.words
    assert [one.get("title") for one in page.all("span", **{"class": "worn"})] == [
        "Reads “viagra”"
    ] * 2


def test_what_the_site_said_is_shown(browser, site):
    case = make_case(site, lane=Lane.REPORTED, decision={"outcome": "allow", "published": True})
    key = ApiKey.objects.create(site=site, name="forum", prefix="p", digest="d")
    for revision in (0, 1):
        Feedback.objects.create(
            post=case.post,
            revision=revision,
            label="spam",
            actor_id="member-9",
            actor_role="member",
            api_key=key,
            created_at=timezone.now(),
        )
    words = read(browser.get(f"/review/cases/{case.pk}/")).words
    assert words.count("Member member-9 said spam") == 2
    assert words.count("before the edit") == 1


@pytest.mark.parametrize(
    ("tag", "shown"), [("pt", "Portuguese"), ("pt-BR", "Portuguese (pt-BR)"), ("<b>", "<b>")]
)
def test_the_language_is_shown_by_its_name(browser, site, tag, shown):
    case = make_case(site, language=tag)
    assert f"Language {shown} " in read(browser.get(f"/review/cases/{case.pk}/")).words


def test_a_post_that_could_not_be_judged_says_so(browser, site):
    failed: dict[str, Any] = {
        "probability": None,
        "would_be": None,
        "failed": True,
        "reasons": [],
        "model": "",
    }
    case = make_case(site, decision=failed)
    words = read(browser.get(f"/review/cases/{case.pk}/")).words
    assert "Could not be judged" in words
    assert "The machine gave no reasons." in words


def test_the_queue_can_be_worked_site_by_site(browser, site, mara):
    shop = make_site("Shop")
    mara.memberships.create(site=shop)
    make_case(site, opened=timedelta(hours=9))
    here = [make_case(shop), make_case(shop)]
    home = read(browser.get("/review/"))
    assert "Shop 2 wait" in home.words

    claimed = browser.post("/review/next", {"site": shop.pk})
    first = next(case for case in here if claimed["Location"] == f"/review/cases/{case.pk}/")
    arrived = post_answer(browser, first, "spam")
    second = next(case for case in here if case != first)
    assert arrived.redirect_chain == [(f"/review/cases/{second.pk}/", 302)]


def test_recent_answers_are_listed_with_a_way_back(browser, site):
    case = make_case(site, text="Words to remember")
    post_answer(browser, case, "spam")
    home = read(browser.get("/review/"))
    assert "Your answers today" in home.words
    assert "Spam Words to remember" in home.words
    undo = f"/review/verdicts/{Verdict.objects.get().pk}/undo"
    assert home.all("form", action=undo)

    browser.post(undo)
    home = read(browser.get("/review/"))
    assert "undone" in home.words
    assert not home.all("form", action=undo)
    assert "Continue with case" in home.words


@pytest.mark.parametrize("answered", [1, 12])
def test_the_pages_take_a_fixed_number_of_queries(
    browser, site, answered, django_assert_max_num_queries
):
    for _ in range(answered):
        post_answer(browser, make_case(site), "spam")
    case = make_case(site)
    for _ in range(answered):
        case.decision = decide(case.post)
    case.save()
    with django_assert_max_num_queries(28):
        browser.get("/review/")
    with django_assert_max_num_queries(25):
        browser.get(f"/review/cases/{case.pk}/")


def test_what_the_site_remembers_of_an_e_mail_address_stands_with_it(browser, site):
    for number, outcome in enumerate(("block", "block", "allow")):
        earlier = make_post(site, text=f"Post {number}", author_email=" Kim@Example.org")
        decide(earlier, outcome=outcome, published=outcome == "allow")
    decide(make_post(site, author_email="robin@example.org"))
    decide(make_post(make_site(), author_email="kim@example.org"), outcome="block")
    indexing.follow(seconds=60)
    case = make_case(site, author_email="kim@example.org")
    page = read(browser.get(f"/review/cases/{case.pk}/"))
    assert page.words.count("3 other posts: 2 blocked, 1 allowed") == 1
    (link,) = [one["href"] for one in page.all("a") if "kim%40" in one.get("href", "")]
    assert "Post 2" in read(browser.get(link)).words


def test_links_are_taken_apart_and_what_the_site_remembers_stands_with_them(
    browser, site, monkeypatch
):
    text = "Log in at https://bank.example.com.evil.example.net/in and write to c a s i n o"
    for outcome in ("block", "block", "allow"):
        earlier = make_post(site, text=text, post={"ip": "203.0.113.7"})
        decide(earlier, outcome=outcome, published=outcome == "allow")
    indexing.follow(seconds=60)
    case = make_case(site, text=text, post={"ip": "203.0.113.7"})
    page = read(browser.get(f"/review/cases/{case.pk}/"))
    assert "bank.example.com.evil.example.net" in page.words
    assert page.words.count("3 other posts: 2 blocked, 1 allowed") == 2
    assert not [each for each in page.all("a") if "evil" in (each.get("href") or "")]
    # As the machine reads it.
    assert "and write to casino" in page.words
    monkeypatch.setattr(memory, "MOST", 2)
    words = read(browser.get(f"/review/cases/{case.pk}/")).words
    assert words.count("2 or more other posts; of the 2 looked at: 1 blocked, 1 allowed") == 2
