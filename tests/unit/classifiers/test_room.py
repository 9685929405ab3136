"""What is learnt from where memory has no room for everything."""

import resource
import subprocess
import sys
from types import SimpleNamespace

import psutil
import pytest

from classifiers.training.data import room
from classifiers.training.data.dataset import Row, Snapshot
from classifiers.types import Content


def snapshot(*spam, times=None):
    times = times or range(len(spam))
    rows = [
        Row(Content(text=str(number).ljust(10)), bool(is_spam), time=float(time))
        for number, (is_spam, time) in enumerate(zip(spam, times, strict=True))
    ]
    return Snapshot(rows, "digest", {"no words": 1})


def kept(found):
    return [int(row.content.text) for row in found.rows]


def test_what_fits_is_kept_whole():
    whole = snapshot(0, 1, 0)
    assert room.latest(whole, 30) is whole


def test_the_latest_of_each_class_stay():
    found = room.latest(snapshot(0, 0, 0, 1, 1, 1, times=[5, 4, 3, 0, 1, 2]), 40)
    assert kept(found) == [0, 1, 4, 5]
    assert found.left_out == {"no words": 1, room.NO_ROOM: 2}
    assert found.sha256 == "digest"


def test_a_rare_class_leaves_its_room_to_the_other():
    assert kept(room.latest(snapshot(1, 0, 0, 0, 0, 0), 40)) == [0, 3, 4, 5]


def test_what_small_files_leave_goes_to_the_larger_ones():
    files = [snapshot(*[0] * size) for size in (6, 1, 3)]
    assert room.shares(files, 1_000) == [60, 10, 30]
    assert room.shares(files, 70) == [30, 10, 30]
    assert room.shares(files, 30) == [10, 10, 10]


def test_posts_count_as_far_as_they_are_read():
    rows = [Row(Content(text="x" * 1_000_000), True, time=0.0), *snapshot(0, 1).rows]
    assert len(room.latest(Snapshot(rows, ""), 25_000).rows) == 3


def test_a_process_on_a_leash_has_the_room_that_it_leaves():
    most = 2 * room.FEWEST
    limit = room.PROGRAM + most * room.A_CHARACTER
    said = subprocess.run(
        [
            *(sys.executable, "-c"),
            "import resource; from classifiers.training.data import room;"
            f"resource.setrlimit(resource.RLIMIT_AS, ({limit}, {limit}));"
            "print(room.characters())",
        ],
        capture_output=True,
        check=True,
        text=True,
    )
    assert room.FEWEST <= int(said.stdout) <= most


GIB = 1 << 30


def free(monkeypatch, available, limit=resource.RLIM_INFINITY):
    monkeypatch.setattr(psutil, "virtual_memory", lambda: SimpleNamespace(available=available))
    monkeypatch.setattr(resource, "getrlimit", lambda which: (limit, resource.RLIM_INFINITY))
    return room.characters()


def test_address_space_is_not_taken_off_what_is_free(monkeypatch):
    """The program reserves more than it ever fills."""
    assert free(monkeypatch, 2 * GIB) == (2 * GIB - room.STILL_TO_COME) // room.A_CHARACTER
    assert free(monkeypatch, 8 * GIB, 4 * GIB) == (4 * GIB - room.PROGRAM) // room.A_CHARACTER


@pytest.mark.parametrize("limit", [resource.RLIM_INFINITY, GIB])
def test_something_is_learnt_however_little_is_free(monkeypatch, limit):
    assert free(monkeypatch, GIB // 10, limit) == room.FEWEST
    assert len(room.latest(snapshot(0, 1), free(monkeypatch, 0, limit)).rows) == 2


def test_what_is_left_out_is_told_in_one_line():
    assert room.told(1_200) == " There is no room in memory for 1,200 rows, the oldest. Left out."
    assert room.told(0) == ""
