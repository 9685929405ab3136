"""SpamAssassin (Debian's package) without the network, as shipped or with its Bayes trained."""

import re
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np

from benchmarks.peers.messages import mailbox
from classifiers.arrays import Flags, Numbers, Places

_ANSWER: Final = re.compile(
    rb"^X-Spam-Points: (-?[\d.]+) ([\d.]+)$.*?^Message-ID: <(\d+)@", re.MULTILINE | re.DOTALL
)
_CONFIG: Final = """
use_bayes {bayes}
bayes_auto_learn 0
bayes_min_ham_num 1
bayes_min_spam_num 1
bayes_path {folder}/bayes
use_auto_whitelist 0
use_txrep 0
skip_rbl_checks 1
clear_headers
report_safe 0
fold_headers 0
add_header all Points _SCORE_ _BAYES_
"""
"""Its Bayes answers from the first labels on, not from 200 of each class."""


class SpamAssassin:
    """The sum of its rules' points; equal sums are told apart by its Bayes."""

    def __init__(self, texts: Sequence[str], *, learns: bool) -> None:
        self._texts = texts
        self._learns = learns

    def fit(self, places: Places, spam: Flags) -> None:
        self._folder = tempfile.TemporaryDirectory()
        preferences = Path(self._folder.name, "preferences")
        preferences.write_text(_CONFIG.format(bayes=int(self._learns), folder=self._folder.name))
        if self._learns:
            for option, label in (("--spam", True), ("--ham", False)):
                self._call("sa-learn", places[spam == label], option, "--no-sync")
            self._call("sa-learn", places[:0], "--sync")

    def scores(self, places: Places) -> Numbers:
        """Points, and a thousandth of Bayes' probability."""
        answer = self._call("spamassassin", places)
        # It goes through a mailbox in an order of its own.
        found = {int(number): (points, p) for points, p, number in _ANSWER.findall(answer)}
        if len(found) != len(places):
            raise RuntimeError(f"{len(found)} answers to {len(places)} messages")
        pairs = [found[number] for number in range(len(places))]
        return np.array([float(points) + float(p) / 1000 for points, p in pairs])

    def _call(self, program: str, places: Places, *options: str) -> bytes:
        reads = ["--mbox"] if len(places) else []
        done = subprocess.run(
            [
                program,
                "--local" if program == "sa-learn" else "-L",
                f"--prefspath={self._folder.name}/preferences",
                *options,
                *reads,
            ],
            input=mailbox([self._texts[place] for place in places]),
            capture_output=True,
            check=False,
        )
        if done.returncode:
            raise RuntimeError(done.stderr.decode())
        return done.stdout
