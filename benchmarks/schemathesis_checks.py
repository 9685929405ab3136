"""What the API promises that its schema cannot say; schemathesis runs these with its own checks."""

import json
from functools import cache
from typing import Any

import schemathesis
from jsonschema import Draft202012Validator

BATCH = "submit_batch"
POST = "PostRequest"

_withdrawn: set[str] = set()


@schemathesis.check
def batch_answers_each_post(
    ctx: schemathesis.CheckContext, response: schemathesis.Response, case: schemathesis.Case[Any]
) -> None:
    """One result a post, in order: what breaks the schema is refused, what fits it is stored."""
    if case.operation.definition.raw.get("operationId") != BATCH or response.status_code != 202:
        return
    posts = json.loads(_body(response))["posts"]
    statuses = [result["status"] for result in response.json()["results"]]
    assert len(statuses) == len(posts), "A batch has as many results as posts."
    fits = _validator(json.dumps(case.operation.schema.raw_schema["components"])).is_valid
    for post, status in zip(posts, statuses, strict=True):
        assert status == 400 or fits(post), f"A post that breaks the schema was stored: {post}"
        assert status == 202 or not _meant_to_fit(case), f"A fitting post was refused: {post}"


@schemathesis.check
def withdrawn_posts_say_so(
    ctx: schemathesis.CheckContext, response: schemathesis.Response, case: schemathesis.Case[Any]
) -> None:
    """A withdrawn post can be read, without a decision, until it is submitted again."""
    if response.status_code == 204:
        # A PATCH is answered so, too.
        if case.method == "DELETE":
            _withdrawn.add(str(case.path_parameters["post_id"]))
    elif response.status_code < 300:
        answer = response.json()
        if case.method == "GET" and answer.get("id") in _withdrawn:
            assert (answer["status"], answer["decision"]) == ("withdrawn", None), answer
        elif case.method == "POST":
            shown = [answer, *(result.get("post", {}) for result in answer.get("results", ()))]
            _withdrawn.difference_update(post.get("id", "") for post in shown)


@schemathesis.check
def problems_name_their_kind(
    ctx: schemathesis.CheckContext, response: schemathesis.Response, case: schemathesis.Case[Any]
) -> None:
    """A problem's `status` is the answer's, and a message stays short whatever was sent."""
    if response.status_code < 400 or case.method == "HEAD":
        return
    problem = response.json()
    assert problem["status"] == response.status_code, "A problem has the status of its answer."
    assert len(response.content) < 32_768, "A complaint is short."


def _body(response: schemathesis.Response) -> bytes | str:
    return getattr(response.request, "body", None) or b"{}"


def _meant_to_fit(case: schemathesis.Case[Any]) -> bool:
    return case.meta is not None and case.meta.generation.mode.is_positive


@cache
def _validator(components: str) -> Any:
    schema = {"$ref": f"#/components/schemas/{POST}", "components": json.loads(components)}
    return Draft202012Validator(schema)
