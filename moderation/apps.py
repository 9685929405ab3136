"""The app `moderation`: a post and what was decided about it."""

from __future__ import annotations

from typing import Any, Final

from django.apps import AppConfig
from django.db import DEFAULT_DB_ALIAS, connections
from django.db.models.signals import post_migrate

# name, task, seconds between two runs
SCHEDULE: Final = (
    ("Ring for forgotten work", "moderation.tasks.sweep", 5),
    ("End holds that nobody answered", "moderation.tasks.expire_holds", 60),
    ("Forget old idempotency keys", "moderation.tasks.purge_idempotency_keys", 3600),
    ("Listen to what sites talk of", "moderation.tasks.listen", 30),
    ("Forget old sightings", "moderation.tasks.forget_sightings", 3600),
)


class ModerationConfig(AppConfig):
    name = "moderation"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from moderation import checks  # noqa: F401 - registers them

        post_migrate.connect(_schedule, sender=self)


def _schedule(*, using: str, **_: Any) -> None:
    """Add what is missing; what an operator changed in the admin stays as it is."""
    from django_celery_beat.models import IntervalSchedule, PeriodicTask

    # After `migrate django_celery_beat zero` the signal comes too, and there are no tables.
    tables = connections[using].introspection.table_names()
    if using != DEFAULT_DB_ALIAS or PeriodicTask._meta.db_table not in tables:
        return
    for name, task, seconds in SCHEDULE:
        if PeriodicTask.objects.filter(name=name).exists():
            continue
        interval, _created = IntervalSchedule.objects.get_or_create(
            every=seconds, period=IntervalSchedule.SECONDS
        )
        # A message that waited longer than a round is not worth doing any more.
        PeriodicTask.objects.create(
            name=name, task=task, interval=interval, expire_seconds=2 * seconds
        )
