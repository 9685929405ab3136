"""Open cases keep their place when the formula of their priority changes."""

import math
from importlib import import_module

import pytest
from django.db import connection

from moderation.types import Outcome
from reviews.models import Case
from reviews.queue.intake import follow_decisions
from reviews.queue.priority import EPOCH, HOUR
from tests.integration.reviews.world import make_post
from tests.integration.world import NOW, decide

MIGRATION = import_module("reviews.migrations.0013_a_longer_time_constant")


def before(cost: float) -> float:
    """What the formula of before gave a case that was opened at NOW."""
    return math.log(cost) - (NOW - EPOCH) / HOUR


def priorities() -> dict[int, float]:
    return dict(Case.objects.values_list("pk", "priority"))


def test_old_priorities_become_what_the_formula_gives_now_and_back(site):
    costs = {}
    for probability, cost in ((0.3, 0.7), (0.94, 0.06), (None, 0.5)):
        post = make_post(site)
        decide(post, probability=probability)
        costs[post.pk] = cost
    audited = make_post(site)
    decide(audited, Outcome.BLOCK, audit=0.05, probability=0.99)
    costs[audited.pk] = 0.2
    follow_decisions(post_ids=costs, now=NOW)
    now = priorities()
    for case in Case.objects.all():
        Case.objects.filter(pk=case.pk).update(priority=before(costs[case.post_id]))
    old = priorities()
    with connection.cursor() as cursor:
        cursor.execute(MIGRATION.STRETCH)
        assert priorities() == pytest.approx(now, abs=1e-6)
        cursor.execute(MIGRATION.SHRINK)
    assert priorities() == pytest.approx(old, abs=1e-6)


def test_a_closed_case_is_left_alone(site):
    post = make_post(site)
    decide(post)
    follow_decisions(post_ids=[post.pk], now=NOW)
    Case.objects.update(state="closed", closed_at=NOW)
    was = priorities()
    with connection.cursor() as cursor:
        cursor.execute(MIGRATION.STRETCH)
    assert priorities() == was
