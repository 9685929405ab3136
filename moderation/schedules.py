"""Tasks that come round again: rows of django-celery-beat, made after migrating where they lack."""

from __future__ import annotations

from django.db import DEFAULT_DB_ALIAS, connections

Rows = tuple[tuple[str, str, int, str], ...]
"""Name, task, seconds between two runs, and what it is for."""


def can_be_kept(using: str) -> bool:
    """Return whether the database has the tables of schedules.

    After `migrate django_celery_beat zero` the signal comes too, and there are none.
    """
    from django_celery_beat.models import PeriodicTask

    tables = connections[using].introspection.table_names()
    return using == DEFAULT_DB_ALIAS and PeriodicTask._meta.db_table in tables


def create(rows: Rows, *, using: str) -> None:
    """Schedule what has no schedule of its name; what an operator changed stays as it is."""
    from django_celery_beat.models import IntervalSchedule, PeriodicTask

    if not can_be_kept(using):
        return
    for name, task, seconds, description in rows:
        if PeriodicTask.objects.filter(name=name).exists():
            continue
        interval, _created = IntervalSchedule.objects.get_or_create(
            every=seconds, period=IntervalSchedule.SECONDS
        )
        PeriodicTask.objects.create(
            name=name,
            task=task,
            interval=interval,
            description=description,
            # A message that waited longer than a round is not worth doing any more.
            expire_seconds=2 * seconds,
        )
