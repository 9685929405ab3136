"""Logs hold neither what people wrote nor what opens doors."""

from __future__ import annotations

import io
import json
import logging
import logging.config

import pytest
import structlog

from config.logging import configuration


@pytest.fixture
def lines(settings):
    stream = io.StringIO()
    config = configuration(production=True)
    config["handlers"]["console"]["stream"] = stream
    logging.config.dictConfig(config)
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    logging.config.dictConfig(settings.LOGGING)


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
