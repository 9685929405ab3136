from __future__ import annotations

from django.apps import AppConfig
from django.conf import settings
from django.core import checks
from django.db.models.signals import post_migrate


class ConfigApp(AppConfig):
    """Binds shared tasks to our Celery application; checks settings; keeps the roles' rights."""

    name = "config"
    verbose_name = "Configuration"

    def ready(self) -> None:
        from config import (
            celery,  # noqa: F401 - binds shared_task in every process
            telemetry,
        )
        from config import checks as ours
        from config.roles import grant_after_migrate

        checks.register(ours.check_production, "winnow")
        checks.register(ours.check_broker_url, "winnow")
        checks.register(ours.check_roles, checks.Tags.database)
        checks.register(ours.check_judges, checks.Tags.database)
        post_migrate.connect(grant_after_migrate)
        if telemetry.is_on():
            telemetry.start(settings.WINNOW_PROCESS)
