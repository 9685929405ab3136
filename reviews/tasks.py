"""Doorbells of the learning loop."""

from __future__ import annotations

from contextlib import suppress
from typing import Final

from celery import shared_task

from moderation.exceptions import LeaseTaken
from reviews import learning, retention

PRUNE_SECONDS: Final = 20.0
COMPARE_SECONDS: Final = 3.0


@shared_task(acks_late=False)
def retrain() -> None:
    """Acknowledged before it starts: what a killed worker leaves, the next night takes up."""
    learning.retrain_due()


@shared_task
def prune() -> None:
    """Forget what is due, for a little; the next round goes on."""
    with suppress(LeaseTaken):
        retention.prune(seconds=PRUNE_SECONDS)


@shared_task
def compare() -> None:
    """Look for posts like those that wait for a person, for a little; the next round goes on."""
    from reviews import comparing  # With the language model, which beat and web do without.

    with suppress(LeaseTaken):
        comparing.compare(seconds=COMPARE_SECONDS)
