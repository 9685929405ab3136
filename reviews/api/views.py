"""Appeals in the REST API: parse, call, answer."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from django.http import HttpResponse
from django.urls import reverse
from rest_framework.request import Request

from moderation import data_reads
from moderation.access import key_of
from moderation.api import errors, parsers
from moderation.api import representations as show
from moderation.api.serializers import check
from moderation.api.views import ApiView, respond, ticket_of
from moderation.models.data_read import ReadKind
from moderation.submitting import idempotency
from moderation.submitting.idempotency import Answer
from reviews.api import schema
from reviews.api.serializers import APPEAL, GIVEN
from reviews.exceptions import AlreadyAppealed, AppealRefused
from reviews.judging import appeals
from reviews.models import Appeal
from reviews.states import AppealVia

APPEAL_BYTES: Final = 32_768
"""2,000 characters may take 24,000 bytes when each is escaped as a surrogate pair."""
LISTED: Final = 100


class AppealsView(ApiView):
    @schema.file_appeal
    def post(self, request: Request, post_id: UUID) -> HttpResponse:
        body = parsers.read_body(request._request, limit=APPEAL_BYTES)
        post = self.find_post(request, post_id)
        said = check(GIVEN, parsers.parse_json(body))

        def act() -> Answer:
            try:
                appeal = appeals.file(
                    post_id=post.pk, via=AppealVia.API, words=said.get("text", "")
                )
            except AlreadyAppealed as error:
                raise errors.Problem("already-appealed", error.sentence) from None
            except AppealRefused as error:
                raise errors.Problem("appeal-refused", error.sentence) from None
            at = reverse("reviews-api:appeal", args=[post.pk, appeal.pk])
            return Answer(201, show.dump(APPEAL.to_representation(appeal)), location=at)

        return respond(idempotency.answer_once(ticket_of(request, body), act))

    @schema.list_appeals
    def get(self, request: Request, post_id: UUID) -> HttpResponse:
        post = self.find_post(request, post_id)
        found = Appeal.objects.filter(post=post).order_by("-pk")
        results = [APPEAL.to_representation(appeal) for appeal in found[:LISTED]]
        data_reads.by_key(key_of(request), ReadKind.APPEALS, post=post.pk, count=len(results))
        return respond(Answer(200, show.dump({"results": results})))


class AppealView(ApiView):
    @schema.get_appeal
    def get(self, request: Request, post_id: UUID, appeal_id: UUID) -> HttpResponse:
        found = Appeal.objects.filter(post=self.find_post(request, post_id), pk=appeal_id).first()
        if found is None:
            raise errors.Problem("not-found")
        data_reads.by_key(key_of(request), ReadKind.APPEALS, post=found.post_id)
        return respond(Answer(200, show.dump(APPEAL.to_representation(found))))
