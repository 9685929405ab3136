"""Wrong blocks that people told of without being asked: they may stop a promise, and earn none."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final
from uuid import UUID

from moderation import statements
from moderation.models import Decision
from moderation.types import FeedbackLabel, Source
from reviews.labels.labelling import LABEL_OF
from reviews.labels.weighing import agreed_blind, heard
from reviews.measuring.answers import About, blind, confirmed
from reviews.measuring.draws import ASKED, FROM, Question, authors
from reviews.models import Appeal, Label, LabelSource
from reviews.states import AppealState

AMONG: Final = f"""
SELECT draw.id, decision.id, decision.post_id {FROM}
WHERE {ASKED} AND draw.stratum = 'block' AND decision.outcome = 'block'
    AND decision.id = ANY(%(decisions)s::bigint[])
"""
UNWANTED: Final = [kind for kind, label in LABEL_OF.items() if label == FeedbackLabel.SPAM]
Words = tuple[UUID, int]
"""Those of one revision of a post."""


def known_wrong(asked: Question, made: Iterable[About]) -> dict[UUID, int | None]:
    """The posts that the model blocked of which people said, drawn or not, that they are honest.

    By post the key whose word alone says so; None where somebody else says so as well. Feedback
    counts of who may teach: others' words would end any promise. Of blocks that were drawn, `made`
    among them, what two people agree on where there is a second.
    """
    appeals = Appeal.objects.filter(site=asked.site_id, state=AppealState.OVERTURNED)
    overturned = appeals.filter(created_at__gte=asked.since).values_list("decision", flat=True)
    by: dict[int, int | None] = _told(asked) | dict.fromkeys(overturned)
    rows = list(statements.run(AMONG, {**asked.values, "decisions": sorted(by)}))
    told = {draw: decision for draw, decision, _ in rows}
    posts = {about.draw: about.post for about in made} | {draw: post for draw, _, post in rows}
    said = blind(posts)
    sure = confirmed(said, FeedbackLabel.HAM)
    untold = {draw: by[told[draw]] for draw in sorted(told.keys() - said.keys())}
    honest = [draw for draw, label in said.items() if label == FeedbackLabel.HAM]
    agreed = [draw for draw in honest if sure.get(draw, True)]
    agreed += [draw for draw, key in untold.items() if key is None]
    return {posts[draw]: key for draw, key in untold.items()} | {
        posts[draw]: None for draw in agreed
    }


def whose(known: Mapping[UUID, int | None]) -> dict[UUID, int | UUID]:
    """With which others each of these counts as one: those of its author, or of one key's word.

    One person may have said all that one key says. Each author is counted in one place.
    """
    of = authors(known)
    confirmed = {of[post] for post, key in known.items() if key is None}
    keys = {of[post]: key for post, key in sorted(known.items()) if of[post] not in confirmed}
    return {post: keys.get(author) or author for post, author in of.items()}


def _told(asked: Question) -> dict[int, int | None]:
    """What a site's feedback says of the machine's decisions, as `known_wrong`, by decision.

    A word that somebody who was asked blind contradicts is none.
    """
    told = heard(
        Label.objects.in_force().filter(
            site=asked.site_id,
            label=FeedbackLabel.HAM,
            source=LabelSource.FEEDBACK,
            created_at__gte=asked.since,
        )
    ).exclude(check_of__answer__kind__in=UNWANTED, check_of__answer__undone_by=None)
    sure = agreed_blind(told)
    words: dict[Words, int | None] = {}
    rows = told.order_by("pk").values_list("pk", "post", "revision", "feedback__api_key")
    for label, post, revision, key in rows:
        if label in sure:
            words[post, revision] = None
        else:
            words.setdefault((post, revision), key)
    made = Decision.objects.filter(post__in={post for post, _ in words}, source=Source.MACHINE)
    return {
        decision: words[post, revision]
        for decision, post, revision in made.values_list("pk", "post", "revision")
        if (post, revision) in words
    }
