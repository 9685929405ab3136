"""Nothing is lost or doubled while workers and the broker are killed."""

import json
import subprocess
import sys

from benchmarks.installation import inherited
from config import state

PROGRAM = """
import dataclasses, json
from benchmarks import installation
from benchmarks.drills.killing import kill_both
from tests import schema
installation.Installation.migrate = schema.migrate
print(json.dumps(dataclasses.asdict(kill_both(posts=450, kills=3))))
"""
SOON = "decided within"
"""How the criteria begin that look at a clock; they are the drills'."""


def test_every_post_is_decided_once_though_workers_and_the_broker_are_killed():
    finished = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        cwd=state.CHECKOUT,
        env=inherited(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert finished.returncode == 0, finished.stderr
    report = json.loads(finished.stdout)
    assert report["measured"]["posts"] == 450
    assert report["measured"]["kills"] == 3
    # Somebody held posts when it was killed, or this tested nothing.
    assert report["measured"]["tried_again"] > 0
    broken = [sentence for sentence, held in report["criteria"].items() if not held]
    assert [sentence for sentence in broken if not sentence.startswith(SOON)] == [], report
