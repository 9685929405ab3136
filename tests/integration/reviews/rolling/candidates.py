"""What candidates make of stored and of new posts."""

from classifiers.models import Rollout
from classifiers.types import Content
from classifiers.versions import registry
from moderation import claims, pipeline
from moderation.models import AuditDraw, Decision, Score
from moderation.submitting import posts
from moderation.types import Draft
from reviews.learning import live_trial, rescoring, rolling
from tests.integration.reviews.promised import (
    FOUR_DAYS,
    MODEL,
    NOW,
    judge,
    reviewed,
    send,
)
from tests.integration.rows import store


def says(draws, probability: float, model: str = "model-2") -> None:
    """What a model makes of stored posts, as if it had scored them again."""
    store(
        Score(
            post_id=draw.decision.post_id,
            revision=1,
            scorer=rescoring.SCORER,
            model=model,
            probability=probability,
            serving=False,
            created_at=NOW,
        )
        for draw in draws
    )


def audited(site, *, candidate: float = 0.97):
    """Judged draws of each kind on which both models agree, but for what is allowed."""
    held = send(site, 20, probability=0.5, at=NOW - FOUR_DAYS, stratum="review")
    spam, honest = reviewed(site, blocks=60, allowed=480, drawn=150)
    for drawn, label in ((spam, "spam"), (held, "spam"), (honest, "ham")):
        judge(site, drawn, label)
        says(drawn, candidate if label == "spam" else 0.02)
        says(drawn, 0.97 if label == "spam" else 0.02, MODEL)
    rest = AuditDraw.objects.filter(site=site, selected=False).select_related("decision")
    says(rest, 0.02)
    return spam, honest


def follow(rollout: Rollout, now=NOW) -> Rollout:
    rolling.follow(seconds=60, now=now)
    rollout.refresh_from_db()
    return rollout


def without_audits(rollout: Rollout, stage: str = "shadow") -> None:
    registry.move_rollout(rollout, stage, reason="", now=NOW)
    Rollout.objects.update(cursor=live_trial.newest())


def submit(site, number: int, author: str = "", at=NOW) -> list[Decision]:
    drafts = [
        Draft(
            Content(text=f"a post about the garden, {number}-{i}"),
            author_id=author or f"{number}-{i}",
        )
        for i in range(12)
    ]
    posts.submit(site=site, drafts=drafts, now=at)
    return pipeline.moderate(claims.claim(claims.FRESH, now=at), now=at, throw=lambda: 0.5)
