"""The encoder of this installation."""

from __future__ import annotations

import os
from functools import lru_cache
from pathlib import Path

from django.conf import settings

from classifiers.encoder.facts import MANIFEST
from classifiers.encoder.model import Encoder


def current() -> Encoder | None:
    """The encoder of this installation, loaded once a process; None where none was made.

    Raises EncoderUnusable for one that is there and broken.
    """
    directory = settings.WINNOW_ENCODER
    if not (directory / MANIFEST).is_file():
        return None
    # A session does not survive a fork: each process has its own.
    return _loaded(directory, os.getpid())


@lru_cache(maxsize=1)
def _loaded(directory: Path, _process: int) -> Encoder:
    return Encoder(directory)
