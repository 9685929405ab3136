"""What comes anew in place: nothing else of the page changes, nor is lost, and it is told."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from tests.acceptance.browser import DESK, IN_BROWSER, PHONE, keep, ordinary_case

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = IN_BROWSER


def mark(page: Page) -> None:
    """Leave something that a page loaded anew would not have."""
    page.wait_for_load_state("networkidle")
    page.evaluate("window.stays = true")


def stayed(page: Page) -> bool:
    return page.evaluate("window.stays === true") is True


def test_filters_find_at_once_and_a_search_is_kept_and_gone_back_from(
    open_page: Any, site: Any, complaints: list[str]
) -> None:
    from playwright.sync_api import expect

    from reviews.search import indexing

    for number in range(3):
        ordinary_case(site, text=f"Watches, the kind of number {number}")
    indexing.follow(seconds=30)
    page = open_page(DESK)
    page.goto("/review/search")
    page.get_by_text("Filters", exact=True).click()
    mark(page)
    page.get_by_label("State").focus()
    page.get_by_label("State").select_option("block")
    expect(page.get_by_role("heading", name="Nothing found")).to_be_visible()
    expect(page.locator("[data-told]")).to_have_text("Nothing found")
    expect(page.locator("summary")).to_have_text("Filters (1)")
    expect(page.get_by_label("State")).to_be_focused()
    page.get_by_label("State").select_option("review")
    expect(page.locator("#rows > li")).to_have_count(3)
    page.get_by_label("Spam from, in %").fill("10")
    page.get_by_role("searchbox").fill("number 2")
    page.get_by_role("searchbox").press("Enter")
    expect(page.locator("#rows > li")).to_have_count(1)
    expect(page).to_have_url(re.compile(r"search\?q=number.*&score_from=10"))
    keep(page, "filtered")

    name = page.get_by_placeholder("Name of this search")
    name.fill("Second kinds")
    page.get_by_label("Spam from, in %").fill("5")
    page.get_by_label("Spam from, in %").press("Tab")
    expect(page).to_have_url(re.compile(r"score_from=5"))
    expect(name).to_have_value("Second kinds")
    page.get_by_role("button", name="Save").click()
    expect(page.locator("#flashes")).to_contain_text("Saved.")
    expect(name).to_have_value("")
    expect(page.get_by_role("link", name="Second kinds")).to_be_visible()
    expect(page.get_by_role("button", name="Save")).to_be_focused()
    page.get_by_role("button", name="Delete Second kinds").click()
    expect(page.locator("#flashes")).to_contain_text("Deleted.")
    expect(page.get_by_role("link", name="Second kinds")).to_have_count(0)
    page.get_by_label("Links to").fill("two words")
    page.get_by_label("Links to").press("Tab")
    expect(page.get_by_role("alert").get_by_role("link", name="Links to")).to_be_visible()
    assert stayed(page)
    page.go_back()
    expect(page.locator("#rows > li")).to_have_count(1)
    assert not stayed(page)
    assert all("400" in each for each in complaints)
    complaints.clear()


def test_what_is_older_comes_below_and_is_gone_on_with(
    open_page: Any, site: Any, monkeypatch: Any
) -> None:
    from django.contrib.auth.models import User
    from playwright.sync_api import expect

    from reviews.console import own_answers
    from tests.integration.world import answer

    monkeypatch.setattr(own_answers, "PAGE", 2)
    mara = User.objects.get(username="mara")
    for number in range(5):
        answer(ordinary_case(site, text=f"Kind {number}", title=""), mara)
    page = open_page(DESK)
    page.goto("/review/answers/")
    mark(page)
    rows = page.locator("#rows > li:not(.older)")
    older = page.get_by_role("link", name="Older")
    expect(rows).to_have_count(2)
    older.click()
    expect(rows).to_have_count(4)
    expect(rows.nth(2).get_by_role("link")).to_be_focused()
    older.click()
    expect(rows).to_have_count(5)
    expect(older).to_have_count(0)
    assert stayed(page)


def test_an_author_is_trusted_while_a_note_is_typed_and_a_refusal_is_shown(
    open_page: Any, site: Any, complaints: list[str]
) -> None:
    from django.utils import timezone
    from playwright.sync_api import expect

    from moderation.models import Post

    ordinary_case(site)
    page = open_page(DESK)
    page.get_by_role("button", name="Next case").click()
    mark(page)
    note = page.get_by_label("Note")
    note.fill("from the allotments")
    note.press("Escape")
    page.keyboard.press("t")
    expect(page.locator("#flashes")).to_contain_text("Author trusted")
    expect(page.locator("#listed .chip")).to_have_text("trusted")
    expect(note).to_have_value("from the allotments")
    assert stayed(page)
    Post.objects.update(hidden_at=timezone.now())
    page.locator("main:not([aria-busy])").wait_for()
    page.get_by_role("button", name="Remove from the list").click()
    expect(page.get_by_role("heading", name="There is no such case")).to_be_visible()
    page.get_by_role("button", name="Log out").click()
    expect(page.get_by_label("Password")).to_be_visible()
    assert all("404" in each for each in complaints)
    complaints.clear()


def test_what_belongs_together_is_looked_at_in_turn_and_the_note_stays(
    open_page: Any, site: Any
) -> None:
    from playwright.sync_api import expect

    from reviews.models import Membership

    Membership.objects.update(role="senior")
    case = ordinary_case(site, opened=timedelta(hours=4))
    for number in range(2):
        ordinary_case(site, author=case.post.author, text=f"Kind {number}")
    page = open_page(DESK)
    page.goto(f"/review/cases/{case.pk}/all?about=alike")
    mark(page)
    page.get_by_label("Note").fill("all of them")
    page.get_by_label("Note").press("Escape")
    page.get_by_role("link", name="Author").click()
    expect(page.get_by_role("heading", name="3 posts")).to_be_visible()
    expect(page.locator("[data-told]")).to_have_text("3 posts")
    expect(page.get_by_role("link", name="Author")).to_be_focused()
    expect(page.get_by_label("Note")).to_have_value("all of them")
    page.wait_for_url("**/all?about=author")
    page.keyboard.press("1")
    page.wait_for_url("**/all?about=alike")
    assert stayed(page)


def test_who_was_logged_out_is_led_to_log_in(open_page: Any, site: Any) -> None:
    from playwright.sync_api import expect

    page = open_page(DESK)
    page.clock.install()
    page.goto("/review/search")
    page.wait_for_load_state("networkidle")
    page.context.clear_cookies()
    page.get_by_role("searchbox").fill("watches")
    page.get_by_role("searchbox").press("Enter")
    expect(page.get_by_label("Password")).to_be_visible()
    page.get_by_label("Username").fill("mara")
    page.get_by_label("Password").fill("winnowed grain")
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("searchbox")).to_have_value("watches")
    page.goto("/review/")
    page.wait_for_load_state("networkidle")
    page.context.clear_cookies()
    page.clock.run_for(11_000)
    expect(page.get_by_label("Password")).to_be_visible()


def test_bars_tell_their_values_and_lead_to_what_they_count(open_page: Any, site: Any) -> None:
    from playwright.sync_api import expect

    from reviews.models import Membership

    Membership.objects.update(role="owner")
    case = ordinary_case(site)
    page = open_page(DESK)
    page.goto("/review/activity/?span=week")
    mark(page)
    page.get_by_role("link", name="Hour", exact=True).click()
    expect(page.get_by_role("heading", name="The last hour")).to_be_visible()
    expect(page.locator("[data-told]")).to_have_text("The last hour")
    page.get_by_role("link", name="Day", exact=True).click()
    expect(page.get_by_role("heading", name="The last day")).to_be_visible()
    expect(page.get_by_role("link", name="Day", exact=True)).to_be_focused()
    assert stayed(page)
    bars = page.get_by_role("region", name="What became of the posts").locator(".bars")
    told = bars.locator(".says").last
    expect(told).to_be_hidden()
    bars.locator("li").last.hover()
    expect(told).to_contain_text("1 post: 1 waits")
    keep(page, "bars")
    bars.locator("li").last.click()
    page.wait_for_url("**/search?**")
    expect(page.get_by_role("link", name=f"Case {case.pk}")).to_be_visible()


def test_the_queue_comes_anew_where_it_changed_and_nowhere_else(open_page: Any, site: Any) -> None:
    from django.contrib.auth.models import User
    from playwright.sync_api import expect

    from tests.integration.world import answer

    answer(ordinary_case(site, text="Answered before", title=""), User.objects.get(username="mara"))
    ordinary_case(site)
    page = open_page(DESK)
    page.wait_for_load_state("networkidle")
    page.clock.install()
    page.reload()
    page.wait_for_load_state("networkidle")
    told = page.get_by_role("link", name="Answered before")
    told.focus()
    page.evaluate("getSelection().selectAllChildren(document.querySelector('#recent'))")
    chosen = "getSelection().toString()"
    assert page.evaluate(chosen) == "Your recent answers"
    waiting = page.locator("#headline .big")
    for number in (2, 3):
        ordinary_case(site, text=f"Came as number {number}", title="")
        page.clock.fast_forward(11_000)
        expect(waiting).to_have_text(str(number))
        expect(told).to_be_focused()
        assert page.evaluate(chosen) == "Your recent answers"
    page.keyboard.press("j")
    page.get_by_role("heading", name="Slug pellets that really work").wait_for()


@pytest.mark.parametrize("device", [DESK, PHONE])
def test_the_next_case_stays_where_it_is_once_the_answer_before_is_stored(
    open_page: Any, site: Any, device: dict[str, Any]
) -> None:
    for number in range(3):
        ordinary_case(site, text=f"Post {number}")
    page = open_page(device)
    page.get_by_role("button", name="Next case").click()
    page.wait_for_load_state("networkidle")
    first = page.get_by_role("heading", level=1).inner_text()
    held: list[Any] = []
    page.route("**/verdict", lambda route: held.append(route), times=1)
    page.keyboard.press("n")
    page.locator("h1", has_not_text=first).wait_for()
    page.locator("main[aria-busy]").wait_for()
    post = page.get_by_role("article")
    top = post.bounding_box()["y"]

    held[0].continue_()
    page.get_by_text("Not spam recorded").wait_for()
    page.locator("main:not([aria-busy])").wait_for()
    assert abs(post.bounding_box()["y"] - top) < 1
