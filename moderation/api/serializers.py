"""What comes in, field by field. The OpenAPI document is generated from these classes.

Instances at module level check without the framework's copying of all fields for each request;
serializers and fields keep nothing of what they check.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.core.validators import RegexValidator
from rest_framework import serializers

from classifiers.types import AuthorFacts, Content
from moderation.api import errors
from moderation.api.fields import (
    METADATA_BYTES,
    METADATA_DEPTH,
    Address,
    Choice,
    Metadata,
    Moment,
    Share,
    Strict,
    Text,
    optional,
)
from moderation.types import ActorRole, Draft, FeedbackLabel, Outcome, PostType, Severity, Status

TEXT_CHARACTERS = 100_000
CONTEXT_CHARACTERS = 10_000
BATCH_POSTS = 1_000
EXPOSURE_MOST = 1_000_000
LANGUAGE = RegexValidator(
    r"\A([A-Za-z]{2,8}([-_][A-Za-z0-9]{1,8})*)?\Z", "Not a language tag such as en or pt-BR."
)
CURSOR = RegexValidator(r"\A[A-Za-z0-9_-]{21}[AQgw]\Z", "Not a cursor from this API.")
"""Sixteen bytes in base64url, whose last character carries two bits."""
PLACE = RegexValidator(r"\A[0-9]{1,18}-[0-9]{1,18}\Z", "Not a cursor from this API.")
PAGE_POSTS = 50
PAGE_POSTS_MOST = 200


class AuthorInput(Strict):
    id = Text(
        required=False,
        allow_null=True,
        max_length=200,
        help_text="The site's own id of the author; what is remembered hangs on it.",
    )
    name = optional(200)
    email = optional(320)
    ip = Address(required=False, allow_null=True, help_text="Where the post came from.")
    user_agent = optional(1_000)
    url = optional(2_000)
    registered_at = Moment(required=False, allow_null=True)


def exposure(**options: Any) -> Share:
    return Share(
        most=EXPOSURE_MOST,
        required=False,
        help_text="How many see it, over those who see a usual post of the site: 3 for three "
        "times as many. Counts from 1/8 to 8.",
        **options,
    )


def severity(**options: Any) -> Choice:
    return Choice(
        Severity,
        required=False,
        help_text="How bad spam would be there; `normal` until told.",
        **options,
    )


class PostInput(Strict):
    text = Text(
        max_length=TEXT_CHARACTERS, help_text="Characters are counted as Unicode code points."
    )
    title = optional(1_000)
    type = Choice(PostType, required=False, allow_null=True, help_text="`other` if not given.")
    external_id = Text(
        required=False,
        allow_null=True,
        max_length=200,
        help_text="The site's own id of the post. The same id with changed content is a new "
        "revision and is judged again.",
    )
    author = AuthorInput(required=False, allow_null=True)
    permalink = optional(2_000)
    context = optional(  # type: ignore[assignment]
        CONTEXT_CHARACTERS, help_text="What the post answers."
    )
    language = optional(
        35, validators=[LANGUAGE], help_text="A BCP 47 tag such as `en` or `pt-BR`."
    )
    posted_at = Moment(required=False, allow_null=True)
    metadata = Metadata(
        required=False,
        allow_null=True,
        help_text=f"Anything else, up to {METADATA_BYTES:,} bytes of JSON, {METADATA_DEPTH} deep. "
        "The form field that people do not see goes here, by default as `honeypot`.",
    )
    exposure = exposure(allow_null=True)
    severity = severity(allow_null=True)


class BatchInput(Strict):
    posts = serializers.ListField(
        child=PostInput(), min_length=1, max_length=BATCH_POSTS, allow_empty=False
    )


class ActorInput(Strict):
    id = Text(max_length=200, help_text="The site's own id of who says so.")
    role = Choice(ActorRole)


class FeedbackInput(Strict):
    label = Choice(FeedbackLabel)  # type: ignore[assignment]
    actor = ActorInput()


class WeightInput(Strict):
    """How much a published post matters."""

    exposure = exposure()
    severity = severity()


class PostQuery(Strict):
    """What a list of posts may be asked for."""

    outcome = Choice(Outcome, required=False)
    status = Choice(Status, required=False)
    author = Text(required=False, max_length=200, help_text="The site's own id of the author.")
    external_id = Text(required=False, max_length=200)
    created_after = Moment(required=False, help_text="At this moment or later.")
    created_before = Moment(required=False, help_text="Earlier than this moment.")
    limit = serializers.IntegerField(
        required=False, default=PAGE_POSTS, min_value=1, max_value=PAGE_POSTS_MOST
    )
    cursor = Text(required=False, validators=[CURSOR], help_text="From the `next` of a page.")


class EventQuery(Strict):
    """Which events are asked for: those after a place."""

    after = Text(required=False, validators=[PLACE], help_text="The `after` of the answer before.")
    limit = serializers.IntegerField(
        required=False, default=PAGE_POSTS, min_value=1, max_value=PAGE_POSTS_MOST
    )


POST = PostInput()
FEEDBACK = FeedbackInput()
WEIGHT = WeightInput()
QUERY = PostQuery()
EVENTS = EventQuery()


def check(serializer: Strict, data: Any, *, at: str = "") -> dict[str, Any]:
    """Return the checked fields, without those that were not said.

    Raises errors.Problem that names every wrong field; `at` is the pointer of `data`.
    """
    try:
        return serializer.run_validation(data)
    except serializers.ValidationError as error:
        raise errors.invalid(error.detail, at=at) from None


def check_batch(data: Any) -> list[Any]:
    """Return the posts of a batch, unchecked; raises errors.Problem if it is not one at all."""
    if not isinstance(data, dict):
        raise errors.invalid(["Not an object."])
    wrong: dict[str, list[str]] = {
        errors.shortened(name): ["Unknown field."]
        for name in sorted(set(data) - {"posts"})[: errors.ERRORS_SHOWN]
    }
    posts = data.get("posts")
    if not isinstance(posts, list):
        wrong["posts"] = ["A list of posts is required."]
    elif not 1 <= len(posts) <= BATCH_POSTS:
        wrong["posts"] = [f"Between 1 and {BATCH_POSTS:,} posts, not {len(posts):,}."]
    if wrong:
        raise errors.invalid(wrong)
    return list(posts or ())


def to_draft(post: Mapping[str, Any]) -> Draft:
    """Return checked fields as the post that moderation takes."""
    author = post.get("author", {})
    content = Content(
        text=post["text"],
        title=post.get("title", ""),
        type=post.get("type", PostType.OTHER.value),
        language=post.get("language", ""),
        permalink=post.get("permalink", ""),
        context=post.get("context", ""),
        author=AuthorFacts(
            name=author.get("name", ""),
            email=author.get("email", ""),
            url=author.get("url", ""),
            ip=author.get("ip", ""),
            user_agent=author.get("user_agent", ""),
        ),
    )
    return Draft(
        content=content,
        external_id=post.get("external_id"),
        author_id=author.get("id"),
        registered_at=author.get("registered_at"),
        posted_at=post.get("posted_at"),
        metadata=post.get("metadata", {}),
        exposure=post.get("exposure"),
        severity=Severity(post["severity"]) if "severity" in post else None,
    )
