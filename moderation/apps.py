"""The app `moderation`: a post and what was decided about it."""

from __future__ import annotations

from typing import Any, Final

from django.apps import AppConfig
from django.db.models.signals import post_migrate

from moderation import schedules

SCHEDULE: Final[schedules.Rows] = (
    ("Ring for forgotten work", "moderation.tasks.sweep", 5, ""),
    ("End holds that nobody answered", "moderation.tasks.expire_holds", 60, ""),
    ("Forget old idempotency keys", "moderation.tasks.purge_idempotency_keys", 3600, ""),
    ("Listen to what sites talk of", "moderation.tasks.listen", 30, ""),
    ("Forget old sightings", "moderation.tasks.forget_sightings", 3600, ""),
)


class ModerationConfig(AppConfig):
    name = "moderation"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from moderation import checks  # noqa: F401 - registers them

        post_migrate.connect(create_schedules, sender=self)


def create_schedules(*, using: str, **_: Any) -> None:
    """Add what is missing; what an operator changed in the admin stays as it is."""
    schedules.create(SCHEDULE, using=using)
