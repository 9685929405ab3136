"""Guessing passwords is stopped, by account and address."""

from __future__ import annotations

import pytest
from django.contrib.auth import get_user_model
from django.test import Client

pytestmark = pytest.mark.django_db

PASSWORD = "a long enough passphrase"


@pytest.fixture
def login(settings):
    settings.AXES_ENABLED = True
    get_user_model().objects.create_superuser("boss", password=PASSWORD)

    def attempt(password: str, *, address: str = "192.0.2.1") -> int:
        answer = Client(REMOTE_ADDR=address).post(
            "/admin/login/?next=/admin/", {"username": "boss", "password": password}
        )
        return answer.status_code

    return attempt


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
