"""Whatever somebody writes, the page shows it and stays whole."""

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from moderation.models import ApiKey, Author, Feedback, Site
from reviews.console.case.marks import MARKED_AT_MOST, mark
from reviews.console.case.standing import decision_token
from reviews.models import Case, Verdict
from tests.integration.console.factory import make_case
from tests.integration.console.page import Page, read

SCRIPT = "<script>alert(1)</script>"
BREAKOUT = '"><img src=x onerror=alert(1)>'
ATTACK = f"{SCRIPT}{BREAKOUT}'--></textarea></title>{{{{ 7|add:7 }}}}{{% now 'Y' %}}"


def hostile_case(site: Site, words: str = ATTACK) -> Case:
    short = words[:150]
    author = Author.objects.create(site=site, external_id=short, name=short)
    case = make_case(
        site,
        author=author,
        text=words,
        title=words,
        context=words,
        permalink=f"javascript:alert(1)//{words}",
        language=short[:35],
        author_name=short,
        author_email=short,
        author_url=words[:2000],
        user_agent=words,
        post={"external_id": short},
        decision={
            "reasons": [{"code": words, "sentence": words, "weight": 1.0}],
            "model": short[:100],
        },
    )
    key = ApiKey.objects.create(site=site, name="forum", prefix="p", digest="d")
    Feedback.objects.create(
        post=case.post,
        revision=1,
        label="spam",
        actor_id=short,
        actor_role="member",
        api_key=key,
        created_at=timezone.now(),
    )
    return case


def assert_whole(page: Page) -> None:
    assert not page.all("img")
    assert all(str(script.get("src", "")).startswith("/static/") for script in page.all("script"))
    assert not [name for name, attrs in page.elements if any(a.startswith("on") for a in attrs)]
    assert not [a for a in page.all("a") if str(a.get("href")).startswith("javascript")]


def test_markup_in_every_field_is_text(browser, site, mara):
    case = hostile_case(site)
    User.objects.filter(pk=mara.pk).update(username=ATTACK[:150])
    site.name = ATTACK
    site.save()
    page = read(browser.get(f"/review/cases/{case.pk}/"))
    assert_whole(page)
    assert page.text.count(ATTACK) >= 7

    given = {"kind": "spam", "seen": decision_token(case, case.decision_id), "note": ATTACK}
    address = f"/review/cases/{case.pk}/verdict"
    browser.post(address, given)
    assert Verdict.objects.get().note == ATTACK
    late = read(browser.post(address, given | {"kind": "not_spam"}))
    assert_whole(late)
    assert ATTACK in late.text
    judged = read(browser.get(f"/review/cases/{case.pk}/"))
    assert_whole(judged)
    home = read(browser.get("/review/"))
    assert_whole(home)
    assert ATTACK in home.text


def test_the_text_in_the_page_is_exactly_the_text_that_was_written(browser, site):
    text = "pay\u200bpal \u202egnp.exe\u202c  two  spaces\n\tand a tab \U000e0041\x0b é e\u0301"
    case = make_case(site, text=text)
    page = read(browser.get(f"/review/cases/{case.pk}/"))
    assert page.text.count(text) == 2, "once marked, once as readers see it"
    marks = {attrs["data-code"] for attrs in page.all("span", **{"class": "mark"})}
    assert marks == {"U+200B", "U+202E", "U+202C", "U+E0041", "U+000B"}
    assert "5 characters that readers cannot see" in page.words


@pytest.mark.parametrize(
    "text",
    [
        "W" * 50_000,
        "\u200b\u2060" * 25_000,
        "e" + "\u0301\u0322" * 25_000,
        "\u202e" * 50_000,
        "\n \u200b" * 16_000,
        "\n\n\n\n\n." * 8_000,
    ],
    ids=["one word", "nothing to see", "stacked marks", "overrides", "empty", "nearly empty"],
)
def test_a_long_and_odd_text_makes_a_page_of_bounded_size(browser, site, text):
    case = make_case(site, text=text, title=text[:5000])
    answer = browser.get(f"/review/cases/{case.pk}/")
    assert answer.status_code == 200
    assert len(answer.content) < 600_000
    assert text in read(answer).text


def test_runs_of_one_character_are_marked_once():
    marked = mark("a\u200b\u200b\u200bb")
    assert 'data-code="U+200B ×3"' in marked.html
    assert marked.found == (("ZERO WIDTH SPACE", 3),)


@pytest.mark.parametrize(
    "text",
    [
        "\U0001f468\u200d\U0001f469\u200d\U0001f467",
        "می\u200cخواهم",
        "क्\u200dष",
        "❤\ufe0f",
        "a\u00a0b\r\nc",
    ],
    ids=["family", "Persian", "Hindi", "heart", "ordinary spaces"],
)
def test_ordinary_writing_is_not_marked(text):
    assert mark(text).found == ()


def test_a_joiner_inside_latin_letters_is_marked():
    assert mark("v\u200diagra").found == (("ZERO WIDTH JOINER", 1),)


def test_marking_stops_at_a_limit_and_says_so():
    marked = mark("a\u200b" * (MARKED_AT_MOST + 1))
    assert marked.html.count("<span") == MARKED_AT_MOST
    assert not marked.complete
    assert marked.total == MARKED_AT_MOST + 1


def test_a_long_word_may_break_but_never_between_a_letter_and_its_mark():
    html = mark("a" * 80 + "\u0301" + "b" * 100).html
    assert "<wbr>\u0301" not in html
    assert "<wbr>" in html
