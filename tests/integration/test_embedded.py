"""The embedded servers: who may enter, what survives, and where root's files lie."""

import os
import pwd
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import psycopg
import pytest
import redis

from config import cluster, embedded, postgresql, processes, state

CHECKOUT = Path(__file__).parents[2]
HOLD = (
    "import sys,time; from pathlib import Path; from config import embedded;"
    "embedded.start(Path(sys.argv[1])); print('up', flush=True); time.sleep(99)"
)


@pytest.fixture
def folder(tmp_path) -> Iterator[Path]:
    """A state folder below one that nobody else may enter, as a checkout in /root lies."""
    parent = tmp_path / "closed"
    parent.mkdir(mode=0o700)
    yield parent / "with a space" / "state"
    assert stat.S_IMODE(parent.stat().st_mode) == 0o700
    if (parent / "with a space" / "state" / "cluster.json").exists():
        embedded.destroy(parent / "with a space" / "state")


def query(url: str, statement: str) -> object:
    with psycopg.connect(url, connect_timeout=60) as connection:
        row = connection.execute(statement).fetchone()
        return row and row[0]


def test_servers_keep_their_data_ports_and_passwords(folder):
    with embedded.running(folder) as servers:
        first = servers.urls
        with psycopg.connect(first.owner) as connection:
            connection.execute("CREATE TABLE kept AS SELECT 7 AS number")
        with redis.Redis.from_url(first.redis) as client:
            client.set("kept", "seven")
        major = query(first.database, "SHOW server_version_num")
        assert str(major).startswith(str(postgresql.MAJOR))
        assert state.read_urls(folder) == first
    with embedded.running(folder) as servers:
        assert servers.urls == first
        assert query(servers.urls.owner, "SELECT number FROM kept") == 7
        with redis.Redis.from_url(servers.urls.redis) as client:
            assert client.get("kept") == b"seven"


def test_nothing_acknowledged_is_lost_when_everything_is_killed(folder):
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(folder)], cwd=CHECKOUT, stdout=subprocess.PIPE
    )
    assert holder.stdout is not None
    assert holder.stdout.readline() == b"up\n"
    urls = state.read_urls(folder)
    assert urls is not None
    with psycopg.connect(urls.owner) as connection:
        connection.execute("CREATE TABLE kept AS SELECT generate_series(1, 1000) AS number")
    with redis.Redis.from_url(urls.redis) as client:
        for number in range(1000):
            client.rpush("queue", number)
    for process in processes.marked(f"{state.key(folder)}:"):
        process.send_signal(signal.SIGKILL)
    holder.kill()
    holder.wait()
    with embedded.running(folder) as servers:
        assert query(servers.urls.owner, "SELECT count(*) FROM kept") == 1000
        with redis.Redis.from_url(servers.urls.redis) as client:
            assert client.llen("queue") == 1000


def test_a_killed_holder_leaves_no_process(folder):
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(folder)], cwd=CHECKOUT, stdout=subprocess.PIPE
    )
    assert holder.stdout is not None
    assert holder.stdout.readline() == b"up\n"
    mark = f"{state.key(folder)}:"
    assert len(processes.marked(mark)) >= 2
    holder.kill()
    holder.wait()
    if sys.platform != "linux":
        processes.sweep(mark, grace=5)
    assert processes.wait_until(lambda: not processes.marked(mark), seconds=60)


def test_passwords_are_asked_for_and_nobody_else_can_read_them(folder):
    with embedded.running(folder) as servers:
        known = cluster.load(folder)
        wrong = servers.urls.database.replace(known.application_password, "wrong")
        with pytest.raises(psycopg.OperationalError, match="password"):
            psycopg.connect(wrong)
        with (
            pytest.raises(redis.AuthenticationError),
            redis.Redis(port=known.valkey_port) as client,
        ):
            client.ping()
        for name in ("cluster.json", "env.json"):
            assert stat.S_IMODE((folder / name).stat().st_mode) == 0o600
        for process in (servers.postgres.process, servers.valkey.process):
            command = Path(f"/proc/{process.pid}/cmdline")
            if command.exists():
                assert known.valkey_password not in command.read_text()
                assert known.superuser_password not in command.read_text()
        assert query(servers.urls.owner, "SHOW listen_addresses") == "127.0.0.1"


def test_two_state_folders_run_side_by_side_but_one_only_once(folder, tmp_path):
    other = tmp_path / "other"
    with ExitStack() as stack:
        one = stack.enter_context(embedded.running(folder))
        two = stack.enter_context(embedded.running(other))
        assert query(one.urls.database, "SELECT 1") == query(two.urls.database, "SELECT 1") == 1
        with pytest.raises(state.AlreadyRunning, match="already running"):
            embedded.start(folder)
    embedded.destroy(other)


def test_a_taken_port_is_changed_and_told(folder):
    with embedded.running(folder) as servers:
        before = servers.urls
    known = cluster.load(folder)
    with socket.socket() as squatter:
        squatter.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        squatter.bind(("127.0.0.1", known.postgres_port))
        squatter.listen()
        with embedded.running(folder) as servers:
            assert servers.urls.database != before.database
            assert state.read_urls(folder) == servers.urls
            assert query(servers.urls.database, "SELECT 1") == 1


def test_a_deleted_state_folder_starts_afresh(folder):
    with embedded.running(folder) as servers:
        assert query(servers.urls.database, "SELECT 1") == 1
    old = cluster.load(folder)
    shutil.rmtree(folder)
    with embedded.running(folder) as servers:
        assert query(servers.urls.database, "SELECT 1") == 1
    if old.root_home:
        shutil.rmtree(old.root_home)


def test_a_moved_state_folder_takes_its_data_along_and_a_copied_one_does_not_share_it(folder):
    with (
        embedded.running(folder) as servers,
        psycopg.connect(servers.urls.owner) as connection,
    ):
        connection.execute("CREATE TABLE kept AS SELECT 7 AS number")
    moved, copy = folder.with_name("moved"), folder.with_name("copy")
    folder.rename(moved)
    with embedded.running(moved) as servers:
        assert query(servers.urls.owner, "SELECT number FROM kept") == 7
    shutil.copytree(moved, copy, symlinks=True)
    with embedded.running(moved) as first, embedded.running(copy) as second:
        assert first.urls != second.urls
        with psycopg.connect(second.urls.owner) as connection:
            connection.execute("CREATE TABLE IF NOT EXISTS mine ()")
        assert query(first.urls.owner, "SELECT to_regclass('mine')") is None
    for each in (moved, copy):
        embedded.destroy(each)


def test_lost_data_is_made_anew(folder):
    with embedded.running(folder) as servers:
        assert query(servers.urls.database, "SELECT 1") == 1
    known = cluster.load(folder)
    shutil.rmtree(known.root_home or folder / "servers")
    with embedded.running(folder) as servers:
        assert query(servers.urls.database, "SELECT 1") == 1


def test_a_server_that_cannot_start_says_why(folder):
    with embedded.running(folder):
        pass
    known = cluster.load(folder)
    home = Path(known.root_home) if known.root_home else folder / "servers"
    (home / "postgresql" / "postgresql.conf").write_text("no_such_setting = 1\n")
    with pytest.raises(embedded.ServerFailed, match="no_such_setting"):
        embedded.start(folder)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
def test_root_runs_the_servers_as_somebody_else(folder):
    with embedded.running(folder) as servers:
        for server in (servers.postgres, servers.valkey):
            owner = Path(f"/proc/{server.process.pid}").stat().st_uid
            assert pwd.getpwuid(owner).pw_name in {"postgres", "nobody"}


@pytest.mark.skipif(os.geteuid() != 0, reason="an ordinary user is what other runs are")
def test_an_ordinary_user_needs_nothing_outside_the_state_folder():
    nobody = pwd.getpwnam("nobody")
    with tempfile.TemporaryDirectory() as place:
        os.chown(place, nobody.pw_uid, nobody.pw_gid)

        def run(code: str) -> subprocess.CompletedProcess[str]:
            return subprocess.run(
                [sys.executable, "-c", code, f"{place}/state"],
                cwd=CHECKOUT if os.access(CHECKOUT, os.X_OK) else "/",
                env={"PATH": os.environ["PATH"], "PYTHONPATH": str(CHECKOUT)},
                user=nobody.pw_uid,
                group=nobody.pw_gid,
                extra_groups=[],
                capture_output=True,
                text=True,
                check=False,
            )

        try:
            reachable = run("import config.embedded").returncode == 0
        except PermissionError:
            reachable = False
        if not reachable:
            pytest.skip("this Python or checkout lies where an ordinary user cannot reach it")
        result = run(
            "import sys; from pathlib import Path; from config import embedded\n"
            "with embedded.running(Path(sys.argv[1])) as servers: print(servers.urls.redis[:5])"
        )
        assert result.stdout == "redis\n", result.stderr
        assert (Path(place) / "state" / "servers" / "postgresql" / "PG_VERSION").exists()
