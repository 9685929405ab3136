"""One id leads from a request to its line in the log, its post, the decision and the problem."""

import json
import logging

import pytest

from moderation import claims
from moderation.broker import counters
from moderation.models import PostRevision

pytestmark = pytest.mark.usefixtures("broker")

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


@pytest.fixture
def lines(caplog):
    """What was logged by structlog, as its events."""
    caplog.set_level(logging.INFO)

    def of(event: str) -> list[dict]:
        said = [record.msg for record in caplog.records if isinstance(record.msg, dict)]
        return [line for line in said if line["event"] == event]

    return of


@pytest.mark.django_db(transaction=True)
def test_one_id_from_the_request_to_the_decision(transactional_db, lines):
    from tests.integration.api.conftest import make_api

    api = make_api("Example")
    answer = api.post("posts", {"text": "Secret words"}, x_request_id="order-7731-a")
    assert answer.headers["X-Request-ID"] == "order-7731-a"
    post = answer.json()["id"]
    batch = api.post("posts/batch", {"posts": [{"text": "One"}, {"text": "Two"}]})
    made = batch.headers["X-Request-ID"]
    assert PostRevision.objects.filter(request_id=made).count() == 2
    edited = (
        api.post("posts", {"text": "Now", "external_id": "7"}),
        api.post("posts", {"text": "Then", "external_id": "7"}),
    )
    claims.drain()
    decided = {line["post"]: line for line in lines("decision")}
    assert decided[post]["request_id"] == "order-7731-a"
    assert decided[post]["source"] == "machine" and decided[post]["model"]
    assert decided[edited[1].json()["id"]]["request_id"] == edited[1].headers["X-Request-ID"]
    [asked] = [line for line in lines("request") if line["request_id"] == "order-7731-a"]
    assert (asked["method"], asked["route"], asked["status"]) == ("POST", "/api/v1/posts", 202)
    assert asked["key_prefix"] == api.row.prefix and asked["bytes"] == len(answer.content)
    assert "Secret words" not in json.dumps([lines("request"), lines("decision")])
    counted = counters.read()
    total = sum(n for key, n in counted.items() if key[0] == "decisions")
    assert total == 4


@pytest.mark.parametrize(
    ("headers", "taken"),
    [
        ({"x_request_id": "a" * 64}, "a" * 64),
        ({"traceparent": f"00-{TRACE}-00f067aa0ba902b7-01"}, TRACE),
        ({"x_request_id": "a" * 65}, None),
        ({"x_request_id": "two\nlines-of-it"}, None),
        ({"x_request_id": "<script>"}, None),
        ({"traceparent": f"00-{'0' * 32}-00f067aa0ba902b7-01"}, None),
    ],
)
def test_an_id_that_is_not_fit_for_logs_is_replaced(api, headers, taken):
    given = api.get("posts", **headers).headers["X-Request-ID"]
    assert given == taken if taken else len(given) == 32


def test_a_problem_names_the_request(api):
    answer = api.get("nowhere")
    assert answer.json()["request_id"] == answer.headers["X-Request-ID"]
