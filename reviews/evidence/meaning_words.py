"""Finds the words behind what the text encoder said of posts that wait; off the hot path.

A text is read a dozen times more for that, which judging cannot wait for
(docs/adr/0016-words-behind-the-meaning.md). A post is marked before its words are looked for:
whoever dies meanwhile leaves a few without, and no post can hold up the others.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, Final

from classifiers import assess
from classifiers.types import MEANING, Contribution
from classifiers.versions import lineup
from moderation import leases
from moderation.deciding.decisions import stored_reasons
from moderation.judging.contents import content_of
from moderation.models import PostRevision, Site
from moderation.types import Source
from reviews.models import Embedding

BATCH: Final = 4
"""Posts at once: at most about a second."""


def tell(*, seconds: float, clock: Callable[[], float] = time.monotonic) -> int:
    """How many posts were looked at, newest first.

    Raises LeaseTaken when another process is at it.
    """
    if not Embedding.objects.filter(told__isnull=True).exists():
        return 0
    end, done = clock() + seconds, 0
    with leases.hold("tell") as lease:
        while clock() < end and (taken := _take()):
            for row in taken:
                if found := _told(row):
                    # Not where the words were edited or deleted meanwhile.
                    same = Embedding.objects.filter(pk=row.pk, revision=row.revision)
                    same.update(told=found)
            done += len(taken)
            lease.keep()
    return done


def _take() -> list[Embedding]:
    """Those that nobody has looked at yet, marked."""
    rows = Embedding.objects.filter(told__isnull=True).order_by("-post")
    taken = list(rows.select_related("post__author", "post__decision__policy")[:BATCH])
    Embedding.objects.filter(pk__in=[row.pk for row in taken]).update(told={})
    return taken


def _told(row: Embedding) -> dict[str, Any]:
    """What `Embedding.told` keeps; empty where the model that decided is not in force any more."""
    decision = row.post.decision
    if decision is None or decision.source != Source.MACHINE or decision.revision != row.revision:
        return {}
    words = PostRevision.objects.filter(post=row.pk, revision=row.revision).first()
    used = lineup.current(Site(pk=row.site_id).slot)
    if words is None or used.model != decision.model:
        return {}
    meant = [
        Contribution(MEANING, reason["sentence"], reason["weight"])
        for reason in decision.reasons
        if reason["code"] == MEANING
    ]
    content = content_of(row.post, words, decision.policy)
    parts = assess.by_words(content, meant, used.scorers)
    return {"decision": decision.pk, "parts": stored_reasons(parts)} if parts else {}
