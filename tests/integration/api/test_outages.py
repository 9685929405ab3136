"""What clients see while parts of the service are down."""

import json

import pytest
from django.core.signals import got_request_exception
from django.db import connection
from django.test import Client, override_settings

from moderation.api import errors, health
from moderation.broker.pulse import WORKER_KEY
from moderation.models import Post

NOWHERE = "redis://127.0.0.1:1/0"


@pytest.fixture
def dead_database(transactional_db, api):
    port = connection.settings_dict["PORT"]
    connection.close()
    connection.settings_dict["PORT"] = "1"
    yield
    connection.close()
    connection.settings_dict["PORT"] = port


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("method", "body"), [("POST", {"text": "x"}), ("GET", None)])
def test_without_a_database_clients_are_told_to_come_back(
    api, dead_database, assert_problem, method, body
):
    answer = api.call(method, "posts", body)
    assert_problem(answer, 503, "unavailable")
    assert int(answer.headers["Retry-After"]) > 0
    assert b"127.0.0.1" not in answer.content


@pytest.mark.django_db(transaction=True)
def test_readiness_without_a_database(api, dead_database):
    answer = Client().get("/readyz")
    assert answer.status_code == 503
    checks = answer.json()["checks"]
    assert checks["database"]["ok"] is False
    assert checks["migrations"]["ok"] is False
    assert checks["broker"]["ok"] is True
    assert b"127.0.0.1" not in answer.content
    assert Client().get("/healthz").json() == {"status": "ok"}


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("path", ["/review/", "/admin/", "/appeal/x"])
def test_people_too_are_told_to_come_back(dead_database, path):
    browser = Client(raise_request_exception=False)
    browser.cookies["sessionid"] = "x" * 32
    answer = browser.get(path)
    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) > 0
    assert b"Load this page again" in answer.content
    assert b"127.0.0.1" not in answer.content


@pytest.fixture
def reading_only(transactional_db, api):
    """A database that answers and takes nothing in, as a standby does until it leads."""
    with connection.cursor() as cursor:
        cursor.execute("SET default_transaction_read_only = on")
    yield
    with connection.cursor() as cursor:
        cursor.execute("SET default_transaction_read_only = off")


def test_with_a_database_that_only_reads_clients_are_told_to_come_back(
    api, reading_only, assert_problem
):
    assert_problem(api.post("posts", {"text": "x"}), 503, "unavailable")
    assert not Post.objects.exists()
    with pytest.raises(health.NotReady, match="only reads"):
        health.check_database()


def test_an_unforeseen_error_says_nothing_of_itself(api, assert_problem, monkeypatch):
    from moderation.submitting import posts

    def fail(**_):
        raise RuntimeError("secret words")

    monkeypatch.setattr(posts, "new", fail)
    heard = []
    got_request_exception.connect(heard_it := lambda **signal: heard.append(signal))
    answer = api.post("posts", {"text": "x"})
    got_request_exception.disconnect(heard_it)
    assert_problem(answer, 500, "internal-error")
    assert b"secret" not in answer.content
    assert heard
    assert not Post.objects.exists()


# Readiness


@pytest.fixture
def no_worker(broker):
    """The broker without a sign of life from any worker."""

    def forget():
        for key in broker.scan_iter(match=f"{WORKER_KEY}*"):
            broker.delete(key)

    forget()
    yield broker
    forget()


@pytest.fixture
def live_worker(no_worker):
    no_worker.set(f"{WORKER_KEY}one", "starter-1", ex=20)


@pytest.mark.django_db(transaction=True)
def test_ready_when_everything_is_there(live_worker):
    answer = Client().get("/readyz")
    assert answer.status_code == 200
    assert answer.json() == {
        "status": "ready",
        "checks": {
            "database": {"ok": True, "detail": "Answers."},
            "migrations": {"ok": True, "detail": "All applied."},
            "broker": {"ok": True, "detail": "Answers."},
            "worker": {"ok": True, "detail": "1 alive."},
            "model": {"ok": True, "detail": "Loaded: starter-1."},
        },
    }
    assert "no-cache" in answer.headers["Cache-Control"]


@pytest.mark.django_db(transaction=True)
def test_not_ready_without_a_worker(no_worker):
    answer = Client().get("/readyz")
    assert answer.status_code == 503
    failed = {name for name, check in answer.json()["checks"].items() if not check["ok"]}
    assert failed == {"worker", "model"}


@pytest.mark.django_db(transaction=True)
def test_not_ready_with_a_worker_that_has_no_model(no_worker):
    no_worker.set(f"{WORKER_KEY}one", "", ex=20)
    checks = Client().get("/readyz").json()["checks"]
    assert checks["worker"]["ok"] is True
    assert checks["model"]["ok"] is False


@pytest.mark.django_db(transaction=True)
def test_not_ready_with_a_migration_missing(live_worker, as_owner):
    with as_owner(), connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM django_migrations WHERE app = 'sessions' RETURNING app, name, applied"
        )
        rows = cursor.fetchall()
    try:
        answer = Client().get("/readyz")
    finally:
        with as_owner(), connection.cursor() as cursor:
            cursor.executemany(
                "INSERT INTO django_migrations (app, name, applied) VALUES (%s, %s, %s)", rows
            )
    assert answer.status_code == 503
    assert answer.json()["checks"]["migrations"] == {
        "ok": False,
        "detail": "Not migrated: sessions.",
    }


@pytest.mark.django_db(transaction=True)
def test_not_ready_without_a_broker():
    health._broker.cache_clear()
    with override_settings(REDIS_URL=NOWHERE):
        answer = Client().get("/readyz")
    health._broker.cache_clear()
    assert answer.status_code == 503
    checks = answer.json()["checks"]
    assert [name for name, check in checks.items() if check["ok"]] == ["database", "migrations"]


def test_a_check_that_hangs_is_given_up_and_not_started_twice(monkeypatch):
    import threading

    release, started = threading.Event(), []

    def hang() -> str:
        started.append(1)
        release.wait(20)
        return "late"

    monkeypatch.setattr(health, "LIMIT_SECONDS", 0.05)
    checks = health.Checks({"slow": hang})
    results = [health._result(checks.start()["slow"]) for _ in range(3)]
    release.set()
    assert [result["ok"] for result in results] == [False] * 3
    assert len(started) == 1


# What Django answers by itself


@pytest.mark.parametrize(
    ("handler", "arguments", "status", "kind"),
    [
        (errors.handler400, (ValueError(),), 400, "bad-request"),
        (errors.handler403, (PermissionError(),), 403, "forbidden"),
        (errors.handler404, (LookupError(),), 404, "not-found"),
        (errors.handler500, (), 500, "internal-error"),
    ],
)
def test_djangos_own_errors_below_api_are_problems(
    rf, assert_problem, handler, arguments, status, kind
):
    assert_problem(handler(rf.get("/api/x"), *arguments), status, kind)


def test_every_problem_type_has_a_page():
    for kind, known in errors.KINDS.items():
        page = Client().get(f"{errors.TYPES_AT}{kind}")
        assert page.status_code == 200
        assert known.title in page.content.decode()
    assert json.loads(Client().get(f"{errors.TYPES_AT}nonsense").content)["status"] == 404
