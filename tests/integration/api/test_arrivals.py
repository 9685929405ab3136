"""A new post is stored in one statement; what that leaves to the careful way is still done."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from moderation.models import Author, IdempotencyKey, Post, PostRevision

ADA = {"id": "u1", "name": "Ada", "email": "ada@site.example"}


def test_a_new_post_costs_two_statements_with_its_key(api):
    api.submit()  # and notes that the key was used
    with CaptureQueriesContext(connection) as queries:
        answer = api.post("posts", {"text": "x", "author": ADA}, idempotency_key="k")
    assert answer.status_code == 202
    assert len(queries) == 2
    assert IdempotencyKey.objects.get().response["body"].encode() == answer.content


def test_an_author_is_made_once_and_learnt_of_later(api):
    first = api.submit(author=ADA)
    again = api.submit(author=ADA)
    renamed = api.submit(author={"id": "u1", "name": "Ada L.", "url": "https://ada.example"})
    bare = api.submit(author={"id": "u1"})

    author = Author.objects.get()
    assert (author.name, author.email, author.url) == (
        *("Ada L.", "ada@site.example", "https://ada.example"),
    )
    given = {post["id"] for post in (first, again, renamed, bare)}
    assert len(given) == 4
    assert {str(row.pk) for row in author.posts.all()} == given
    assert [row.author_name for row in PostRevision.objects.order_by("id")] == (
        ["Ada", "Ada", "Ada L.", ""]
    )


def test_an_edit_keeps_the_post_and_its_own_key(api):
    first = api.post("posts", {"text": "a", "external_id": "e"}, idempotency_key="k1").json()
    edit = api.post("posts", {"text": "b", "external_id": "e"}, idempotency_key="k2").json()
    assert (edit["id"], edit["revision"]) == (first["id"], 2)
    assert IdempotencyKey.objects.count() == 2
    assert Post.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_one_external_id_under_many_keys_at_once_is_one_post(api):
    def send(number):
        try:
            body = {"text": "Hello", "external_id": f"e{number % 4}", "author": ADA}
            return api.post("posts", body, idempotency_key=f"k{number}")
        finally:
            connection.close()

    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(send, range(64)))

    assert {answer.status_code for answer in answers} == {202}
    assert {(a.json()["external_id"], a.json()["id"]) for a in answers} == {
        (post.external_id, str(post.pk)) for post in Post.objects.all()
    }
    assert (Post.objects.count(), Author.objects.count()) == (4, 1)
    assert PostRevision.objects.count() == 4
    assert IdempotencyKey.objects.count() == 64
