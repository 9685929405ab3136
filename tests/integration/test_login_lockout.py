"""Guessing is stopped: at one name, from one address, and from many machines at one name."""

from typing import Any

import pytest
from axes.models import AccessAttempt
from django.contrib.auth import get_user_model
from django.test import Client

from reviews.people import lockout

pytestmark = pytest.mark.django_db

PASSWORD = "a long enough passphrase"


@pytest.fixture
def login(settings):
    settings.AXES_ENABLED = True
    get_user_model().objects.create_superuser("boss", password=PASSWORD)
    get_user_model().objects.create_user("mara", password=PASSWORD)

    def attempt(
        password: str,
        *,
        address: str = "192.0.2.1",
        name: str = "boss",
        browser: Client | None = None,
        **headers: str,
    ) -> int:
        browser = browser or Client()
        answer = browser.post(
            "/review/login/",
            {"username": name, "password": password},
            REMOTE_ADDR=address,
            headers=headers,
        )
        return answer.status_code

    return attempt


def failures(count: int, *, name: str = "somebody", address: str = "198.51.100.1") -> None:
    """Rows as so many failures leave them."""
    from django.utils import timezone

    AccessAttempt.objects.create(
        username=name,
        ip_address=address,
        user_agent="",
        failures_since_start=count,
        attempt_time=timezone.now(),
        get_data="",
        post_data="",
    )


def test_after_ten_wrong_guesses_even_the_right_password_is_refused(login, settings):
    for _ in range(settings.AXES_FAILURE_LIMIT - 1):
        assert login("wrong") == 200
    assert login("wrong") == 429
    assert login(PASSWORD) == 429
    # Somebody else at another address is not locked out with them.
    assert login(PASSWORD, address="192.0.2.2") == 302


def test_a_right_password_forgets_the_wrong_ones(login, settings):
    for _ in range(settings.AXES_FAILURE_LIMIT - 1):
        login("wrong")
    assert login(PASSWORD) == 302
    assert login("wrong") == 200


def test_one_address_may_not_try_a_list_of_names(login):
    for number in range(lockout.PER_ADDRESS - 1):
        assert login("wrong", name=f"name{number}") == 200
    assert login("wrong", name="one more") == 429
    assert login(PASSWORD, name="mara") == 429
    assert login(PASSWORD, name="mara", address="192.0.2.2") == 302


def test_many_addresses_may_not_guess_at_one_name(login):
    failures(lockout.PER_NAME - 1, name="boss")
    assert login("wrong", address="203.0.113.1") == 429
    assert login(PASSWORD, address="203.0.113.2") == 429
    assert login(PASSWORD, address="203.0.113.2", name="mara") == 302


def test_who_has_logged_in_here_before_is_not_shut_out_by_strangers(login, settings):
    browser = Client()
    assert login(PASSWORD, browser=browser) == 302
    browser.post("/review/logout/")
    failures(lockout.PER_NAME, name="boss")
    failures(lockout.PER_ADDRESS, address="192.0.2.1")
    assert login(PASSWORD) == 429
    assert login(PASSWORD, browser=browser) == 302
    # The browser is known as one person's, and guessing in it is counted like anywhere.
    browser.post("/review/logout/")
    failures(lockout.PER_NAME, name="mara")
    assert login(PASSWORD, browser=browser, name="mara") == 429
    for _ in range(settings.AXES_FAILURE_LIMIT):
        login("wrong", browser=browser)
    assert login(PASSWORD, browser=browser) == 429


def test_a_known_browser_is_a_stranger_after_a_new_password(login):
    browser = Client()
    login(PASSWORD, browser=browser)
    boss = get_user_model().objects.get(username="boss")
    boss.set_password("another " + PASSWORD)
    boss.save()
    failures(lockout.PER_NAME, name="boss")
    assert login("another " + PASSWORD, browser=browser) == 429


def test_knocking_on_a_shut_door_does_not_keep_it_shut(login, settings):
    for _ in range(settings.AXES_FAILURE_LIMIT):
        login("wrong")
    shut = AccessAttempt.objects.get().attempt_time
    assert login("wrong") == 429
    assert AccessAttempt.objects.get().attempt_time == shut
    AccessAttempt.objects.update(attempt_time=shut - settings.AXES_COOLOFF_TIME)
    assert login(PASSWORD) == 302


@pytest.mark.parametrize(
    ("proxies", "chain", "counted"),
    [
        (0, None, "192.0.2.1"),
        (0, "203.0.113.9", "192.0.2.1"),
        (1, "203.0.113.9", "203.0.113.9"),
        (1, "10.9.9.9, 203.0.113.9", "203.0.113.9"),
        (2, "10.9.9.9, 203.0.113.9, 198.51.100.7", "203.0.113.9"),
        (2, "203.0.113.9", "203.0.113.9"),
        (1, None, "192.0.2.1"),
        (1, "2001:db8:1:2:dead:beef:0:1", "2001:db8:1:2::"),
        (1, "::ffff:203.0.113.9", "203.0.113.9"),
        (1, "not an address", None),
    ],
)
def test_only_trusted_proxies_say_who_asks(login, settings, proxies, chain, counted):
    settings.WINNOW_TRUSTED_PROXIES = proxies
    headers: dict[str, Any] = {"x-forwarded-for": chain} if chain else {}
    login("wrong", **headers)
    assert AccessAttempt.objects.get().ip_address == counted


def test_other_names_for_one_address_do_not_help(login, settings):
    for number in range(settings.AXES_FAILURE_LIMIT):
        last = login(
            "wrong", **{"x-forwarded-for": f"203.0.113.{number}", "user-agent": f"{number}"}
        )
    assert last == 429


def test_nobody_learns_which_names_there_are(login, settings):
    get_user_model().objects.create_user("gone", password=PASSWORD, is_active=False)
    answers = set()
    for name, password in (("boss", "wrong"), ("nobody", "wrong"), ("gone", PASSWORD)):
        answer = Client().post("/review/login/", {"username": name, "password": password})
        page = answer.content.decode().replace(name, "NAME")
        answers.add((answer.status_code, page.split("<main")[1].split("csrfmiddlewaretoken")[0]))
    assert len(answers) == 1
    for _ in range(settings.AXES_FAILURE_LIMIT):
        last = login("wrong", name="nobody")
    assert last == 429, "a name that is nobody's is shut like any other"


def test_a_name_that_is_nobodys_costs_as_much_to_refuse(login, monkeypatch):
    """The hash of a password is what takes time."""
    from django.contrib.auth import hashers

    hashed: list[str] = []
    hasher = hashers.get_hasher("default")
    encode = type(hasher).encode
    monkeypatch.setattr(
        type(hasher), "encode", lambda self, *a: hashed.append("x") or encode(self, *a)
    )
    login("wrong", name="boss")
    for_somebody = len(hashed)
    login("wrong", name="nobody")
    assert for_somebody == len(hashed) - for_somebody == 1


def test_what_was_typed_is_not_kept(login):
    login("a-wrong-password")
    kept = AccessAttempt.objects.get()
    assert "a-wrong-password" not in f"{kept.post_data}{kept.get_data}"
