"""What schemathesis makes of the document: each answer keeps what the document promises.

A small seeded run through WSGI; drill 18 makes 20,000 cases against running processes, with
sequences of requests as well.
"""

from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from hypothesis import HealthCheck, Phase, given, seed, settings
from schemathesis.specs.openapi.checks import ignored_auth

import benchmarks
from config.wsgi import application
from tests.integration.api.conftest import api

__all__ = ["api"]

pytestmark = pytest.mark.django_db

SETTINGS = Path(benchmarks.__file__).parent / "schemathesis.toml"
CASES = 10
"""Of each operation."""
LONG = 1_000
quiet = settings(
    deadline=None,
    database=None,
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=list(HealthCheck),
)


def within_the_transaction(environ: dict[str, Any], start: Any) -> Any:
    """The application, kept from closing its connection as it would between requests."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    try:
        return application(environ, start)
    finally:
        for signal in (request_started, request_finished):
            signal.connect(close_old_connections)


@pytest.fixture
def document() -> schemathesis.BaseSchema:
    config = schemathesis.Config.from_path(str(SETTINGS))
    # Who may enter is tested for every address, in test_access_matrix.py.
    config.projects.override.generation.with_security_parameters = False
    document = schemathesis.openapi.from_wsgi("/api/schema", within_the_transaction, config=config)
    _drop_long_limits(document.raw_schema)
    return document


def _drop_long_limits(part: Any) -> None:
    """Drop limits of length that no text made up here comes near.

    schemathesis counts the characters in the pattern instead, `[^\\x00]{1,100000}`, and to compile
    such patterns took half of the time.
    """
    if isinstance(part, dict):
        if isinstance(part.get("maxLength"), int) and part["maxLength"] >= LONG:
            del part["maxLength"]
        part = list(part.values())
    if isinstance(part, list):
        for each in part:
            _drop_long_limits(each)


@pytest.mark.parametrize("mode", list(schemathesis.GenerationMode), ids=lambda mode: mode.value)
def test_what_is_made_up_from_the_document_is_answered_as_it_says(document, api, mode):
    post_id = api.submit()["id"]
    answered: Counter[int] = Counter()
    for found in document.get_all_operations():
        operation = found.ok()

        @seed(18)
        @settings(quiet, max_examples=CASES)
        @given(case=operation.as_strategy(generation_mode=mode))
        def attack(case: schemathesis.Case) -> None:
            if (
                mode.is_positive
                and "post_id" in case.path_parameters
                and sum(answered.values()) % 2
            ):
                case.path_parameters["post_id"] = post_id
            answer = case.call_and_validate(
                headers={"Authorization": f"Bearer {api.key}"}, excluded_checks=[ignored_auth]
            )
            answered[answer.status_code] += 1

        attack()
    assert sum(answered.values()) > 4 * CASES
    expected = {200, 202, 404} if mode.is_positive else {400}
    assert expected <= answered.keys(), answered
