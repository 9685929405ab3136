"""bogofilter (Debian's package), fed and asked by the mailbox."""

import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np

from benchmarks.peers.messages import mailbox
from classifiers.arrays import Flags, Numbers, Places

ERROR: Final = 3


class Bogofilter:
    """Its own settings but for the files of the machine."""

    def __init__(self, texts: Sequence[str]) -> None:
        self._texts = texts

    def fit(self, places: Places, spam: Flags) -> None:
        # In memory where there is such a folder: it flushes its tables to disk at every turn.
        memory = Path("/dev/shm")
        self._folder = tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None)
        for option, label in (("-s", True), ("-n", False)):
            self._call(places[spam == label], option)

    def scores(self, places: Places) -> Numbers:
        """Its spamicity, with all its digits."""
        answer = self._call(places, "-TT", "-v").split()
        return np.array([float(line) for line in answer], dtype=np.float64)

    def _call(self, places: Places, *options: str) -> str:
        done = subprocess.run(
            ["bogofilter", "-C", "-d", self._folder.name, "-M", *options],
            input=mailbox([self._texts[place] for place in places]),
            capture_output=True,
            check=False,
        )
        if done.returncode >= ERROR:
            raise RuntimeError(done.stderr.decode())
        return done.stdout.decode()
