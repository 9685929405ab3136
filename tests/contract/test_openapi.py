"""The OpenAPI document is valid, complete, and what the API really answers."""

import json
import re
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client
from django.urls import get_resolver
from jsonschema import Draft202012Validator

from moderation.api import errors, urls
from reviews.api import urls as appeals_urls
from tests.integration.api.conftest import GTUBE, api, judge, make_api, other

__all__ = ["api", "judge", "other"]

NOWHERE = "019a0000-0000-7000-8000-000000000000"
SPAM = {"label": "spam", "actor": {"id": "m1", "role": "moderator"}}


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    out = StringIO()
    call_command(
        "spectacular", "--validate", "--fail-on-warn", "--format", "openapi-json", stdout=out
    )
    return json.loads(out.getvalue())


def closed(schema: Any) -> Any:
    """Return a schema that knows every member, so that an undocumented one is noticed."""
    if isinstance(schema, list):
        return [closed(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    schema = {name: closed(part) for name, part in schema.items()}
    if schema.get("type") == "object" and "properties" in schema:
        schema.setdefault("additionalProperties", False)
    return schema


def check(document: dict[str, Any], schema: dict[str, Any], value: Any) -> None:
    components = closed(document["components"])
    validator = Draft202012Validator(
        {**schema, "components": components}, format_checker=Draft202012Validator.FORMAT_CHECKER
    )
    validator.validate(value)


def check_answer(document: dict[str, Any], method: str, path: str, answer: Any) -> None:
    """Fail unless the document foresees this answer: its status, body, and headers."""
    responses = document["paths"][path][method.lower()]["responses"]
    assert str(answer.status_code) in responses, (method, path, answer.status_code)
    response = responses[str(answer.status_code)]
    content = response.get("content", {})
    if not content:
        assert answer.content == b""
    else:
        media_type = answer.headers["Content-Type"].partition(";")[0]
        assert media_type in content
        check(document, content[media_type]["schema"], json.loads(answer.content))
    known = {name.lower() for name in response.get("headers", {})}
    ours = {"location", "retry-after", "www-authenticate", "preference-applied"}
    sent = {name.lower() for name in answer.headers}
    told = {name for name in sent if name in ours or name.startswith(("ratelimit", "idempotency"))}
    assert told <= known, told - known


def test_the_document_is_openapi_3_1_with_security(document):
    assert document["openapi"].startswith("3.1")
    assert document["components"]["securitySchemes"]["key"]["scheme"] == "bearer"
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            assert operation["security"] == [{"key": []}], (method, path)
            assert {"401", "403", "406", "429", "503"} <= set(operation["responses"])


def test_every_address_of_the_api_is_documented(document):
    routes = (*urls.urlpatterns, *appeals_urls.urlpatterns)
    routed = {f"/api/v1/{route.pattern}" for route in routes}
    hidden = {"/api/v1/problems/<slug:kind>", "/api/v1/^.*$"}
    documented = {re.sub(r"\{(\w+)\}", r"<uuid:\1>", path) for path in document["paths"]}
    assert documented == routed - hidden
    assert get_resolver().resolve("/api/schema").url_name == "schema"


def test_inputs_refuse_what_they_do_not_name(document):
    inputs = {
        name: schema
        for name, schema in document["components"]["schemas"].items()
        if name.endswith("Request")
    }
    assert {"PostRequest", "BatchRequest", "FeedbackRequest", "AppealRequest"} <= inputs.keys()
    assert all(schema["additionalProperties"] is False for schema in inputs.values())


def test_examples_fit_their_schemas(document):
    seen = 0
    for operations in document["paths"].values():
        for operation in operations.values():
            bodies = [*operation["responses"].values(), operation.get("requestBody", {})]
            for body in bodies:
                for media in body.get("content", {}).values():
                    for example in media.get("examples", {}).values():
                        check(document, media["schema"], example["value"])
                        seen += 1
    assert seen > 50


def test_every_kind_of_problem_is_shown(document):
    shown = set()
    for operations in document["paths"].values():
        for operation in operations.values():
            for response in operation["responses"].values():
                media = response.get("content", {}).get(errors.MEDIA_TYPE, {})
                shown |= {
                    example["value"]["type"] for example in media.get("examples", {}).values()
                }
    assert shown >= {f"{errors.TYPES_AT}{kind}" for kind in errors.KINDS} - {
        f"{errors.TYPES_AT}method-not-allowed",  # no operation has it
        f"{errors.TYPES_AT}internal-error",
    }


def test_the_schema_and_the_page_to_try_it_are_served():
    client = Client()
    served = client.get("/api/schema", headers={"accept": "application/json"})
    assert served.status_code == 200
    assert "/api/v1/posts" in served.content.decode()
    page = client.get("/api/docs").content.decode()
    assert "swagger-ui" in page
    assert "//cdn" not in page


@pytest.mark.django_db(transaction=True)
def test_events_are_as_documented(judge, document):
    api = make_api("told")
    post_id = api.call("POST", "/api/v1/posts", {"text": GTUBE}).json()["id"]
    judge()
    api.call("POST", f"/api/v1/posts/{post_id}/appeals", {"text": ""})
    answer = api.call("GET", "/api/v1/events")
    check_answer(document, "GET", "/api/v1/events", answer)
    kinds = [event["kind"] for event in answer.json()["results"]]
    assert kinds == ["decision.recorded", "appeal.filed"]


@pytest.mark.django_db
def test_answers_are_as_documented(api, other, judge, document):
    posts, batch, one, feedback, appeals, appeal = (
        "/api/v1/posts", "/api/v1/posts/batch",
        "/api/v1/posts/{post_id}", "/api/v1/posts/{post_id}/feedback",
        "/api/v1/posts/{post_id}/appeals", "/api/v1/posts/{post_id}/appeals/{appeal_id}",
    )  # fmt: skip

    appeal_id = NOWHERE

    def look(method: str, path: str, *arguments: Any, post_id: str = NOWHERE, **headers: Any):
        where = path.format(post_id=post_id, appeal_id=appeal_id)
        answer = api.call(method, where, *arguments, **headers)
        check_answer(document, method, path, answer)
        return answer

    body = {"text": GTUBE, "external_id": "a", "author": {"id": "u", "ip": "192.0.2.1"}}
    post_id = look("POST", posts, body, idempotency_key="k").json()["id"]
    look("POST", posts, body, idempotency_key="k")
    judge()
    assert look("POST", posts, body, prefer="wait=1").status_code == 200
    assert look("GET", one, post_id=post_id).json()["decision"]
    filed = look("POST", appeals, {"text": ""}, post_id=post_id, idempotency_key="x")
    assert filed.status_code == 201
    assert look("POST", appeals, {"text": ""}, post_id=post_id).status_code == 409
    appeal_id = look("GET", appeals, post_id=post_id).json()["results"][0]["id"]
    assert look("GET", appeal, post_id=post_id).status_code == 200
    assert look("GET", appeal).status_code == 404
    assert look("POST", feedback, SPAM, post_id=post_id, idempotency_key="f").status_code == 201
    assert look("POST", batch, {"posts": [body, {}, {"text": "x"}]}).status_code == 202
    assert look("GET", posts).json()["results"]
    assert look("GET", f"{posts}").status_code == 200
    assert look("PATCH", one, {"exposure": 2.5}, post_id=post_id).status_code == 204
    assert look("PATCH", one, {"exposure": "2"}, post_id=post_id).status_code == 400
    assert look("PATCH", one, {}).status_code == 404
    assert look("DELETE", one, post_id=post_id).status_code == 204

    assert look("POST", posts, {}).status_code == 400
    assert look("POST", posts, {"text": "b"}, idempotency_key="k").status_code == 422
    assert look("POST", posts, "x", content_type="text/plain").status_code == 415
    assert look("POST", posts, "x" * (3 << 20)).status_code == 413
    assert look("POST", feedback, SPAM).status_code == 404
    assert look("DELETE", one).status_code == 404
    assert look("GET", one).status_code == 404
    assert look("GET", posts, authorization="").status_code == 401
    assert look("GET", posts, accept="text/html").status_code == 406
    type(api.row).objects.filter(pk=api.row.pk).update(kind="other")
    assert look("GET", posts).status_code == 403
    type(api.row).objects.filter(pk=api.row.pk).update(kind="native", requests_per_minute=1)
    look("GET", posts)
    assert look("GET", posts).status_code == 429


@pytest.mark.django_db
def test_no_operation_reaches_another_sites_post(document, judge):
    """Every operation on one post, with the key of another site: 404, and nothing changes."""
    owner, stranger = make_api("Owner"), make_api("Stranger")
    post_id = owner.submit()["id"]
    judge()
    before = owner.get(f"posts/{post_id}").json()
    for path, operations in document["paths"].items():
        if "{post_id}" not in path:
            continue
        for method in operations:
            where = path.format(post_id=post_id, appeal_id=NOWHERE)
            body = {"exposure": 3} if method == "patch" else SPAM
            answer = stranger.call(method.upper(), where, body)
            assert answer.status_code == 404, (method, path)
    assert owner.get(f"posts/{post_id}").json() == before
