"""What hangs is interrupted, and ended where that is no help; nothing strikes afterwards."""

import signal
import subprocess
import sys
import time

import pytest

from moderation.timeouts import TookTooLong, limited

KILLED_AFTER = 3.0
"""So long this process must not stand still."""
DEAF = """
import signal, time
from moderation.timeouts import limited
with limited(seconds=0.05, kill_seconds=0.2):
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGALRM})
    time.sleep(60)
"""


def test_what_hangs_is_interrupted_and_nothing_strikes_afterwards():
    before = signal.getsignal(signal.SIGALRM)
    with pytest.raises(TookTooLong), limited(seconds=0.05, kill_seconds=KILLED_AFTER):
        time.sleep(60)
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)
    assert signal.getsignal(signal.SIGALRM) is before
    with limited(seconds=KILLED_AFTER, kill_seconds=KILLED_AFTER):
        pass  # What ends in time is left alone, too.
    time.sleep(1.1 * KILLED_AFTER)  # longer than this process had to live


def test_what_cannot_be_interrupted_ends_its_process_and_says_where():
    ended = subprocess.run([sys.executable, "-c", DEAF], capture_output=True, timeout=60)
    assert ended.returncode == 1
    assert b'File "<string>", line 6' in ended.stderr
