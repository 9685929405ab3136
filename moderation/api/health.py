"""Whether the process runs, and whether the service can do its work."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as TooSlow
from functools import cache
from threading import Lock

import redis
from django.conf import settings
from django.db import DatabaseError, InterfaceError, connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from moderation.broker.pulse import WORKER_KEY

LIMIT_SECONDS = 1.0


class NotReady(Exception):
    """Something that the service needs is missing; the message is for operators."""


@require_safe
@never_cache
def healthz(request: HttpRequest) -> JsonResponse:
    """The process answers; nothing else is asked."""
    return JsonResponse({"status": "ok"})


@require_safe
@never_cache
def readyz(request: HttpRequest) -> JsonResponse:
    """200 if posts can be taken in and will be judged, else 503; `checks` says what is missing."""
    checks = {name: _result(pending) for name, pending in _checks.start().items()}
    ready = all(check["ok"] for check in checks.values())
    return JsonResponse(
        {"status": "ready" if ready else "not ready", "checks": checks},
        status=200 if ready else 503,
    )


def _result(pending: Future[str]) -> dict[str, object]:
    try:
        return {"ok": True, "detail": pending.result(timeout=LIMIT_SECONDS)}
    except TooSlow:
        return {"ok": False, "detail": f"No answer within {LIMIT_SECONDS:g} s."}
    except NotReady as error:
        return {"ok": False, "detail": str(error)}
    except (DatabaseError, InterfaceError, redis.RedisError) as error:
        # The class alone: messages name hosts and accounts.
        return {"ok": False, "detail": f"Does not answer ({type(error).__name__})."}


def check_database() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SHOW transaction_read_only")
        if cursor.fetchone() != ("off",):
            raise NotReady("It only reads: a standby, or set so.")
    return "Answers."


@cache
def _last_migrations() -> frozenset[tuple[str, str]]:
    return frozenset(MigrationLoader(None).graph.leaf_nodes())


def check_migrations() -> str:
    missing = _last_migrations() - MigrationRecorder(connection).applied_migrations().keys()
    if missing:
        apps = ", ".join(sorted({app for app, _ in missing}))
        raise NotReady(f"Not migrated: {apps}.")
    return "All applied."


@cache
def _broker() -> redis.Redis:
    return redis.Redis.from_url(
        settings.REDIS_URL,
        socket_timeout=LIMIT_SECONDS,
        socket_connect_timeout=LIMIT_SECONDS,
        decode_responses=True,
    )


def check_broker() -> str:
    _broker().ping()
    return "Answers."


def check_worker() -> str:
    count = len(_worker_models())
    if not count:
        raise NotReady("No worker is alive.")
    return f"{count} alive."


def check_model() -> str:
    names = sorted({name for name in _worker_models() if name})
    if not names:
        raise NotReady("No live worker has loaded a model.")
    return f"Loaded: {', '.join(names)}."


def _worker_models() -> list[str]:
    keys = list(_broker().scan_iter(match=f"{WORKER_KEY}*", count=1_000))
    return [str(name) for name in _broker().mget(keys) if name is not None] if keys else []


class Checks:
    """Runs each check in a thread of its own, so that one which hangs holds up nothing.

    A check that still hangs when readiness is asked again is not started a second time.
    """

    def __init__(self, checks: dict[str, Callable[[], str]]) -> None:
        self._checks = checks
        self._pool = ThreadPoolExecutor(len(checks), thread_name_prefix="readyz")
        self._running: dict[str, Future[str]] = {}
        self._lock = Lock()

    def start(self) -> dict[str, Future[str]]:
        """Return every check's result to come."""
        with self._lock:
            for name, check in self._checks.items():
                running = self._running.get(name)
                if running is None or running.done():
                    self._running[name] = self._pool.submit(_closing, check)
            return dict(self._running)


def _closing(check: Callable[[], str]) -> str:
    try:
        return check()
    finally:
        connection.close()


_checks = Checks(
    {
        "database": check_database,
        "migrations": check_migrations,
        "broker": check_broker,
        "worker": check_worker,
        "model": check_model,
    }
)
