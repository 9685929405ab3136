"""A case's page: its post and all that is known of it."""

from typing import Any

import pytest
from django.utils import timezone

from moderation.models import ApiKey, Author, Feedback
from moderation.submitting import posts
from moderation.types import Outcome, Source
from reviews.models import Embedding
from reviews.search import indexing, memory
from reviews.states import Lane
from tests.integration.console.answering import post_answer
from tests.integration.console.factory import REASONS, decide, make_case, make_post
from tests.integration.console.page import read
from tests.integration.world import make_site


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


def test_a_sum_has_no_bar_beside_its_parts_and_what_weighs_nothing_no_number(browser, site):
    reasons = [
        {"code": "model.review", "sentence": "The model gives 86 % spam.", "weight": 1.8},
        {"code": "word", "sentence": "“win” is more usual in spam.", "weight": 1.5},
        {"code": "cap", "sentence": "The limit is reached.", "weight": 0.0},
    ]
    page = read(browser.get(f"/review/cases/{make_case(site, decision={'reasons': reasons}).pk}/"))
    assert "The model gives 86 % spam. = +1.8 “win” is more usual in spam. +1.5" in page.words
    assert "0.0" not in page.words
    assert [bar["width"] for bar in page.all("rect", **{"class": "bar"})] == ["50.0"]


def test_the_head_says_that_the_time_ran_out(browser, site, monkeypatch):
    case = make_case(site)
    said = "Nobody answered in time: its hold ran out just now, and the post was blocked."
    url = f"/review/cases/{case.pk}/"
    assert said not in read(browser.get(url)).words
    decide(case.post, source=Source.EXPIRY, outcome=Outcome.BLOCK, published=False)
    assert said in read(browser.get(url)).words
    # Where answers are to be compared, nothing tells what became of it.
    monkeypatch.setattr("reviews.labels.looks.lot_of", lambda case: 0.0)
    assert said not in read(browser.get(url)).words


def test_what_the_sites_labels_taught_is_shown_apart(browser, site):
    held = {"outcome": "review", "would_be": "allow", **TAUGHT}
    page = read(browser.get(f"/review/cases/{make_case(site, decision=held).pk}/"))
    evidence, taught = page.words.split("What this site’s labels taught")
    assert "The model allows it. = −2.0" in evidence
    assert "tonic" not in evidence
    assert "Learnt from 6 labels of this site. With what they taught the post is 83 %" in taught
    assert "“<b>tonic” is more usual in spam. +2.6" in taught
    assert "What the model says of it. −1.0" in taught
    assert not page.all("b")
    # Sentences are English, whatever the word that they begin with.
    assert len(page.all("bdi", dir="ltr")) == 4


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
