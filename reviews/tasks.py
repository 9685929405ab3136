"""Doorbells of the learning loop.

Web and beat know these by name alone: what loads the models' libraries is imported by the task.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from datetime import timedelta
from typing import Final

from celery import shared_task
from django.db import transaction
from django.utils import timezone
from kombu.exceptions import OperationalError
from redis.exceptions import RedisError

from moderation.exceptions import LeaseLost, LeaseTaken
from moderation.models import Event
from moderation.types import PEOPLE
from reviews import retention

logger = logging.getLogger(__name__)

PRUNE_SECONDS: Final = 20.0
COMPARE_SECONDS: Final = 3.0
TELL_SECONDS: Final = 2.0
LEARN_SECONDS: Final = 5.0
BULK_SECONDS: Final = 3.0
INDEX_SECONDS: Final = 3.0
ROLL_SECONDS: Final = 2.0
BEHIND: Final = timedelta(seconds=1)
"""Judges who leave a post waiting for so long need all the time there is."""


@shared_task(acks_late=False)
def retrain() -> None:
    """Acknowledged before it starts: what a killed worker leaves, the next night takes up."""
    from reviews.learning import retraining

    retraining.retrain_due()


@shared_task
def prune() -> None:
    """Forget what is due, for a little; the next round goes on."""
    with suppress(LeaseTaken):
        retention.prune(seconds=PRUNE_SECONDS)


@shared_task
def compare() -> None:
    """Look for posts like those that wait for a person, for a little; the next round goes on.

    Then for the words behind what the text encoder said of them. Both take half of a judge's
    time, and wait while posts wait for a decision.
    """
    from moderation import claims
    from reviews.evidence import comparing, meaning_words

    for work, seconds in ((comparing.compare, COMPARE_SECONDS), (meaning_words.tell, TELL_SECONDS)):
        if claims.is_work_forgotten(older_than=BEHIND):
            return
        with suppress(LeaseTaken):
            work(seconds=seconds)


@shared_task
def look() -> None:
    """Open the second looks that are due, close those that nobody need answer any more.

    Then see that somebody can answer each case that was meant for some, or passed on by all. What
    waits for a hold's end comes first: it cannot wait for the rest. What fails keeps nothing after
    it from running, and is raised at the end.
    """
    from reviews.judging import hidden_cases
    from reviews.labels import checks, looks
    from reviews.queue import ending, unassigned, withdrawn

    steps = (
        *(ending.hurry, looks.open_due, checks.open_due, looks.tend, checks.tend),
        *(withdrawn.close_late, hidden_cases.readdress, unassigned.reopen, unassigned.ask_again),
    )
    with ExitStack() as all_of_them:
        for step in reversed(steps):
            all_of_them.callback(step)


@shared_task
def index() -> None:
    """Make what was decided findable, for a little; the next round goes on.

    It waits while posts wait for a decision.
    """
    from moderation import claims
    from reviews.search import indexing

    if not claims.is_work_forgotten(older_than=BEHIND):
        with suppress(LeaseTaken, LeaseLost):
            indexing.follow(seconds=INDEX_SECONDS)


@shared_task
def note_depth() -> None:
    """Note how much waits on each site, and for how long."""
    from reviews.queue import depth

    depth.take()


@shared_task
def answer_many() -> None:
    """Go on with answers to many posts, for a little; ring again while there is more."""
    from reviews.judging import bulk

    with suppress(LeaseTaken, LeaseLost):
        if bulk.work(seconds=BULK_SECONDS):
            ring_to_answer_many()


def ring_to_answer_many() -> None:
    """Without the broker, the schedule comes round in a few seconds."""
    with suppress(RedisError, OperationalError):
        answer_many.apply_async(retry=False, expires=10)


@shared_task
def mail() -> None:
    """Note what waits too long, write the mails that are due and hand them over."""
    from reviews.notices import alerts, digests, mailing

    with suppress(LeaseTaken, LeaseLost):
        alerts.look()
        digests.write_due()
        mailing.send_due()


@shared_task
def learn() -> None:
    """Let the sites' learners follow their labels, for a little; the next round goes on."""
    from reviews.learning import adapting

    adapting.follow_labels(seconds=LEARN_SECONDS)


@shared_task
def promise() -> None:
    """Certify, watch and end promises, measure how wrong the machine is, and whom to trust.

    Under two leases: what is slow in the rest keeps no round from watching.
    """
    from moderation import leases
    from reviews.learning import upholding
    from reviews.measuring import promises

    try:
        with suppress(LeaseTaken), leases.hold("promise") as lease:
            upholding.follow(now=timezone.now(), keep=lease.keep)
            promises.follow(keep=lease.keep)
    except LeaseLost:
        logger.warning("another process took over the promises from a round that was too slow")
    with suppress(LeaseTaken, LeaseLost), leases.hold("figures") as lease:
        _figures(lease.keep)


def _figures(keep: Callable[[], None]) -> None:
    from moderation.alone import alone
    from reviews.labels import reports, sources
    from reviews.measuring import pooled, site_figures

    sources.follow(keep=keep)
    keep()
    with alone("counting what reports are worth"):
        reports.follow(now=timezone.now())
    site_figures.measure_due(keep=keep)
    keep()
    with alone("certifying sites together"):
        pooled.certify()


@shared_task
def roll_out() -> None:
    """Go on with the candidates that are on their way, for a little; the next round goes on.

    It waits while posts wait for a decision.
    """
    from moderation import claims
    from reviews.learning import rolling, upgrading

    upgrading.follow(now=timezone.now())
    if not claims.is_work_forgotten(older_than=BEHIND):
        with suppress(LeaseTaken, LeaseLost):
            rolling.follow(seconds=ROLL_SECONDS)


@shared_task
def teach() -> None:
    """Ask about posts that would teach most."""
    from moderation import leases
    from reviews.labels import lessons

    # Two rounds at once would each choose as many as a day allows.
    with suppress(LeaseTaken, LeaseLost), leases.hold("teach") as lease:
        lessons.choose_due(keep=lease.keep)


@shared_task
def drift() -> None:
    """Count the days that are over, and compare them with what was usual."""
    from moderation import leases
    from reviews.measuring import drifting

    with suppress(LeaseTaken, LeaseLost), leases.hold("drift") as lease:
        drifting.follow_due(keep=lease.keep)


def on_decision(events: Sequence[Event]) -> None:
    """For `decision.recorded`: what a person said is learnt at once, not only when it is due."""
    if any(event.payload["source"] in PEOPLE for event in events):
        transaction.on_commit(_ring_to_learn, robust=True)


def _ring_to_learn() -> None:
    learn.apply_async(retry=False, expires=10)
