"""Every worker's sign of life, which says too that it can judge.

A thread of each worker asks, by a queue that only this worker reads, for the task that writes
the sign: so it comes from a pool child that has loaded the model, and from this worker's.
"""

from __future__ import annotations

import logging
import threading
from typing import Any, Final

from celery import Celery, bootsteps, current_app
from celery.utils.nodenames import worker_direct

logger = logging.getLogger(__name__)

TASK: Final = "moderation.tasks.heartbeat"
EVERY_SECONDS: Final = 5.0
WORKER_KEY: Final = "winnow:worker:"
WORKER_SECONDS: Final = 20
"""A live worker keeps its key, WORKER_KEY and its host name, so long: its model's name."""
HEARD_KEY: Final = "winnow:heard"
"""When any worker last showed a sign of life, in seconds since 1970."""


class PulseStep(bootsteps.StartStopStep):
    """Asks for a sign of life while the worker runs."""

    requires = ("celery.worker.components:Pool",)

    def __init__(self, parent: Any, **options: Any) -> None:
        super().__init__(parent, **options)
        self._queue = worker_direct(parent.hostname)
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="winnow-pulse", daemon=True)

    def start(self, parent: Any) -> None:
        self._thread.start()

    def stop(self, parent: Any) -> None:
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(timeout=5)

    terminate = stop

    def _run(self) -> None:
        while True:
            try:
                current_app.send_task(
                    TASK,
                    queue=self._queue,  # type: ignore[arg-type]  # a Queue may be given
                    retry=False,
                    expires=EVERY_SECONDS,
                    ignore_result=True,
                )
            except Exception as error:  # the broker is gone: kombu and redis raise many kinds
                logger.warning("no sign of life can be sent: %s", type(error).__name__)
            if self._stopping.wait(EVERY_SECONDS):
                return


def install(app: Celery) -> None:
    """Have every worker of this application show signs of life."""
    app.steps["worker"].add(PulseStep)
