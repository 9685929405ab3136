"""Takes the pictures of docs/screenshots anew, from made-up posts: `make screenshots`.

    python -m benchmarks.screenshots [--into FOLDER] [--all]

A service of its own, filled by `demo_data`, looked at by Chromium in light and dark, at a desk and
on a phone. `--all` takes two of every page of the console, to look at after a change.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from benchmarks import installation
from benchmarks.installation import Installation
from config import state

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

FOLDER: Final = state.CHECKOUT / "docs" / "screenshots"
DEVICES: Final[dict[str, dict[str, Any]]] = {
    "desk": {"viewport": {"width": 1280, "height": 860}},
    "phone": {
        "viewport": {"width": 375, "height": 740},
        "has_touch": True,
        "is_mobile": True,
        "device_scale_factor": 2,
    },
}
KEPT: Final[tuple[tuple[str, str, str], ...]] = (
    ("case", "desk", "light"),
    ("case", "desk", "dark"),
    ("case", "phone", "dark"),
    ("activity", "desk", "light"),
    ("activity", "desk", "dark"),
)
"""Page, device and scheme of the pictures that the documentation shows."""
PAGES: Final = {
    "queue": "",
    "case": "cases/{case}/",
    "everything": "cases/{case}/all",
    "activity": "activity/?span=week&site={site}",
    "search": "search?q=the",
    "quality": "quality/",
    "promises": "promises/",
    "many": "many/",
    "hidden": "hidden/",
    "system": "system/",
    "account": "account/",
    "mail": "mail/",
    "models": "models/",
    "sources": "sources/",
    "drift": "drift/",
    "behind": "cases/?site={site}&of=answered",
    "guidelines": "guidelines/{site}/",
    "write": "guidelines/{site}/write",
    "sheet": "cases/{case}/",
    "keys": "cases/{case}/",
}
PRESSED: Final = {"sheet": "g", "keys": "?"}
"""Keys that open what lies over a page."""
A_CASE: Final = """
SELECT c.id FROM reviews_case c JOIN moderation_postrevision r ON r.post_id = c.post_id
JOIN moderation_decision d ON d.id = c.decision_id
WHERE c.state = 'open' AND c.lane IN ('held', 'published', 'reported')
ORDER BY r.language = 'en' DESC, r.text ~ '^[ -~\n]*$' DESC,
    r.text ~ '[a-z]\\.(com|net|org|shop|info|io)' DESC,
    length(r.text) BETWEEN 60 AND 220 DESC, abs(d.probability - 0.6) LIMIT 30
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--into", type=Path, default=FOLDER)
    parser.add_argument("--all", action="store_true")
    parser.add_argument("--posts", type=int, default=600)
    options = parser.parse_args()
    wanted = KEPT
    if options.all:
        both = (("desk", "light"), ("phone", "dark"))
        wanted = tuple((page, *seen) for page in PAGES for seen in both)
    options.into.mkdir(parents=True, exist_ok=True)
    with installation.running(durable=False) as service:
        address, demo = _prepare(service, options.posts)
        with _browser() as browser:
            address["case"] = _with_evidence(browser, service, demo, address["cases"])
            for name, device, scheme in wanted:
                page = _open(browser, service, demo, device, scheme)
                page.goto(f"/review/{PAGES[name].format(**address)}", wait_until="networkidle")
                if name in PRESSED:
                    page.keyboard.press(PRESSED[name])
                page.screenshot(path=str(options.into / _file(name, device, scheme)))
                page.context.close()


def _file(page: str, device: str, scheme: str) -> str:
    parts = [page, *(["phone"] if device == "phone" else []), *(["dark"] * (scheme == "dark"))]
    return f"{'-'.join(parts)}.png"


def _prepare(service: Installation, posts: int) -> tuple[dict[str, Any], dict[str, str]]:
    """Fill the demo; return what the addresses of pages name, and who logs in."""
    demo = json.loads(service.manage("create_demo"))
    service.manage("demo_data", "--posts", str(posts), "--verbosity", "0")
    service.start("web")
    with service.database() as database:
        site = database.execute(
            "SELECT id FROM moderation_site WHERE name = 'Demo forum'"
        ).fetchone()
        cases = [case for (case,) in database.execute(A_CASE)]
    if site is None or not cases:
        raise RuntimeError("The demo has no case to show.")
    return {"site": site[0], "cases": cases}, demo


@contextmanager
def _browser() -> Iterator[Browser]:
    from playwright.sync_api import sync_playwright

    names = ("chromium", "chromium-browser", "google-chrome")
    found = next(filter(None, map(shutil.which, names)), None)
    if found is None:
        raise SystemExit("winnow: install chromium to take pictures.")
    sandbox = [] if os.geteuid() else ["--no-sandbox"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=sandbox)
        yield browser
        browser.close()


def _with_evidence(
    browser: Browser, service: Installation, demo: dict[str, str], cases: list[int]
) -> int:
    """The first of the cases that is not judged by the post alone; the first of all if each is."""
    page = _open(browser, service, demo, "desk", "light")
    for case in cases:
        page.goto(f"/review/cases/{case}/")
        if page.locator(".evidence").count():
            break
    else:
        (case, *_) = cases
    page.context.close()
    return case


def _open(
    browser: Browser, service: Installation, demo: dict[str, str], device: str, scheme: Any
) -> Page:
    context = browser.new_context(
        **DEVICES[device], color_scheme=scheme, base_url=service.url, reduced_motion="reduce"
    )
    page = context.new_page()
    page.goto("/review/")
    page.get_by_label("Username").fill(demo["username"])
    page.get_by_label("Password").fill(demo["password"])
    page.get_by_role("button", name="Log in").click()
    return page


if __name__ == "__main__":
    main()
