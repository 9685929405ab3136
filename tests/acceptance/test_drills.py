"""Every drill at its full size: an hour or so, by `make drills`."""

import importlib
import json
import os
import subprocess
import sys

import pytest

from benchmarks import drills
from config import state

for module in drills.MODULES:
    importlib.import_module(f"benchmarks.drills.{module}")

# The drills start servers of their own.
OURS = ("DATABASE_", "REDIS_URL", "WINNOW_")


@pytest.mark.drill
@pytest.mark.parametrize("number", sorted(drills.ENTRIES))
def test_what_must_hold_holds(number):
    environment = {k: v for k, v in os.environ.items() if not k.startswith(OURS)}
    finished = subprocess.run(
        [sys.executable, "-m", "benchmarks.drills", str(number), "--json"],
        cwd=state.CHECKOUT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert finished.stdout, finished.stderr
    result = json.loads(finished.stdout)["drills"][str(number)]
    assert result["held"], result
