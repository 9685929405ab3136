"""What the tests in a real browser share: its windows, what must hold of every page, a case.

Needs Chromium (or Chrome) on the machine; skipped, loudly, where there is none. Screenshots are
kept where `WINNOW_SCREENSHOTS` names a folder.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Page

CHROMIUM = next(
    filter(
        None,
        map(
            shutil.which,
            ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable"),
        ),
    ),
    None,
)
DESK = {"viewport": {"width": 1280, "height": 860}}
PHONE = {
    "viewport": {"width": 375, "height": 740},
    "has_touch": True,
    "is_mobile": True,
    "device_scale_factor": 2,
}
IN_BROWSER = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(CHROMIUM is None, reason="NO BROWSER: install chromium to run these tests"),
]


def ordinary_case(site: Any, **more: Any) -> Any:
    from tests.integration.console.factory import make_case

    return make_case(
        site,
        **{
            "text": "Has anyone tried the slug pellets from greenleaf.example/deal? My hostas "
            "have never looked better.\n\nForty percent off until Sunday.",
            "title": "Slug pellets that really work",
            "context": "What do you all do about slugs this year?",
            "permalink": "https://harbour.example/t/1182#c-5",
            "author_email": "kim@example.org",
            **more,
        },
    )


def keep(page: Page, name: str) -> None:
    folder = os.environ.get("WINNOW_SCREENSHOTS")
    if folder:
        page.screenshot(path=str(Path(folder) / f"{name}.png"))


def assert_fits(page: Page) -> None:
    page.wait_for_load_state()
    window = page.viewport_size["width"] if page.viewport_size else 0
    width = page.evaluate("document.documentElement.scrollWidth")
    assert width <= window, f"{page.url} is {width} wide in a window of {window}"
