"""What the OpenAPI document says beyond what the serializers know."""

from __future__ import annotations

import re
from typing import Any

from django.core.validators import RegexValidator
from drf_spectacular.extensions import (
    OpenApiAuthenticationExtension,
    OpenApiSerializerExtension,
    OpenApiSerializerFieldExtension,
)
from drf_spectacular.plumbing import ComponentRegistry, ResolvedComponent
from drf_spectacular.utils import (
    OpenApiExample,
    OpenApiParameter,
    OpenApiResponse,
    PolymorphicProxySerializer,
    extend_schema,
    inline_serializer,
)

from moderation.api import errors, fields
from moderation.api import representations as out
from moderation.api import serializers as given
from moderation.api.examples import DECIDED, HAPPENED, PENDING, SUBMITTED, example

TAGS = ["posts"]
STORABLE = r"^[^\u0000]*$"
"""A string without NUL. That lone surrogates are refused too, no pattern can say."""


class BearerScheme(OpenApiAuthenticationExtension):
    target_class = "moderation.access.BearerAuthentication"
    name = "key"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {
            "type": "http",
            "scheme": "bearer",
            "bearerFormat": "wnw_<prefix>_<secret>",
            "description": "A site's API key. It reaches that site's posts and nothing else.",
        }


class InputShape(OpenApiSerializerExtension):
    target_class = "moderation.api.fields.Strict"
    match_subclasses = True

    def get_name(self, auto_schema: Any, direction: str) -> str:
        return type(self.target).__name__.removesuffix("Input")

    def map_serializer(self, auto_schema: Any, direction: str) -> dict[str, Any]:
        shape = auto_schema._map_serializer(self.target, direction, bypass_extensions=True)
        shape.pop("description", None)
        for name, field in self.target.fields.items():
            if isinstance(field, fields.Text):
                shape["properties"][name] = text_shape(field)
        return {**shape, "additionalProperties": False}


class OutputShape(OpenApiSerializerExtension):
    target_class = "moderation.api.representations.Output"
    match_subclasses = True

    def get_name(self, auto_schema: Any, direction: str) -> str:
        return type(self.target).__name__.removesuffix("Output")

    def map_serializer(self, auto_schema: Any, direction: str) -> dict[str, Any]:
        shape = auto_schema._map_serializer(self.target, direction, bypass_extensions=True)
        return dict(shape)


class MetadataShape(OpenApiSerializerFieldExtension):
    target_class = "moderation.api.fields.Metadata"

    def map_serializer_field(self, auto_schema: Any, direction: str) -> dict[str, Any]:
        below = json_value(fields.METADATA_DEPTH - 1, auto_schema.registry)
        return {
            "type": "object",
            "propertyNames": {"pattern": STORABLE},
            "additionalProperties": below,
        }


def json_value(levels: int, registry: ComponentRegistry) -> dict[str, str]:
    """Return a reference to JSON nested at most so deep: each level is a component of its own."""
    shape: dict[str, Any] = {
        "type": ["null", "boolean", "number", "string"],
        "description": f"JSON nested at most {levels} deep, without NUL characters.",
        "pattern": STORABLE,
    }
    if levels:
        below = json_value(levels - 1, registry)
        shape["type"] += ["array", "object"]
        shape |= {"items": below, "additionalProperties": below}
        shape["propertyNames"] = {"pattern": STORABLE}
    name = f"Json{levels}"
    component = ResolvedComponent(
        name=name, type=ResolvedComponent.SCHEMA, schema=shape, object=name
    )
    registry.register_on_missing(component)
    return component.ref


def text_shape(field: fields.Text) -> dict[str, Any]:
    """Return the schema of a string as it is checked; the generator's has an ambiguous oneOf."""
    patterns = [check for check in field.validators if isinstance(check, RegexValidator)]
    pattern = re.compile(patterns[0].regex).pattern if patterns else STORABLE
    shape: dict[str, Any] = {
        "type": ["string", "null"] if field.allow_null else "string",
        "minLength": 0 if field.allow_blank else 1,
        "pattern": pattern.replace(r"\A", "^").replace(r"\Z", "$"),
    }
    if field.max_length is not None:
        shape["maxLength"] = field.max_length
    if field.help_text:
        shape["description"] = str(field.help_text)
    return shape


COUNTED = [200, 201, 202, 204, 400, 404, 409, 411, 413, 415, 422, 429]
QUOTA = [
    OpenApiParameter(name, type_, OpenApiParameter.HEADER, description=text, response=COUNTED)
    for name, type_, text in (
        ("RateLimit-Limit", int, "Posts that the key may send a minute."),
        ("RateLimit-Remaining", int, "Posts that are left of them."),
        ("RateLimit-Reset", int, "Seconds until those that count begin to fade."),
        ("RateLimit-Policy", str, "The limit and its window in seconds, as `60000;w=60`."),
    )
]
IDEMPOTENCY = [
    OpenApiParameter(
        "Idempotency-Key",
        {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$"},
        OpenApiParameter.HEADER,
        description="Makes the request safe to repeat for 24 hours: the same key with the same "
        "body is done once and answered the same; with another body it is refused (422).",
    ),
    OpenApiParameter(
        "Idempotency-Replayed",
        {"type": "string", "enum": ["true"]},
        OpenApiParameter.HEADER,
        description="Present when this is the stored answer to an earlier request.",
        response=[200, 201, 202],
    ),
]
PREFER = [
    OpenApiParameter(
        "Prefer",
        str,
        OpenApiParameter.HEADER,
        description="`wait=SECONDS` (RFC 7240), at most 10: the answer is 200 once the post is "
        "decided, or 202 after that time. A busy server answers 202 at once.",
    ),
    OpenApiParameter(
        "Preference-Applied",
        str,
        OpenApiParameter.HEADER,
        description="`wait=SECONDS`, present when the server waited.",
        response=[200, 202],
    ),
    OpenApiParameter(
        "Location",
        {"type": "string", "format": "uri-reference"},
        OpenApiParameter.HEADER,
        description="The post's address.",
        response=[200, 202],
    ),
]
TROUBLE = (401, 403, 406, 429, 503)
BODY_TROUBLE = (400, 411, 413, 415, 422)
HEADERS_OF: dict[int, list[tuple[str, type, str]]] = {
    401: [("WWW-Authenticate", str, "How to authenticate (RFC 6750).")],
    429: [("Retry-After", int, "Seconds after which to go on.")],
    503: [("Retry-After", int, "Seconds after which to try again.")],
}
RETRY = [
    OpenApiParameter(name, type_, OpenApiParameter.HEADER, description=text, response=[status])
    for status, headers in HEADERS_OF.items()
    for name, type_, text in headers
]


def problem_example(kind: str, **members: Any) -> OpenApiExample:
    problem = errors.Problem(kind, **members)
    value = {**problem.as_json(), "instance": "urn:uuid:6f1f8ee4-0c51-4a4e-9d0c-1a6dbd1b1b0e"}
    return OpenApiExample(
        kind,
        value=value,
        response_only=True,
        media_type=errors.MEDIA_TYPE,
        status_codes=[str(problem.status)],
    )


def problems(*statuses: int) -> dict[tuple[int, str], OpenApiResponse]:
    """Return the responses for errors of these statuses."""
    return {
        (status, errors.MEDIA_TYPE): OpenApiResponse(
            out.ProblemOutput,
            description=" / ".join(
                kind.title for kind in errors.KINDS.values() if kind.status == status
            ),
            examples=[
                problem_example(
                    name,
                    errors=[{"pointer": "#/author/ip", "detail": "Not an IPv4 or IPv6 address."}]
                    if name == "validation-error"
                    else None,
                )
                for name, kind in errors.KINDS.items()
                if kind.status == status
            ],
        )
        for status in statuses
    }


submit_post = extend_schema(
    operation_id="submit_post",
    tags=TAGS,
    summary="Submit a post",
    description="Stores the post and answers at once; it is judged within moments. A known "
    "`external_id` with the same content changes nothing, with other content it is a new "
    "revision, pending again. What it says of `exposure` and `severity` is kept either way.",
    request=given.PostInput,
    parameters=[*PREFER, *IDEMPOTENCY, *QUOTA, *RETRY],
    responses={
        200: OpenApiResponse(out.PostOutput, description="Decided in the time to wait."),
        202: OpenApiResponse(out.PostOutput, description="Stored."),
        **problems(*BODY_TROUBLE, *TROUBLE),
    },
    examples=[
        example("A comment", SUBMITTED),
        example("Decided", DECIDED, 200),
        example("Pending", PENDING, 202),
    ],
)

list_posts = extend_schema(
    operation_id="list_posts",
    tags=TAGS,
    summary="List posts",
    description="Newest first, without their text. Follow `next` for older ones; unknown "
    "parameters are refused.",
    parameters=[given.PostQuery, *QUOTA, *RETRY],
    responses={
        200: OpenApiResponse(out.PostPageOutput, description="One page."),
        **problems(400, *TROUBLE),
    },
    examples=[example("A page", {"results": [DECIDED], "next": None}, 200)],
)

list_events = extend_schema(
    operation_id="list_events",
    tags=TAGS,
    summary="What happened since",
    description="Decisions of machines and people, ends of holds, answers to appeals, and what "
    "became of the site's promises; the earliest first. Ask again with the `after` of the answer; "
    "each comes once, and none is lost to whoever asks within the seven days that they are kept, "
    "but those of posts whose words were deleted meanwhile.",
    parameters=[given.EventQuery, *QUOTA, *RETRY],
    responses={
        200: OpenApiResponse(out.EventPageOutput, description="The next events; none is fine."),
        **problems(400, *TROUBLE),
    },
    examples=[example("A page", {"results": [HAPPENED], "after": "905-17"}, 200)],
)

submit_batch = extend_schema(
    operation_id="submit_batch",
    tags=TAGS,
    summary="Submit up to 1,000 posts",
    description="The answer has one result for each post, in order: what is right is stored "
    "even when others are wrong. `Prefer` has no effect here. Each post counts towards the "
    "rate limit.",
    request=given.BatchInput,
    parameters=[*IDEMPOTENCY, *QUOTA, *RETRY],
    responses={
        202: OpenApiResponse(
            inline_serializer(
                "Batch",
                {
                    "results": PolymorphicProxySerializer(
                        component_name="BatchResult",
                        serializers=[out.AcceptedItemOutput, out.RefusedItemOutput],
                        resource_type_field_name=None,
                        many=True,
                    )
                },
            ),
            description="Each post is stored or refused.",
        ),
        **problems(*BODY_TROUBLE, *TROUBLE),
    },
    examples=[example("A batch", {"posts": [SUBMITTED]})],
)

get_post = extend_schema(
    operation_id="get_post",
    tags=TAGS,
    summary="Fetch a post",
    description="With its content as submitted. A withdrawn post is still there.",
    parameters=[*QUOTA, *RETRY],
    responses={
        200: OpenApiResponse(out.PostDetailOutput, description="The post."),
        **problems(404, *TROUBLE),
    },
)

weigh_post = extend_schema(
    operation_id="weigh_post",
    tags=TAGS,
    summary="Say how much a post matters",
    description="Of posts that are published while they wait for a person, those that more people "
    "see, or where spam would be worse, are judged first. No decision depends on it. What changes "
    "by less than a factor of two is not stored.",
    request=given.WeightInput,
    parameters=[*QUOTA, *RETRY],
    responses={
        204: OpenApiResponse(description="Understood."),
        **problems(404, *BODY_TROUBLE, *TROUBLE),
    },
    examples=[example("A post on the front page", {"exposure": 6.5, "severity": "high"})],
)

withdraw_post = extend_schema(
    operation_id="withdraw_post",
    tags=TAGS,
    summary="Withdraw a post",
    description=(
        "Its case is closed. If it was drawn at random to measure the machine, a moderator may "
        "judge it for three days more, which decides nothing. Doing it again changes nothing."
    ),
    request=None,
    parameters=[*QUOTA, *RETRY],
    responses={204: OpenApiResponse(description="Withdrawn."), **problems(404, *TROUBLE)},
)

send_feedback = extend_schema(
    operation_id="send_feedback",
    tags=TAGS,
    summary="Say what a post is",
    description="An owner's or moderator's word overrides the decision and closes the case. A "
    "member's is a report.",
    request=given.FeedbackInput,
    parameters=[*IDEMPOTENCY, *QUOTA, *RETRY],
    responses={
        201: OpenApiResponse(out.FeedbackOutput, description="Stored."),
        **problems(404, 409, *BODY_TROUBLE, *TROUBLE),
    },
    examples=[
        example("A moderator's", {"label": "spam", "actor": {"id": "m1", "role": "moderator"}})
    ],
)


def require_bodies(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """Say of each request that has a body that it cannot go without, also where no field is due."""
    for path in result["paths"].values():
        for operation in path.values():
            if isinstance(operation, dict) and "requestBody" in operation:
                operation["requestBody"]["required"] = True
    return result
