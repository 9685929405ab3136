"""POST /api/v1/posts: what is stored, what is answered, what is judged again."""

import pytest
from django.test import override_settings

from moderation.models import Author, Event, Post, PostRevision
from moderation.types import EventKind, Status
from tests.integration.api.conftest import GTUBE

EVERYTHING = {
    "text": "  Grüße 👋\n",
    "title": "Hi",
    "type": "comment",
    "external_id": "c-1",
    "author": {
        "id": "u7",
        "name": "Ann",
        "email": "ann@example.com",
        "ip": "::ffff:192.0.2.7",
        "user_agent": "Browser/1",
        "url": "https://example.com",
        "registered_at": "2026-01-01T01:00:00+01:00",
    },
    "permalink": "https://example.com/p/1",
    "context": "A question",
    "language": "pt-BR",
    "posted_at": "2026-01-02T00:00:00Z",
    "metadata": {"honeypot": "", "nested": {"list": [1, 2.5, None, True]}},
}


def test_a_post_is_accepted_at_once_and_stored(api):
    answer = api.post("posts", {"text": "Hello"})

    assert answer.status_code == 202
    body = answer.json()
    assert body == {
        "id": body["id"],
        "external_id": None,
        "type": "other",
        "status": "pending",
        "outcome": None,
        "published": None,
        "probability": None,
        "revision": 1,
        "author": None,
        "created_at": body["created_at"],
        "decided_at": None,
        "decision": None,
    }
    assert answer.headers["Location"] == f"/api/v1/posts/{body['id']}"
    assert answer.headers["Cache-Control"] == "no-store"
    post = Post.objects.get()
    assert (str(post.pk), post.site, post.status) == (body["id"], api.site, Status.PENDING)
    assert PostRevision.objects.get().text == "Hello"


def test_every_field_comes_back_as_it_was_sent(api):
    post_id = api.submit(**EVERYTHING)["id"]

    body = api.get(f"posts/{post_id}").json()
    assert (body["external_id"], body["type"], body["author"]) == ("c-1", "comment", {"id": "u7"})
    assert body["content"] == {
        "text": EVERYTHING["text"],
        "title": "Hi",
        "permalink": "https://example.com/p/1",
        "context": "A question",
        "language": "pt-BR",
        "posted_at": "2026-01-02T00:00:00Z",
        "author": {
            "name": "Ann",
            "email": "ann@example.com",
            "ip": "192.0.2.7",
            "user_agent": "Browser/1",
            "url": "https://example.com",
            "registered_at": "2026-01-01T00:00:00Z",
        },
        "metadata": EVERYTHING["metadata"],
    }
    assert Author.objects.get().external_id == "u7"


def test_null_and_empty_mean_not_said(api):
    post = api.submit(
        title=None, type=None, external_id=None, author=None, language="", permalink="",
        posted_at=None, metadata=None, context=None,
    )  # fmt: skip
    assert (post["type"], post["external_id"], post["author"]) == ("other", None, None)
    assert api.get(f"posts/{post['id']}").json()["content"]["metadata"] == {}


def test_a_judged_post_carries_its_decision(api, judge):
    post_id = api.submit(text=f"Hi {GTUBE}", author={"id": "u1"})["id"]
    judge()

    post = api.get(f"posts/{post_id}").json()
    assert (post["status"], post["outcome"], post["published"]) == ("decided", "block", False)
    decision = post["decision"]
    assert decision["source"] == "machine"
    assert decision["mode"] == "review_only"
    assert decision["revision"] == 1
    assert decision["supersedes"] is None
    assert decision["versions"]["policy"] == 1
    assert decision["versions"]["model"]
    assert post["probability"] == decision["probability"]
    assert post["decided_at"] == decision["created_at"]
    assert all(set(reason) == {"code", "sentence", "weight"} for reason in decision["reasons"])
    assert decision["reasons"]


def test_the_same_again_changes_nothing(api, judge):
    first = api.submit(external_id="a")
    judge()

    again = api.submit(external_id="a")
    assert (again["id"], again["revision"], again["status"]) == (first["id"], 1, "decided")
    assert again["decision"]["outcome"] == again["outcome"]
    assert PostRevision.objects.count() == 1


def test_changed_content_is_a_new_revision_judged_again(api, judge):
    first = api.submit(external_id="a")
    judge()

    changed = api.submit(external_id="a", text="Something else")
    assert (changed["id"], changed["revision"]) == (first["id"], 2)
    assert (changed["status"], changed["outcome"], changed["decision"]) == ("pending", None, None)
    judge()
    decided = api.get(f"posts/{first['id']}").json()
    assert decided["decision"]["revision"] == 2
    assert decided["decision"]["supersedes"] is not None
    assert decided["content"]["text"] == "Something else"


def test_the_same_external_id_on_two_sites_is_two_posts(api, other):
    assert api.submit(external_id="a")["id"] != other.submit(external_id="a")["id"]


@override_settings(CELERY_BROKER_URL="redis://127.0.0.1:1/0", REDIS_URL="redis://127.0.0.1:1/0")
def test_a_dead_broker_loses_no_post(api):
    api.submit()
    assert Post.objects.count() == 1


def test_few_queries(api, django_assert_max_num_queries):
    api.submit()
    # Key, begin, authors, post with its words, commit.
    with django_assert_max_num_queries(5):
        api.submit(author={"id": "u1", "name": "Ann"}, external_id="a")
    # Besides: the idempotency key's row, its answer, and a savepoint's two.
    with django_assert_max_num_queries(8):
        assert api.post("posts", {"text": "x"}, idempotency_key="k").status_code == 202


def test_a_thousand_posts_take_no_more_queries_than_one(api, django_assert_max_num_queries):
    api.submit()
    posts = [{"text": f"Post {i}", "author": {"id": f"u{i % 7}"}} for i in range(1_000)]
    with django_assert_max_num_queries(5):
        assert api.post("posts/batch", {"posts": posts}).status_code == 202


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("text", "x"),
        ("text", "😀" * 100_000),
        ("text", " "),
        ("title", "t" * 1_000),
        ("external_id", "e" * 200),
        ("language", "zh-Hant-TW"),
        ("language", "en_US"),
        ("posted_at", "2026-01-01T00:00:00.123456-12:00"),
        ("posted_at", "0001-01-01T00:00:00z"),
        ("metadata", {"n": 10**4_000, "small": 1e-320}),
        ("metadata", {"": [[[[[["deep"]]]]]]}),
        ("author", {"ip": "2001:db8::1"}),
        ("author", {}),
    ],
)
def test_what_is_just_within_bounds_is_accepted_and_readable(api, field, value):
    post = api.submit(**{field: value})
    answer = api.get(f"posts/{post['id']}")
    assert answer.status_code == 200
    if field in ("text", "metadata"):
        assert answer.json()["content"][field] == value


def test_a_post_says_what_it_weighs_as_it_comes_in(api):
    def weighs() -> list[tuple[float | None, str]]:
        return list(Post.objects.order_by("external_id").values_list("exposure", "severity"))

    api.submit(external_id="a", exposure=4, severity="high")
    several = [
        {"text": "Seeds", "external_id": "b", "exposure": 0.5},
        {"text": "Trees", "external_id": "c", "severity": "low"},
        {"text": "Bees", "external_id": "d", "exposure": None, "severity": None},
        {"text": "Ants", "external_id": "e", "exposure": "4"},
    ]
    answer = api.post("posts/batch", {"posts": several}).json()
    assert [result["status"] for result in answer["results"]] == [202, 202, 202, 400]
    assert weighs() == [(4.0, "high"), (0.5, "normal"), (None, "low"), (None, "normal")]


@pytest.mark.parametrize("text", ["Hello", "Something else"])
def test_what_a_known_post_weighs_is_kept_and_told_anew(api, text):
    def again(**said) -> tuple[float | None, str]:
        api.submit(external_id="a", text=text, **said)
        post = Post.objects.get()
        return post.exposure, post.severity

    api.submit(external_id="a", text="Hello", exposure=4, severity="high")
    assert again() == (4.0, "high")
    assert not Event.objects.filter(kind=EventKind.POST_WEIGHED).exists()
    assert again(exposure=8) == (8.0, "high")
    assert again(exposure=8, severity="low") == (8.0, "low")
    assert Event.objects.filter(kind=EventKind.POST_WEIGHED).count() == 2
