"""Several beats share one schedule: who writes the row first sends the job."""

import time
from datetime import timedelta

import pytest
from celery.beat import SchedulingError
from django.utils import timezone
from django_celery_beat.models import IntervalSchedule, PeriodicTask

from config import alive, beat
from config.beat import SharedScheduler
from config.celery import app
from tests.conftest import worker_environment

pytestmark = pytest.mark.django_db(transaction=True)
NAME = "Every minute"


@pytest.fixture
def job() -> PeriodicTask:
    PeriodicTask.objects.all().delete()
    interval = IntervalSchedule.objects.create(every=60, period=IntervalSchedule.SECONDS)
    return PeriodicTask.objects.create(
        name=NAME,
        task="moderation.tasks.sweep",
        interval=interval,
        last_run_at=timezone.now() - timedelta(minutes=5),
    )


class Beat:
    """One beat, whose broker is a list."""

    def __init__(self) -> None:
        self.sent: list[str] = []
        self.scheduler = SharedScheduler(app, lazy=True)
        self.scheduler.producer = None
        self.scheduler.apply_async = self._send
        self.broken = False

    def _send(self, entry, **_):
        if self.broken:
            raise SchedulingError("no broker") from ConnectionError()
        self.sent.append(entry.name)

    def turn(self) -> None:
        """What beat does until nothing is due."""
        for _ in range(10):
            if self.scheduler.tick() > 0:
                return


def test_of_two_beats_one_sends_a_job_and_both_go_on(job):
    one, two = Beat(), Beat()
    assert NAME in one.scheduler.schedule
    assert NAME in two.scheduler.schedule
    for each in (two, one, two):
        each.turn()
    assert (one.sent, two.sent) == ([], [NAME])
    job.refresh_from_db()
    assert job.total_run_count == 1
    # A slot later the other one is first; it knows what the first one wrote.
    PeriodicTask.objects.update(last_run_at=timezone.now() - timedelta(minutes=2))
    for each in (one, two):
        each.scheduler._initial_read = True
        each.scheduler._heap = None
        each.turn()
    assert (one.sent, two.sent) == ([NAME], [NAME])


def test_a_beat_that_slept_does_not_repeat_what_others_sent(job):
    sleeper, other = Beat(), Beat()
    assert NAME in sleeper.scheduler.schedule
    other.turn()
    sleeper.turn()
    assert (sleeper.sent, other.sent) == ([], [NAME])
    entry = sleeper.scheduler.schedule[NAME]
    assert timezone.now() - entry.last_run_at < timedelta(minutes=1)


def test_a_slot_that_the_broker_did_not_take_is_left_to_whoever_can(job, monkeypatch):
    monkeypatch.setattr(beat, "RETRY_SECONDS", 0)
    before = job.last_run_at
    cut_off, other = Beat(), Beat()
    cut_off.broken = True
    cut_off.scheduler.tick()
    job.refresh_from_db()
    assert (job.last_run_at, job.total_run_count) == (before, 0)
    other.turn()
    assert other.sent == [NAME]


def test_a_job_that_was_switched_off_is_not_sent(job):
    only = Beat()
    assert NAME in only.scheduler.schedule
    PeriodicTask.objects.update(enabled=False)
    only.turn()
    assert only.sent == []


def test_a_clock_that_was_put_back_stops_no_job_and_repeats_none(job):
    hour = timedelta(hours=1)
    only, other = Beat(), Beat()
    for each in (only, other):
        each.turn()
    # As all would stand had the clock shown an hour more until now.
    PeriodicTask.objects.update(last_run_at=timezone.now() + hour)
    for each in (only, other):
        scheduler = each.scheduler
        scheduler._ticked += hour.total_seconds()
        scheduler._heap = [
            event._replace(time=event.time + hour.total_seconds()) for event in scheduler._heap
        ]
        each.turn()
        [event] = scheduler._heap
        assert event.time - time.time() <= 60
    assert (only.sent, other.sent) == ([NAME], [])
    job.refresh_from_db()
    assert abs(timezone.now() - job.last_run_at) < timedelta(minutes=1)
    assert job.total_run_count == 1
    # Beat reads its own clock again, and the slot goes on from there.
    PeriodicTask.objects.update(last_run_at=timezone.now() - timedelta(minutes=2))
    later = Beat()
    later.turn()
    assert later.sent == [NAME]


@pytest.mark.parametrize(("minutes", "well"), [(0, True), (-2, False), (60, False)])
def test_a_beat_lives_that_sent_something_lately_by_todays_clock(job, monkeypatch, minutes, well):
    monkeypatch.setenv("DATABASE_URL", worker_environment()["DATABASE_URL"])
    PeriodicTask.objects.update(last_run_at=timezone.now() + timedelta(minutes=minutes))
    assert alive.beat() is well
