"""Fetching one post, and lists of them."""

from datetime import timedelta
from urllib.parse import quote
from uuid import UUID

import pytest
from django.db import ProgrammingError, transaction
from django.utils import timezone

from moderation.ids import first_id
from moderation.models import DataRead, Post
from moderation.types import Status
from tests.integration.api.conftest import GTUBE


def ids(answer):
    assert answer.status_code == 200, answer.content
    return [post["id"] for post in answer.json()["results"]]


def test_another_sites_post_is_not_there(api, other, assert_problem, judge):
    post_id = api.submit(external_id="a")["id"]
    judge()
    feedback = {"label": "ham", "actor": {"id": "x", "role": "owner"}}

    assert_problem(other.get(f"posts/{post_id}"), 404, "not-found")
    assert_problem(other.delete(f"posts/{post_id}"), 404, "not-found")
    assert_problem(other.post(f"posts/{post_id}/feedback", feedback), 404, "not-found")
    assert ids(other.get("posts")) == []
    assert ids(other.get("posts?external_id=a")) == []
    post = Post.objects.get()
    assert post.status == Status.DECIDED
    assert post.decisions.count() == 1


def test_pages_hold_every_post_once_newest_first_while_more_come_in(api, django_assert_num_queries):
    posts = [{"text": str(i), "author": {"id": "u"}} for i in range(7)]
    made = [
        result["post"]["id"]
        for result in api.post("posts/batch", {"posts": posts}).json()["results"]
    ]

    seen, address = [], "posts?limit=3&author=u"
    while address:
        with django_assert_num_queries(3):
            answer = api.get(address)
        seen.append(ids(answer))
        api.submit(author={"id": "u"})
        address = answer.json()["next"]
        if address:
            assert address.startswith("http://testserver/api/v1/posts?")
            address = address.removeprefix("http://testserver")
    assert [len(page) for page in seen] == [3, 3, 1]
    assert [post_id for page in seen for post_id in page] == made[::-1]


def test_a_list_has_no_text(api):
    api.submit(text="secret words", title="secret title")
    answer = api.get("posts")
    assert b"secret" not in answer.content
    assert "content" not in answer.json()["results"][0]


@pytest.fixture
def mixed(api, judge):
    """A pending post, a blocked, an allowed and a withdrawn one."""
    made = {
        "blocked": api.submit(text=GTUBE, author={"id": "bad"})["id"],
        "withdrawn": api.submit(text="Oh no")["id"],
    }
    api.delete(f"posts/{made['withdrawn']}")
    judge()
    made["allowed"] = api.submit(external_id="ok/1", author={"id": "bad"})["id"]
    api.post(
        f"posts/{made['allowed']}/feedback", {"label": "ham", "actor": {"id": "m", "role": "owner"}}
    )
    made["pending"] = api.submit(author={"id": "ü & co"})["id"]
    return made


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("", ["pending", "allowed", "withdrawn", "blocked"]),
        ("outcome=block", ["blocked"]),
        ("outcome=allow", ["allowed"]),
        ("outcome=review", []),
        ("status=pending", ["pending"]),
        ("status=decided", ["allowed", "blocked"]),
        ("status=withdrawn", ["withdrawn"]),
        ("author=bad", ["allowed", "blocked"]),
        ("author=bad&outcome=block", ["blocked"]),
        (f"author={quote('ü & co')}", ["pending"]),
        ("author=nobody", []),
        ("external_id=ok/1", ["allowed"]),
    ],
)
def test_filters(api, mixed, query, names):
    assert ids(api.get(f"posts?{query}")) == [mixed[name] for name in names]


def test_filters_by_time(api, mixed):
    middle = timezone.now() - timedelta(days=7)
    old = Post.objects.create(
        id=UUID(int=first_id(middle).int + 7), site=api.site, created_at=middle, submitted_at=middle
    )
    mixed["old"] = str(old.pk)
    stamp = quote(middle.isoformat())

    assert ids(api.get(f"posts?created_before={stamp}")) == []
    assert mixed["old"] in ids(api.get(f"posts?created_after={stamp}"))
    later = quote((middle + timedelta(microseconds=1)).isoformat())
    assert ids(api.get(f"posts?created_before={later}")) == [mixed["old"]]
    assert mixed["old"] not in ids(api.get(f"posts?created_after={later}"))


def test_what_a_key_read_is_written_down_once_a_day_and_cannot_be_altered(api, other):
    post_id = api.submit(external_id="a")["id"]
    other.get(f"posts/{post_id}")
    assert not DataRead.objects.exists(), "what was not found showed nothing"
    api.get(f"posts/{post_id}", **{"X-Request-Id": "order-7731-a"})
    api.get(f"posts/{post_id}")
    api.get(f"posts/{post_id}/appeals")
    for _ in range(2):
        api.get("posts?external_id=a")
    rows = DataRead.objects.order_by("pk").values_list("kind", "post", "count", "site")
    one, site = UUID(post_id), api.site.pk
    assert list(rows) == [
        ("post", one, 1, site),
        ("appeals", one, 0, site),
        ("posts", None, 1, site),
        ("posts", None, 1, site),
    ]
    first = DataRead.objects.earliest("pk")
    assert (first.api_key.site_id, first.request_id) == (site, "order-7731-a")

    for change in (DataRead.objects.all().delete, lambda: DataRead.objects.update(count=9)):
        with pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic():
            change()
