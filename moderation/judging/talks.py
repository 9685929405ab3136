"""Listens to what sites talk of, off the hot path.

Only posts that the machine found honest by itself are listened to, so a flood of spam does not
become what is usual. It is a sample: after a pause or a rush only the newest posts count.
"""

from __future__ import annotations

import logging
import secrets
import sys
import zlib
from array import array
from collections import defaultdict
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from classifiers.heuristics.wording import whole_text
from classifiers.talk import BUCKETS, Talk
from classifiers.types import Content
from moderation import leases
from moderation.judging.sightings import key
from moderation.models import Decision, PostRevision, Site, SiteTalk
from moderation.types import Outcome, Source

logger = logging.getLogger(__name__)

MOST: Final = 2_000
"""Decisions looked at in one turn."""
HEARD: Final = 200
"""Posts of one site listened to in one turn: a few hundredths of a second."""


def listen(*, now: datetime | None = None) -> int:
    """Hear what was decided since the last turn; how many posts were heard.

    Raises LeaseTaken when another process is at it.
    """
    now = now or timezone.now()
    with leases.hold("listen"):
        heard_to = SiteTalk.objects.aggregate(newest=Max("heard_to"))["newest"] or 0
        decided = Decision.objects.filter(pk__gt=heard_to, source=Source.MACHINE)
        by_site: defaultdict[int, list[Decision]] = defaultdict(list)
        for decision in decided.order_by("-pk").only(*_ASKED)[:MOST]:
            by_site[decision.site_id].append(decision)
        return sum(_hear(site_id, newest, now) for site_id, newest in by_site.items())


_ASKED: Final = ("site_id", "post_id", "revision", "source", "outcome", "would_be")


def is_honest(decision: Decision) -> bool:
    """Whether the machine found the post honest by its words: what is allowed for another
    reason (a list, a site that only observes) says nothing about them."""
    allowed = decision.outcome == decision.would_be == Outcome.ALLOW
    return allowed and decision.source == Source.MACHINE


def talk_of(row: SiteTalk) -> Talk:
    """The row as it is judged with; an empty one where none was heard.

    Also, with a warning, where it cannot be read: it is heard anew then.
    """
    if not row.words:
        return Talk(row.seed)
    try:
        counts = array("H", zlib.decompress(bytes(row.words)))
        if len(counts) != BUCKETS:
            raise ValueError
    except (zlib.error, ValueError):
        logger.warning("the usual talk of site %s cannot be read", row.pk)
        return Talk(row.seed)
    if sys.byteorder == "big":
        counts.byteswap()
    return Talk(row.seed, row.posts, counts, row.mean, row.variance, row.scripts)


def _hear(site_id: int, decided: list[Decision], now: datetime) -> int:
    """Newest first; heard in the order in which they were decided."""
    honest = [(each.post_id, each.revision) for each in decided if is_honest(each)]
    texts = _texts(honest[:HEARD])
    with transaction.atomic():
        SiteTalk.objects.get_or_create(
            site=Site(pk=site_id), defaults={"seed": secrets.randbits(32), "key": key()}
        )
        row = SiteTalk.objects.select_for_update().get(pk=site_id)
        talk = talk_of(row).hear(texts)
        row.posts, row.mean, row.variance = talk.posts, talk.mean, talk.variance
        row.scripts, row.words = dict(talk.scripts), _packed(talk)
        row.counted = (row.counted if row.key == key() else 0) + len(decided)
        row.key, row.heard_to, row.changed_at = key(), decided[0].pk, now
        row.revision += 1
        row.save()
    return len(texts)


def _texts(asked: list[tuple[UUID, int]]) -> list[str]:
    rows = PostRevision.objects.filter(post__in=[post for post, _ in asked])
    found = {
        (row.post_id, row.revision): whole_text(Content(text=row.text, title=row.title))
        for row in rows.only("post", "revision", "title", "text")
    }
    return [found[each] for each in reversed(asked) if each in found]


def _packed(talk: Talk) -> bytes:
    counts = array("H", talk.counts)
    if sys.byteorder == "big":
        counts.byteswap()
    return zlib.compress(counts.tobytes(), 1)
