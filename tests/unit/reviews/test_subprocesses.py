import json
import sys
from pathlib import Path

import pytest

from reviews.learning import priority, subprocesses

TELL = """
import json, os, pathlib
group = pathlib.Path("/proc/self/autogroup")
shared = group.read_text().split() if group.exists() else [f"/autogroup-0", "nice", "19"]
print(json.dumps({"nice": os.nice(0), "group": shared[0], "group_nice": int(shared[2])}))
"""


def told(folder: Path) -> dict[str, object]:
    finished = subprocesses.run(
        [sys.executable, "-c", TELL],
        folder=folder,
        limits=subprocesses.Limits(seconds=60.0),
        while_running=lambda: None,
        pause=0.05,
    )
    assert finished.status == 0, finished.errors
    answer: dict[str, object] = json.loads(finished.output)
    return answer


def test_what_runs_apart_gives_way_to_all_other_sessions_too(tmp_path):
    one, other = told(tmp_path), told(tmp_path)
    assert (one["nice"], one["group_nice"]) == (19, 19)
    assert (other["nice"], other["group_nice"]) == (19, 19)


def test_where_sessions_have_no_rank_the_process_has(monkeypatch):
    by: list[int] = []
    monkeypatch.setattr(priority, "GROUP", Path("/proc/self/no-such-file"))
    monkeypatch.setattr(priority.os, "nice", by.append)
    priority.lower()
    assert by == [19]


@pytest.mark.parametrize("refusals", [1, 3])
def test_a_wish_that_comes_too_soon_is_told_again(monkeypatch, refusals):
    class Group:
        asked = 0

        def write_text(self, text: str) -> None:
            Group.asked += 1
            if Group.asked <= refusals:
                raise BlockingIOError

    monkeypatch.setattr(priority, "GROUP", Group())
    monkeypatch.setattr(priority, "PAUSE", 0.0)
    monkeypatch.setattr(priority.os, "nice", lambda by: None)
    priority.lower()
    assert Group.asked == refusals + 1
