"""Prefer: wait."""

import threading

import pytest
from django.db import OperationalError, connection

from moderation.api import prefer
from moderation.models import Post


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("wait=5", 5),
        ("wait=60", 10),
        ("WAIT = 5", 5),
        ('wait="5"', 5),
        ("respond-async, wait=3", 3),
        ("return=minimal; wait=3", 3),
        ("wait=0", 0),
        ("", 0),
        ("wait", 0),
        ("wait=-1", 0),
        ("wait=soon", 0),
        ("await=5", 0),
        ("wait=" + "9" * 500, 0),
        ("wait=٣", 0),
    ],
)
def test_how_long_a_client_prefers_to_wait(header, seconds):
    assert prefer.wait_seconds(header) == seconds


@pytest.fixture
def judge_later(transactional_db, judge):
    """Judge in another thread, on another connection, as soon as there is a post."""
    threads = []

    def start() -> None:
        def run() -> None:
            try:
                while not Post.objects.exists():
                    threading.Event().wait(0.005)
                judge()
            finally:
                connection.close()

        threads.append(threading.Thread(target=run))
        threads[-1].start()

    yield start
    for thread in threads:
        thread.join()


@pytest.mark.django_db(transaction=True)
def test_decided_in_time_is_200_with_the_decision(api, judge_later):
    judge_later()
    answer = api.post("posts", {"text": "Hello", "author": {"id": "u1"}}, prefer="wait=30")

    assert answer.status_code == 200
    assert answer.headers["Preference-Applied"] == "wait=10"
    body = answer.json()
    assert answer.headers["Location"] == f"/api/v1/posts/{body['id']}"
    assert (body["status"], body["author"]) == ("decided", {"id": "u1"})
    assert body["decision"]["outcome"] == body["outcome"]
    assert body == {
        key: value for key, value in api.get(f"posts/{body['id']}").json().items()
        if key != "content"
    }  # fmt: skip


def test_not_decided_in_time_is_202(api):
    answer = api.post("posts", {"text": "Hello"}, prefer="wait=1")
    assert answer.status_code == 202
    assert answer.headers["Preference-Applied"] == "wait=1"
    assert answer.json()["status"] == "pending"


def test_what_was_decided_before_is_200_only_for_who_prefers_it(api, judge):
    api.submit(external_id="a")
    judge()
    body = {"text": "Hello there", "external_id": "a"}
    assert api.post("posts", body).status_code == 202
    assert api.post("posts", body, prefer="wait=1").status_code == 200


def test_too_many_who_wait_are_answered_at_once(api, monkeypatch):
    monkeypatch.setattr(prefer, "_waiters", threading.BoundedSemaphore(1))
    with prefer._waiters:
        answer = api.post("posts", {"text": "Hello"}, prefer="wait=10")
    assert answer.status_code == 202
    assert "Preference-Applied" not in answer.headers
    assert api.post("posts", {"text": "x"}, prefer="wait=1").headers["Preference-Applied"]


@pytest.mark.django_db(transaction=True)
def test_a_look_that_fails_costs_no_answer(api, judge_later, monkeypatch):
    looks = []

    def fail_second(post_ids):
        looks.append(post_ids)
        if len(looks) == 2:
            raise OperationalError("gone")
        return decided_of(post_ids)

    decided_of = prefer.decided_of
    monkeypatch.setattr(prefer, "decided_of", fail_second)
    judge_later()
    assert api.post("posts", {"text": "Hello"}, prefer="wait=10").status_code == 200
    assert len(looks) > 2


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("headers", [{}, {"idempotency_key": "one"}])
def test_a_post_that_is_stored_is_accepted_though_the_database_goes_while_the_client_waits(
    api, monkeypatch, as_owner, headers
):
    look = prefer.decided_of

    def cut_off(post_ids):
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid()")
            [session] = cursor.fetchone()
        thread = threading.Thread(target=end, args=(session,))
        thread.start()
        thread.join()
        return look(post_ids)

    def end(session):
        try:
            with as_owner(), connection.cursor() as cursor:
                cursor.execute("SELECT pg_terminate_backend(%s, 10000)", [session])
        finally:
            connection.close()

    monkeypatch.setattr(prefer, "decided_of", cut_off)
    answer = api.post("posts", {"text": "Hello"}, prefer="wait=5", **headers)
    connection.close()
    assert answer.status_code == 202
    assert answer.json()["id"] == str(Post.objects.get().pk)
