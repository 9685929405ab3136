"""What the OpenAPI document says of appeals beyond what the serializers know."""

from __future__ import annotations

from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema

from moderation.api.schema import (
    BODY_TROUBLE,
    IDEMPOTENCY,
    QUOTA,
    RETRY,
    TROUBLE,
    example,
    problems,
)
from reviews.api.serializers import AppealInput, AppealListOutput, AppealOutput

TAGS = ["appeals"]
LOCATION = OpenApiParameter(
    "Location",
    {"type": "string", "format": "uri-reference"},
    OpenApiParameter.HEADER,
    description="The appeal's address.",
    response=[201],
)
OPEN = {
    "id": "019a0000-0000-7000-8000-00000000000a",
    "post": "019a0000-0000-7000-8000-000000000000",
    "state": "open",
    "ended": None,
    "via": "api",
    "revision": 1,
    "decision": 1,
    "answer": None,
    "created_at": "2026-01-31T13:00:00Z",
    "resolved_at": None,
}
OVERTURNED = {
    **OPEN,
    "state": "overturned",
    "answer": 2,
    "resolved_at": "2026-01-31T14:00:00Z",
}

file_appeal = extend_schema(
    operation_id="file_appeal",
    tags=TAGS,
    summary="Appeal against a block",
    description="For the author of a post that is blocked as it reads now, once a decision and "
    "within the site's days. A person looks at it, another than who decided where the site has "
    "two; the post stays blocked meanwhile. The answer is read with `GET`.",
    request=AppealInput,
    parameters=[LOCATION, *IDEMPOTENCY, *QUOTA, *RETRY],
    responses={
        201: OpenApiResponse(AppealOutput, description="Stored; it waits for a person."),
        **problems(404, 409, *BODY_TROUBLE, *TROUBLE),
    },
    examples=[
        example("In the author's words", {"text": "This is my own shop, and I was asked for it."}),
        example("Waiting", OPEN, 201),
    ],
)

list_appeals = extend_schema(
    operation_id="list_appeals",
    tags=TAGS,
    summary="List a post's appeals",
    description="Newest first: one for each decision that was appealed against.",
    parameters=[*QUOTA, *RETRY],
    responses={
        200: OpenApiResponse(AppealListOutput, description="The appeals."),
        **problems(404, *TROUBLE),
    },
    examples=[example("Answered", {"results": [OVERTURNED]}, 200)],
)

get_appeal = extend_schema(
    operation_id="get_appeal",
    tags=TAGS,
    summary="Fetch an appeal",
    parameters=[*QUOTA, *RETRY],
    responses={
        200: OpenApiResponse(AppealOutput, description="The appeal."),
        **problems(404, *TROUBLE),
    },
    examples=[example("Answered", OVERTURNED, 200)],
)
