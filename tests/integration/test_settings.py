"""What a process does with settings that are wrong, and with servers that go away."""

import json
import os
import subprocess
import sys
from pathlib import Path

import kombu
import pytest
import redis
from django.db import OperationalError, connection

from config.celery import app, check_connections

CHECKOUT = Path(__file__).parents[2]
PRODUCTION = {
    "WINNOW_ENV": "production",
    "WINNOW_HOSTS": "winnow.example",
    "SECRET_KEY": "x1" * 25,
    "DATABASE_URL": "postgresql://winnow_app@127.0.0.1:1/winnow",
    "REDIS_URL": "redis://127.0.0.1:1/0",
}


def run(tmp_path: Path, *command: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *command],
        cwd=CHECKOUT,
        env={"PATH": os.environ["PATH"], "WINNOW_STATE_DIR": str(tmp_path), **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"REDIS_URL": ""}, "DATABASE_URL is set but REDIS_URL is not"),
        ({"DATABASE_URL": "", "REDIS_URL": ""}, "the embedded servers are for development only"),
        ({"SECRET_KEY": ""}, "SECRET_KEY (or SECRET_KEY_FILE) must be set"),
        ({"WINNOW_MAX_BODY_BYTES": "lots"}, "WINNOW_MAX_BODY_BYTES must be a whole number"),
    ],
)
def test_settings_that_make_no_sense_are_refused_in_a_sentence(tmp_path, changed, sentence):
    command = run(tmp_path, "manage.py", "check", **{**PRODUCTION, **changed})
    assert command.returncode != 0
    assert command.stderr.startswith("winnow: ")
    assert sentence in command.stderr


@pytest.mark.parametrize("command", [("manage.py", "check"), ("-c", "import config.wsgi")])
def test_production_does_not_start_with_unsafe_settings(tmp_path, command):
    """Neither a command nor the web server, which would not run Django's checks by itself."""
    unsafe = {
        "SECRET_KEY": "short",
        "WINNOW_HOSTS": "",
        "WINNOW_DEBUG": "1",
        "REDIS_URL": "amqp://h",
    }
    result = run(tmp_path, *command, **{**PRODUCTION, **unsafe})
    assert result.returncode != 0
    for check in ("winnow.E001", "winnow.E002", "winnow.E003", "winnow.E005"):
        assert check in result.stderr


ASK = """
import json, config.wsgi
from django.test import Client
answers = {}
for name, headers in {
    "health": {"host": "localhost:8000"},
    "stranger": {"host": "evil.example"},
    "plain": {"host": "winnow.example"},
    "proxied": {"host": "winnow.example", "x-forwarded-proto": "https"},
}.items():
    path = "/healthz" if name == "health" else "/review/login/"
    answer = Client(headers=headers).get(path)
    cookies = [bool(cookie["secure"]) for cookie in answer.cookies.values()]
    answers[name] = [answer.status_code, answer.headers.get("location", ""), cookies]
print(json.dumps(answers))
"""


def test_production_starts_with_right_ones_and_talks_https_to_named_hosts_only(tmp_path):
    collected = {**PRODUCTION, "WINNOW_STATIC_ROOT": str(tmp_path / "static")}
    assert run(tmp_path, "manage.py", "collectstatic", "--no-input", **collected).returncode == 0
    result = run(tmp_path, "-c", ASK, **collected)
    answers = json.loads(result.stdout)
    assert answers["health"] == [200, "", []]
    assert answers["stranger"][0] == 400
    assert answers["plain"][:2] == [301, "https://winnow.example/review/login/"]
    status, _, cookies = answers["proxied"]
    assert status == 200
    assert cookies
    assert all(cookies)


def test_a_command_says_that_the_embedded_database_is_not_there(tmp_path):
    result = run(tmp_path, "manage.py", "migrate")
    assert result.returncode == 1
    assert "Start it with `make run`" in result.stderr
    assert "Traceback" not in result.stderr


def test_ringing_a_broker_that_is_down_is_given_up_at_once(monkeypatch):
    """Whoever rings must never hang on it: a second try, and that was it."""
    calls: list[str] = []

    def refuse(self: redis.Connection, *_: object, **__: object) -> None:
        calls.append("connect")
        raise redis.ConnectionError("refused")

    monkeypatch.setattr(redis.Connection, "connect", refuse)
    monkeypatch.setattr(redis.Connection, "connect_check_health", refuse, raising=False)
    with app.connection_for_write() as deaf, pytest.raises(kombu.exceptions.OperationalError):
        app.send_task("moderation.tasks.judge_pending", connection=deaf)
    assert 1 <= len(calls) <= 4


def test_messages_are_json_and_go_to_their_queues():
    assert app.conf.accept_content == ["json"]
    assert app.conf.result_backend is None
    router = app.amqp.router
    assert router.route({}, "moderation.tasks.judge_pending")["queue"].name == "judge"
    assert router.route({}, "reviews.tasks.retrain")["queue"].name == "training"
    assert router.route({}, "reviews.tasks.expire_leases")["queue"].name == "default"


@pytest.mark.django_db(transaction=True)
def test_a_worker_whose_connection_was_cut_gets_another_for_its_next_task():
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (first,) = cursor.fetchone()
    other = connection.copy()
    try:
        with other.cursor() as cursor:
            cursor.execute("RESET ROLE")  # both log in as the owner, who may
            cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [first])
        check_connections()
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid()")
            assert cursor.fetchone() != (first,)
    except OperationalError:
        pytest.fail("The task met the dead connection.")
    finally:
        other.close()
