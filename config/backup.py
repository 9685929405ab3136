"""All that Winnow knows in one file, and back: `python -m config.backup save|restore FILE`.

The file is PostgreSQL's own (pg_dump's custom format) and holds everything: posts, decisions,
labels, people, keys' digests, schedules and models. It does not hold SECRET_KEY. The broker
keeps nothing that matters.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import psycopg
from django.core.exceptions import ImproperlyConfigured
from psycopg.conninfo import conninfo_to_dict

from config import connections, embedded, env, postgresql, state
from config.state import Urls

# Dropped one by one: the schema itself, and extensions, may belong to somebody else.
EMPTY = """
SET client_min_messages = warning;
DO $$
DECLARE statement text;
BEGIN
    FOR statement IN
        SELECT format('DROP TABLE IF EXISTS %I.%I CASCADE', schemaname, tablename)
        FROM pg_tables WHERE schemaname = 'public'
        UNION ALL
        SELECT format('DROP FUNCTION IF EXISTS %s CASCADE', p.oid::regprocedure)
        FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
        WHERE n.nspname = 'public'
          AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e')
    LOOP
        EXECUTE statement;
    END LOOP;
END $$;
"""
OTHERS = """
SELECT count(*) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'
"""


Process = subprocess.Popen[bytes]


class BackupError(Exception):
    """The backup was not made, or nothing was restored; the message is for people."""


def save(file: Path, *, urls: Urls) -> None:
    """Write a backup, consistent at one moment, while everything runs; read it back whole.

    Raises BackupError, and leaves no file, when either fails.
    """
    if file.exists():
        raise BackupError(f"{file} exists already; nothing was overwritten.")
    partial = file.with_name(f".{file.name}.partial")
    try:
        # People's words: for the eyes of whoever made it.
        partial.touch(mode=0o600)
        _run("pg_dump", "--format=custom", f"--file={partial}", url=urls.database)
        _run("pg_restore", f"--file={os.devnull}", str(partial))
        partial.rename(file)
    except OSError as error:
        raise BackupError(f"{file} cannot be written: {error.strerror}.") from error
    finally:
        partial.unlink(missing_ok=True)


def restore(file: Path, *, urls: Urls) -> None:
    """Put a backup in place of all that the database holds: wholly, or not at all.

    The schema is as old as the backup afterwards; migrate then. Raises BackupError when
    processes are connected, or the backup is damaged or newer than this version.
    """
    if not file.is_file():
        raise BackupError(f"There is no file {file}.")
    unknown = _migrations(file) - _known_migrations()
    if unknown:
        raise BackupError(f"{file} was made by a newer version; it knows {min(unknown)}.")
    with psycopg.connect(urls.owner) as connection:
        row = connection.execute(OTHERS).fetchone()
    if row and row[0]:
        raise BackupError(f"Stop web servers, workers and beats first: {row[0]} are connected.")
    _replay(file, urls.owner)


def _replay(file: Path, url: str) -> None:
    """Empty the database and fill it from the backup, in one transaction."""
    read = ("--no-owner", "--no-privileges", "--file=-", str(file))
    write = ("--no-psqlrc", "--quiet", "--single-transaction", "--set=ON_ERROR_STOP=1")
    with (
        _started("pg_restore", *read, stdout=subprocess.PIPE) as reader,
        _started("psql", *write, url=url, stdin=subprocess.PIPE) as writer,
    ):
        assert reader.stdout is not None and writer.stdin is not None  # noqa: S101 - for mypy
        try:
            writer.stdin.write(EMPTY.encode())
            shutil.copyfileobj(reader.stdout, writer.stdin)
            # What was cut short must not be committed.
            writer.stdin.write(b"" if reader.wait() == 0 else b"\nSELECT 1/0;\n")
            writer.stdin.close()
        except BrokenPipeError:
            reader.kill()
        for process in (writer, reader):
            _check(process, process.stderr.read() if process.stderr else b"")


def _migrations(file: Path) -> set[str]:
    """Return the migrations that a backup had applied, as "app.name"."""
    only = ("--data-only", "--table=django_migrations", "--file=-")
    rows = _run("pg_restore", *only, str(file))
    columns = [line.split("\t") for line in rows.decode().splitlines() if "\t" in line]
    if not columns:
        raise BackupError(f"{file} is no backup of Winnow.")
    return {f"{app}.{name}" for _, app, name, *_ in columns}


def _known_migrations() -> set[str]:
    import django

    django.setup()
    from django.db.migrations.loader import MigrationLoader

    loader = MigrationLoader(None)
    replaced = {key for migration in loader.disk_migrations.values() for key in migration.replaces}
    return {f"{app}.{name}" for app, name in {*loader.disk_migrations, *replaced}}


def _run(program: str, *arguments: str, url: str | None = None) -> bytes:
    """Run one of PostgreSQL's programs and return what it printed."""
    with _started(program, *arguments, url=url, stdout=subprocess.PIPE) as process:
        output, errors = process.communicate()
        _check(process, errors)
    return bytes(output)


def _started(
    program: str,
    *arguments: str,
    url: str | None = None,
    stdin: int = subprocess.DEVNULL,
    stdout: int = subprocess.DEVNULL,
) -> Process:
    """Start one of PostgreSQL's programs; the password travels in its environment."""
    return subprocess.Popen(
        [postgresql.client(program), *arguments],
        env={**os.environ, **(_libpq(url) if url else {})},
        stdin=stdin,
        stdout=stdout,
        stderr=subprocess.PIPE,
    )


def _check(process: Process, errors: bytes) -> None:
    """Raise BackupError, with the first line of what a program said, if it failed."""
    if process.wait():
        said = errors.decode(errors="replace").strip().partition("\n")[0]
        raise BackupError(said or f"{process.args!r} ended with {process.returncode}.")


def _libpq(url: str) -> dict[str, str]:
    names = {"dbname": "PGDATABASE", "user": "PGUSER", "password": "PGPASSWORD"}
    parts = conninfo_to_dict(url)
    return {names.get(name, f"PG{name.upper()}"): str(value) for name, value in parts.items()}


@contextmanager
def servers() -> Iterator[Urls]:
    """The servers of this installation; embedded ones are started if they do not run."""
    folder = state.folder()
    chosen = connections.choose(
        database=env.read("DATABASE_URL"),
        owner=env.read("DATABASE_OWNER_URL"),
        redis=env.read("REDIS_URL"),
        production=env.choice("WINNOW_ENV", ("development", "production")) == "production",
        embedded=state.read_urls(folder),
    )
    if not chosen.embedded:
        yield chosen.urls
        return
    try:
        running = embedded.start(folder)
    except state.AlreadyRunning:
        yield chosen.urls
        return
    try:
        yield running.urls
    finally:
        embedded.halt(running)


def main(arguments: Sequence[str] | None = None) -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    parser = argparse.ArgumentParser(prog="python -m config.backup", description=__doc__)
    parser.add_argument("what", choices=("save", "restore"))
    parser.add_argument("file", type=Path)
    options = parser.parse_args(arguments)
    try:
        with servers() as urls:
            if options.what == "save":
                save(options.file, urls=urls)
                size = options.file.stat().st_size / 1e6
                print(f"{options.file}: {size:.1f} MB, written and read back.")
                return
            os.environ.update(
                DATABASE_URL=urls.database, DATABASE_OWNER_URL=urls.owner, REDIS_URL=urls.redis
            )
            restore(options.file, urls=urls)
            subprocess.run([sys.executable, "-m", "config.prepare"], cwd=state.CHECKOUT, check=True)
            print("Restored. Start web server, worker and beat again.")
    except (BackupError, ImproperlyConfigured, psycopg.OperationalError) as error:
        sys.exit(f"winnow: {error}")


if __name__ == "__main__":
    main()
