"""Stored posts scored again by a model that did not judge them, off the hot path.

What comes out are rows of `Score` that do not serve: the raw matter of judging a candidate on
stored audits and in shadow. A post whose words are gone, or hidden from everybody, gets a row
without a number, so nobody asks for it again.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from django.utils import timezone

from classifiers.types import ENCODER_MISSING
from classifiers.versions.lineup import Lineup
from moderation import bulk
from moderation.judging import replay
from moderation.models import PostRevision, Score

SCORER = "replay"
WITHOUT = "replay without encoder"
"""Stored by a worker that lacks the model's text encoder: enough to compare models by, but of
another function than a certificate is about."""
BATCH = 32

Words = tuple[UUID, int]
"""A post and its revision."""


@dataclass(frozen=True, slots=True)
class Again:
    """What one model said of some posts, and how long it took."""

    said: dict[Words, float | None]
    """None for posts that cannot be read, or that it fails on."""
    failed: int
    seconds: float


def known(
    model: str, wanted: Iterable[Words], *, complete: bool = False
) -> dict[Words, float | None]:
    """What was stored of them already; `complete`: by the model with its encoder.

    With it rather than without, where both are stored: two models are compared alike.
    """
    wanted = set(wanted)
    rows = Score.objects.filter(
        model=model,
        serving=False,
        scorer__in=(SCORER,) if complete else (SCORER, WITHOUT),
        post__in={post for post, _ in wanted},
    )
    found: dict[Words, float | None] = {}
    for said in (WITHOUT, SCORER):
        for post, revision, probability in (
            rows.filter(scorer=said).order_by("pk").values_list("post", "revision", "probability")
        ):
            words = post, revision
            # A post that can no longer be read keeps the number that it had.
            if words in wanted and (probability is not None or words not in found):
                found[words] = probability
    return found


def readable(wanted: Sequence[Words]) -> list[PostRevision]:
    """The words that may be read, with their posts."""
    rows = PostRevision.objects.filter(
        post__in={post for post, _ in wanted},
        post__pruned_at__isnull=True,
        post__hidden_at__isnull=True,
    ).select_related("post")
    asked = set(wanted)
    return [words for words in rows if (words.post_id, words.revision) in asked]


def score(wanted: Sequence[Words], models: Sequence[Lineup], *, keep: Sequence[str]) -> list[Again]:
    """What each of the models makes of the same posts, stored of those that `keep` names.

    At most BATCH posts at once.
    """
    words = readable(wanted)
    prepared = replay.prepare(words) if words else None
    found = []
    without: set[tuple[str, Words]] = set()
    if prepared:
        # What a process reads once, such as word lists or an encoder, is no model's time.
        first = replace(prepared, contents=prepared.contents[:1], histories=prepared.histories[:1])
        for used in models:
            first.judge(used)
    for used in models:
        began = time.process_time()
        assessed = prepared.judge(used) if prepared else []
        seconds = time.process_time() - began
        said: dict[Words, float | None] = dict.fromkeys(wanted)
        for each, assessment in zip(words, assessed, strict=True):
            of = each.post_id, each.revision
            said[of] = assessment.probability
            if any(part.code == ENCODER_MISSING for part in assessment.contributions):
                without.add((used.model, of))
        failed = sum(assessment.failed for assessment in assessed)
        found.append(Again(said, failed, seconds))
    now = timezone.now()
    bulk.insert(
        [
            Score(
                post_id=post,
                revision=revision,
                scorer=WITHOUT if (used.model, (post, revision)) in without else SCORER,
                model=used.model,
                probability=probability,
                serving=False,
                created_at=now,
            )
            for used, again in zip(models, found, strict=True)
            if used.model in keep
            for (post, revision), probability in again.said.items()
        ]
    )
    return found
