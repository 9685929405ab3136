"""What a moderator typed is not lost when it turns out that nobody is logged in."""

from __future__ import annotations

from typing import Any

import pytest
from axes.models import AccessAttempt
from django.contrib.auth.models import User
from django.test import Client
from django_otp.plugins.otp_totp.models import TOTPDevice

from moderation.models import Site
from reviews.models import Case, Verdict
from tests.integration.console.factory import make_case, make_moderator
from tests.integration.console.page import read

pytestmark = pytest.mark.django_db

NOTE = "Third time this <week>,\r\nsame “shop”"
LOGIN = "/review/login/"


def send(browser: Client, case: Case, note: str = NOTE, **headers: str) -> Any:
    given = {"kind": "spam", "seen_decision_id": case.decision_id, "note": note}
    return browser.post(f"/review/cases/{case.pk}/verdict", given, headers=headers)


def form_of(page: Any) -> dict[str, str | None]:
    """Return what a browser sends with the hidden fields of a page."""
    hidden = read(page).all("input", type="hidden")
    return {str(field["name"]): field.get("value") for field in hidden}


def log_in(browser: Client, asked: Any, **changes: str) -> Any:
    assert read(asked).all("form", action=LOGIN)
    given = {"username": "mara", "password": "winnowed grain", **form_of(asked), **changes}
    return browser.post(LOGIN, given)


def shown_note(page: Any) -> str:
    return page.context["form"]["note"].value()


@pytest.fixture
def ended(site: Site, mara: User, settings: Any) -> Client:
    """A browser in which Mara was logged in until her session ended."""
    settings.AXES_ENABLED = True
    return Client()


def test_a_note_comes_back_to_its_case_after_logging_in(ended: Client, site: Site) -> None:
    case, other = make_case(site), make_case(site)
    asked = send(ended, case)
    assert asked.status_code == 403
    assert "Your session had ended" in read(asked).words
    assert not ended.session.keys(), "a stranger can store nothing"

    mistyped = log_in(ended, asked, password="chaff")
    assert "shop" not in AccessAttempt.objects.get().post_data
    arrived = log_in(ended, mistyped)
    assert arrived["Location"] == f"/review/cases/{case.pk}/"
    page = ended.get(arrived["Location"])
    assert shown_note(page) == NOTE
    assert "same “shop”" in read(page).text
    assert not shown_note(ended.get(f"/review/cases/{other.pk}/"))
    assert not Verdict.objects.exists(), "the answer itself is given anew"

    send(ended, case, note=shown_note(page))
    assert Verdict.objects.get().note == NOTE
    assert not shown_note(ended.get(f"/review/cases/{case.pk}/"))


def test_the_note_is_shown_though_somebody_else_has_answered(ended: Client, site: Site) -> None:
    case = make_case(site)
    asked = send(ended, case)
    quick = Client()
    quick.force_login(make_moderator(site, username="quicker"))
    send(quick, case, note="")
    page = read(ended.get(log_in(ended, asked)["Location"]))
    assert not page.all("button", value="spam")
    assert "same “shop”" in page.text


def test_the_note_passes_the_second_step_too(
    ended: Client, site: Site, mara: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    TOTPDevice.objects.create(user=mara, name="app", confirmed=True)
    monkeypatch.setattr(TOTPDevice, "verify_token", lambda device, token: token == "123456")
    case = make_case(site)
    halfway = log_in(ended, send(ended, case))
    assert halfway["Location"] == "/review/login/code"
    arrived = ended.post(halfway["Location"], {"code": "123456"})
    assert shown_note(ended.get(arrived["Location"])) == NOTE


def test_who_is_locked_out_meanwhile_is_given_the_note_back(ended: Client, site: Site) -> None:
    page = send(ended, make_case(site))
    for _ in range(10):
        page, before = log_in(ended, page, password="chaff"), page
    assert page.status_code == 429
    assert NOTE.replace("\r", "") in read(page).text.replace("\r", "")
    again = log_in(ended, before)
    assert again.status_code == 429 and "same “shop”" in read(again).text


def test_who_is_locked_out_at_the_second_step_is_given_the_note_back(
    ended: Client, site: Site, mara: User
) -> None:
    TOTPDevice.objects.create(user=mara, name="app", confirmed=True)
    halfway = log_in(ended, send(ended, make_case(site)))
    for _ in range(10):
        page = ended.post(halfway["Location"], {"code": "000000"})
    assert page.status_code == 429
    assert "same “shop”" in read(page).text


def test_without_a_note_there_is_only_the_way_back(ended: Client, site: Site) -> None:
    case = make_case(site)
    asked = send(ended, case, note="")
    assert asked["Location"] == f"{LOGIN}?next=/review/cases/{case.pk}/"


@pytest.mark.parametrize(
    ("origin", "shown"), [("http://testserver", True), ("https://elsewhere.example", False)]
)
def test_a_page_from_before_the_last_login_gives_the_note_back(
    site: Site, mara: User, origin: str, shown: bool
) -> None:
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(mara)
    refused = send(browser, make_case(site), origin=origin)
    assert refused.status_code == 403
    page = read(refused)
    assert "This page is from before you last logged in." in page.words
    assert ("same “shop”" in page.text) is shown
    assert not Verdict.objects.exists()
