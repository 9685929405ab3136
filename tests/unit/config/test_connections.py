"""Which servers are used, and what is refused in which words."""

import pytest
from django.core.exceptions import ImproperlyConfigured

from config.connections import NOWHERE, PATIENCE, choose, database_settings
from config.state import Urls

DATABASE = "postgresql://app:secret@db.example:5433/winnow?sslmode=require"
EMBEDDED = Urls(database="postgresql://a@h/d", owner="postgresql://o@h/d", redis="redis://h")


def call(**given):
    empty = {"database": None, "owner": None, "redis": None, "embedded": None, "production": False}
    return choose(**{**empty, **given})


def test_both_urls_mean_your_own_servers():
    chosen = call(database=DATABASE, redis="redis://r", embedded=EMBEDDED)
    assert not chosen.embedded
    assert chosen.urls == Urls(database=DATABASE, owner=DATABASE, redis="redis://r")


def test_the_owner_may_be_another_role():
    chosen = call(database=DATABASE, owner="postgresql://o@h/d", redis="redis://r")
    assert chosen.urls.owner == "postgresql://o@h/d"


def test_no_url_means_the_embedded_servers():
    assert call(embedded=EMBEDDED).urls == EMBEDDED
    assert call().urls == NOWHERE
    assert call().embedded


@pytest.mark.parametrize("production", [False, True])
@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"database": DATABASE}, "DATABASE_URL is set but REDIS_URL is not"),
        ({"redis": "redis://r"}, "REDIS_URL is set but DATABASE_URL is not"),
        ({"owner": DATABASE}, "DATABASE_OWNER_URL is set but DATABASE_URL and REDIS_URL are not"),
    ],
)
def test_one_url_alone_is_refused(given, sentence, production):
    with pytest.raises(ImproperlyConfigured, match=sentence):
        call(**given, production=production, embedded=EMBEDDED)


def test_production_refuses_the_embedded_servers():
    with pytest.raises(ImproperlyConfigured, match=r"In production .* must both be set"):
        call(production=True, embedded=EMBEDDED)


def test_a_url_becomes_settings():
    settings = database_settings("DATABASE_URL", DATABASE, options={"pool": True})
    assert (settings["NAME"], settings["USER"], settings["PASSWORD"]) == ("winnow", "app", "secret")
    assert (settings["HOST"], settings["PORT"]) == ("db.example", "5433")
    assert settings["OPTIONS"] == {**PATIENCE, "sslmode": "require", "pool": True}


def test_a_password_may_hold_any_character():
    url = "postgresql://app:p%40ss%2Fw%3Ard@h/d"
    assert database_settings("DATABASE_URL", url, options={})["PASSWORD"] == "p@ss/w:rd"


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("mysql://app:hunter2@h/d", "must start with postgresql://"),
        ("postgresql://app:hunter2@h", "names no database"),
        ("postgresql://:hunter2@h/d", "names no user"),
        ("postgresql://app:hunter2@h/d?no_such=1", "not a valid PostgreSQL URL"),
    ],
)
def test_a_wrong_url_is_refused_without_repeating_its_password(url, sentence):
    with pytest.raises(ImproperlyConfigured, match=sentence) as caught:
        database_settings("DATABASE_URL", url, options={})
    assert "hunter2" not in str(caught.value)
    assert "DATABASE_URL" in str(caught.value)
