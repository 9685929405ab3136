import pytest
from django.core.exceptions import ImproperlyConfigured

from config.mail import settings_of


def test_an_address_says_where_and_how_mail_is_handed_over():
    assert settings_of(None)["EMAIL_BACKEND"].endswith("dummy.EmailBackend")
    begins_clear = settings_of("smtp://winnow:p%40ss@mail.example")
    assert begins_clear["EMAIL_PORT"] == 587
    assert (begins_clear["EMAIL_HOST_USER"], begins_clear["EMAIL_HOST_PASSWORD"]) == (
        "winnow",
        "p@ss",
    )
    assert (begins_clear["EMAIL_USE_TLS"], begins_clear["EMAIL_USE_SSL"]) == (True, False)
    encrypted = settings_of("smtps://mail.example:2465")
    assert (encrypted["EMAIL_PORT"], encrypted["EMAIL_USE_SSL"]) == (2465, True)
    clear = settings_of("smtp+plain://127.0.0.1")
    assert (clear["EMAIL_PORT"], clear["EMAIL_USE_TLS"], clear["EMAIL_USE_SSL"]) == (
        25,
        False,
        False,
    )
    assert 0 < clear["EMAIL_TIMEOUT"] <= 30


@pytest.mark.parametrize(
    "url",
    ["mail.example", "http://mail.example", "smtp://", "smtp://h:port", "smtp://h/path", "smtp:h"],
)
def test_what_is_no_address_is_refused_without_repeating_it(url):
    with pytest.raises(ImproperlyConfigured, match=r"^WINNOW_SMTP_URL must") as refused:
        settings_of(url)
    assert url not in str(refused.value)
