"""Settings come from the environment or from files, and a wrong one is named."""

import pytest
from django.core.exceptions import ImproperlyConfigured

from config import env


def test_a_value_comes_from_the_environment_or_from_a_file(monkeypatch, tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("from the file\n")
    assert env.read("WINNOW_X") is None
    monkeypatch.setenv("WINNOW_X_FILE", str(secret))
    assert env.read("WINNOW_X") == "from the file"
    monkeypatch.setenv("WINNOW_X", "direct")
    with pytest.raises(ImproperlyConfigured, match="Both WINNOW_X and WINNOW_X_FILE"):
        env.read("WINNOW_X")
    monkeypatch.delenv("WINNOW_X_FILE")
    assert env.read("WINNOW_X") == "direct"


def test_a_secret_file_that_cannot_be_read_is_named_without_its_content(monkeypatch, tmp_path):
    monkeypatch.setenv("WINNOW_X_FILE", str(tmp_path / "missing"))
    with pytest.raises(ImproperlyConfigured, match="WINNOW_X_FILE names a file that cannot"):
        env.read("WINNOW_X")


def test_an_empty_value_counts_as_not_given(monkeypatch):
    monkeypatch.setenv("WINNOW_X", "  ")
    assert env.text("WINNOW_X", "default") == "default"
    assert env.boolean("WINNOW_X", default=True) is True
    assert env.integer("WINNOW_X", 7) == 7


@pytest.mark.parametrize(
    ("value", "meaning"), [("1", True), ("TRUE", True), ("on", True), ("no", False), ("0", False)]
)
def test_booleans(monkeypatch, value, meaning):
    monkeypatch.setenv("WINNOW_X", value)
    assert env.boolean("WINNOW_X", default=not meaning) is meaning


@pytest.mark.parametrize(
    ("value", "sentence"),
    [("seven", "whole number"), ("7.5", "whole number"), ("0", "between 1 and 9"), ("10", "1 and")],
)
def test_numbers_out_of_place_are_refused(monkeypatch, value, sentence):
    monkeypatch.setenv("WINNOW_X", value)
    with pytest.raises(ImproperlyConfigured, match=f"WINNOW_X must be .*{sentence}"):
        env.integer("WINNOW_X", 5, least=1, most=9)


def test_a_wrong_choice_or_boolean_is_refused(monkeypatch):
    monkeypatch.setenv("WINNOW_X", "prod")
    with pytest.raises(ImproperlyConfigured, match="one of development, production"):
        env.choice("WINNOW_X", ("development", "production"))
    with pytest.raises(ImproperlyConfigured, match="WINNOW_X must be one of 1, true"):
        env.boolean("WINNOW_X")


def test_lists_are_separated_by_commas(monkeypatch):
    monkeypatch.setenv("WINNOW_X", "a.example, b.example ,")
    assert env.strings("WINNOW_X") == ["a.example", "b.example"]
