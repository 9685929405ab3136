"""A browser, and a site to look at. Read before Django is set up, so models are imported inside."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest
from django.core.signals import request_finished, request_started

from tests.acceptance.browser import CHROMIUM

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

ARGUMENTS = (
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-gpu",
    "--disable-sync",
    "--no-first-run",
)

FAILED = pytest.StashKey[bool]()

PATIENCE = 30_000
"""Milliseconds: a test may be slow where others work on the same machine."""


@pytest.fixture(autouse=True)
def no_draw(monkeypatch: pytest.MonkeyPatch) -> None:
    """No answer is looked at again by chance: it would be kept from colleagues."""
    monkeypatch.setattr("reviews.labels.looks.throw", lambda: 0.9999)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    from playwright.sync_api import expect, sync_playwright

    expect.set_options(timeout=PATIENCE)
    # Playwright keeps an event loop in this thread, where Django would then refuse its database.
    before = os.environ.get("DJANGO_ALLOW_ASYNC_UNSAFE")
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    sandbox = () if os.geteuid() else ("--no-sandbox",)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=[*ARGUMENTS, *sandbox], timeout=60_000
        )
        yield browser
        browser.close()
    if before is None:
        del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Any:
    report = yield
    if report.when == "call":
        item.stash[FAILED] = report.failed
        heard = item.funcargs.get("complaints") if isinstance(item, pytest.Function) else None
        if report.failed and heard:
            report.sections.append(("What the browser objected to", "\n".join(heard)))
    return report


@pytest.fixture
def complaints(request: pytest.FixtureRequest) -> Iterator[list[str]]:
    """What the browser objects to; a test with any fails."""
    heard: list[str] = []
    yield heard
    if not request.node.stash.get(FAILED, False):
        # One that failed had no chance to say what it expects, and its report tells all of them.
        assert heard == []


def _press_when_loaded(page: Page) -> None:
    """Give no key to a page whose scripts are still to come: nobody would hear it."""
    press = page.keyboard.press

    def when_loaded(key: str, **options: Any) -> None:
        page.wait_for_load_state()
        press(key, **options)

    page.keyboard.press = when_loaded


@pytest.fixture
def answered() -> Iterator[Callable[[], None]]:
    """A function that waits until the server has answered all that it was asked.

    What a closed window had asked for still holds locks, and emptying the tables beside it may
    end in a deadlock.
    """
    open_ones: list[object] = []

    def began(sender: object, **_: Any) -> None:
        open_ones.append(sender)

    def ended(**_: Any) -> None:
        if open_ones:
            open_ones.pop()

    def wait() -> None:
        last = time.monotonic() + PATIENCE / 1_000
        while open_ones and time.monotonic() < last:
            time.sleep(0.02)

    request_started.connect(began)
    request_finished.connect(ended)
    yield wait
    request_started.disconnect(began)
    request_finished.disconnect(ended)


@pytest.fixture
def open_page(
    chromium: Browser, live_server: Any, complaints: list[str], answered: Callable[[], None]
) -> Iterator[Any]:
    """A function that logs somebody in, in a window of the given kind."""
    contexts: list[BrowserContext] = []

    def enter(
        device: dict[str, Any], scheme: Any = "light", scripts: bool = True, user: str = "mara"
    ) -> Page:
        # What is still fading has no colour that axe could judge.
        context = chromium.new_context(
            **device,
            color_scheme=scheme,
            reduced_motion="reduce",
            base_url=live_server.url,
            java_script_enabled=scripts,
        )
        context.set_default_timeout(PATIENCE)
        contexts.append(context)
        page = context.new_page()
        page.on(
            "console",
            lambda said: (
                complaints.append(f"{said.text} {said.location['url']}")
                if said.type == "error"
                else None
            ),
        )
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on(
            "request",
            lambda request: (
                complaints.append(request.url)
                if not request.url.startswith((live_server.url, "data:"))
                else None
            ),
        )
        page.goto("/review/")
        page.get_by_label("Username").fill(user)
        page.get_by_label("Password").fill("winnowed grain")
        page.get_by_role("button", name="Log in").click()
        _press_when_loaded(page)
        return page

    yield enter
    for context in contexts:
        context.close()
    answered()


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch) -> Any:
    from tests.integration.world import make_moderator, make_site

    monkeypatch.setattr("reviews.labels.looks.lot_of", lambda case: 1.0)
    site = make_site("Harbour gardening forum")
    make_moderator(site, username="mara")
    return site


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if CHROMIUM is None and terminalreporter.stats.get("skipped"):
        terminalreporter.section("NO BROWSER WAS FOUND", sep="!", red=True)
        terminalreporter.line("The tests that need one were skipped: install chromium.")
