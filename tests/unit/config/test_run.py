"""The command lines of the long-running processes."""

import pytest
from django.core.exceptions import ImproperlyConfigured

from config import run


def queues_of(command):
    return command[command.index("--queues") + 1]


def test_a_worker_works_at_everything_unless_told_otherwise(monkeypatch):
    monkeypatch.delenv("WINNOW_WORKER_QUEUES", raising=False)
    command = run.arguments("worker", host="", port=8000)
    assert queues_of(command) == "judge,default,training"
    monkeypatch.setenv("WINNOW_WORKER_QUEUES", "training")
    assert queues_of(run.arguments("worker", host="", port=8000)) == "training"


def test_a_queue_that_is_not_there_is_refused(monkeypatch):
    monkeypatch.setenv("WINNOW_WORKER_QUEUES", "judge,trainnig")
    with pytest.raises(ImproperlyConfigured, match="judge, default, training"):
        run.arguments("worker", host="", port=8000)


def test_a_worker_alone_keeps_the_memory_that_it_judged_a_batch_with():
    kept = run.WORKER_MEMORY.items()
    assert kept <= run.environment("worker").items()
    assert all(not kept & run.environment(name).items() for name in ("web", "beat"))
