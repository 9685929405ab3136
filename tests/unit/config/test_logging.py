"""Logs hold neither what people wrote nor what opens doors."""

import io
import json
import logging
import logging.config

import psycopg
import pytest
import structlog
from django.db import IntegrityError

from config.logging import configuration


@pytest.fixture
def stream(settings, request):
    written = io.StringIO()
    config = configuration(production=getattr(request, "param", True))
    config["handlers"]["console"]["stream"] = written
    logging.config.dictConfig(config)
    yield written
    logging.config.dictConfig(settings.LOGGING)


@pytest.fixture
def lines(stream):
    return lambda: [json.loads(line) for line in stream.getvalue().splitlines()]


def test_production_writes_one_json_object_a_line(lines):
    structlog.get_logger("winnow").info("decided", post="p1", outcome="block")
    logging.getLogger("elsewhere").warning("a library's %s", "line")
    ours, theirs = lines()
    assert (ours["event"], ours["outcome"], ours["level"]) == ("decided", "block", "info")
    assert (theirs["event"], theirs["logger"]) == ("a library's line", "elsewhere")
    assert ours["timestamp"].endswith("Z")


def test_what_people_wrote_and_secrets_are_blanked(lines):
    structlog.get_logger("winnow").info("x", text="my words", api_key="wnw_1", password="p", n=3)
    (line,) = lines()
    assert line["text"] == line["api_key"] == line["password"] == "[blanked]"
    assert line["n"] == 3


def test_an_exception_is_one_line_too(lines):
    try:
        raise ValueError("broken")
    except ValueError:
        logging.getLogger("winnow").exception("failed")
    (line,) = lines()
    assert "ValueError: broken" in line["exception"]


@pytest.mark.parametrize("stream", [True, False], ids=["production", "development"], indirect=True)
def test_a_refused_row_is_not_repeated(stream):
    """PostgreSQL tells the client the whole row, and a debugger's traceback tells variables."""
    words = "what somebody wrote"
    try:
        try:
            raise psycopg.errors.NotNullViolation(f"null value\nDETAIL:  Failing row: ({words}).")
        except psycopg.Error as error:
            raise IntegrityError(str(error)) from error
    except IntegrityError:
        logging.getLogger("winnow").exception("failed")
    assert "django.db.utils.IntegrityError: null value" in stream.getvalue()
    assert "NotNullViolation: null value" in stream.getvalue()
    assert words not in stream.getvalue()


def test_a_line_that_cannot_be_written_is_told_of_without_its_words(stream, capsys):
    words = "what somebody wrote"
    stream.close()
    try:
        raise ValueError(words)
    except ValueError:
        logging.getLogger("winnow").exception("failed on %s", words)
    said = capsys.readouterr().err
    assert said == "a line of winnow could not be logged: ValueError\n"
