from __future__ import annotations

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class ReviewsConfig(AppConfig):
    name = "reviews"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        post_migrate.connect(create_schedules, sender=self)


def create_schedules(using: str, **_: object) -> None:
    """Schedules a retraining once a night, unless an operator's own schedule is there."""
    from django_celery_beat.models import CrontabSchedule, PeriodicTask

    if PeriodicTask.objects.using(using).filter(name="Retrain").exists():
        return
    nightly = CrontabSchedule(minute="30", hour="3", timezone="UTC")
    nightly.save(using=using)
    PeriodicTask.objects.using(using).create(
        name="Retrain",
        task="reviews.tasks.retrain",
        crontab=nightly,
        description="Trains on new labels; promotes what is no worse.",
    )
