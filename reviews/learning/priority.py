"""Last in line for the processor: what runs beside people who wait for decisions."""

import os
import time
from pathlib import Path
from typing import Final

LOWEST: Final = 19
GROUP: Final = Path("/proc/self/autogroup")
TRIES: Final = 5
PAUSE: Final = 0.15


def lower(by: int = LOWEST) -> None:
    """Put this process, and on Linux its whole session, behind others by so many steps of `nice`.

    Linux may share the processor between sessions first (sched(7), autogroup): then `nice` ranks
    the processes of one session only, and one in a session of its own gives way to nobody.
    """
    os.nice(by)
    for _ in range(TRIES):
        try:
            GROUP.write_text(str(by))
        except BlockingIOError:
            # Who is not root may ask once in a tenth of a second, whoever asked before.
            time.sleep(PAUSE)
        except OSError:
            return
        else:
            return
