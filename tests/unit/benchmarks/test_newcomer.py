"""The model of the others is made as the starter is."""

import re
from pathlib import Path

import numpy as np

from benchmarks import newcomer
from benchmarks.corpus import Corpus
from classifiers.training.data.dataset import Snapshot
from classifiers.training.run import SEED_POSTS, WRITTEN

BENCHMARKS = Path(newcomer.__file__).parents[1] / "docs" / "BENCHMARKS.md"


def test_posts_written_for_the_starter_are_left_out_by_who_wrote_them():
    nothing = np.zeros(0, dtype=np.int64)
    empty = Corpus(Snapshot([], ""), nothing, nothing.astype(str), nothing.astype(bool))
    whole = newcomer.with_written(empty, quick=True)
    assert set(whole.platform) == set(newcomer.HANDS)
    assert not whole.main.any()


def test_hands_are_those_of_the_command_that_made_the_starter():
    command = re.search(r"--platforms (\S+)", BENCHMARKS.read_text())
    hands = [newcomer.hand_of(file) for file in (SEED_POSTS, *WRITTEN)]
    assert command and command[1].split(",")[-len(hands) :] == hands
