"""Ends what a killed supervisor left behind: `python -m config.watchdog MARK`.

Reads standard input, whose other end the supervisor holds open. A line means that the supervisor
stopped everything itself; end of file without one, that it was killed.
"""

from __future__ import annotations

import signal
import sys

from config.processes import sweep

GRACE_SECONDS = 5.0


def main() -> None:
    # Whatever ends the supervisor's group must not end this.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    mark = sys.argv[1]
    if not sys.stdin.readline():
        sweep(mark, grace=GRACE_SECONDS)


if __name__ == "__main__":
    main()
