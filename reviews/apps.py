from __future__ import annotations

from django.apps import AppConfig
from django.db import DEFAULT_DB_ALIAS, connections
from django.db.models.signals import post_migrate


class ReviewsConfig(AppConfig):
    name = "reviews"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from axes.signals import user_locked_out

        from reviews import lockout

        user_locked_out.connect(lockout.tell)
        post_migrate.connect(create_schedules, sender=self)


def create_schedules(using: str, **_: object) -> None:
    """Schedules forgetting and retraining, unless an operator's own schedule is there."""
    from django_celery_beat.models import CrontabSchedule, IntervalSchedule, PeriodicTask

    # After `migrate django_celery_beat zero` the signal comes too, and there are no tables.
    tables = connections[using].introspection.table_names()
    if using != DEFAULT_DB_ALIAS or PeriodicTask._meta.db_table not in tables:
        return
    if not PeriodicTask.objects.filter(name="Forget").exists():
        every, _created = IntervalSchedule.objects.get_or_create(
            every=300, period=IntervalSchedule.SECONDS
        )
        PeriodicTask.objects.create(
            name="Forget",
            task="reviews.tasks.prune",
            interval=every,
            description="Deletes what sites need not remember any more.",
            expire_seconds=600,
        )
    if PeriodicTask.objects.filter(name="Retrain").exists():
        return
    PeriodicTask.objects.create(
        name="Retrain",
        task="reviews.tasks.retrain",
        crontab=CrontabSchedule.objects.create(minute="30", hour="3", timezone="UTC"),
        description="Trains on new labels; promotes what is no worse.",
        # A message that waited for a worker until the afternoon can wait for the night.
        expire_seconds=12 * 3600,
    )
