import os
import subprocess
import sys


def test_the_drills_load_without_django_s_settings():
    environment = {k: v for k, v in os.environ.items() if k != "DJANGO_SETTINGS_MODULE"}
    asked = [sys.executable, "-m", "benchmarks.drills", "999"]
    done = subprocess.run(asked, env=environment, capture_output=True, text=True, check=False)
    assert "no drill 999; there are [1, " in done.stderr, done.stderr
    assert done.returncode == 2
