"""Every page of the console in a real browser: axe finds nothing, and all fits, by day and night.

Then what moderators do on the newer pages, by keyboard alone.
"""

from __future__ import annotations

import re
from datetime import timedelta
from importlib import resources
from typing import TYPE_CHECKING, Any, Final

import pytest

from tests.acceptance.browser import (
    DESK,
    IN_BROWSER,
    PHONE,
    assert_fits,
    keep,
    ordinary_case,
)

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = IN_BROWSER

RULES: Final = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
AXE: Final = resources.files("axe_playwright_python").joinpath("axe.min.js")
FOUND: Final = """only => axe.run(document, {runOnly: only, resultTypes: ['violations']}).then(
  answer => answer.violations.map(v => [v.id, v.nodes.map(n => n.target.join(' ')).slice(0, 3)]))"""
SMALL: Final = """() => [...document.querySelectorAll("a, button, select, summary")]
  .filter(each => !each.closest("p, li, dd, .skip"))
  .map(each => [each, each.getBoundingClientRect()])
  .filter(([each, box]) => box.width && (box.height < 24 || box.width < 24))
  .map(([each, box]) => [each.textContent.trim().slice(0, 30), box.width, box.height])"""
"""What stands outside of sentences and is hard to touch; CSS pixels."""
PAGES: Final = (
    "",
    "cases/{case}/",
    "cases/{case}/all",
    "activity/?span=week",
    "search?q=watches&state=review",
    "quality/",
    "promises/",
    "many/",
    "many/{action}/",
    "hidden/",
    "system/",
    "account/",
    "mail/",
    "cases/?site={site}&of=answered",
    "guidelines/{site}/",
    "posts/{post}/",
    "models/",
    "sources/",
    "drift/",
    "account/two-step",
    "answers/",
    "verdicts/{verdict}/anew",
)
SAME: Final = "Watches at watches.example, all of them cheap, all of them today, come and look"


def campaign(site: Any, count: int) -> list[Any]:
    """Cases that say the same, the oldest first."""
    from moderation.models import Post

    cases = [
        ordinary_case(site, text=SAME, title="", opened=timedelta(minutes=count - n))
        for n in range(count)
    ]
    Post.objects.filter(cases__in=cases).update(fingerprint=b"same")
    return cases


@pytest.fixture
def world(site: Any) -> dict[str, Any]:
    """Something on every page, for a lead who is an operator, too."""
    from django.contrib.auth.models import User
    from django.utils import timezone

    from moderation import guidelines
    from reviews.judging import bulk, scopes, verdicts
    from reviews.models import Case, Incident, Membership
    from reviews.queue import depth
    from reviews.search import indexing
    from reviews.states import Lane
    from tests.integration.world import make_moderator

    User.objects.filter(username="mara").update(is_superuser=True)
    mara = User.objects.get(username="mara")
    Membership.objects.filter(user=mara).update(role="owner", sees_hidden=True)
    other = make_moderator(site, username="noor")
    Membership.objects.filter(user=other).update(role="senior")
    cases = campaign(site, 5)
    scope = scopes.alike(case_id=cases[0].pk, post=cases[0].post)
    run = scopes.dry_run(scope, user=other)
    action = bulk.start(scope, user=other, kind="spam", newest=run.newest, expected=5)
    case = ordinary_case(site, text=f"{SAME}: a last pair", decision={"probability": 0.6})
    for kind in ("not_spam", "remove", "danger"):
        answered = ordinary_case(site, text=f"Another post, answered {kind}")
        verdicts.submit_verdict(
            case_id=answered.pk, user=mara, kind=kind, seen_decision_id=answered.decision_id
        )
    guidelines.publish(site=site, text="Rule: Insults\n", public=False)
    now = timezone.now()
    settled = ordinary_case(site, lane=Lane.AUDIT, opened=timedelta(days=1))
    given = verdicts.submit_verdict(
        case_id=settled.pk,
        user=mara,
        kind="spam",
        seen_decision_id=settled.decision_id,
        now=now - timedelta(hours=1),
    )
    Incident.objects.create(site=site, kind="wait", opened_at=now, seen_at=now)
    depth.take()
    indexing.follow(seconds=30)
    assert Case.objects.filter(state="open").count() == 1
    return {
        "case": case.pk,
        "action": action.pk,
        "site": site.pk,
        "post": case.post_id,
        "verdict": given.pk,
    }


def violations(page: Page, *rules: str) -> list[Any]:
    """Return the rules that the page breaks as it looks now, and where; of these, or of all."""
    page.wait_for_load_state()
    # Further up, the answers stay in view and cover what can be scrolled from under them.
    page.evaluate("window.scrollTo(0, document.documentElement.scrollHeight)")
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE.read_text("utf-8"))
    only = {"type": "rule", "values": rules} if rules else {"type": "tag", "values": RULES}
    found: list[Any] = page.evaluate(FOUND, only)
    return found


@pytest.mark.parametrize("device", [DESK, PHONE], ids=["desk", "phone"])
def test_every_page_can_be_used_by_everybody(
    open_page: Any,
    world: dict[str, Any],
    device: dict[str, Any],
) -> None:
    """WCAG 2.2 AA as far as axe can tell; colours in both schemes."""
    from playwright.sync_api import expect

    page = open_page(device)
    wrong: list[Any] = []
    for path in PAGES:
        address = path.format(**world)
        page.emulate_media(color_scheme="light")
        answer = page.goto(f"/review/{address}")
        assert answer.status == 200, address
        if "anew" in address:
            expect(page.locator(".answer.not-spam")).to_be_visible()
        wrong += [(address, each) for each in violations(page)]
        page.emulate_media(color_scheme="dark")
        wrong += [(address, "dark", each) for each in violations(page, "color-contrast")]
        assert_fits(page)
        if device is PHONE:
            wrong += [(address, "small", each) for each in page.evaluate(SMALL)]
        name = path.split("/")[0].split("?")[0] or "home"
        keep(page, f"page-{name}-{'phone' if device is PHONE else 'desk'}")
    assert wrong == [], repr(wrong)


def test_what_comes_up_on_the_way_can_be_used_by_everybody(
    open_page: Any, site: Any, world: dict[str, Any], complaints: list[str]
) -> None:
    """Sheets, forms, refusals, cases without evidence, and pages for who is not logged in."""
    from moderation.deciding import appeal_links
    from reviews.judging import appeals
    from reviews.models import Case
    from reviews.states import AppealVia, Lane
    from tests.integration.console.factory import decide, make_case, make_post

    blocked = make_post(site, text="A post whose author is going to appeal")
    decision = decide(blocked, outcome="block")
    statement = appeal_links.show_statement(decision, decision.policy)
    audit = make_case(site, lane=Lane.AUDIT, text="A post that was drawn")
    other = make_post(site, text="A post whose author appealed")
    decide(other, outcome="block")
    appealed = appeals.file(post_id=other.pk, via=AppealVia.API, words="It is mine.")
    page = open_page(DESK)
    wrong: list[Any] = []

    def look(name: str) -> None:
        for width in (DESK["viewport"]["width"], PHONE["viewport"]["width"]):
            page.set_viewport_size({"width": width, "height": 860})
            assert_fits(page)
            keep(page, f"way-{name}-{width}")
        wrong.extend((name, each) for each in violations(page))

    for name, address in {
        "write": f"guidelines/{world['site']}/write",
        "audit": f"cases/{audit.pk}/",
        "appeal": f"cases/{appealed.case_id}/",
        "found": "search?q=watches",
        "refused": "search?address=nobody",
        "nowhere": "cases/999999/",
    }.items():
        page.goto(f"/review/{address}")
        look(name)
    page.goto(f"/review/cases/{world['case']}/")
    for key in "?g":
        page.keyboard.press(key)
        page.locator("dialog[open]").wait_for()
        look(f"sheet-{'keys' if key == '?' else 'guidelines'}")
        page.keyboard.press("Escape")
    Case.objects.filter(pk=world["case"]).update(
        state="closed",
        closed_because="Withdrawn.",
        closed_at=Case.objects.get(pk=world["case"]).opened_at,
        holder=None,
        lease_until=None,
    )
    page.keyboard.press("s")
    page.get_by_text("Your answer was not stored").wait_for()
    look("conflict")
    page.context.clear_cookies()
    page.goto("/review/")
    look("login")
    page.get_by_label("Username").fill("mara")
    page.get_by_label("Password").fill("chaff")
    page.get_by_role("button", name="Log in").click()
    page.get_by_role("alert").wait_for()
    look("mistyped")
    page.goto(statement["appeal"]["url"])
    look("to-appeal")
    page.get_by_role("button").first.click()
    page.get_by_text("Your appeal was received").wait_for()
    look("appealed")
    assert wrong == [], repr(wrong)
    complaints[:] = [each for each in complaints if "Failed to load resource" not in each]


def test_the_answers_take_two_rows_of_a_phone(open_page: Any, site: Any) -> None:
    case = ordinary_case(site)
    page = open_page(PHONE)
    page.goto(f"/review/cases/{case.pk}/")
    bar = page.locator(".answers")
    for width in (375, 320):
        page.set_viewport_size({"width": width, "height": 740})
        assert_fits(page)
        boxes = [each.bounding_box() for each in bar.get_by_role("button").all()]
        assert len(boxes) == 6 and len({box["y"] for box in boxes if box}) == 2
        whole = bar.bounding_box()
        assert whole is not None and whole["height"] <= 740 / 5


def test_all_of_a_campaign_is_answered_and_taken_back_by_keyboard(
    open_page: Any,
    site: Any,
) -> None:
    from moderation.models import Post

    cases = campaign(site, 4)
    page = open_page(DESK)
    page.goto(f"/review/cases/{cases[0].pk}/")
    page.keyboard.press("a")
    page.wait_for_url("**/all*")
    page.get_by_role("heading", level=2, name="4 posts").wait_for()
    page.keyboard.press("s")
    page.wait_for_url("**/many/*/")
    assert set(Post.objects.values_list("outcome", flat=True)) == {"block"}
    page.keyboard.press("u")
    page.get_by_text("taken back", exact=False).first.wait_for()
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        assert violations(page, "color-contrast") == [], scheme
    assert set(Post.objects.values_list("outcome", flat=True)) == {"review"}


def test_ten_cases_by_keyboard_then_a_collision(
    open_page: Any,
    site: Any,
    complaints: list[str],
) -> None:
    from django.utils import timezone
    from playwright.sync_api import expect

    from reviews.models import Case, Verdict
    from tests.integration.world import make_moderator

    make_moderator(site, username="noor")
    cases = [
        ordinary_case(site, text=f"Post number {n}", title="", opened=timedelta(minutes=20 - n))
        for n in range(11)
    ]
    page = open_page(DESK)
    page.get_by_role("button", name="Next case").wait_for()
    page.wait_for_load_state()
    page.keyboard.press("j")
    said = {"s": "spam", "n": "not_spam", "r": "remove", "c": "cannot_tell", "e": "escalate"}
    answers: dict[int, str] = {}
    heading = page.get_by_role("heading", level=1, name="Case")
    for key in "snrcesnsns":
        page.locator("main:not([aria-busy])").wait_for()
        shown = heading.inner_text()
        answers[int(shown.split()[1])] = said[key]
        page.keyboard.press(key)
        expect(heading).not_to_have_text(shown)
    page.locator(".flash.success").wait_for()
    assert dict(Verdict.objects.values_list("case_id", "kind")) == answers

    # Somebody else answers what she still looks at; her note comes back to her.
    theirs = open_page(DESK, user="noor")
    (late,) = (case for case in cases if case.pk not in answers)
    Case.objects.filter(pk=late.pk).update(lease_until=timezone.now() - timedelta(minutes=1))
    theirs.goto(f"/review/cases/{late.pk}/")
    theirs.keyboard.press("n")
    theirs.get_by_text("Not spam recorded.").wait_for()
    page.keyboard.press("m")
    page.keyboard.type("Known from the allotments.")
    page.keyboard.press("Escape")
    page.keyboard.press("s")
    page.get_by_text("Your answer was not stored").wait_for()
    page.get_by_text("Known from the allotments.").wait_for()
    page.keyboard.press("j")
    page.get_by_role("heading", name=re.compile("Case|Nothing")).first.wait_for()
    assert all("409" in each for each in complaints)
    complaints.clear()


GREEK = """document.body.dispatchEvent(
    new KeyboardEvent("keydown", {key: "ν", code: "KeyN", bubbles: true}))"""


def test_keys_of_any_script_answer_and_can_be_turned_off(open_page: Any, site: Any) -> None:
    from playwright.sync_api import expect

    from reviews.models import Verdict

    cases = [ordinary_case(site, text=f"Post number {n}", title="") for n in range(2)]
    page = open_page(DESK)
    page.get_by_role("button", name="Next case").wait_for()
    page.wait_for_load_state()
    page.keyboard.press("j")
    page.get_by_role("heading", name=re.compile("Case")).wait_for()
    page.wait_for_load_state()
    page.evaluate(GREEK)
    page.locator(".flash.success").wait_for()
    page.locator("main:not([aria-busy])").wait_for()
    assert list(Verdict.objects.values_list("kind", flat=True)) == ["not_spam"]

    page.goto("/review/account/")
    page.get_by_label("Answer by single keys").uncheck()
    page.get_by_role("button", name="Store").click()
    page.goto(f"/review/cases/{cases[1].pk}/")
    page.keyboard.press("n")
    page.keyboard.press("?")
    expect(page.locator("kbd:visible")).to_have_count(0)
    page.get_by_role("button", name="Spam", exact=True).click()
    page.locator(".flash.success").wait_for()
    assert Verdict.objects.filter(kind="not_spam").count() == 1


def test_a_dangerous_post_is_hidden_by_one_key_and_no_search_by_keyboard_finds_it(
    open_page: Any,
    site: Any,
) -> None:
    from playwright.sync_api import expect

    from reviews.search import indexing

    bad = ordinary_case(site, text="A zanzibar post that endangers somebody", title="")
    ordinary_case(site, text="A zanzibar post about ferries", title="")
    indexing.follow(seconds=30)
    page = open_page(DESK)
    page.goto(f"/review/cases/{bad.pk}/")
    page.keyboard.press("h")
    page.wait_for_url(lambda url: f"/cases/{bad.pk}/" not in url)
    bad.post.refresh_from_db()
    assert bad.post.hidden_at is not None
    page.goto("/review/")
    page.keyboard.press("/")
    page.wait_for_url("**/search")
    page.keyboard.press("/")
    page.keyboard.type("zanzibar")
    page.keyboard.press("Enter")
    page.wait_for_url("**q=zanzibar**")
    expect(page.locator(".found .foreign.block")).to_have_text(["A zanzibar post about ferries"])


def test_its_copies_are_counted_hidden_by_one_answer_and_shown_again_by_one_key(
    open_page: Any,
    site: Any,
) -> None:
    from playwright.sync_api import expect

    from moderation.judging.history import fingerprint_of
    from moderation.models import Post, PostRevision
    from reviews.models import Membership
    from reviews.search import indexing
    from tests.integration.console.factory import decide, make_post

    Membership.objects.update(sees_hidden=True)
    said = "A post that endangers somebody, word for word as others wrote it"
    bad = ordinary_case(site, text=said, title="", context="")
    for words in (said, said, f"{said}!!"):
        decide(make_post(site, text=words), outcome="allow")
    for words in PostRevision.objects.all():
        Post.objects.filter(pk=words.post_id).update(fingerprint=fingerprint_of(words))
    indexing.follow(seconds=30)
    page = open_page(DESK)
    page.goto(f"/review/cases/{bad.pk}/")
    page.keyboard.press("h")
    page.wait_for_url("**/review/hidden/")
    expect(page.get_by_text("3 copies are shown to readers")).to_be_visible()
    page.get_by_role("button", name="Read its words").click()
    expect(page.get_by_role("heading", name="Copies")).to_be_visible()
    assert_fits(page)
    keep(page, "copies")
    page.get_by_role("button", name="Hide 3 word for word").click()
    expect(page.get_by_text("3 copies are hidden, too.")).to_be_visible()
    expect(page.get_by_text("a copy of another")).to_have_count(3)
    assert Post.objects.filter(hidden_at=None).count() == 0
    page.keyboard.press("u")
    expect(page.get_by_text("3 copies are no longer hidden.")).to_be_visible()
    expect(page.get_by_text("3 copies are shown to readers")).to_be_visible()


def test_with_colours_of_the_system_keys_are_told_apart_and_so_is_where_one_is(
    open_page: Any, world: dict[str, Any]
) -> None:
    page = open_page(DESK)
    page.emulate_media(forced_colors="active")
    page.goto("/review/activity/?span=week")
    keys = "all => all.map(each => getComputedStyle(each).backgroundColor)"
    shown = page.locator(".swatch:is(.allowed, .waits, .stopped)").evaluate_all(keys)
    assert len(set(shown)) == 3, shown
    lines = "all => all.map(each => getComputedStyle(each).textDecorationLine)"
    places = page.locator("a[aria-current]").evaluate_all(lines)
    assert len(places) == 3 and set(places) == {"underline"}, places
