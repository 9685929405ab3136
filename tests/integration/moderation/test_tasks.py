"""The doorbells' tasks, called as a worker calls them; rung bells are looked up in the broker."""

from datetime import timedelta

import pytest
from django.utils import timezone
from django_celery_beat.models import PeriodicTask
from redis.exceptions import RedisError

from moderation import apps, tasks
from moderation.broker import doorbells
from moderation.broker.doorbells import Bell
from moderation.deciding import holds
from moderation.models import Event, Post
from moderation.submitting import posts
from moderation.types import EventKind, Status
from tests.integration.moderation.world import HAM, draft

pytestmark = pytest.mark.usefixtures("broker")


def rung(broker) -> int:
    return broker.llen("judge")


def test_a_bell_is_not_rung_again_before_it_is_answered(broker):
    assert doorbells.ring(Bell.JUDGE) is True
    assert doorbells.ring(Bell.JUDGE) is False
    assert doorbells.ring(Bell.DELIVER) is True
    assert rung(broker) == 2
    doorbells.answer(Bell.JUDGE)
    assert doorbells.ring(Bell.JUDGE) is True
    assert 0 < broker.ttl("winnow:bell:judge_pending") <= doorbells.BELL_SECONDS


def test_a_bell_that_cannot_be_sent_can_be_rung_at_once_again(broker, monkeypatch):
    def refuse(*args, **given):
        raise RedisError

    with monkeypatch.context() as patch:
        patch.setattr("moderation.broker.doorbells.current_app.send_task", refuse)
        with pytest.raises(RedisError):
            doorbells.ring(Bell.JUDGE)
    assert doorbells.ring(Bell.JUDGE) is True


def test_judging_answers_and_rings_again_only_if_work_is_left(
    site, model_says, broker, monkeypatch
):
    model_says()
    posts.submit(site=site, drafts=[draft()] * 3)
    doorbells.ring(Bell.JUDGE)
    broker.delete("judge")
    tasks.judge_pending()
    assert Post.objects.filter(status=Status.DECIDED).count() == 3
    assert rung(broker) == 0
    monkeypatch.setattr("moderation.claims.drain", lambda **_: True)
    tasks.judge_pending()
    assert rung(broker) == 1


def test_the_sweeper_rings_for_what_was_forgotten_and_else_is_silent(site, broker, model_says):
    model_says()
    tasks.sweep()
    posts.submit(site=site, drafts=[draft()])
    tasks.sweep()
    assert rung(broker) == 0  # not yet forgotten
    Post.objects.update(submitted_at=timezone.now() - timedelta(seconds=5))
    tasks.sweep()
    assert rung(broker) == 1
    tasks.judge_pending()
    broker.delete("judge")
    long_ago = timezone.now() - timedelta(seconds=5)
    Event.objects.update(next_attempt_at=long_ago)
    tasks.sweep()
    assert rung(broker) == 1
    tasks.deliver_events()
    assert not Event.objects.filter(delivered_at=None).exists()


def test_holds_end_by_the_clock(site, submit, decide, model_says):
    model_says(otherwise=0.5)
    submit(HAM)
    decide()
    Post.objects.update(hold_until=timezone.now() - timedelta(seconds=1))
    tasks.expire_holds()
    assert Event.objects.filter(kind=EventKind.HOLD_EXPIRED).count() == 1
    assert Post.objects.get().outcome == "block"
    assert holds.expire_holds() == []


def test_the_schedule_is_there_after_migrating_and_keeps_what_operators_change(db):
    names = {name for name, *_ in apps.SCHEDULE}
    PeriodicTask.objects.all().delete()
    apps.create_schedules(using="default")
    made = PeriodicTask.objects.filter(name__in=names)
    assert {row.name for row in made} == names
    sweep = made.get(task="moderation.tasks.sweep")
    assert (sweep.interval.every, sweep.interval.period, sweep.enabled) == (5, "seconds", True)
    made.filter(pk=sweep.pk).update(enabled=False)
    apps.create_schedules(using="default")
    assert PeriodicTask.objects.get(pk=sweep.pk).enabled is False
    assert PeriodicTask.objects.filter(name__in=names).count() == len(names)


def test_every_scheduled_task_exists():
    from config.celery import app

    app.loader.import_default_modules()
    assert {task for _, task, *_ in apps.SCHEDULE} <= set(app.tasks)
    assert {bell.value for bell in Bell} <= set(app.tasks)
