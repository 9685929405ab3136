"""Taking work: the row is claimed, with its attempt counted, before anybody reads the words.

A claim says in whose database session it was made and is void as soon as that session is
gone, so what a killed process held is free at once. Posts whose judging broke off are tried
again in ever smaller company, so that one that breaks its judge takes few others with it.
"""

from __future__ import annotations

import logging
import re
import time
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Final

from django.db import connection
from django.utils import timezone

from moderation import pipeline, statements
from moderation.broker import counters
from moderation.models import Post
from moderation.models.lease import HOLDER_LIVES
from moderation.types import Status

logger = logging.getLogger(__name__)

ROOT: Final = f"{Path(__file__).parent.parent}/"
OURS: Final = re.compile(re.escape(ROOT) + "(moderation|classifiers)/")
LEASE: Final = timedelta(seconds=30)
"""For a holder whose session lives on though it does nothing: stalled, or cut off."""
ATTEMPTS: Final = 4
"""One in a batch, one in small company, two alone."""
PAUSE: Final = timedelta(seconds=2)
"""Until a post that failed alone is tried again."""
DRAIN_SECONDS: Final = 3.0
LOOKS: Final = 10
"""How often one drain waits for posts that others than judges have locked."""
BETWEEN_LOOKS: Final = 0.02
"""Seconds. Such a lock is held for the length of one transaction: a verdict, an event told."""


@dataclass(frozen=True, slots=True)
class RetryStage:
    """Which posts are judged together, by how often they were tried before."""

    tried: str
    size: int
    turns: int
    """Claims in a row, before the next stage has its turn."""


FRESH: Final = RetryStage("attempts = 0", size=64, turns=1)
AGAIN: Final = RetryStage("attempts = 1", size=8, turns=8)
ALONE: Final = RetryStage("attempts > 1", size=1, turns=8)
STAGES: Final = (FRESH, AGAIN, ALONE)

FREE = f"""
status = 'pending' AND (
    lease_until IS NULL OR lease_until <= %(now)s
    OR (session_pid IS NOT NULL AND NOT {HOLDER_LIVES})
)
"""
# The inner query is materialized so that it runs once and locks what it takes, no more.
CLAIM = f"""
WITH due AS MATERIALIZED (
    SELECT id FROM moderation_post WHERE {FREE} AND {{tried}}
    ORDER BY submitted_at LIMIT %(limit)s
    FOR NO KEY UPDATE SKIP LOCKED
)
UPDATE moderation_post p SET
    attempts = p.attempts + 1, lease_until = %(until)s, session_pid = pg_backend_pid(),
    session_start = (SELECT backend_start FROM pg_stat_activity WHERE pid = pg_backend_pid())
FROM due WHERE p.id = due.id
RETURNING {{columns}}
"""  # noqa: S608 - constants
FORGOTTEN = f"""
SELECT EXISTS (
    SELECT FROM moderation_post
    WHERE {FREE} AND {{tried}} AND submitted_at <= %(now)s
)
"""  # noqa: S608 - constants


def claim(stage: RetryStage, *, now: datetime | None = None) -> list[Post]:
    """Claim posts of one stage, oldest first. One statement, committed by itself."""
    now = now or timezone.now()
    values = {"now": now, "until": now + LEASE, "limit": stage.size}
    rows = statements.run(_claiming(stage), values)
    names = [field.attname for field in Post._meta.concrete_fields]
    posts = [Post.from_db(connection.alias, names, row) for row in rows]
    if again := sum(post.attempts > 1 for post in posts):
        counters.count("post_retries", again)
    return sorted(posts, key=lambda post: post.submitted_at)


@cache
def _claiming(stage: RetryStage) -> str:
    columns = ", ".join(f"p.{field.column}" for field in Post._meta.concrete_fields)
    return CLAIM.format(tried=stage.tried, columns=columns)


def drain(
    *,
    seconds: float = DRAIN_SECONDS,
    clock: Callable[[], float] = time.monotonic,
    call_help: Callable[[], object] = lambda: None,
) -> bool:
    """Judge what is pending for so long at most; return whether some of it may be left.

    Calls for help before a full batch: there may be more than one judge can do.
    """
    end = clock() + seconds
    looks = LOOKS
    while clock() < end:
        left = [_work(stage, call_help) for stage in STAGES]
        if any(left):
            continue
        if not looks or not _is_free_left(FRESH, at=timezone.now()):
            # What came in since is rung for anew: the bell was answered before we looked.
            return False
        # A claim passes by what is locked, and nobody rings again for a post that was edited
        # while a verdict on its former words was being stored.
        looks -= 1
        time.sleep(BETWEEN_LOOKS)
    return True


def is_work_forgotten(*, older_than: timedelta, now: datetime | None = None) -> bool:
    """Return whether a post has been free to claim for longer than that."""
    at = (now or timezone.now()) - older_than
    return any(_is_free_left(stage, at=at) for stage in STAGES)


def _is_free_left(stage: RetryStage, *, at: datetime) -> bool:
    """Whether a post that was submitted by then may be claimed, locked or not."""
    return bool(statements.run(FORGOTTEN.format(tried=stage.tried), {"now": at})[0][0])


def _work(stage: RetryStage, call_help: Callable[[], object]) -> bool:
    """Whether more may be left to do at this stage."""
    for _ in range(stage.turns):
        posts = claim(stage)
        if len(posts) == FRESH.size:
            call_help()
        if posts and posts[0].attempts > ATTEMPTS:
            _give_up(posts)
        elif posts:
            _judge(posts)
        if len(posts) < stage.size:
            return False
    return True


def _give_up(posts: list[Post]) -> None:
    sentence = f"Judging failed {ATTEMPTS} times, so a person must look."
    pipeline.give_up(posts, sentence)
    for post in posts:
        logger.error("post %s could not be judged and goes to review", post.pk)


def _judge(posts: list[Post]) -> None:
    try:
        pipeline.moderate(posts)
    except Exception as error:
        if len(posts) > 1:
            logger.error("a batch of %d posts failed (%s)", len(posts), where(error))
            _release(posts, until=None)
        else:
            [post] = posts
            logger.error("post %s failed alone (%s)", post.pk, where(error))
            _release(posts, until=timezone.now() + PAUSE)


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
