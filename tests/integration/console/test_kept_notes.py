"""What a moderator typed is not lost when it turns out that nobody is logged in."""

from typing import Any

import pytest
from axes.models import AccessAttempt
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone
from django_otp.plugins.otp_totp.models import TOTPDevice

from moderation import guidelines
from moderation.models import Guidelines, Site
from reviews.console.case.standing import decision_token
from reviews.models import Alarm, AlarmKind, Case, Membership, Verdict
from reviews.roles import Role
from tests.integration.console.factory import make_case
from tests.integration.console.page import read
from tests.integration.world import browser_of, make_moderator

NOTE = "Third time this <week>,\r\nsame “shop”"
LOGIN = "/review/login/"
HOST = "http://testserver"


def send(browser: Client, case: Case, note: str = NOTE, **headers: str) -> Any:
    by = User.objects.get(username="mara").pk
    given = {"kind": "spam", "seen": decision_token(case, case.decision_id), "note": note, "by": by}
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


def test_a_note_comes_back_to_its_case_after_logging_in(ended, site):
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


def test_whoever_else_logs_in_is_not_given_the_note(ended, site):
    case = make_case(site)
    make_moderator(site, username="other")
    arrived = log_in(ended, send(ended, case), username="other")
    page = ended.get(arrived["Location"])
    assert not shown_note(page) and "same “shop”" not in read(page).text
    assert "was not kept" in read(page).words


@pytest.fixture
def owner(site: Site, mara: User) -> User:
    Membership.objects.filter(user=mara).update(role=Role.OWNER)
    return mara


@pytest.mark.parametrize("named", ["guidelines", "alarm", "all"])
def test_what_was_typed_elsewhere_comes_back_to_its_form(ended, site, owner, named):
    case = make_case(site)
    alarm = Alarm.objects.create(
        site=site, kind=AlarmKind.SOURCE, subject="s", sentence="Look.", created_at=timezone.now()
    )
    page, form = {
        "guidelines": (f"/review/guidelines/{site.pk}/write",) * 2,
        "alarm": ("/review/sources/", f"/review/alarms/{alarm.pk}/answer"),
        "all": (f"/review/cases/{case.pk}/all?about=alike",) * 2,
    }[named]
    name = "text" if named == "guidelines" else "note"
    asked = ended.post(form, {name: NOTE, "by": owner.pk}, headers={"referer": HOST + page})
    arrived = log_in(ended, asked)
    assert arrived["Location"] == page
    again = read(ended.get(page))
    assert "same “shop”" in again.text + str(again.all("input", name="note"))


def test_what_was_typed_in_one_form_outlives_what_is_stored_by_another(ended, site, owner):
    case, url = make_case(site), f"/review/guidelines/{site.pk}/write"
    guidelines.publish(site=site, text="Rule: Theirs", public=False)
    asked = ended.post(url, {"text": "Rule: Mine", "by": owner.pk}, headers={"referer": HOST + url})
    log_in(ended, asked)
    send(ended, case)
    again = read(ended.get(url))
    assert "Rule: Mine" in again.text and "Rule: Theirs" in again.text
    assert "before you logged in again" in again.words
    ended.post(url, {"text": "Rule: Both", "over": 1})
    assert "Rule: Mine" not in read(ended.get(url)).text


def test_guidelines_are_not_written_over_ones_that_were_not_seen(browser, site, owner):
    url = f"/review/guidelines/{site.pk}/write"
    form = form_of(browser.get(url))
    guidelines.publish(site=site, text="Rule: Theirs", public=False)
    refused = browser.post(url, {**form, "text": "Rule: Mine"})
    assert refused.status_code == 409
    assert "Rule: Theirs" in read(refused).text and "Rule: Mine" in read(refused).text
    assert browser.post(url, {**form_of(refused), "text": "Rule: Both"}).status_code == 302
    assert [one.text for one in Guidelines.objects.order_by("version")] == [
        "Rule: Theirs",
        "Rule: Both",
    ]


def test_the_note_is_shown_though_somebody_else_has_answered(ended, site):
    case = make_case(site)
    asked = send(ended, case)
    quick = browser_of(make_moderator(site, username="quicker"))
    send(quick, case, note="")
    page = read(ended.get(log_in(ended, asked)["Location"]))
    assert not page.all("button", value="spam")
    assert "same “shop”" in page.text


def test_the_note_passes_the_second_step_too(ended, site, mara, monkeypatch):
    TOTPDevice.objects.create(user=mara, name="app", confirmed=True)
    monkeypatch.setattr(TOTPDevice, "verify_token", lambda device, token: token == "123456")
    case = make_case(site)
    halfway = log_in(ended, send(ended, case))
    assert halfway["Location"] == "/review/login/code"
    arrived = ended.post(halfway["Location"], {"code": "123456"})
    assert shown_note(ended.get(arrived["Location"])) == NOTE


def test_who_is_locked_out_meanwhile_is_given_the_note_back(ended, site):
    page = send(ended, make_case(site))
    for _ in range(10):
        page, before = log_in(ended, page, password="chaff"), page
    assert page.status_code == 429
    assert NOTE.replace("\r", "") in read(page).text.replace("\r", "")
    again = log_in(ended, before)
    assert again.status_code == 429 and "same “shop”" in read(again).text


def test_who_is_locked_out_at_the_second_step_is_given_the_note_back(ended, site, mara):
    TOTPDevice.objects.create(user=mara, name="app", confirmed=True)
    halfway = log_in(ended, send(ended, make_case(site)))
    for _ in range(10):
        page = ended.post(halfway["Location"], {"code": "000000"})
    assert page.status_code == 429
    assert "same “shop”" in read(page).text


def test_who_takes_an_answer_back_finds_its_note_in_the_form(site, mara, monkeypatch):
    monkeypatch.setattr("reviews.labels.looks.lot_of", lambda case: 0.0)
    browser, case = Client(), make_case(site)
    browser.force_login(mara)
    assert "Judge by the post alone" in read(browser.get(f"/review/cases/{case.pk}/")).words
    send(browser, case)
    given = Verdict.objects.get()
    taken = browser.post(f"/review/verdicts/{given.pk}/undo")
    assert shown_note(browser.get(taken["Location"])) == NOTE
    case.refresh_from_db()
    send(browser, case, note="another")
    assert shown_note(browser.get(f"/review/cases/{case.pk}/")) != NOTE, "it is stored"


def test_nobody_finds_the_note_of_somebody_else_whose_answer_they_take_back(site, mara):
    browser, senior, case = Client(), Client(), make_case(site)
    browser.force_login(mara)
    send(browser, case)
    lead = make_moderator(site)
    Membership.objects.filter(user=lead).update(role=Role.SENIOR)
    senior.force_login(lead)
    taken = senior.post(f"/review/verdicts/{Verdict.objects.get().pk}/undo")
    assert shown_note(senior.get(taken["Location"])) == ""


def test_without_a_note_there_is_only_the_way_back(ended, site):
    case = make_case(site)
    asked = send(ended, case, note="")
    assert asked["Location"] == f"{LOGIN}?next=/review/cases/{case.pk}/"


@pytest.mark.parametrize(
    ("origin", "shown"), [("http://testserver", True), ("https://elsewhere.example", False)]
)
def test_a_page_from_before_the_last_login_gives_the_note_back(site, mara, origin, shown):
    browser = browser_of(mara, enforce_csrf_checks=True)
    refused = send(browser, make_case(site), origin=origin)
    assert refused.status_code == 403
    page = read(refused)
    assert "This page is from before you last logged in." in page.words
    assert ("same “shop”" in page.text) is shown
    assert not Verdict.objects.exists()
