"""Loaded into a worker (`--include`): posts that break whoever reads them, by what they say.

Each reading of such a post is written to the file that POISON_LOG names.
"""

import os
import signal
import time
from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

from classifiers.versions import lineup
from moderation import claims, tasks
from moderation.judging import scoring
from moderation.models import Post, PostRevision
from moderation.timeouts import TookTooLong

RAISE, DIE, HANG, STUCK = "poison: raise", "poison: die", "poison: hang", "poison: stuck"
POISONS = (RAISE, DIE, HANG, STUCK)


def _hang() -> None:
    time.sleep(600)


def _stick() -> None:
    """Not to be interrupted: as code outside of Python is not."""
    while True:
        with suppress(TookTooLong):
            time.sleep(600)


def _raise() -> None:
    raise RuntimeError("poison")


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


DOES = {RAISE: _raise, DIE: _die, HANG: _hang, STUCK: _stick}
judge = scoring.judge


def poisoned(posts: Sequence[Post], **when: Any) -> list[Any]:
    words = PostRevision.objects.filter(post__in=[post.pk for post in posts])
    for said in words.filter(text__in=POISONS).order_by("text").values_list("text", flat=True):
        with Path(os.environ["POISON_LOG"]).open("a") as log:
            log.write(f"{said}\n")
        DOES[said]()
    return judge(posts, **when)


scoring.judge = poisoned
claims.drain = partial(claims.drain, seconds=0.3)
tasks.JUDGE_SECONDS, tasks.KILL_SECONDS = 1, 2
lineup.current_or_shipped()  # Before processes are forked: loading takes as long as the limit.
