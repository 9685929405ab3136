"""Doorbells of the learning loop."""

from __future__ import annotations

from contextlib import suppress
from typing import Final

from celery import shared_task

from moderation.exceptions import LeaseTaken
from reviews import learning, retention

PRUNE_SECONDS: Final = 20.0


@shared_task(acks_late=False)
def retrain() -> None:
    """Acknowledged before it starts: what a killed worker leaves, the next night takes up."""
    learning.retrain_due()


@shared_task
def prune() -> None:
    """Forget what is due, for a little; the next round goes on."""
    with suppress(LeaseTaken):
        retention.prune(seconds=PRUNE_SECONDS)
