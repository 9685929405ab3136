"""A post's way from its words to a decision."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from moderation.broker import counters
from moderation.deciding import audits, decisions, guardrails
from moderation.judging import community, scoring
from moderation.judging.scoring import Judged
from moderation.models import Decision, Post
from moderation.policy import Ruling, decide
from moderation.types import Outcome

throw_fairly = random.SystemRandom().random


def moderate(
    posts: Sequence[Post], *, now: datetime | None = None, throw: audits.Throw = throw_fairly
) -> list[Decision]:
    """Judge claimed posts and return the decisions that were recorded."""
    now = now or timezone.now()
    return _settle(scoring.judge(posts, now=now), now, throw)


def give_up(
    posts: Sequence[Post],
    sentence: str,
    *,
    now: datetime | None = None,
    throw: audits.Throw = throw_fairly,
) -> list[Decision]:
    """Send claimed posts that cannot be judged to a person, without reading them again."""
    counters.count("posts_given_up", len(posts))
    return _settle(scoring.unjudged(posts, sentence), now or timezone.now(), throw)


def _settle(judged: Sequence[Judged], now: datetime, throw: audits.Throw) -> list[Decision]:
    policies = [each.policy for each in judged]
    rulings = [_ruling(each) for each in judged]
    cautions = {each.post.site_id: each.caution for each in judged if each.caution}
    with transaction.atomic():
        posts = [each.post for each in judged]
        rulings = guardrails.limit(posts, policies, rulings, cautions, now=now)
        made = decisions.record(judged, rulings, now=now, throw=throw)
    places = {each.post.pk: each.place for each in judged}
    community.count((decision, places[decision.post_id]) for decision in made)
    return made


def _ruling(judged: Judged) -> Ruling:
    """What the site's rules say; for a person who will be asked, with what its labels taught."""
    rules = judged.policy.rules
    if judged.certificate is not None:
        rules = replace(rules, certified_from=judged.certificate.threshold)
    if judged.caution is not None:
        rules = replace(rules, asks_from=judged.caution.asks_from)
    ruling = decide(rules, judged.findings)
    if ruling.outcome is not Outcome.REVIEW:
        return ruling
    return replace(ruling, reasons=ruling.reasons + judged.learnt())
