"""Doorbells of the learning loop."""

from __future__ import annotations

from celery import shared_task

from reviews import learning


@shared_task(acks_late=False)
def retrain() -> None:
    """Acknowledged before it starts: what a killed worker leaves, the next night takes up."""
    learning.retrain_due()
