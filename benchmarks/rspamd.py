"""rspamd on the same texts, for scale: each post as a mail message to `POST /checkv2`.

Debian's package with its own rules and two workers, in a folder of its own. What asks the
network (block lists, fuzzy hashes, DNS-based checks) is off, and what looks up a name all the
same hears at once that there is none: waiting for a network is no measure of speed. Off are
also its log of each message and its history.
"""

import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from email.message import EmailMessage
from pathlib import Path
from typing import Final

from benchmarks import load, texts
from config import cluster, processes

CLIENTS: Final = 8
NETWORKED: Final = (
    *("rbl", "surbl", "fuzzy_check", "spf", "dkim", "dmarc", "arc", "asn", "mx_check", "p0f"),
    *("neural", "bayes_expiry", "greylist", "ratelimit", "replies", "history_redis", "hfilter"),
)
VERSION_SAID: str | None = None
"""What `rspamd --version` says; None where it is not installed."""


@contextmanager
def running() -> Iterator[str | None]:
    """The address of an own rspamd; None, said loudly, where it is not installed."""
    global VERSION_SAID
    binary = shutil.which("rspamd")
    if binary is None:
        print("rspamd is not installed: nothing to compare with", file=sys.stderr, flush=True)
        yield None
        return
    said = subprocess.run([binary, "--version"], capture_output=True, text=True, check=False)
    VERSION_SAID = (said.stdout or said.stderr).strip().splitlines()[0]
    folder = Path(tempfile.mkdtemp(prefix="winnow-rspamd-"))
    port = cluster.free_port()
    resolver = _resolver()
    _configure(folder, port, resolver.getsockname()[1])
    shutil.chown(folder, "_rspamd", "_rspamd")
    variables = [
        f"--var={name}={folder}" for name in ("DBDIR", "RUNDIR", "LOGDIR", "LOCAL_CONFDIR")
    ]
    process = subprocess.Popen(
        [
            binary,
            "-f",
            "-u",
            "_rspamd",
            "-g",
            "_rspamd",
            "-c",
            "/etc/rspamd/rspamd.conf",
            *variables,
        ],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    url = f"http://127.0.0.1:{port}"
    try:
        up = processes.wait_until(
            lambda: _answers(url), seconds=60, alive=lambda: process.poll() is None
        )
        if not up:
            raise RuntimeError(f"rspamd did not start; see {folder}/rspamd.log")
        yield url
    finally:
        process.terminate()
        process.wait(20)
        resolver.close()
        shutil.rmtree(folder, ignore_errors=True)


def per_second(url: str | None, seconds: float) -> float | None:
    """Return how many messages it judges a second; None without it."""
    if url is None:
        return None
    with load.flooding(url, _messages(), clients=CLIENTS) as answers:
        time.sleep(min(seconds, 2.0))
        first, began = len(answers.seconds), time.monotonic()
        time.sleep(seconds)
        count, took = len(answers.seconds) - first, time.monotonic() - began
    wrong = {status: n for status, n in answers.statuses.items() if status != 200}
    if wrong:
        raise RuntimeError(f"rspamd refused: {wrong}")
    return count / took


def _messages() -> Iterator[load.Request]:
    for number, post in enumerate(texts.posts(sys.maxsize)):
        message = EmailMessage()
        message["From"] = f"{post['author']['id']}@example.org"
        message["To"] = "forum@example.net"
        message["Subject"] = post["text"][:40].replace("\n", " ")
        message["Message-ID"] = f"<{number}@example.org>"
        message["Date"] = "Thu, 15 Jan 2026 12:00:00 +0000"
        message.set_content(post["text"])
        yield "/checkv2", message.as_bytes(), {"IP": post["author"]["ip"]}


def _answers(url: str) -> bool:
    try:
        with load.flooding(url, _messages(), clients=1) as answers:
            time.sleep(0.3)
        return set(answers.statuses) == {200}
    except OSError:
        return False


def _resolver() -> socket.socket:
    """A name server on loopback that knows no name, until the socket is closed."""
    served = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    served.bind(("127.0.0.1", 0))

    def answer() -> None:
        with suppress(OSError):
            while True:
                query, sender = served.recvfrom(4096)
                # The question back, as a response: recursion available, no such name.
                served.sendto(query[:2] + b"\x81\x83" + query[4:6] + bytes(6) + query[12:], sender)

    threading.Thread(target=answer, daemon=True).start()
    return served


def _configure(folder: Path, port: int, resolver: int) -> None:
    local = folder / "local.d"
    local.mkdir()
    (local / "worker-normal.inc").write_text(f'bind_socket = "127.0.0.1:{port}";\ncount = 2;\n')
    for name in ("controller", "proxy", "fuzzy"):
        (local / f"worker-{name}.inc").write_text("enabled = false;\n")
    (local / "logging.inc").write_text('level = "error";\n')
    (local / "options.inc").write_text(
        f'dns {{ timeout = 0.5s; nameserver = ["127.0.0.1:{resolver}"]; }}\n'
    )
    for name in NETWORKED:
        (local / f"{name}.conf").write_text("enabled = false;\n")
    folder.chmod(0o755)
