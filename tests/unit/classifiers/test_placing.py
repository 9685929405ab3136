"""What is half made is out of sight, and goes with whoever made it."""

import os
import signal
import subprocess
import sys

import pytest

from classifiers.versions import placing

HOLD = """
import sys, time
from pathlib import Path
from classifiers.versions import placing
with placing.half_made(Path(sys.argv[1])) as fresh:
    (fresh / "weights").write_text("half")
    print(fresh, flush=True)
    time.sleep(60)
"""


def age(folder):
    os.utime(folder, (0, 0))


@pytest.fixture
def holder(tmp_path):
    """Another process that has made half of a folder."""
    command = [sys.executable, "-c", HOLD, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        made = process.stdout.readline().strip()
        age(made)
        yield process
        process.kill()


def test_what_a_killed_process_left_is_removed_by_the_next(tmp_path, holder):
    holder.send_signal(signal.SIGKILL)
    holder.wait()
    assert len(list(tmp_path.iterdir())) == 1
    with placing.half_made(tmp_path) as fresh:
        assert list(tmp_path.iterdir()) == [fresh]
    assert list(tmp_path.iterdir()) == []


def test_what_somebody_is_making_stays_however_old(tmp_path, holder):
    with placing.half_made(tmp_path):
        assert len(list(tmp_path.iterdir())) == 2
    assert len(list(tmp_path.iterdir())) == 1


def test_what_is_put_in_place_stays_and_so_does_what_is_not_ours(tmp_path):
    theirs = tmp_path / ".winnow"
    theirs.mkdir()
    age(theirs)
    with placing.half_made(tmp_path) as fresh:
        fresh.rename(tmp_path / "model")
    assert {entry.name for entry in tmp_path.iterdir()} == {".winnow", "model"}


def test_a_link_is_not_followed(tmp_path):
    outside = tmp_path / "outside"
    outside.mkdir()
    folder = tmp_path / "models"
    folder.mkdir()
    (folder / f"{placing.PREFIX}12345678").symlink_to(outside)
    age(outside)
    with placing.half_made(folder):
        pass
    assert outside.is_dir()
