"""Nothing typed is lost and no page is stuck, in a real browser, when an answer does not arrive."""

from datetime import timedelta
from typing import Any

import pytest

from tests.acceptance.browser import DESK, IN_BROWSER, keep, ordinary_case

pytestmark = IN_BROWSER
GATEWAY = "<html><body><h1>502 Bad Gateway</h1></body></html>"


def test_what_was_typed_outlives_a_failure_a_list_and_a_refusal(open_page, site, complaints):
    from django.utils import timezone
    from playwright.sync_api import expect

    from reviews.models import Case, Verdict
    from tests.integration.world import make_moderator

    first, second, third = (
        ordinary_case(site, text=f"Post {n}", opened=timedelta(minutes=30 - n)) for n in range(3)
    )
    page = open_page(DESK)
    page.get_by_role("button", name="Next case").click()
    page.wait_for_load_state("networkidle")
    note = page.get_by_label("Note")
    mara = page.locator("body").get_attribute("data-user")

    def notes() -> Any:
        return page.evaluate("Object.keys(sessionStorage).filter(name => name.startsWith('note-'))")

    note.fill("from the allotments")
    note.press("Escape")

    # The network fails, and then a proxy answers in Winnow's place: the page is back as it was.
    page.route("**/verdict", lambda route: route.abort(), times=1)
    page.keyboard.press("s")
    page.get_by_text("No answer came back").wait_for()
    page.locator("main:not([aria-busy])").wait_for()
    keep(page, "answer-lost")
    page.wait_for_url(f"**/cases/{first.pk}/")
    page.get_by_role("heading", name=f"Case {first.pk}").wait_for()
    expect(note).to_have_value("from the allotments")
    proxy: dict[str, Any] = {"status": 502, "content_type": "text/html", "body": GATEWAY}
    page.route("**/verdict", lambda route: route.fulfill(**proxy), times=1)
    page.keyboard.press("s")
    page.get_by_text("No answer came back").wait_for()
    page.locator("main:not([aria-busy])").wait_for()
    assert not Verdict.objects.exists()

    # A key that leads elsewhere does not lose the note, nor does coming back.
    page.keyboard.press("t")
    page.get_by_text("Author trusted").wait_for()
    expect(note).to_have_value("from the allotments")

    # Refused while a note on the case after it was begun: both are there.
    page.reload()
    page.wait_for_load_state("networkidle")
    closed = {"state": "closed", "closed_because": "Withdrawn.", "closed_at": timezone.now()}
    Case.objects.filter(pk=first.pk).update(**closed, holder=None, lease_until=None)
    held: list[Any] = []
    page.route("**/verdict", lambda route: held.append(route), times=1)
    page.keyboard.press("s")
    page.get_by_role("heading", name=f"Case {second.pk}").wait_for()
    expect(page.locator("main")).to_have_attribute("aria-busy", "true")
    note.fill("and the next")
    note.press("Escape")
    # An answer meanwhile says that it was not taken, and leaving asks first.
    page.keyboard.press("n")
    page.get_by_text("still being stored").wait_for()
    page.once("dialog", lambda dialog: dialog.dismiss())
    with page.expect_event("dialog") as asked:
        page.get_by_role("link", name="Account").click(no_wait_after=True)
    assert asked.value.type == "beforeunload"
    held[0].continue_()
    page.get_by_text("Your answer was not stored").wait_for()
    page.get_by_text("from the allotments").wait_for()
    assert notes() == [f"note-{mara}-{second.pk}"]
    page.get_by_role("button", name="Next case").click()
    page.get_by_role("heading", name=f"Case {second.pk}").wait_for()
    expect(note).to_have_value("and the next")

    # The last answer leads to the queue, which looks again by itself; nothing is kept of a note.
    note.press("Escape")
    for case in (second, third):
        page.get_by_role("heading", name=f"Case {case.pk}").wait_for()
        page.locator("main:not([aria-busy])").wait_for()
        page.keyboard.press("n")
    page.wait_for_url("**/review/")
    page.get_by_text("Not spam recorded.").wait_for()
    assert notes() == []
    assert Verdict.objects.get(case=second).note == "and the next"

    # One key takes back what was done last; after that it leads to the answer before it.
    page.keyboard.press("u")
    page.get_by_text(f"Not spam; case {third.pk} is open again").wait_for()
    page.wait_for_load_state()
    page.keyboard.press("u")
    page.wait_for_url("**/review/#recent")
    page.keyboard.press("u")
    page.get_by_text(f"Not spam; case {second.pk} is open again").wait_for()

    # No note outlives its case, nor who wrote it.
    note.fill("quotes what is hidden now")
    note.press("Escape")
    gone = page.url.replace(f"/{second.pk}/", "/0/verdict")
    page.route("**/verdict", lambda route: route.continue_(url=gone), times=1)
    page.keyboard.press("n")
    page.get_by_text("There is no such case").wait_for()
    assert notes() == []
    page.evaluate("sessionStorage.setItem('note-0-1', 'of somebody else')")
    page.goto(f"/review/cases/{second.pk}/")
    assert notes() == []
    note.fill("begun")
    assert notes() == [f"note-{mara}-{second.pk}"]
    # What the page still fetches would bring the cookies back.
    page.wait_for_load_state("networkidle")
    page.context.clear_cookies()
    page.goto("/review/")
    assert notes() == [f"note-{mara}-{second.pk}"]
    make_moderator(site, username="noor")
    page.get_by_label("Username").fill("noor")
    page.get_by_label("Password").fill("winnowed grain")
    page.get_by_role("button", name="Log in").click()
    page.locator("form.who").wait_for()
    assert notes() == []
    assert all("Failed to load resource" in each for each in complaints)
    complaints.clear()


@pytest.mark.parametrize("key", ["s", "c"])
def test_an_answer_whose_reply_was_lost_is_given_again(open_page, site, complaints, key):
    from reviews.models import Verdict

    first, second = (
        ordinary_case(site, text=f"Post {n}", opened=timedelta(minutes=30 - n)) for n in range(2)
    )
    page = open_page(DESK)
    page.get_by_role("button", name="Next case").click()
    page.get_by_role("heading", name=f"Case {first.pk}").wait_for()
    page.wait_for_load_state("networkidle")
    note = page.get_by_label("Note")
    note.fill("seen before")
    note.press("Escape")

    def lose(route: Any) -> None:
        route.fetch()
        route.abort()

    page.route("**/verdict", lose, times=1)
    page.keyboard.press(key)
    page.get_by_text("No answer came back").wait_for()
    page.locator("main:not([aria-busy])").wait_for()
    assert Verdict.objects.get().case_id == first.pk
    page.keyboard.press(key)
    page.get_by_role("heading", name=f"Case {second.pk}").wait_for()
    page.locator("main:not([aria-busy])").wait_for()
    page.get_by_role("status").first.wait_for()
    assert Verdict.objects.get().note == "seen before"
    assert "seen before" not in str(page.evaluate("Object.values(sessionStorage)"))
    assert all("Failed to load resource" in each for each in complaints)
    complaints.clear()


BREAKS_OFF = """() => {
  window.asked = 0;
  const send = XMLHttpRequest.prototype.send;
  XMLHttpRequest.prototype.send = function (...body) {
    window.asked += 1;
    this.addEventListener("progress", () => this.abort());
    send.apply(this, body);
  };
  const whole = window.fetch;
  window.fetch = async (...asks) => {
    window.asked += 1;
    const answer = await whole(...asks);
    const error = new TypeError("network error");
    const broken = new ReadableStream({ start: (body) => body.error(error) });
    return new Response(answer.status === 304 ? null : broken, answer);
  };
}"""


def test_answers_that_break_off_change_nothing_and_are_asked_for_again(open_page, site, complaints):
    from playwright.sync_api import expect

    for n in range(2):
        ordinary_case(site, text=f"Post {n}", opened=timedelta(minutes=30 - n))
    page = open_page(DESK)
    page.clock.install()
    page.goto("/review/")
    page.get_by_role("heading", name="2 cases wait").wait_for()
    page.evaluate(BREAKS_OFF)
    ordinary_case(site)
    page.clock.run_for(11_000)
    page.wait_for_function("() => asked === 1")
    page.reload()
    page.get_by_role("heading", name="3 cases wait").wait_for()
    page.get_by_role("button", name="Next case").click()
    line = page.locator("#depth")
    expect(line).not_to_be_empty()
    page.evaluate(BREAKS_OFF)
    ordinary_case(site)
    before = line.inner_text()
    page.clock.run_for(61_000)
    # The depth twice, and the lease.
    page.wait_for_function("() => asked >= 3")
    expect(page.get_by_text("Yours for 5 min")).to_be_visible()
    expect(line).to_have_text(before)
    page.reload()
    expect(line).not_to_have_text(before)
    assert all("htmx:" in each for each in complaints)
    complaints.clear()
