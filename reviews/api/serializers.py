"""Appeals as they come in and go out; the OpenAPI document is generated from these classes."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from moderation.api.fields import Moment, Strict, Text
from moderation.api.representations import MOMENT, Output, moment
from reviews.judging.appeals import WORDS_LENGTH
from reviews.models import Appeal
from reviews.states import AppealEnd, AppealState, AppealVia

STATES = {
    AppealState.OPEN: "waits for a person; the post stays blocked",
    AppealState.UPHELD: "a person looked again, and the post stays blocked",
    AppealState.OVERTURNED: "a person looked again, and the post is allowed",
    AppealState.CLOSED: "ended without an answer",
}
ENDS = {
    AppealEnd.WITHDRAWN: "the post was withdrawn",
    AppealEnd.EDITED: "the post has other words now",
}
VIAS = {AppealVia.API: "sent by the site", AppealVia.LINK: "by the address in the statement"}


class AppealInput(Strict):
    text = Text(
        allow_null=True,
        allow_blank=True,
        max_length=WORDS_LENGTH,
        help_text="The author's own words, for the moderators; empty if there are none. Kept as "
        "long as the post's.",
    )


class AppealOutput(Output):
    id = serializers.UUIDField()
    post = serializers.UUIDField()
    state = serializers.ChoiceField(choices=list(STATES.items()))
    ended = serializers.ChoiceField(
        choices=list(ENDS.items()), allow_null=True, help_text="Why it ended without an answer."
    )
    via = serializers.ChoiceField(choices=list(VIAS.items()))
    revision = serializers.IntegerField(help_text="Of the post, that it is about.")
    decision = serializers.IntegerField(help_text="Id of the block that it is against.")
    answer = serializers.IntegerField(
        allow_null=True, help_text="Id of the decision that answered it."
    )
    created_at = Moment()
    resolved_at = Moment(allow_null=True)

    def to_representation(self, appeal: Appeal) -> dict[str, Any]:
        return {
            "id": str(appeal.pk),
            "post": str(appeal.post_id),
            "state": appeal.state,
            "ended": appeal.ended or None,
            "via": appeal.via,
            "revision": appeal.revision,
            "decision": appeal.decision_id,
            "answer": appeal.answer_id,
            "created_at": MOMENT.to_representation(appeal.created_at),
            "resolved_at": moment(appeal.resolved_at),
        }


class AppealListOutput(Output):
    results = AppealOutput(many=True)


GIVEN = AppealInput()
APPEAL = AppealOutput()
