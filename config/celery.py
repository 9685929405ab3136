"""The Celery application: `celery --app config.celery`."""

from __future__ import annotations

import gc
import os
import sys
from typing import Any

import structlog
from celery import Celery
from celery.app.amqp import AMQP
from celery.signals import (
    beat_init,
    setup_logging,
    task_prerun,
    worker_init,
    worker_process_shutdown,
)
from django.core.exceptions import ImproperlyConfigured
from kombu import Connection
from kombu.transport.redis import Channel, Transport

from moderation.broker import counters, pulse, relay

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
# Celery's run of all checks brings every page with it, 10 MB, and ignores what they say.
os.environ.setdefault("CELERY_SKIP_CHECKS", "1")

RECONNECT_SECONDS = 3.0
"""Longest pause between two tries to reach the broker; Celery's own grows to 30 s."""


class ForgivingChannel(Channel):
    """Over a connection that was lost nothing is acknowledged or given back.

    Both end the worker with an AttributeError (kombu 5.7). What it held comes back by its
    visibility timeout, and is only a doorbell: the row is the work.
    """

    do_restore = False

    def basic_ack(self, delivery_tag: str, multiple: bool = False) -> None:
        if not self.closed:
            super().basic_ack(delivery_tag, multiple)

    def basic_reject(self, delivery_tag: str, requeue: bool = False) -> None:
        if not self.closed:
            super().basic_reject(delivery_tag, requeue)


Transport.Channel = ForgivingChannel


class ImpatientConnection(Connection):
    def ensure_connection(self, *args: Any, **options: Any) -> Any:
        return super().ensure_connection(*args, **{"interval_max": RECONNECT_SECONDS, **options})


class ImpatientAMQP(AMQP):
    Connection = ImpatientConnection


app = Celery("winnow", amqp=ImpatientAMQP)
app.config_from_object("django.conf:settings", namespace="CELERY")
if os.environ.get("WINNOW_PROCESS") != "beat":
    # Beat sends jobs by name: their code would bring the models' libraries, 25 MB, with it.
    app.autodiscover_tasks()
relay.install(app)
pulse.install(app)


@setup_logging.connect
def keep_django_logging(**_: Any) -> None:
    """Keep the configuration of settings.LOGGING: a connected receiver stops Celery's own."""


@worker_init.connect
@beat_init.connect
def refuse_bad_configuration(**_: Any) -> None:
    """End this process, for a receiver's exceptions are only logged."""
    from config.checks import refuse_errors

    try:
        refuse_errors(["winnow"])
    except ImproperlyConfigured as error:
        sys.exit(str(error))


@worker_init.connect
def share_tables(**_: Any) -> None:
    """Read the tables of text before the fork: pool children share what their parent holds."""
    from classifiers.assess import load_tables

    load_tables()
    gc.collect()
    gc.freeze()


@task_prerun.connect
def name_task(task_id: str, task: Any, **_: Any) -> None:
    """Have every line of the log say in which task it was written."""
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(task=task.name.rpartition(".")[2], task_id=task_id)


@worker_process_shutdown.connect
def bring_counters(**_: Any) -> None:
    """Bring what a pool child has counted before it ends."""
    counters.flush()


@task_prerun.connect
def check_connections(**_: Any) -> None:
    """Have each task's first query notice a connection that the server closed meanwhile.

    The worker keeps its connection between tasks (CELERY_DB_REUSE_MAX), so nobody else does.
    """
    from django.db import close_old_connections

    close_old_connections()
