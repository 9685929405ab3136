"""A process carries only what it needs: tens of megabytes each."""

import os
import subprocess
import sys

import pytest

WEB = "import config.wsgi; from django.urls import resolve; resolve('/api/v1/posts')"
CELERY = "from config.celery import app; app.loader.init_worker(); app.finalize()"
LIBRARIES = {"numpy", "scipy", "sklearn", "safetensors", "onnxruntime", "tokenizers", "torch"}
WORKER_STARTS = f"{CELERY}; from celery.signals import worker_init; worker_init.send(None)"
PAGES = {
    *("moderation.admin", "reviews.admin", "config.urls", "unfold.admin"),
    *("reviews.console.views", "scipy.stats"),
}


@pytest.mark.parametrize(
    ("process", "start", "unwanted"),
    [("web", WEB, LIBRARIES), ("beat", CELERY, LIBRARIES | PAGES), ("worker", CELERY, PAGES)],
)
def test_a_process_carries_only_what_it_needs(process, start, unwanted):
    done = _python(f"{start}; import sys; print({unwanted} & set(sys.modules))", process)
    assert done.stdout.strip() == "set()", done.stderr


def test_a_worker_reads_the_tables_of_text_before_it_forks():
    done = _python(
        f"{WORKER_STARTS}; from classifiers.text import lexicon, national; import gc;"
        " print(lexicon.ranks.cache_info().currsize, national.plain.cache_info().currsize > 0,"
        " gc.get_freeze_count() > 0)",
        "worker",
    )
    assert done.stdout.split() == ["1", "True", "True"], done.stderr


def test_a_worker_ends_on_a_configuration_that_fails_its_checks():
    urls = {"REDIS_URL": "http://broker", "DATABASE_URL": "postgresql://nobody@localhost/nothing"}
    done = _python(WORKER_STARTS, "worker", check=False, **urls)
    assert done.returncode
    assert done.stderr.splitlines()[-1].startswith("winnow.E005")


def _python(code: str, process: str, *, check: bool = True, **environment: str):
    return subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "WINNOW_PROCESS": process, **environment},
        capture_output=True,
        text=True,
        check=check,
    )
