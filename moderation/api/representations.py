"""What goes out: each class is the shape in the OpenAPI document and makes exactly that shape."""

from __future__ import annotations

import json
from enum import StrEnum
from typing import Any

from django.db.models import prefetch_related_objects
from rest_framework import serializers

from moderation.api import feed
from moderation.api.errors import Problem
from moderation.api.fields import Metadata, Moment, choices_of
from moderation.deciding.appeal_links import show_statement
from moderation.deciding.block_statement import ACTION, Category
from moderation.models import Decision, Event, Feedback, Post, PostRevision
from moderation.types import (
    LEARNT,
    ActorRole,
    FeedbackLabel,
    Mode,
    Outcome,
    PostType,
    Source,
    Status,
)


class Output(serializers.Serializer[Any]):
    pass


def one_of(words: type[StrEnum], **options: Any) -> serializers.ChoiceField:
    return serializers.ChoiceField(choices=choices_of(words), **options)


class ReasonOutput(Output):
    code = serializers.CharField(help_text="Stable dotted name, such as `links.shortener`.")
    sentence = serializers.CharField(help_text="The same for people.")
    weight = serializers.FloatField(
        allow_null=True, help_text="Share of the log-odds, positive towards spam."
    )


class AppealAddressOutput(Output):
    url = serializers.CharField(
        help_text="A page for the author alone: whoever has the address may appeal there."
    )
    until = Moment()


class StatementOutput(Output):
    """What the author of a blocked post may be shown: coarse, and the same for posts of a kind."""

    action = serializers.ChoiceField(choices=[(ACTION, "not shown to readers, and kept")])
    category = serializers.ChoiceField(choices=[(word.value, word.value) for word in Category])
    automated = serializers.BooleanField()
    text = serializers.CharField(help_text="All of it in sentences.")
    guidelines = serializers.CharField(
        allow_null=True,
        help_text="A page with the site's guidelines as they stood, where the site made them "
        "public.",
    )
    appeal = AppealAddressOutput(
        allow_null=True, help_text="Null where the site allows none, or it was answered already."
    )


class VersionsOutput(Output):
    policy = serializers.IntegerField(help_text="Revision of the site's rules.")
    model = serializers.CharField(help_text="Empty where no model was asked.")
    learner = serializers.IntegerField(help_text="Revision of the site's online learner.")


class DecisionOutput(Output):
    id = serializers.IntegerField()
    outcome = one_of(Outcome)
    published = serializers.BooleanField(help_text="Whether readers may see the post meanwhile.")
    source = one_of(Source)  # type: ignore[assignment]
    probability = serializers.FloatField(allow_null=True, min_value=0, max_value=1)
    site_probability = serializers.FloatField(
        allow_null=True,
        min_value=0,
        max_value=1,
        help_text="By the site's own labels; it can only ask for a person, never block or allow.",
    )
    would_be = serializers.ChoiceField(
        # Labelled otherwise than an outcome, so that the generator names the two apart.
        choices=[(outcome.value, f"would {outcome.value}") for outcome in Outcome],
        allow_null=True,
        help_text="What the thresholds alone would have said, before mode, lists and cap.",
    )
    mode = one_of(Mode)
    reasons = ReasonOutput(many=True, help_text="For the site; never show them to authors.")
    statement = StatementOutput(
        allow_null=True, help_text="With a block, unless the site's policy leaves it out."
    )
    versions = VersionsOutput()
    revision = serializers.IntegerField(help_text="Of the post, that it is about.")
    supersedes = serializers.IntegerField(allow_null=True, help_text="Id of the one before it.")
    created_at = Moment()

    def to_representation(self, decision: Decision) -> dict[str, Any]:
        return {
            "id": decision.pk,
            "outcome": decision.outcome,
            "published": decision.published,
            "source": decision.source,
            "probability": decision.probability,
            "site_probability": decision.site_probability,
            "would_be": decision.would_be,
            "mode": decision.mode,
            "reasons": [
                {
                    "code": reason["code"],
                    "sentence": reason["sentence"],
                    "weight": reason.get("weight"),
                }
                for reason in decision.reasons
                if not reason["code"].startswith(LEARNT)
            ],
            "statement": show_statement(decision, decision.policy),
            "versions": {
                "policy": decision.policy.revision,
                "model": decision.model,
                "learner": decision.learner_revision,
            },
            "revision": decision.revision,
            "supersedes": decision.supersedes_id,
            "created_at": MOMENT.to_representation(decision.created_at),
        }


class AuthorOutput(Output):
    id = serializers.CharField()


class PostOutput(Output):
    """A post and the decision in force. Unless the status is `decided` there is none: what was
    decided about an earlier revision is not repeated.
    """

    id = serializers.UUIDField()
    external_id = serializers.CharField(allow_null=True)
    type = one_of(PostType)
    status = one_of(Status)
    outcome = one_of(Outcome, allow_null=True)
    published = serializers.BooleanField(allow_null=True)
    probability = serializers.FloatField(
        allow_null=True, min_value=0, max_value=1, help_text="Of spam, calibrated."
    )
    revision = serializers.IntegerField()
    author = AuthorOutput(allow_null=True)
    created_at = Moment()
    decided_at = Moment(allow_null=True)
    decision = DecisionOutput(allow_null=True)

    def to_representation(self, post: Post) -> dict[str, Any]:
        author = post.author.external_id if post.author else None
        return represent_post(post, author_id=author)


class AuthorContentOutput(Output):
    name = serializers.CharField()
    email = serializers.CharField()
    ip = serializers.IPAddressField(allow_null=True)
    user_agent = serializers.CharField()
    url = serializers.CharField()
    registered_at = Moment(allow_null=True)


class ContentOutput(Output):
    """What was submitted, in the present revision; strings that were not given are empty.

    All are once the words were deleted by the site's retention, and while the post is hidden
    because a person found it dangerous or illegal.
    """

    text = serializers.CharField()
    title = serializers.CharField()
    permalink = serializers.CharField()
    context = serializers.CharField()  # type: ignore[assignment]
    language = serializers.CharField()
    posted_at = Moment(allow_null=True)
    author = AuthorContentOutput()
    metadata = Metadata()

    def to_representation(self, revision: PostRevision) -> dict[str, Any]:
        post = revision.post
        if post.hidden_at is not None:
            revision = PostRevision(post=post)
        ip = post.ip if post.hidden_at is None else None
        return {
            "text": revision.text,
            "title": revision.title,
            "permalink": revision.permalink,
            "context": revision.context,
            "language": revision.language,
            "posted_at": moment(revision.posted_at),
            "author": {
                "name": revision.author_name,
                "email": revision.author_email,
                "ip": str(ip) if ip else None,
                "user_agent": revision.user_agent,
                "url": revision.author_url,
                "registered_at": moment(revision.registered_at),
            },
            "metadata": revision.metadata,
        }


class PostDetailOutput(PostOutput):
    content = ContentOutput()


class PostPageOutput(Output):
    results = PostOutput(many=True)
    next = serializers.URLField(
        allow_null=True, help_text="Address of the page of older posts; null on the last."
    )


class DecidedOutput(Output):
    id = serializers.IntegerField()
    revision = serializers.IntegerField()
    outcome = one_of(Outcome)
    published = serializers.BooleanField(help_text="Whether readers may see the post.")
    source = one_of(Source)  # type: ignore[assignment]


class AppealedOutput(Output):
    id = serializers.UUIDField()
    state = serializers.CharField(help_text="`open`, `upheld`, `overturned` or `closed`.")


class EventOutput(Output):
    """Something that happened on the site, as it was then."""

    id = serializers.IntegerField()
    kind = serializers.ChoiceField(choices=[(kind.value, kind.value) for kind in feed.TOLD])
    created_at = Moment()
    post_id = serializers.UUIDField(allow_null=True)
    external_id = serializers.CharField(allow_null=True)
    decision = DecidedOutput(allow_null=True, help_text="Of an appeal: what answered it, if any.")
    appeal = AppealedOutput(allow_null=True)

    def to_representation(self, event: Event) -> dict[str, Any]:
        decision, said = event.decision, event.payload
        decided = decision is not None and (said.get("answer") or "appeal" not in said)
        return {
            "id": event.pk,
            "kind": event.kind,
            "created_at": moment(event.created_at),
            "post_id": str(event.post_id) if event.post_id else None,
            "external_id": event.post.external_id if event.post else None,
            "decision": {
                "id": decision.pk,
                "revision": decision.revision,
                "outcome": decision.outcome,
                "published": decision.published,
                "source": decision.source,
            }
            if decision is not None and decided
            else None,
            "appeal": {"id": said["appeal"], "state": said["state"]} if "appeal" in said else None,
        }


class EventPageOutput(Output):
    results = EventOutput(many=True)
    after = serializers.CharField(help_text="Say it to go on from here.")


class ActorOutput(Output):
    id = serializers.CharField()
    role = one_of(ActorRole)


class FeedbackOutput(Output):
    id = serializers.IntegerField()
    label = one_of(FeedbackLabel)  # type: ignore[assignment]
    actor = ActorOutput()
    trusted = serializers.BooleanField(
        help_text="Whether it overrides the decision. A member's word is a report."
    )
    revision = serializers.IntegerField(help_text="Of the post, that it is about.")
    created_at = Moment()
    post = PostOutput(help_text="As it stands now.")

    def to_representation(self, feedback: Feedback) -> dict[str, Any]:
        return {
            "id": feedback.pk,
            "label": feedback.label,
            "actor": {"id": feedback.actor_id, "role": feedback.actor_role},
            "trusted": ActorRole(feedback.actor_role).is_trusted,
            "revision": feedback.revision,
            "created_at": MOMENT.to_representation(feedback.created_at),
            "post": POST.to_representation(feedback.post),
        }


class FieldErrorOutput(Output):
    pointer = serializers.CharField(help_text="JSON pointer of the field, as a URI fragment.")
    detail = serializers.CharField()


class ItemProblemOutput(Output):
    """What is wrong with one post of a batch (RFC 9457)."""

    type = serializers.CharField(help_text="Address of a page about this kind of problem.")
    title = serializers.CharField()
    status = serializers.IntegerField()
    detail = serializers.CharField()
    errors = FieldErrorOutput(many=True, required=False)  # type: ignore[assignment]


class ProblemOutput(ItemProblemOutput):
    """What is wrong (RFC 9457)."""

    instance = serializers.CharField(help_text="Names this occurrence, also in our log.")
    request_id = serializers.CharField(
        required=False, help_text="The answer's `X-Request-ID`, which our log goes by."
    )


class AcceptedItemOutput(Output):
    status = serializers.IntegerField(min_value=202, max_value=202)
    post = PostOutput()


class RefusedItemOutput(Output):
    status = serializers.IntegerField(min_value=400, max_value=400)
    problem = ItemProblemOutput()


POST = PostOutput()
DECISION = DecisionOutput()
CONTENT = ContentOutput()
FEEDBACK = FeedbackOutput()
EVENT = EventOutput()
MOMENT = Moment()


def moment(value: Any) -> str | None:
    return None if value is None else MOMENT.to_representation(value)


def represent_post(post: Post, *, author_id: str | None) -> dict[str, Any]:
    """Return a PostOutput; for callers who know the author's id without asking the database."""
    decision = post.decision if post.status == Status.DECIDED else None
    return {
        "id": str(post.pk),
        "external_id": post.external_id,
        "type": post.type,
        "status": post.status,
        "outcome": decision.outcome if decision else None,
        "published": decision.published if decision else None,
        "probability": decision.probability if decision else None,
        "revision": post.revision,
        "author": None if author_id is None else {"id": author_id},
        "created_at": MOMENT.to_representation(post.created_at),
        "decided_at": moment(post.decided_at) if decision else None,
        "decision": DECISION.to_representation(decision) if decision else None,
    }


def represent_accepted(posts: list[Post], author_ids: list[str | None]) -> list[dict[str, Any]]:
    """Return a PostOutput for each; one query more if some were decided before."""
    decided = [post for post in posts if post.status == Status.DECIDED]
    if decided:
        prefetch_related_objects(decided, "decision__policy")
    pairs = zip(posts, author_ids, strict=True)
    return [represent_post(post, author_id=author_id) for post, author_id in pairs]


def refused(problem: Problem) -> dict[str, Any]:
    """Return a RefusedItemOutput."""
    return {"status": problem.status, "problem": problem.as_json()}


def dump(value: Any) -> str:
    """Return the JSON text of an answer."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
