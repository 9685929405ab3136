"""REST, version 1: parse, call, answer."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import DatabaseError, InterfaceError
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from rest_framework.exceptions import Throttled
from rest_framework.negotiation import BaseContentNegotiation, DefaultContentNegotiation
from rest_framework.renderers import BaseRenderer, JSONRenderer
from rest_framework.request import Request
from rest_framework.views import APIView

from moderation import access, data_reads
from moderation.api import errors, feed, filters, pagination, parsers, prefer, schema, serializers
from moderation.api import representations as show
from moderation.broker import limits
from moderation.deciding import feedback
from moderation.models import Post, PostRevision, Site
from moderation.models.data_read import ReadKind
from moderation.submitting import arrivals, idempotency, posts, weights
from moderation.submitting.idempotency import Answer, Ticket
from moderation.types import ActorRole, Draft, FeedbackLabel, Severity

POST_BYTES = 2_097_152
"""100,000 characters may take 1,200,000 bytes when each is escaped as a surrogate pair."""
FEEDBACK_BYTES = 16_384
WEIGHT_BYTES = 1_024
WITH_DECISION = ("author", "decision__policy")


class Negotiation(DefaultContentNegotiation):
    """What nearly every client accepts is not worth the general comparison."""

    def select_renderer(
        self, request: Request, renderers: Iterable[BaseRenderer], format_suffix: str | None = None
    ) -> tuple[BaseRenderer, str]:
        accept = request.META.get("HTTP_ACCEPT", "*/*")
        if "*/*" in accept or "json" in accept:
            first = next(iter(renderers))
            return first, first.media_type
        return super().select_renderer(request, renderers, format_suffix)


class ApiView(APIView):
    """A page of the API: who may enter, and what every answer carries."""

    authentication_classes = (access.BearerAuthentication,)
    permission_classes = (access.NativeKey,)
    throttle_classes = (access.KeyQuota,)
    renderer_classes = (JSONRenderer,)
    content_negotiation_class: type[BaseContentNegotiation] = Negotiation
    http_method_names = ["get", "head", "post", "delete", "put", "patch"]

    def finalize_response(  # type: ignore[override]
        self, request: Request, response: HttpResponseBase, *args: Any, **kwargs: Any
    ) -> HttpResponseBase:
        super().finalize_response(request, response, *args, **kwargs)  # type: ignore[arg-type]
        if response.status_code >= 400:
            # The web server hangs up on what nobody read, and the answer may be lost with it.
            parsers.skip_body(request._request)
        quota = getattr(request, "quota", None)
        if quota is not None:
            for name, value in quota.headers().items():
                response.headers[name] = value
        response.headers.setdefault("Cache-Control", "no-store")
        return response

    def find_post(self, request: Request, post_id: UUID) -> Post:
        """Return a post of the key's site. Raises errors.Problem (404) for any other."""
        found = Post.objects.filter(site=access.key_of(request).site, pk=post_id)
        post = found.select_related(*WITH_DECISION).first()
        if post is None:
            raise errors.Problem("not-found")
        return post


class PostsView(ApiView):
    @schema.submit_post
    def post(self, request: Request) -> HttpResponse:
        body = parsers.read_body(request._request, limit=POST_BYTES)
        checked = serializers.check(serializers.POST, parsers.parse_json(body))
        draft = serializers.to_draft(checked)
        site = access.key_of(request).site
        ticket = ticket_of(request, body)

        def act() -> Answer:
            stored = posts.submit(site=site, drafts=[draft])
            shown = show.represent_accepted(stored, [draft.author_id])
            return accepted_post(shown[0])

        answer = store_new(site, draft, ticket) or idempotency.answer_once(ticket, act)
        return respond(*wait_for_decision(request, ticket, answer))

    @schema.list_posts
    def get(self, request: Request) -> HttpResponse:
        query = serializers.check(serializers.QUERY, request.query_params.dict())
        found, last = pagination.page(
            filters.posts_of(access.key_of(request).site, query).select_related(*WITH_DECISION),
            cursor=query.get("cursor"),
            limit=query["limit"],
        )
        data_reads.by_key(access.key_of(request), ReadKind.POSTS, count=len(found))
        body = {
            "results": [show.POST.to_representation(post) for post in found],
            "next": pagination.next_url(request._request, last),
        }
        return respond(Answer(200, show.dump(body)))


class BatchView(ApiView):
    @schema.submit_batch
    def post(self, request: Request) -> HttpResponse:
        body = parsers.read_body(request._request, limit=settings.DATA_UPLOAD_MAX_MEMORY_SIZE)
        given = serializers.check_batch(parsers.parse_json(body))
        spend_for(request, given)
        results, drafts = check_each(given)
        ticket = ticket_of(request, body)

        def act() -> Answer:
            stored = posts.submit(site=access.key_of(request).site, drafts=list(drafts.values()))
            shown = show.represent_accepted(stored, [draft.author_id for draft in drafts.values()])
            for index, post in zip(drafts, shown, strict=True):
                results[index] = {"status": 202, "post": post}
            return Answer(202, show.dump({"results": results}))

        return respond(idempotency.answer_once(ticket, act))


class PostView(ApiView):
    @schema.get_post
    def get(self, request: Request, post_id: UUID) -> HttpResponse:
        post = self.find_post(request, post_id)
        words = PostRevision.objects.get(post=post, revision=post.revision)
        words.post = post
        data_reads.by_key(access.key_of(request), ReadKind.POST, post=post.pk)
        body = {
            **show.POST.to_representation(post),
            "content": show.CONTENT.to_representation(words),
        }
        return respond(Answer(200, show.dump(body)))

    @schema.weigh_post
    def patch(self, request: Request, post_id: UUID) -> HttpResponse:
        body = parsers.read_body(request._request, limit=WEIGHT_BYTES)
        said = serializers.check(serializers.WEIGHT, parsers.parse_json(body))
        severity = Severity(said["severity"]) if "severity" in said else None
        post = self.find_post(request, post_id)
        weights.weigh(post=post, exposure=said.get("exposure"), severity=severity)
        return HttpResponse(status=204)

    @schema.withdraw_post
    def delete(self, request: Request, post_id: UUID) -> HttpResponse:
        posts.withdraw(post=self.find_post(request, post_id))
        return HttpResponse(status=204)


class EventsView(ApiView):
    @schema.list_events
    def get(self, request: Request) -> HttpResponse:
        query = serializers.check(serializers.EVENTS, request.query_params.dict())
        key = access.key_of(request)
        after = feed.Place.parse(query["after"]) if "after" in query else feed.Place()
        found, last = feed.page(key.site, after=after, limit=query["limit"])
        if found:
            data_reads.by_key(key, ReadKind.POSTS, count=len(found))
        results = [show.EVENT.to_representation(event) for event in found]
        return respond(Answer(200, show.dump({"results": results, "after": str(last)})))


class FeedbackView(ApiView):
    @schema.send_feedback
    def post(self, request: Request, post_id: UUID) -> HttpResponse:
        body = parsers.read_body(request._request, limit=FEEDBACK_BYTES)
        said = serializers.check(serializers.FEEDBACK, parsers.parse_json(body))
        post = self.find_post(request, post_id)

        def act() -> Answer:
            row = feedback.receive(
                post=post,
                label=FeedbackLabel(said["label"]),
                actor_id=said["actor"]["id"],
                actor_role=ActorRole(said["actor"]["role"]),
                api_key=access.key_of(request),
            )
            row.post = Post.objects.select_related(*WITH_DECISION).get(pk=post.pk)
            return Answer(201, show.dump(show.FEEDBACK.to_representation(row)))

        return respond(idempotency.answer_once(ticket_of(request, body), act))


def ticket_of(request: Request, body: bytes) -> Ticket | None:
    """Return what makes the request repeatable, None if the client did not ask for it.

    Raises errors.Problem for a key that is empty, too long or not visible ASCII.
    """
    key = request.META.get("HTTP_IDEMPOTENCY_KEY")
    if key is None:
        return None
    if idempotency.PATTERN.fullmatch(key) is None:
        raise errors.Problem(
            "bad-request", "An Idempotency-Key has 1 to 255 visible ASCII characters."
        )
    digest = idempotency.request_digest(method=request.method or "", path=request.path, body=body)
    return Ticket(api_key=access.key_of(request), key=key, digest=digest)


def spend_for(request: Request, given: list[Any]) -> None:
    """Let a batch pay for its posts but one, which the request has paid.

    Raises Throttled, or errors.Problem for a batch that no waiting would let in.
    """
    limit = access.key_of(request).requests_per_minute
    if len(given) > limit:
        raise errors.Problem(
            "rate-limited",
            f"The batch has more posts than the key may send a minute ({limit:,}).",
            headers={"Retry-After": str(limits.WINDOW_SECONDS)},
        )
    if len(given) > 1 and not access.spend(request, cost=len(given) - 1).allowed:
        raise Throttled


def check_each(given: list[Any]) -> tuple[list[Any], dict[int, Any]]:
    """Return a batch's results with gaps where posts are right, and the drafts for those gaps."""
    results: list[Any] = [None] * len(given)
    drafts = {}
    for index, item in enumerate(given):
        try:
            checked = serializers.check(serializers.POST, item, at=f"/posts/{index}")
            drafts[index] = serializers.to_draft(checked)
        except errors.Problem as problem:
            results[index] = show.refused(problem)
    return results, drafts


def store_new(site: Site, draft: Draft, ticket: Ticket | None) -> Answer | None:
    """Return the answer to a post that was new and is stored; None if something was known."""
    post = posts.new(site=site, draft=draft, now=timezone.now())
    answer = accepted_post(show.represent_post(post, author_id=draft.author_id))
    return answer if arrivals.store(post=post, draft=draft, ticket=ticket, answer=answer) else None


def accepted_post(shown: dict[str, Any]) -> Answer:
    """Return the answer to one post that was stored."""
    return Answer(
        status=202, body=show.dump(shown), location=location_of(shown["id"]), post_id=shown["id"]
    )


def location_of(post_id: str) -> str:
    return reverse("moderation-api:post", args=[post_id])


def wait_for_decision(
    request: Request, ticket: Ticket | None, answer: Answer
) -> tuple[Answer, dict[str, str]]:
    """Return the decided post as 200 if the client prefers to wait and it is decided in time.

    Else the answer as it is; with it, the headers that say what was done.
    """
    seconds = prefer.wait_seconds(request.META.get("HTTP_PREFER", ""))
    if not seconds or answer.status != 202:
        return answer, {}
    try:
        return _decided_in_time(ticket, answer, seconds)
    except (DatabaseError, InterfaceError) as error:
        if not errors.is_database_away(error):
            raise
        # The post is stored: a client that was told to try again would send it twice.
        return answer, {}


def _decided_in_time(
    ticket: Ticket | None, answer: Answer, seconds: int
) -> tuple[Answer, dict[str, str]]:
    in_time = prefer.wait_until_decided(answer.post_id, seconds=seconds)
    applied = {} if in_time is None else {"Preference-Applied": f"wait={seconds}"}
    if not in_time:
        return answer, applied
    post = Post.objects.select_related(*WITH_DECISION).get(pk=answer.post_id)
    decided = Answer(
        status=200,
        body=show.dump(show.POST.to_representation(post)),
        location=answer.location,
        post_id=answer.post_id,
        replayed=answer.replayed,
    )
    return idempotency.keep_final(ticket, decided), applied


def respond(answer: Answer, headers: dict[str, str] | None = None) -> HttpResponse:
    """Return an answer as JSON, to the byte as it was first given."""
    response = HttpResponse(
        answer.body, content_type="application/json", status=answer.status, headers=headers
    )
    if answer.location:
        response.headers["Location"] = answer.location
    if answer.replayed:
        response.headers["Idempotency-Replayed"] = "true"
    return response


@csrf_exempt
def not_found(request: HttpRequest, rest: str = "") -> HttpResponse:
    """Any other address below the API."""
    parsers.skip_body(request)
    return errors.respond(errors.Problem("not-found"))
