"""`python -m config.demo demo_data [...]`: a command of the demo, whether Winnow runs or not.

Embedded servers that do not run are started for as long as it takes. The command works as the
owner of the tables: what it takes away, the application may not delete.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence

from django.core.exceptions import ImproperlyConfigured

from config import backup, embedded, state


def main(arguments: Sequence[str]) -> int:
    """Return the command's exit status."""
    try:
        with backup.servers() as urls:
            os.environ.update(
                DATABASE_URL=urls.database, DATABASE_OWNER_URL=urls.owner, REDIS_URL=urls.redis
            )
            prepare = [sys.executable, "-m", "config.prepare"]
            subprocess.run(prepare, cwd=state.CHECKOUT, check=True)
            command = [sys.executable, "manage.py", *arguments]
            as_owner = {**os.environ, "WINNOW_DATABASE_ROLE": "owner"}
            return subprocess.run(command, cwd=state.CHECKOUT, env=as_owner).returncode
    except (ImproperlyConfigured, embedded.ServerFailed, subprocess.CalledProcessError) as error:
        sys.exit(f"winnow: {error}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
