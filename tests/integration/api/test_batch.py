"""POST /api/v1/posts/batch: one result each, in order."""

import pytest

from moderation.models import Post


def test_right_ones_are_stored_and_wrong_ones_named(api, assert_problem):
    answer = api.post(
        "posts/batch",
        {"posts": [{"text": "a"}, {"text": ""}, 5, {"text": "b", "x": 1}, {"text": "c"}]},
    )

    assert answer.status_code == 202
    results = answer.json()["results"]
    assert [result["status"] for result in results] == [202, 400, 400, 400, 202]
    stored = {str(post.pk) for post in Post.objects.filter(site=api.site)}
    assert {results[0]["post"]["id"], results[4]["post"]["id"]} == stored
    pointers = [result["problem"]["errors"][0]["pointer"] for result in results[1:4]]
    assert pointers == ["#/posts/1/text", "#/posts/2", "#/posts/3/x"]
    assert api.get(f"posts/{results[4]['post']['id']}").json()["content"]["text"] == "c"


def test_all_wrong_stores_nothing(api):
    answer = api.post("posts/batch", {"posts": [{}, {}]})
    assert answer.status_code == 202
    assert [result["status"] for result in answer.json()["results"]] == [400, 400]
    assert not Post.objects.exists()


def test_an_external_id_twice_is_one_post_with_the_last_words(api, judge):
    posts = [{"text": "first", "external_id": "a"}, {"text": "second", "external_id": "a"}]
    results = api.post("posts/batch", {"posts": posts}).json()["results"]

    assert results[0]["post"]["id"] == results[1]["post"]["id"]
    judge()
    post = api.get(f"posts/{results[0]['post']['id']}").json()
    assert post["content"]["text"] == "second"
    assert post["status"] == "decided"


def test_authors_stay_with_their_posts(api):
    posts = [{"text": str(i), "author": {"id": f"u{i % 3}"}} for i in range(7)] + [{"text": "x"}]
    results = api.post("posts/batch", {"posts": posts}).json()["results"]
    shown = [result["post"]["author"] for result in results]
    assert shown == [{"id": f"u{i % 3}"} for i in range(7)] + [None]
    listed = api.get("posts?author=u1").json()["results"]
    assert {post["id"] for post in listed} == {results[i]["post"]["id"] for i in (1, 4)}


def test_a_repeated_post_that_was_decided_comes_with_its_decision(api, judge):
    api.submit(external_id="a")
    judge()
    posts = [{"text": "Hello there", "external_id": "a"}, {"text": "new"}]
    results = api.post("posts/batch", {"posts": posts}).json()["results"]
    assert [result["post"]["status"] for result in results] == ["decided", "pending"]
    assert results[0]["post"]["decision"]["outcome"]


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ([{"text": "x"}], "#"),
        ({}, "#/posts"),
        ({"posts": {}}, "#/posts"),
        ({"posts": []}, "#/posts"),
        ({"posts": [{"text": "x"}] * 1_001}, "#/posts"),
        ({"posts": [{"text": "x"}], "more": 1}, "#/more"),
    ],
    ids=lambda value: repr(value)[:40],
)
def test_what_is_no_batch_is_refused_as_a_whole(api, assert_problem, body, pointer):
    problem = assert_problem(api.post("posts/batch", body), 400, "validation-error")
    assert [error["pointer"] for error in problem["errors"]] == [pointer]
    assert not Post.objects.exists()
