"""Why a machine decided, as far as `reviews.evidence.meaning_words` has found it out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from classifiers.types import MEANING
from moderation.models import Decision
from reviews.models import Embedding


def reasons_of(decision: Decision) -> list[Mapping[str, Any]]:
    """The decision's reasons, with words in place of what the text encoder said as a whole.

    They have the same weight together.
    """
    stored: list[Mapping[str, Any]] = decision.reasons
    if all(reason.get("code") != MEANING for reason in stored):
        return stored
    kept = Embedding.objects.filter(post=decision.post_id, told__decision=decision.pk)
    parts = kept.values_list("told__parts", flat=True).first()
    if not parts:
        return stored
    found: list[Mapping[str, Any]] = []
    for reason in stored:
        found += parts if reason.get("code") == MEANING else [reason]
    return found
