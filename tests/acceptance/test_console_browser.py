"""A moderator's work in a real browser: at a desk and on a phone, by day and by night."""

from datetime import timedelta

import pytest

from tests.acceptance.browser import DESK, IN_BROWSER, PHONE, assert_fits, keep, ordinary_case

LONG = "W" * 50_000

pytestmark = IN_BROWSER


@pytest.mark.parametrize(
    ("device", "scheme"), [(DESK, "light"), (PHONE, "dark")], ids=["desk", "phone"]
)
def test_a_case_is_claimed_read_answered_and_taken_back(open_page, site, device, scheme):
    from playwright.sync_api import expect

    first = ordinary_case(site, opened=timedelta(hours=4))
    second = ordinary_case(site, text="A second post")
    name = f"{'phone' if device is PHONE else 'desk'}-{scheme}"

    page = open_page(device, scheme)
    page.get_by_role("heading", name="2 cases wait").wait_for()
    assert_fits(page)
    keep(page, f"queue-{name}")

    page.get_by_role("button", name="Next case").click()
    page.wait_for_url(f"**/review/cases/{first.pk}/")
    page.get_by_text("Forty percent off until Sunday.").wait_for()
    expect(page.get_by_text("A link hides behind a shortener.")).to_have_count(1)
    expect(page.get_by_text("62 %")).to_have_count(1)
    assert_fits(page)
    keep(page, f"case-{name}")
    sizes = page.evaluate(
        "[...document.querySelectorAll('main *')].filter(e => e.innerText && !e.children.length)"
        ".map(e => [parseFloat(getComputedStyle(e).fontSize), e.className])"
    )
    assert "words" in max(sizes)[1], "the text to judge is the largest thing on the page"

    page.get_by_role("button", name="Spam", exact=False).first.click()
    page.get_by_text("Spam recorded.").wait_for()
    page.wait_for_url(f"**/review/cases/{second.pk}/")
    keep(page, f"answered-{name}")
    first.post.refresh_from_db()
    assert first.post.outcome == "block"

    page.get_by_role("button", name="Undo").click()
    page.wait_for_url(f"**/review/cases/{first.pk}/")
    page.get_by_text(f"case {first.pk} is open again").wait_for()
    first.post.refresh_from_db()
    assert first.post.outcome == "review"
    page.get_by_role("button", name="Not spam").click()
    page.get_by_text("Not spam recorded.").wait_for()
    page.get_by_role("link", name="Queue").click()
    page.get_by_text("Has anyone tried").first.wait_for()
    assert_fits(page)
    keep(page, f"recent-{name}")


def test_one_key_answers_but_not_while_a_note_is_typed(open_page, site):
    from reviews.models import Verdict

    case = ordinary_case(site)
    page = open_page(DESK)
    page.get_by_role("button", name="Next case").click()
    page.get_by_label("Note").fill("")
    page.get_by_label("Note").press_sequentially("nursery stock")
    assert not Verdict.objects.exists()
    page.keyboard.press("Escape")
    page.keyboard.press("n")
    page.wait_for_url("**/review/")
    verdict = Verdict.objects.get()
    assert (verdict.kind, verdict.note) == ("not_spam", "nursery stock")

    page.keyboard.press("u")
    page.wait_for_url(f"**/review/cases/{case.pk}/")
    case.refresh_from_db()
    assert case.state == "open"


def test_what_is_answered_waits_no_more_in_the_line_above_the_next_case(open_page, site):
    from playwright.sync_api import expect

    for hours in (3, 2, 1):
        ordinary_case(site, opened=timedelta(hours=hours), text=f"{hours} hours")
    page = open_page(DESK)
    page.get_by_role("button", name="Next case").click()
    line = page.locator("#depth")
    expect(line).to_contain_text("3 wait")
    page.keyboard.press("n")
    # It looks again by itself each half a minute.
    expect(line).to_contain_text("2 wait", timeout=20_000)


def test_one_key_takes_a_case_that_nobody_holds_and_its_note_stays(open_page, site):
    from playwright.sync_api import expect

    case = ordinary_case(site)
    page = open_page(DESK)
    page.goto(page.url.rstrip("/") + f"/cases/{case.pk}/")
    page.get_by_label("Note").fill("nursery stock")
    page.keyboard.press("Escape")
    keep(page, "nobody-holds")
    page.keyboard.press("j")
    expect(page.get_by_text("Yours for")).to_be_visible()
    expect(page.get_by_label("Note")).to_have_value("nursery stock")
    expect(page.get_by_role("button", name="Take it")).to_have_count(0)


def test_one_key_puts_a_case_back_and_the_next_one_is_there(open_page, site):
    from playwright.sync_api import expect

    first = ordinary_case(site, opened=timedelta(hours=4))
    second = ordinary_case(site, text="A second post")
    page = open_page(DESK)
    page.get_by_role("button", name="Next case").click()
    expect(page.get_by_role("heading", name=f"Case {first.pk}")).to_be_visible()
    page.keyboard.press("z")
    expect(page.get_by_text(f"Case {first.pk} is back in the queue.")).to_be_visible()
    expect(page.get_by_role("heading", name=f"Case {second.pk}")).to_be_visible()
    page.keyboard.press("z")
    expect(page.get_by_role("heading", name=f"Case {first.pk}")).to_be_visible()
    page.wait_for_load_state("networkidle")


def test_a_note_is_back_in_its_field_after_an_undo(open_page, site):
    from playwright.sync_api import expect

    case = ordinary_case(site)
    page = open_page(DESK)
    page.get_by_role("button", name="Next case").click()
    page.get_by_label("Note").fill("nursery stock")
    page.get_by_label("Note").press("Escape")
    page.keyboard.press("n")
    expect(page.get_by_text("Not spam recorded.")).to_be_visible()
    page.keyboard.press("u")
    expect(page.get_by_role("heading", name=f"Case {case.pk}")).to_be_visible()
    expect(page.get_by_label("Note")).to_have_value("nursery stock")
    page.wait_for_load_state("networkidle")


def test_the_list_of_keys_has_what_works_on_the_page(open_page, site):
    ordinary_case(site)
    page = open_page(DESK)

    def listed() -> list[str]:
        page.locator("html.keys").wait_for()
        page.keyboard.press("?")
        page.locator("dialog.keys-help[open]").wait_for()
        return [*page.locator("dialog.keys-help dt:visible").all_inner_texts()]

    assert listed() == ["J", "/", "?", "Esc"]
    page.keyboard.press("?")
    page.locator("dialog.keys-help").wait_for(state="hidden")
    page.get_by_role("button", name="Next case").click()
    page.locator("#answer").wait_for()
    page.wait_for_load_state()
    keys = listed()
    assert {"S", "N", "M", "U", "W"} < {*keys}
    assert not {"J", "B", "1 – 9", "A"} & {*keys}, "no guidelines, and nothing says the same"
    assert len(keys) == len({*keys})


def test_the_lease_is_kept_while_the_page_is_open_and_its_loss_is_told(open_page, site, complaints):
    from django.utils import timezone

    from reviews.models import Case
    from tests.integration.world import make_moderator

    ordinary_case(site)
    page = open_page(DESK)
    page.clock.install()
    page.get_by_role("button", name="Next case").click()
    page.get_by_text("Yours for 5 min").wait_for()
    Case.objects.update(lease_until=timezone.now() + timedelta(seconds=30))
    page.reload()
    page.get_by_text("Yours for 1 min").wait_for()
    page.clock.fast_forward(61_000)
    page.get_by_text("Yours for 5 min").wait_for()

    # What looks for new cases would lead to the page to log in.
    page.route("**/review/depth*", lambda asked: asked.fulfill(status=304))
    cookies = page.context.cookies()
    page.context.clear_cookies()
    with page.expect_console_message():
        page.clock.fast_forward(61_000)
    page.get_by_text("log in again in another tab").wait_for()
    assert "403" in complaints.pop()
    page.context.add_cookies(cookies)
    with page.expect_response("**/renew"):
        page.clock.fast_forward(61_000)
    page.get_by_text("log in again in another tab").wait_for(state="hidden")
    page.unroute("**/review/depth*")

    Case.objects.update(holder=make_moderator(site))
    with page.expect_response("**/renew") as refused, page.expect_console_message():
        page.clock.fast_forward(61_000)
    assert refused.value.status == 409
    page.get_by_text("No longer yours").wait_for()
    assert "409" in complaints.pop(), "browsers note a refusal; nothing else went wrong"


TURN = """state => {
  Object.defineProperty(document, "visibilityState", { value: state, configurable: true });
  document.dispatchEvent(new Event("visibilitychange"));
}"""


def test_who_comes_back_to_the_page_finds_the_next_case_there(open_page, site, eventually):
    for number in range(3):
        ordinary_case(site, opened=timedelta(minutes=30 - number))
    page = open_page(DESK)
    page.clock.install()
    page.get_by_role("button", name="Next case").click()
    eventually(lambda: page.evaluate("typeof following == 'object' && following !== null"))

    def turn(state: str) -> None:
        page.evaluate(TURN, state)

    turn("hidden")
    page.clock.fast_forward(360_000)
    with page.expect_response("**/review/cases/*/") as fetched:
        turn("visible")
    assert fetched.value.ok
    eventually(lambda: page.evaluate("Date.now() - following.fetched < 60_000"))
    with page.expect_request("**/verdict") as answered:
        page.keyboard.press("s")
    assert answered.value.headers["x-shown-ahead"]
    page.locator("main:not([aria-busy])").wait_for()


def test_everything_works_without_scripts(open_page, site):
    case = ordinary_case(site)
    page = open_page(PHONE, scripts=False)
    page.get_by_role("button", name="Next case").click()
    page.get_by_label("Note").fill("by hand")
    page.get_by_role("button", name="Remove for another reason").click()
    page.get_by_text("Removal recorded.").wait_for()
    case.post.refresh_from_db()
    assert case.post.outcome == "block"
    page.get_by_role("button", name="Undo").first.click()
    page.get_by_text(f"case {case.pk} is open again").wait_for()
    case.refresh_from_db()
    assert case.state == "open"


@pytest.mark.parametrize("device", [DESK, PHONE], ids=["desk", "phone"])
def test_words_without_end_and_turned_around_stay_in_their_box(open_page, site, device):
    from moderation.models import Author

    turned = "\u202eright to left\u2067\u2067 and never closed"
    stacked = "Z" + "\u0310\u0335\u0322" * 60
    author = Author.objects.create(site=site, external_id="x" * 200, name=(turned + stacked)[:200])
    case = ordinary_case(
        site,
        author=author,
        text=f"{turned}\n{stacked}\n{LONG}",
        title=LONG[:5000],
        context=f"{turned}{LONG[:5000]}",
        permalink="https://harbour.example/" + LONG[:5000],
        author_name=turned,
        author_email=LONG[:300],
        author_url=LONG[:2000],
        user_agent=LONG[:5000],
        post={"external_id": LONG[:200]},
        decision={"reasons": [{"code": "x", "sentence": turned + LONG[:5000], "weight": 2.0}]},
    )
    page = open_page(device)
    page.get_by_role("button", name="Next case").click()
    page.get_by_role("button", name="Cannot tell").wait_for()
    assert_fits(page)
    keep(page, f"hostile-{'phone' if device is PHONE else 'desk'}")
    assert page.locator(".words").evaluate("e => e.textContent") == f"{turned}\n{stacked}\n{LONG}"
    # What comes after a turned name reads from left to right, in its place.
    label = page.locator("aside dt", has_text="First seen").bounding_box()
    value = page.locator("aside dd", has_text="just now").first.bounding_box()
    assert label["x"] < value["x"]
    page.get_by_role("button", name="Cannot tell").click()
    page.wait_for_url("**/review/")
    assert_fits(page)
    case.refresh_from_db()
    assert case.verdicts.get().kind == "cannot_tell"


def test_the_queue_looks_again_by_itself_and_keeps_the_focus(open_page, site):
    page = open_page(DESK)
    page.clock.install()
    page.goto("/review/")
    page.get_by_role("heading", name="Nothing waits").wait_for()
    ordinary_case(site)
    page.clock.run_for(11_000)
    page.get_by_role("heading", name="1 case waits").wait_for()
    assert page.title().startswith("(1) Queue")
    page.get_by_role("button", name="Next case").focus()
    ordinary_case(site)
    page.clock.run_for(11_000)
    page.get_by_role("heading", name="2 cases wait").wait_for()
    assert page.evaluate("document.activeElement.textContent") == "Next case J"
    keep(page, "queue")
    page.keyboard.press("Enter")
    page.wait_for_url("**/cases/*/")


def test_operators_see_what_is_wrong_and_it_looks_again_by_itself(open_page, site, broker):
    from django.contrib.auth.models import User

    from reviews.operating import facts

    User.objects.filter(username="mara").update(is_superuser=True)
    for key in broker.scan_iter("winnow:worker:*"):
        broker.delete(key)
    facts._kept = None
    page = open_page(DESK)
    page.clock.install()
    page.get_by_role("link", name="System").click()
    page.get_by_role("heading", level=1, name="no worker has answered").wait_for()
    assert_fits(page)
    broker.set("winnow:worker:somewhere", "starter-1", ex=60)
    facts._kept = None
    page.clock.run_for(11_000)
    page.get_by_text("1 lives").wait_for()
    broker.delete("winnow:worker:somewhere")


@pytest.mark.parametrize(
    ("device", "scheme"), [(DESK, "light"), (PHONE, "dark")], ids=["desk", "phone"]
)
def test_posts_like_this_one_lead_to_their_cases(open_page, site, device, scheme):
    from django.contrib.auth.models import User

    from reviews.judging.verdicts import submit_verdict
    from reviews.models import Likeness

    earlier = ordinary_case(site, text="Slug pellets at greenleaf.example/deal, half price today.")
    other = ordinary_case(site, text=f"Try greenleaf.example/deal for slugs! {LONG}")
    case = ordinary_case(site)
    submit_verdict(
        case_id=earlier.pk,
        user=User.objects.get(username="mara"),
        kind="spam",
        seen_decision_id=earlier.decision_id,
    )
    Likeness.objects.create(post=case.post, other=earlier.post, similarity=0.97)
    Likeness.objects.create(post=case.post, other=other.post, similarity=0.71)

    page = open_page(device, scheme)
    page.goto(f"/review/cases/{case.pk}/")
    heading = page.get_by_role("heading", name="Posts like this one")
    heading.scroll_into_view_if_needed()
    heading.wait_for()
    assert_fits(page)
    keep(page, f"alike-{'phone' if device is PHONE else 'desk'}-{scheme}")
    page.get_by_role("link", name=f"Case {earlier.pk}").click()
    page.wait_for_url(f"**/review/cases/{earlier.pk}/")
    page.get_by_text("half price today").first.wait_for()


def test_an_author_appeals_and_somebody_else_overturns_the_block(
    open_page, site, chromium, live_server
):
    from playwright.sync_api import expect

    from moderation.deciding import appeal_links
    from tests.integration.world import make_moderator

    make_moderator(site, username="noor")
    case = ordinary_case(site)
    page = open_page(DESK)
    page.get_by_role("button", name="Next case").click()
    page.wait_for_load_state("networkidle")
    page.keyboard.press("s")
    page.wait_for_url("**/review/")
    case.post.refresh_from_db()
    statement = appeal_links.show_statement(case.post.decision, case.post.decision.policy)
    assert statement is not None

    author = chromium.new_context(**PHONE, base_url=live_server.url)
    told = author.new_page()
    told.goto(statement["appeal"]["url"])
    assert_fits(told)
    told.get_by_role("textbox").fill("I only wanted to know about the pellets.")
    told.get_by_role("button").click()
    told.get_by_text("Your appeal was received").wait_for()

    page.reload()
    nothing = expect(page.get_by_role("button", name="Next case"), "not by the same moderator")
    nothing.to_have_count(0)
    second = open_page(DESK, user="noor")
    second.get_by_role("button", name="Next case").click()
    second.get_by_text("I only wanted to know about the pellets.").wait_for()
    second.wait_for_load_state("networkidle")
    second.keyboard.press("n")
    second.wait_for_url("**/review/")
    case.post.refresh_from_db()
    assert case.post.outcome == "allow"
    told.reload()
    told.get_by_text("Your appeal succeeded").wait_for()
    author.close()
