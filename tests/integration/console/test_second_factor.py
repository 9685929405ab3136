"""Two-step login, with codes as an authenticator app makes them."""

import html
import re
import time
from io import StringIO
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission, User
from django.core.management import CommandError, call_command
from django.test import Client
from django_otp.oath import hotp
from django_otp.plugins.otp_static.models import StaticToken
from django_otp.plugins.otp_totp.models import TOTPDevice

from reviews.people import second_factor
from tests.integration.console.factory import make_case
from tests.integration.console.page import read
from tests.integration.world import browser_of, make_moderator

PASSWORD = "winnowed grain"
SETUP = "/review/account/two-step"


class App:
    """An authenticator app; `tick` passes the time until its next code."""

    def __init__(self, secret: str, clock: list[float]) -> None:
        from base64 import b32decode

        self.key, self.clock = b32decode(secret), clock

    def code(self, *, steps: int = 0) -> str:
        return f"{hotp(self.key, int(time.time() // 30) + steps):06d}"

    def tick(self) -> None:
        self.clock[0] += 30


@pytest.fixture
def clock(monkeypatch: Any) -> list[float]:
    """How far the clock is put forward, in seconds."""
    ahead, stands = [0.0], time.time() // 30 * 30 + 5
    monkeypatch.setattr(time, "time", lambda: stands + ahead[0])
    return ahead


def secret_on(page: bytes) -> str:
    found = re.search(r'class="mono secret">([A-Z2-7 ]+)<', page.decode())
    assert found
    return found[1].replace(" ", "")


def enrol(browser: Client, clock: list[float], **more: str) -> tuple[App, list[str]]:
    """Set it up as a person would; return the app and the recovery codes."""
    app = App(secret_on(browser.get(SETUP).content), clock)
    answer = browser.post(SETUP, {"new_code": app.code(), "password": PASSWORD, **more})
    codes = re.findall(r"<li>([a-z2-7-]+)</li>", answer.content.decode())
    assert len(codes) == second_factor.RECOVERY_CODES, read(answer).words
    app.tick()
    return app, codes


def first_step(name: str = "mara", target: str = "") -> Client:
    browser = Client()
    answer = browser.post(
        "/review/login/", {"username": name, "password": PASSWORD, "next": target}
    )
    assert answer["Location"] == "/review/login/code"
    return browser


def gets_in(browser: Client) -> bool:
    return browser.get("/review/").status_code == 200


def test_it_is_set_up_and_then_asked_for(browser, clock):
    page = browser.get(SETUP)
    assert b"<svg" in page.content and b"style=" not in page.content
    assert "no-store" in page["Cache-Control"]
    (code,) = read(page).all("input", name="new_code")
    assert code["inputmode"] == "numeric", "a phone shows figures"
    app, _ = enrol(browser, clock)
    assert gets_in(browser), "the session it was set up in goes on"

    returning = first_step(target="/review/account/")
    assert not gets_in(returning)
    answer = returning.post("/review/login/code", {"code": app.code()})
    assert answer["Location"] == "/review/account/"
    assert gets_in(returning)
    assert "10 left" in read(returning.get("/review/account/")).words


def test_the_picture_says_what_the_text_says(browser, mara):
    secret = secret_on(browser.get(SETUP).content)
    device = TOTPDevice(user=mara, key=browser.session["totp_key"])
    assert f"secret={secret}&" in device.config_url
    assert device.config_url.startswith("otpauth://totp/Winnow%3Amara?")


def test_a_wrong_code_sets_nothing_up(browser, mara, clock):
    app = App(secret_on(browser.get(SETUP).content), clock)
    for given in ("000000", "not digits", "٠", app.code(steps=-5)):
        answer = browser.post(SETUP, {"new_code": given, "password": PASSWORD})
        assert "That code is not right" in read(answer).words
    wrong = browser.post(SETUP, {"new_code": app.code(), "password": "chaff"})
    assert "That password is not right" in read(wrong).words
    assert second_factor.authenticator_of(mara) is None


def test_sessions_from_before_end(browser, mara, clock):
    elsewhere = browser_of(mara)
    assert gets_in(elsewhere)
    first, _ = enrol(browser, clock)
    assert not gets_in(elsewhere)

    enrol(browser, clock, code=first.code())
    assert gets_in(browser)
    late = first_step()
    late.post("/review/login/code", {"code": first.code(steps=1)})
    assert not gets_in(late), "the old app is worth nothing"


@pytest.mark.parametrize(("steps", "good"), [(-2, False), (-1, True), (1, True), (2, False)])
def test_a_clock_may_be_off_by_one_step(browser, clock, steps, good):
    app, _ = enrol(browser, clock)
    clock[0] += 120
    returning = first_step()
    returning.post("/review/login/code", {"code": app.code(steps=steps)})
    assert gets_in(returning) is good


def test_a_code_works_once(browser, clock):
    app, _ = enrol(browser, clock)
    used = app.code()
    first_step().post("/review/login/code", {"code": used})
    thief = first_step()
    again = thief.post("/review/login/code", {"code": used})
    assert "was used before" in read(again).words
    assert not gets_in(thief)
    confirmed_with = app.code(steps=-1)
    assert not second_factor.verify(User.objects.get(username="mara"), confirmed_with)


def test_a_recovery_code_works_once_however_it_is_typed(browser, clock):
    _, codes = enrol(browser, clock)
    first = first_step()
    first.post("/review/login/code", {"code": f" {codes[0].upper().replace('-', ' ')} "})
    assert gets_in(first)
    thief = first_step()
    thief.post("/review/login/code", {"code": codes[0]})
    assert not gets_in(thief)
    assert StaticToken.objects.count() == 9


def test_recovery_codes_are_stored_as_digests(browser, clock):
    _, codes = enrol(browser, clock)
    kept = {token.lower() for token in StaticToken.objects.values_list("token", flat=True)}
    assert len(kept) == 10
    assert not kept & {code.replace("-", "") for code in codes}


def test_after_a_wrong_code_the_next_has_to_wait(browser, clock):
    app, _ = enrol(browser, clock)
    returning = first_step()
    for _ in range(4):
        returning.post("/review/login/code", {"code": "000000"})
    returning.post("/review/login/code", {"code": app.code()})
    assert not gets_in(returning), "django-otp makes guessers wait"


def test_wrong_codes_count_towards_the_lock_out(browser, clock, settings):
    enrol(browser, clock)
    settings.AXES_ENABLED = True
    returning = first_step()
    answers = [
        returning.post("/review/login/code", {"code": "000000"}).status_code
        for _ in range(settings.AXES_FAILURE_LIMIT)
    ]
    assert answers == [200] * (settings.AXES_FAILURE_LIMIT - 1) + [429]
    again = Client().post("/review/login/", {"username": "mara", "password": PASSWORD})
    assert again.status_code == 429


def test_the_first_step_alone_is_good_for_five_minutes_and_nothing_else(browser, clock, mara):
    app, _ = enrol(browser, clock)
    assert Client().get("/review/login/code")["Location"] == "/review/login/"
    halfway = first_step()
    for address in ("/review/", "/review/account/", SETUP, "/admin/"):
        assert halfway.get(address).status_code == 302, address
    clock[0] += 301
    assert halfway.get("/review/login/code")["Location"] == "/review/login/"

    changed = first_step()
    mara.set_password("another " + PASSWORD)
    mara.save()
    answer = changed.post("/review/login/code", {"code": app.code()})
    assert answer["Location"] == "/review/login/"
    assert not gets_in(changed)


def test_turning_it_off_needs_the_password_and_a_code(browser, clock, mara):
    app, _ = enrol(browser, clock)
    off = f"{SETUP}/off"
    for given in (
        {"password": "chaff", "code": app.code()},
        {"password": PASSWORD, "code": "abcd-efgh-ijkl"},
    ):
        assert browser.post(off, given).status_code == 200
        assert second_factor.authenticator_of(mara) is not None
    assert browser.post(off, {"password": PASSWORD, "code": app.code()}).status_code == 302
    assert second_factor.authenticator_of(mara) is None
    assert gets_in(browser)
    assert not StaticToken.objects.exists()


def test_setting_it_up_anew_needs_a_code_of_the_old_one(browser, clock):
    enrol(browser, clock)
    fresh = App(secret_on(browser.get(SETUP).content), clock)
    given = {"new_code": fresh.code(), "password": PASSWORD}
    assert "This field is required" in read(browser.post(SETUP, given)).words
    refused = browser.post(SETUP, {**given, "code": fresh.code()})
    assert "That code is not right" in read(refused).words


def test_an_operator_resets_it_and_that_is_on_record(browser, operator, mara, clock):
    enrol(browser, clock)
    address = f"/admin/auth/user/{mara.pk}/reset_two_step/"
    operator.get(address)
    assert second_factor.authenticator_of(mara) is not None, "only a POST does"
    operator.post(address, {"_form_submitted": "True"})
    assert second_factor.authenticator_of(mara) is None
    assert not gets_in(browser), "sessions end"
    entry = LogEntry.objects.get(change_message="Reset two-step login.")
    assert (entry.user.get_username(), entry.object_id) == ("operator", str(mara.pk))
    assert (
        "Reset two-step login." in read(operator.get(f"/admin/auth/user/{mara.pk}/history/")).text
    )


def test_operators_do_not_reset_their_own(operator, clock):
    user = User.objects.get(username="operator")
    enrol(operator, clock)
    operator.post(f"/admin/auth/user/{user.pk}/reset_two_step/", {"_form_submitted": "True"})
    assert second_factor.authenticator_of(user) is not None


def test_a_command_resets_it(browser, mara, clock):
    with pytest.raises(CommandError, match="has not set up"):
        call_command("reset_two_step", "mara")
    enrol(browser, clock)
    said = StringIO()
    call_command("reset_two_step", "mara", stdout=said)
    assert "was reset" in said.getvalue()
    assert second_factor.authenticator_of(mara) is None
    assert LogEntry.objects.filter(change_message__contains="by a command").exists()
    with pytest.raises(CommandError, match="nobody"):
        call_command("reset_two_step", "nemo")


def test_the_admin_shows_no_keys(operator, browser, clock):
    enrol(browser, clock)
    key = TOTPDevice.objects.get().key
    listed = operator.get("/admin/auth/user/")
    assert key not in listed.content.decode()
    for model in ("otp_totp/totpdevice", "otp_static/staticdevice"):
        assert operator.get(f"/admin/{model}/").status_code == 404


@pytest.mark.parametrize(
    ("required", "superuser", "asked"),
    [
        ("off", True, False),
        ("superusers", False, False),
        ("superusers", True, True),
        ("everyone", False, True),
    ],
)
def test_whom_the_setting_asks_has_to_set_it_up_first(
    site, clock, settings, required, superuser, asked
):
    settings.WINNOW_REQUIRE_TOTP = required
    make_case(site)
    user = make_moderator(site, username="kim", is_superuser=superuser, is_staff=superuser)
    browser = browser_of(user)
    pages = ["/review/", *(["/admin/", "/admin/auth/user/"] if superuser else [])]
    for page in pages:
        answer = browser.get(page, follow=True)
        assert ("Set up two-step login" in read(answer).words) is asked, page
    assert (browser.post("/review/next")["Location"] == SETUP) is asked
    if asked:
        enrol(browser, clock)
        assert all(browser.get(page).status_code == 200 for page in pages)
        assert browser.get(f"{SETUP}/off")["Location"] == "/review/account/", "not to be removed"


def test_the_admin_is_for_superusers_whatever_else_somebody_may(client, site):
    owner = make_moderator(site, username="owner", is_staff=True)
    owner.user_permissions.set(Permission.objects.all())
    client.force_login(owner)
    answer = client.get("/admin/moderation/post/", follow=True)
    assert answer.status_code == 403
    assert "The admin is for operators" in read(answer).words
    assert "/admin/" not in read(client.get("/review/")).text


def test_the_admin_has_no_login_of_its_own(client, db):
    asked = client.get("/admin/auth/user/", follow=True)
    assert asked.redirect_chain[-1][0] == "/review/login/?next=/admin/auth/user/"
    away = client.get("/admin/login/?next=https://elsewhere.example/")
    assert away["Location"] == "/review/login/?next=/admin/"
    posted = client.post("/admin/login/", {"username": "x", "password": "y"})
    assert posted.status_code == 302


def test_hostile_names_stay_text_in_the_picture_and_the_page(browser, mara):
    User.objects.filter(pk=mara.pk).update(username='<script>x</script>"&=')
    page = browser.get(SETUP).content.decode()
    assert "<script>x" not in page
    assert "<script>x" in html.unescape(page)
