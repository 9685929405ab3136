"""Real servers for every test run, and what tests share.

A run takes the first test slot that nobody holds (`var/test-N`), so that several runs of one
checkout do not meet, and the next run finds initialised servers. With DATABASE_URL and REDIS_URL
given, those are used instead: the database `test_...` is made by DATABASE_OWNER_URL (which needs
CREATEDB and membership in the application's role), and Redis database 15 is emptied. With `-n 2`
each of the two processes is a run of its own: with other servers, or with another `test_...`
database and the next lower Redis database.
"""

import gc
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import hypothesis
import pytest
import redis

from config import embedded, processes, state
from tests import schema

TEST_REDIS_DATABASE = 15
ORDER = ("unit", "integration", "contract", "acceptance")
LONG = frozenset(
    (
        "test_access_matrix",
        "test_blind_everywhere",
        "test_campaign_browser",
        "test_console_browser",
        "test_console_pages",
        "test_embedded",
        "test_in_place_browser",
        "test_killing",
        "test_learning",
        "test_logs_hold_no_words",
        "test_lost_answers_browser",
        "test_poison",
        "test_relay",
        "test_schemathesis",
        "test_staff_browser",
        "test_supervisor",
    )
)
"""Those that take longest: begun after the unit tests, lest one is left to run alone."""
SLOTS = 16

# Where the shell forbids compiled code to be kept, the hundred processes that a run starts would
# each compile everything anew.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False
# As the supervisor gives them to its processes. The processes of a run share the cores, and what
# is computed is so small that PyTorch's threads did little but wait for one another.
os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1")

# What was made up today fails today, on whatever machine, or never; how long it takes says nothing.
hypothesis.settings.register_profile(
    "suite",
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
)
hypothesis.settings.load_profile("suite")

_servers: embedded.Servers | None = None


def _claim_slot() -> embedded.Servers:
    for number in range(SLOTS):
        folder = state.CHECKOUT / "var" / f"test-{number}"
        try:
            return embedded.start(folder, durable=False)
        except state.AlreadyRunning:
            continue
    raise pytest.UsageError(f"All {SLOTS} test slots in var/ are in use.")


def _number() -> int:
    """Which of several processes of one run this is, from 0."""
    return int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))


def with_path(url: str, path: str) -> str:
    """Return the URL with another database."""
    return urlunsplit(urlsplit(url)._replace(path=f"/{path}"))


def pytest_configure(config: pytest.Config) -> None:
    """Start the servers before Django's settings are read."""
    global _servers
    if config.getoption("numprocesses", None) and not hasattr(config, "workerinput"):
        return  # This process hands out the tests and runs none.
    if not (os.environ.get("DATABASE_URL") or os.environ.get("REDIS_URL")):
        _servers = _claim_slot()
        os.environ["WINNOW_STATE_DIR"] = str(_servers.folder)
        os.environ["DATABASE_URL"] = _servers.urls.database
        os.environ["DATABASE_OWNER_URL"] = _servers.urls.owner
        os.environ["REDIS_URL"] = _servers.urls.redis
    os.environ["REDIS_URL"] = with_path(
        os.environ["REDIS_URL"], str(TEST_REDIS_DATABASE - _number())
    )
    os.environ["WINNOW_DATABASE_ROLE"] = "owner"
    os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"

    from django.conf import settings

    # Ordinary tests log in without a request; the tests of the lock-out turn it on.
    settings.AXES_ENABLED = False
    # Static files are looked for when one is asked for: every `Client()` would list them all first.
    settings.WHITENOISE_AUTOREFRESH = True
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


def pytest_unconfigure(config: pytest.Config) -> None:
    global _servers
    if _servers is not None:
        embedded.halt(_servers)
        _servers = None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Fast ones first, then the long ones, then the rest."""

    def place(item: pytest.Item) -> tuple[bool, bool, int]:
        kind = item.path.relative_to(Path(__file__).parent).parts[0]
        return kind != "unit", item.path.stem not in LONG, ORDER.index(kind)

    items.sort(key=place)


def pytest_collection_finish() -> None:
    """Look for garbage seldom, and never among what was imported: it took one second in twelve."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000)


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings: None) -> None:
    """Have the test database filled where it was migrated before: `migrate` finds it done."""
    if _servers is None:
        return  # Of their PostgreSQL's version we know nothing.
    from django.db import connection

    create = connection.creation._create_test_db

    def create_and_fill(*args: Any, **options: Any) -> str:
        name: str = create(*args, **options)
        schema.lay(with_path(os.environ["DATABASE_OWNER_URL"], name))
        return name

    connection.creation._create_test_db = create_and_fill


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """Run tests as the application: the owner makes the tables, then steps aside."""
    from django.conf import settings
    from django.db import connection

    if _servers is not None and not schema.file().exists():
        name = connection.settings_dict["NAME"]
        schema.keep(with_path(os.environ["DATABASE_OWNER_URL"], name))
    with django_db_blocker.unblock():
        _leave_uncounted()
    owner, application = connection.settings_dict["USER"], settings.WINNOW_APPLICATION_ROLE
    if owner == application:
        yield
        return
    options = connection.settings_dict["OPTIONS"]
    options["assume_role"] = application
    with django_db_blocker.unblock():
        connection.close()
    _flush_as_owner(application)
    _refill_after_flush()
    yield
    del options["assume_role"]
    with django_db_blocker.unblock():
        connection.close()


def _leave_uncounted() -> None:
    """Keep PostgreSQL from counting rows, which most tests take back.

    Whoever counts while a test has not ended counts none, so that this test's queries, or a later
    one's, were planned for empty tables, now and then, on a loaded machine. How queries of many
    tables do with wrong counts, test_plans.py sees.
    """
    from django.db import connection

    with connection.cursor() as cursor:
        for table in connection.introspection.django_table_names(only_existing=True):
            cursor.execute(f'ALTER TABLE "{table}" SET (autovacuum_enabled = off)')


def _flush_as_owner(application: str) -> None:
    """Let the runner empty all tables between transactional tests; the application may not.

    But for models' files: they go by their digest, and storing the shipped model's anew took more
    than half of the time between two tests.
    """
    from django.db.backends.postgresql.operations import DatabaseOperations

    flush, statements_for = DatabaseOperations.execute_sql_flush, DatabaseOperations.sql_flush

    def sql_flush(self: Any, style: Any, tables: list[str], **options: Any) -> list[str]:
        emptied = [table for table in tables if table != "classifiers_modelfile"]
        return statements_for(self, style, emptied, **options)

    def execute_sql_flush(self: Any, statements: list[str]) -> None:
        flush(self, ["RESET ROLE", *statements, f'SET ROLE "{application}"'])

    DatabaseOperations.sql_flush = sql_flush
    DatabaseOperations.execute_sql_flush = execute_sql_flush


def _refill_after_flush() -> None:
    """What `post_migrate` makes in emptied tables is copied back, once it was made.

    To make it anew took most of the time between two tests. Triggers that reading of it would
    wake are the same as for rows that Django writes.
    """
    from django.core.management.commands import flush
    from django.db import connection, transaction

    emit = flush.emit_post_migrate_signal
    kept: dict[str, bytes] = {}

    def refill(*args: Any, **options: Any) -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            for table, rows in kept.items():
                with cursor.copy(f'COPY "{table}" FROM STDIN') as copy:
                    copy.write(rows)
        if kept:
            return
        emit(*args, **options)
        tables = connection.introspection.django_table_names(only_existing=True)
        with connection.cursor() as cursor:
            for table in sorted(set(tables) - {"classifiers_modelfile"}):
                with cursor.copy(f'COPY "{table}" TO STDOUT') as copy:
                    if rows := b"".join(bytes(block) for block in copy):
                        kept[table] = rows

    flush.emit_post_migrate_signal = refill


@pytest.fixture
def as_owner() -> Callable[[], AbstractContextManager[None]]:
    """`with as_owner():` runs statements as the owner of the tables, for tests of the schema."""
    return _as_owner


@contextmanager
def _as_owner() -> Iterator[None]:
    from django.conf import settings
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("RESET ROLE")
        try:
            yield
        finally:
            cursor.execute(f'SET ROLE "{settings.WINNOW_APPLICATION_ROLE}"')


def _empty(client: redis.Redis) -> None:
    # Bindings stay: publishers declare them once a connection and would not again. So does the
    # sign of life of a running worker.
    keys = [
        key
        for key in client.scan_iter()
        if not key.startswith(("_kombu.binding.", "winnow:worker:"))
    ]
    if keys:
        client.delete(*keys)


@pytest.fixture
def broker() -> Iterator[redis.Redis]:
    """A client of the broker's database, emptied before and after."""
    from moderation.broker import counters

    counters.flush()  # what earlier tests counted in this process
    with redis.Redis.from_url(os.environ["REDIS_URL"], decode_responses=True) as client:
        _empty(client)
        yield client
        _empty(client)


def worker_environment() -> dict[str, str]:
    """Return the environment in which another process works on the test database."""
    from django.db import connection

    name = connection.settings_dict["NAME"]
    return {
        **os.environ,
        "WINNOW_DATABASE_ROLE": "application",
        "WINNOW_PROCESS": "worker",
        "DATABASE_URL": with_path(os.environ["DATABASE_URL"], name),
        "DATABASE_OWNER_URL": with_path(
            os.environ.get("DATABASE_OWNER_URL") or os.environ["DATABASE_URL"], name
        ),
    }


@pytest.fixture
def start_worker(
    transactional_db: None, broker: redis.Redis, tmp_path: Path
) -> Callable[..., AbstractContextManager[Any]]:
    """`with start_worker() as process:` for tests that kill their worker or need several."""

    def start(
        *, concurrency: int = 2, name: str = "worker", include: str = "moderation.tasks"
    ) -> AbstractContextManager[Any]:
        log = tmp_path / f"{name}.log"
        return _running_worker(log, concurrency=concurrency, include=include)

    return start


@contextmanager
def _running_worker(
    log: Path, *, concurrency: int = 2, include: str = "moderation.tasks"
) -> Iterator[Any]:
    """A live Celery worker on the test database, ready for tasks; yields its Popen."""
    program = processes.Program(
        name="test-worker",
        argv=(
            *(sys.executable, "-m", "celery", "--app", "config.celery", "worker"),
            *("--queues", "judge,default,training", "--concurrency", str(concurrency)),
            *("-O", "fair", "--without-gossip", "--without-mingle", "--loglevel", "INFO"),
            *("--include", include),
            *("--hostname", f"{log.stem}@%h"),
        ),
        log=log,
        mark=f"test-{os.getpid()}:worker",
        stop_signal=signal.SIGTERM,
        stop_seconds=10,
        cwd=state.CHECKOUT,
        env=worker_environment(),
    )
    process = processes.spawn(program)
    try:
        up = processes.wait_until(
            lambda: "ready." in log.read_text(errors="replace"),
            seconds=120,
            alive=lambda: process.poll() is None,
        )
        assert up, f"The worker did not come up:\n{log.read_text(errors='replace')[-3000:]}"
        yield process
    finally:
        processes.stop(program, process)


@pytest.fixture(scope="module")
def _module_worker(
    django_db_setup: None, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Any]:
    log = tmp_path_factory.mktemp("worker") / "worker.log"
    with _running_worker(log) as process:
        yield process


@pytest.fixture
def worker(_module_worker: Any, transactional_db: None, broker: redis.Redis) -> Any:
    """A live worker that sees what this test commits; shared by the tests of one module."""
    assert _module_worker.poll() is None, "A test killed the shared worker; use start_worker."
    return _module_worker


@pytest.fixture
def eventually() -> Callable[..., Any]:
    """Wait for another process: call a function until it returns something true."""

    def wait(check: Callable[[], Any], *, seconds: float = 60, what: str = "it") -> Any:
        limit = time.monotonic() + seconds
        while time.monotonic() < limit:
            if found := check():
                return found
            time.sleep(0.05)
        raise AssertionError(f"{what} did not happen within {seconds} s")

    return wait
