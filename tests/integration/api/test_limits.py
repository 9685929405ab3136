"""A key's posts a minute: counted together by all processes, and not at the broker's mercy."""

import time

import pytest
from django.test import override_settings

from moderation.broker import limits
from moderation.broker.limits import SharedLimiter, Window
from moderation.models import ApiKey, Post

NOWHERE = "redis://127.0.0.1:1/0"


@pytest.fixture
def limited(api):
    ApiKey.objects.update(requests_per_minute=5)
    return api


def test_headers_count_down_and_the_next_is_refused(limited, broker, assert_problem):
    left = []
    for _ in range(5):
        answer = limited.post("posts", {"text": "x"})
        assert answer.status_code == 202
        assert answer.headers["RateLimit-Limit"] == "5"
        assert answer.headers["RateLimit-Policy"] == "5;w=60"
        assert 0 < int(answer.headers["RateLimit-Reset"]) <= 60
        left.append(answer.headers["RateLimit-Remaining"])
    assert left == ["4", "3", "2", "1", "0"]

    refused = limited.post("posts", {"text": "x"})
    assert_problem(refused, 429, "rate-limited")
    assert 1 <= int(refused.headers["Retry-After"]) <= 120
    assert refused.headers["RateLimit-Remaining"] == "0"
    assert Post.objects.count() == 5


def test_another_key_is_unharmed(limited, other, broker):
    for _ in range(10):
        limited.get("posts")
    assert limited.get("posts").status_code == 429
    assert other.get("posts").status_code == 200


def test_each_post_of_a_batch_counts(limited, broker, assert_problem):
    answer = limited.post("posts/batch", {"posts": [{"text": "x"}] * 4})
    assert answer.status_code == 202
    assert answer.headers["RateLimit-Remaining"] == "1"
    answer = limited.post("posts/batch", {"posts": [{"text": "x"}] * 4})
    assert_problem(answer, 429, "rate-limited")
    assert Post.objects.count() == 4


def test_a_batch_above_the_whole_limit_is_refused(limited, broker, assert_problem):
    answer = limited.post("posts/batch", {"posts": [{"text": "x"}] * 6})
    assert_problem(answer, 429, "rate-limited")
    assert answer.headers["Retry-After"] == "60"


def test_two_processes_share_one_count(broker, settings):
    one, two = SharedLimiter(settings.REDIS_URL), SharedLimiter(settings.REDIS_URL)
    taken = [
        limiter.spend(identity="shared", per_minute=10, cost=1).allowed
        for limiter in (one, two) * 10
    ]
    assert taken == [True] * 10 + [False] * 10


def test_without_a_broker_each_process_counts_alone():
    limiter = SharedLimiter(NOWHERE)
    taken = [limiter.spend(identity="own", per_minute=3, cost=1) for _ in range(5)]
    assert [quota.allowed for quota in taken] == [True, True, True, False, False]
    assert taken[-1].retry_after >= 1


@override_settings(REDIS_URL=NOWHERE)
def test_without_a_broker_posts_are_accepted(api):
    for _ in range(3):
        answer = api.post("posts", {"text": "x"})
        assert answer.status_code == 202
        assert answer.headers["RateLimit-Limit"]
    assert Post.objects.count() == 3


def test_a_broker_that_says_nothing_is_asked_once_and_then_left_alone(monkeypatch):
    import socket

    with socket.create_server(("127.0.0.1", 0)) as silent:
        limiter = SharedLimiter(f"redis://127.0.0.1:{silent.getsockname()[1]}/0")
        tries = []
        monkeypatch.setattr(limiter, "_shared", _Counting(limiter._shared, tries), raising=True)
        began = time.process_time()
        for _ in range(50):
            assert limiter.spend(identity="x", per_minute=100, cost=1).allowed
        assert len(tries) == 1
        assert time.process_time() - began < 5
        limiter._next_try = 0.0
        limiter.spend(identity="x", per_minute=100, cost=1)
        assert len(tries) == 2


class _Counting:
    def __init__(self, limiter, tries):
        self._limiter, self._tries = limiter, tries

    def spend(self, **arguments):
        self._tries.append(arguments)
        return self._limiter.spend(**arguments)


def test_when_the_broker_is_back_it_counts_again(broker, settings):
    limiter = SharedLimiter(settings.REDIS_URL)
    limiter._fail(ConnectionError())
    assert limiter.spend(identity="back", per_minute=5, cost=1).remaining == 4
    limiter._next_try = 0.0
    limiter.spend(identity="back", per_minute=5, cost=1)
    assert limits.SharedLimiter(settings.REDIS_URL).spend(
        identity="back", per_minute=5, cost=1
    ).remaining == 3  # fmt: skip


@pytest.mark.parametrize(
    ("window", "room", "seconds"),
    [
        (Window(0, 0, 0, 0), 0, 0),
        (Window(60, 30, 0, 0), 29, 1),
        (Window(60, 30, 10, 30), 20, 20),
        (Window(0, 0, 10, 30), 5, 60),
        (Window(0, 0, 10, 30), 0, 90),
        (Window(100, 30, 10, 30), 10, 30),
    ],
)
def test_how_long_until_there_is_room(window, room, seconds):
    assert window.seconds_until(room) == pytest.approx(seconds)
