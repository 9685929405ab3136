"""From the key of an answer to the next case on the screen, in a real browser on loopback.

    python -m benchmarks.next_case [--answers 60] [--pause SECONDS...] [--json]

A service of its own with one web server; Chromium answers each case by one key, after reading it
for as long as the pauses say, in turn, and until the answer before is stored. A case counts as
there when its first frame is drawn (`requestAnimationFrame` twice) after its words stand in the
page. Times are taken in the page itself, by the clock that both pages share. `ahead_share` is the
share of answers whose next case had been fetched when the key was pressed.
"""

import argparse
import json
import shutil
import statistics
from typing import Any, Final

from benchmarks import installation
from benchmarks.console import PASSWORD
from benchmarks.output import print_json

NAMES: Final = ("chromium", "chromium-browser", "google-chrome")
# Before anything of the page runs: the moment of the key, and of the first frame that shows the
# case after it. The session's storage outlives the page where one is loaded anew.
CLOCK: Final = """
addEventListener("keydown", () => {
  sessionStorage.setItem("key", performance.timeOrigin + performance.now());
}, true);
const shown = () => requestAnimationFrame(() => requestAnimationFrame(() => {
  const key = sessionStorage.getItem("key");
  const title = document.querySelector(".case-head h1");
  if (!key || !title || title.textContent === sessionStorage.getItem("case")) return;
  const took = performance.timeOrigin + performance.now() - Number(key);
  const all = JSON.parse(sessionStorage.getItem("took") || "[]");
  sessionStorage.setItem("took", JSON.stringify([...all, took]));
  sessionStorage.removeItem("key");
  sessionStorage.setItem("case", title.textContent);
}));
addEventListener("DOMContentLoaded", () => {
  sessionStorage.setItem("case", sessionStorage.getItem("case") || "");
  shown();
  new MutationObserver(shown).observe(document.documentElement, { childList: true, subtree: true });
});
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--answers", type=int, default=60)
    parser.add_argument(
        "--pause",
        type=float,
        nargs="+",
        default=[0.7],
        help="Seconds that a case is read, in turn.",
    )
    parser.add_argument("--json", action="store_true")
    chosen = parser.parse_args()
    with installation.running() as service:
        service.start("web")
        _fill(service, chosen.answers + 20)
        took, ahead = _work(service.url, chosen.answers, chosen.pause)
    took.sort()
    found = {
        "answers": len(took),
        "median_ms": round(statistics.median(took), 1),
        "p95_ms": round(took[int(len(took) * 0.95) - 1], 1),
        "most_ms": round(took[-1], 1),
        "under_100_ms": round(sum(each < 100 for each in took) / len(took), 3),
        "ahead_share": round(ahead / chosen.answers, 3),
    }
    print_json(found, chosen)


def _fill(service: installation.Installation, cases: int) -> None:
    """Make a site with guidelines, a moderator and that many cases, as the pipeline would."""
    service.manage("shell", "--no-imports", "-c", FILL.format(cases=cases, password=PASSWORD))


FILL: Final = """
from django.contrib.auth.models import User
from django.utils import timezone
from classifiers.types import AuthorFacts, Content
from moderation import claims, guidelines, outbox, sites; from moderation.submitting import posts
from moderation.types import Draft, Mode
from reviews.console.guidelines import SAMPLE
from reviews.queue.intake import follow_decisions
from reviews.models import Case, Membership
site = sites.create_site(name="Measured", mode=Mode.PROVISIONAL)
sites.change_policy(site=site, review_from=0.0, block_from=1.0)
guidelines.publish(site=site, text=SAMPLE, public=False)
user = User.objects.create_user("worker", password={password!r})
Membership.objects.create(user=user, site=site)
drafts = [
    Draft(
        Content(
            text="Thread %d: I sell cheap watches at watches.example/%d, write to me. " % (n, n)
            + "The soil here is heavy and wet, and nothing that I plant will grow. " * 6,
            author=AuthorFacts(name="Robin"),
        ),
        author_id="author-%d" % (n % 10),
    )
    for n in range({cases})
]
made = posts.submit(site=site, drafts=drafts)
claims.drain(seconds=120)
follow_decisions(post_ids=[post.pk for post in made])
print(Case.objects.filter(state="open").count())
"""


def _work(url: str, answers: int, pauses: list[float]) -> tuple[list[float], int]:
    """Milliseconds from each key on, and how many cases stood ready."""
    from playwright.sync_api import sync_playwright

    ahead: list[str] = []

    def note(request: Any) -> None:
        if request.headers.get("x-shown-ahead"):
            ahead.append(request.url)

    path = next(filter(None, map(shutil.which, NAMES)), None)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        page = browser.new_page(base_url=url)
        page.add_init_script(CLOCK)
        page.on("request", note)
        page.goto("/review/")
        page.get_by_label("Username").fill("worker")
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Log in").click()
        page.get_by_role("button", name="Next case").click()
        for number in range(answers):
            page.wait_for_selector(".case-head h1")
            page.wait_for_timeout(pauses[number % len(pauses)] * 1000)
            page.wait_for_selector("main:not([aria-busy])")
            before = page.inner_text(".case-head h1")
            page.keyboard.press("n" if number % 2 else "s")
            page.wait_for_function(
                "before => (document.querySelector('.case-head h1')?.textContent ?? before)"
                " !== before",
                arg=before,
            )
            page.wait_for_timeout(100)
        took: list[Any] = json.loads(page.evaluate("sessionStorage.getItem('took')"))
        browser.close()
    # The first case came from the queue's page.
    return [float(each) for each in took], len(ahead)


if __name__ == "__main__":
    main()
