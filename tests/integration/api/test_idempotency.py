"""The same request twice makes one post and one answer."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from moderation.models import Decision, Feedback, IdempotencyKey, Post
from moderation.submitting import idempotency


def test_the_same_request_again_gets_the_same_bytes(api):
    body = {"text": "Grüße", "author": {"id": "u1"}}
    first = api.post("posts", body, idempotency_key="k1")
    again = api.post("posts", body, idempotency_key="k1")

    assert (first.status_code, again.status_code) == (202, 202)
    assert again.content == first.content
    assert again.headers["Location"] == first.headers["Location"]
    assert again.headers["Idempotency-Replayed"] == "true"
    assert "Idempotency-Replayed" not in first.headers
    assert Post.objects.count() == 1


def test_another_body_under_the_same_key_is_refused(api, assert_problem):
    api.post("posts", {"text": "a"}, idempotency_key="k1")
    answer = api.post("posts", {"text": "b"}, idempotency_key="k1")
    assert_problem(answer, 422, "idempotency-mismatch")
    answer = api.post("posts/batch", {"posts": [{"text": "a"}]}, idempotency_key="k1")
    assert_problem(answer, 422, "idempotency-mismatch")
    assert Post.objects.count() == 1


def test_two_clients_may_use_the_same_key(api, other):
    assert api.post("posts", {"text": "a"}, idempotency_key="k").status_code == 202
    assert other.post("posts", {"text": "b"}, idempotency_key="k").status_code == 202
    assert Post.objects.count() == 2


def test_what_was_refused_leaves_the_key_free(api):
    assert api.post("posts", {"text": ""}, idempotency_key="k").status_code == 400
    assert api.post("posts", {"text": "a"}, idempotency_key="k").status_code == 202


def test_what_failed_leaves_no_trace(api, assert_problem, monkeypatch):
    from moderation.submitting import posts

    real = posts.submit

    def half(**arguments):
        real(**arguments)
        raise RuntimeError("after the work")

    monkeypatch.setattr(posts, "submit", half)
    body = {"posts": [{"text": "a"}]}
    assert_problem(api.post("posts/batch", body, idempotency_key="k"), 500, "internal-error")
    assert not Post.objects.exists()
    assert not IdempotencyKey.objects.exists()
    monkeypatch.undo()
    assert api.post("posts/batch", body, idempotency_key="k").status_code == 202


def test_after_a_day_a_key_is_free_again(api):
    api.post("posts", {"text": "a"}, idempotency_key="k")
    long_ago = timezone.now() - timedelta(hours=24, seconds=1)
    IdempotencyKey.objects.update(created_at=long_ago)

    answer = api.post("posts", {"text": "b"}, idempotency_key="k")
    assert answer.status_code == 202
    assert "Idempotency-Replayed" not in answer.headers
    assert Post.objects.count() == 2


def test_old_answers_are_forgotten_and_young_ones_kept(api):
    for key in ("old", "young"):
        api.post("posts", {"text": key}, idempotency_key=key)
    IdempotencyKey.objects.filter(key="old").update(created_at=timezone.now() - timedelta(hours=25))
    assert idempotency.forget_expired() == 1
    assert [row.key for row in IdempotencyKey.objects.all()] == ["young"]


def test_a_batch_is_stored_once(api):
    body = {"posts": [{"text": "a"}, {"text": ""}, {"text": "b"}]}
    first = api.post("posts/batch", body, idempotency_key="k")
    again = api.post("posts/batch", body, idempotency_key="k")
    assert again.content == first.content
    assert Post.objects.count() == 2


def test_feedback_is_given_once(api, judge):
    post_id = api.submit()["id"]
    judge()
    body = {"label": "spam", "actor": {"id": "m", "role": "moderator"}}
    first = api.post(f"posts/{post_id}/feedback", body, idempotency_key="k")
    again = api.post(f"posts/{post_id}/feedback", body, idempotency_key="k")
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.content == first.content
    assert Feedback.objects.count() == 1
    assert Decision.objects.filter(post_id=post_id).count() == 2


def test_a_waited_for_answer_replaces_the_first_one(api, judge):
    body = {"text": "Hello"}
    assert api.post("posts", body, idempotency_key="k").status_code == 202
    judge()
    assert api.post("posts", body, idempotency_key="k").status_code == 202

    waited = api.post("posts", body, idempotency_key="k", prefer="wait=1")
    assert waited.status_code == 200
    assert waited.headers["Idempotency-Replayed"] == "true"
    final = api.post("posts", body, idempotency_key="k")
    assert (final.status_code, final.content) == (200, waited.content)
    post_id = waited.json()["id"]
    api.post(f"posts/{post_id}/feedback", {"label": "spam", "actor": {"id": "m", "role": "owner"}})
    later = api.post("posts", body, idempotency_key="k", prefer="wait=1")
    assert later.content == waited.content


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("prefer", ["", "wait=10"])
def test_twenty_at_once_make_one_post_and_one_answer(api, judge, prefer):
    def send(_):
        try:
            return api.post("posts", {"text": "Hello"}, idempotency_key="k", prefer=prefer)
        finally:
            connection.close()

    with ThreadPoolExecutor(20) as pool:
        sent = [pool.submit(send, i) for i in range(20)]
        if prefer:
            while not Post.objects.exists():
                pass
            judge()
        answers = [future.result() for future in sent]

    assert Post.objects.count() == 1
    assert IdempotencyKey.objects.count() == 1
    assert {answer.status_code for answer in answers} <= {200, 202}
    for status in (200, 202):
        assert len({a.content for a in answers if a.status_code == status}) <= 1
    first = [answer for answer in answers if "Idempotency-Replayed" not in answer.headers]
    assert len(first) == 1
    assert {json.loads(answer.content)["id"] for answer in answers} == {str(Post.objects.get().pk)}
