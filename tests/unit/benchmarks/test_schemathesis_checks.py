"""What schemathesis is told to look at besides its own checks."""

import json
from types import SimpleNamespace
from typing import Any

import pytest

from benchmarks import schemathesis_checks as checks

POST = "01a2051b-dcd4-70a1-93c8-c799d2e95f08"
DECIDED: dict[str, Any] = {"id": POST, "status": "decided", "decision": {"outcome": "allow"}}


@pytest.fixture(autouse=True)
def forgetful() -> Any:
    yield
    checks._withdrawn.clear()


def answered(method: str, status: int, answer: dict[str, Any] | None = None) -> None:
    case: Any = SimpleNamespace(method=method, path_parameters={"post_id": POST})
    body = json.dumps(answer) if answer else ""
    response: Any = SimpleNamespace(status_code=status, json=lambda: json.loads(body))
    checks.withdrawn_posts_say_so(None, response, case)


def test_a_post_that_was_withdrawn_must_say_so_until_it_is_submitted_again():
    answered("DELETE", 204)
    with pytest.raises(AssertionError):
        answered("GET", 200, DECIDED)
    answered("POST", 202, DECIDED)
    answered("GET", 200, DECIDED)


def test_a_post_whose_weight_was_changed_need_not():
    answered("PATCH", 204)
    answered("GET", 200, DECIDED)
