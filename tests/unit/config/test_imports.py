"""Who judges nothing does not carry the models' libraries, 25 MB a process."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

WEB = "import config.wsgi; from django.urls import resolve; resolve('/api/v1/posts')"
BEAT = "from config.celery import app; app.loader.init_worker(); app.finalize()"
LIBRARIES = "{'numpy', 'scipy', 'sklearn', 'safetensors', 'onnxruntime', 'tokenizers', 'torch'}"


@pytest.mark.parametrize(("process", "start"), [("web", WEB), ("beat", BEAT)])
def test_only_workers_load_the_models_libraries(process, start):
    done = subprocess.run(
        [sys.executable, "-c", f"{start}; import sys; print({LIBRARIES} & set(sys.modules))"],
        env={**os.environ, "WINNOW_PROCESS": process},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "set()"
