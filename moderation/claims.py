"""Taking work: the row is claimed, with its attempt counted, before anybody reads the words.

A post is first judged in a batch. If the batch fails, or its worker dies, each of its posts
is tried alone, so that one that breaks its judge takes no other with it.
"""

from __future__ import annotations

import logging
import re
import time
import traceback
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from django.db.models import Q
from django.utils import timezone

from moderation import pipeline
from moderation.models import Post
from moderation.types import Status

logger = logging.getLogger(__name__)

ROOT: Final = f"{Path(__file__).parent.parent}/"
OURS: Final = re.compile(re.escape(ROOT) + "(moderation|classifiers)/")
BATCH: Final = 64
LEASE: Final = timedelta(seconds=30)
ATTEMPTS: Final = 4
"""One in a batch, three alone."""
PAUSE: Final = timedelta(seconds=2)
"""Until a post that failed alone is tried again; doubled each time."""
DRAIN_SECONDS: Final = 3.0

# The inner query is materialized so that it runs once and locks what it takes, no more.
CLAIM = """
WITH due AS MATERIALIZED (
    SELECT id FROM moderation_post
    WHERE status = 'pending' AND {tried} AND (lease_until IS NULL OR lease_until <= %(now)s)
    ORDER BY submitted_at LIMIT %(limit)s
    FOR NO KEY UPDATE SKIP LOCKED
)
UPDATE moderation_post p SET attempts = p.attempts + 1, lease_until = %(until)s
FROM due WHERE p.id = due.id
RETURNING p.*
"""
CLAIM_FRESH = CLAIM.format(tried="attempts = 0")
CLAIM_AGAIN = CLAIM.format(tried="attempts > 0")


def claim_fresh(*, now: datetime | None = None, limit: int = BATCH) -> list[Post]:
    """Claim posts that nobody tried yet, oldest first. One statement, committed by itself."""
    return _claim(CLAIM_FRESH, now or timezone.now(), limit)


def claim_again(*, now: datetime | None = None) -> list[Post]:
    """Claim one post that was tried before, or none."""
    return _claim(CLAIM_AGAIN, now or timezone.now(), 1)


def drain(*, seconds: float = DRAIN_SECONDS, clock: Callable[[], float] = time.monotonic) -> bool:
    """Judge what is pending for so long at most; return whether some of it may be left."""
    end = clock() + seconds
    while clock() < end:
        fresh = claim_fresh()
        if fresh:
            _judge(fresh)
        again = claim_again()
        if again:
            _judge_alone(again[0])
        if not fresh and not again:
            return False
    return True


def is_work_forgotten(*, older_than: timedelta, now: datetime | None = None) -> bool:
    """Return whether a post has been free to claim for longer than that."""
    moment = (now or timezone.now()) - older_than
    free = Q(lease_until__isnull=True) | Q(lease_until__lte=moment)
    return Post.objects.filter(free, status=Status.PENDING, submitted_at__lte=moment).exists()


def _claim(statement: str, now: datetime, limit: int) -> list[Post]:
    values = {"now": now, "until": now + LEASE, "limit": limit}
    return sorted(Post.objects.raw(statement, values), key=lambda post: post.submitted_at)


def _judge(posts: list[Post]) -> None:
    try:
        pipeline.moderate(posts)
    except Exception as error:
        logger.error("a batch of %d posts failed (%s); trying each alone", len(posts), where(error))
        _release(posts, until=None)


def _judge_alone(post: Post) -> None:
    if post.attempts > ATTEMPTS:
        sentence = f"Judging failed {ATTEMPTS} times, so a person must look."
        pipeline.give_up([post], sentence)
        logger.error("post %s could not be judged and goes to review", post.pk)
        return
    try:
        pipeline.moderate([post])
    except Exception as error:
        logger.error("post %s failed alone (%s)", post.pk, where(error))
        pause = PAUSE * 2 ** max(post.attempts - 2, 0)
        _release([post], until=timezone.now() + pause)


def _release(posts: Sequence[Post], *, until: datetime | None) -> None:
    """Let go of what is still ours; a post that was claimed or edited since is not."""
    for attempts in {post.attempts for post in posts}:
        ids = [post.pk for post in posts if post.attempts == attempts]
        Post.objects.filter(pk__in=ids, status=Status.PENDING, attempts=attempts).update(
            lease_until=until
        )


def where(error: BaseException) -> str:
    """Return what went wrong and where, without the message, which may quote a post."""
    frames = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if OURS.match(frame.filename)]
    telling = (*ours[-1:], *frames[-1:])
    places = dict.fromkeys(f"{f.filename.removeprefix(ROOT)}:{f.lineno}" for f in telling)
    return f"{type(error).__name__} at {', '.join(places)}"
