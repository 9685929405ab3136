from __future__ import annotations

from django.apps import AppConfig


class ConfigApp(AppConfig):
    """Binds shared tasks to our Celery application, and keeps the roles' rights."""

    name = "config"
    verbose_name = "Configuration"

    def ready(self) -> None:
        from config import celery  # noqa: F401 - binds shared_task in every process
