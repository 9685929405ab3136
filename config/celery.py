"""The Celery application: `celery --app config.celery`."""

from __future__ import annotations

import os
from typing import Any

from celery import Celery
from celery.signals import setup_logging, task_prerun

from moderation import relay

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

app = Celery("winnow")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
relay.install(app)


@setup_logging.connect
def keep_django_logging(**_: Any) -> None:
    """Keep the configuration of settings.LOGGING: a connected receiver stops Celery's own."""


@task_prerun.connect
def check_connections(**_: Any) -> None:
    """Have each task's first query notice a connection that the server closed meanwhile.

    The worker keeps its connection between tasks (CELERY_DB_REUSE_MAX), so nobody else does.
    """
    from django.db import close_old_connections

    close_old_connections()
