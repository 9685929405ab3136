"""Whatever is sent: a problem detail of the 4xx kind, nothing stored, never a 5xx."""

import gzip
import json

import pytest

from moderation.api import views
from moderation.models import IdempotencyKey, Post

AUTHOR_IP = "#/author/ip"

WRONG_FIELDS = [
    ({}, "#/text"),
    ({"text": ""}, "#/text"),
    ({"text": None}, "#/text"),
    ({"text": 5}, "#/text"),
    ({"text": ["x"]}, "#/text"),
    ({"text": "x" * 100_001}, "#/text"),
    ({"text": "a\0b"}, "#/text"),
    ({"text": "\ud800"}, "#/text"),
    ({"text": "x", "title": "t" * 1_001}, "#/title"),
    ({"text": "x", "title": "\udfff"}, "#/title"),
    ({"text": "x", "title": 1}, "#/title"),
    ({"text": "x", "type": "poem"}, "#/type"),
    ({"text": "x", "type": ["post"]}, "#/type"),
    ({"text": "x", "external_id": ""}, "#/external_id"),
    ({"text": "x", "external_id": 7}, "#/external_id"),
    ({"text": "x", "external_id": "e" * 201}, "#/external_id"),
    ({"text": "x", "author": "Ann"}, "#/author"),
    ({"text": "x", "author": {"ip": "999.1.1.1"}}, AUTHOR_IP),
    ({"text": "x", "author": {"ip": "fe80::1%eth0"}}, AUTHOR_IP),
    ({"text": "x", "author": {"ip": "192.0.2.0/24"}}, AUTHOR_IP),
    ({"text": "x", "author": {"ip": 3221225985}}, AUTHOR_IP),
    ({"text": "x", "author": {"ip": ""}}, AUTHOR_IP),
    ({"text": "x", "author": {"id": ""}}, "#/author/id"),
    ({"text": "x", "author": {"name": "n" * 201}}, "#/author/name"),
    ({"text": "x", "author": {"email": "\0"}}, "#/author/email"),
    ({"text": "x", "author": {"nickname": "Ann"}}, "#/author/nickname"),
    ({"text": "x", "author": {"registered_at": "yesterday"}}, "#/author/registered_at"),
    ({"text": "x", "author": {"registered_at": "2026-01-01T00:00:00"}}, "#/author/registered_at"),
    ({"text": "x", "posted_at": "2026-01-01"}, "#/posted_at"),
    ({"text": "x", "posted_at": 1767225600}, "#/posted_at"),
    ({"text": "x", "posted_at": "0001-01-01T00:00:00+14:00"}, "#/posted_at"),
    ({"text": "x", "posted_at": "9999-12-31T23:59:59-12:00"}, "#/posted_at"),
    ({"text": "x", "posted_at": "2026-02-30T00:00:00Z"}, "#/posted_at"),
    ({"text": "x", "posted_at": "٢٠٢٦-01-01T00:00:00Z"}, "#/posted_at"),
    ({"text": "x", "language": "e"}, "#/language"),
    ({"text": "x", "language": "en\n"}, "#/language"),
    ({"text": "x", "language": "en; DROP TABLE"}, "#/language"),
    ({"text": "x", "permalink": "p" * 2_001}, "#/permalink"),
    ({"text": "x", "context": "c" * 10_001}, "#/context"),
    ({"text": "x", "metadata": []}, "#/metadata"),
    ({"text": "x", "metadata": "{}"}, "#/metadata"),
    ({"text": "x", "metadata": {"a": "x" * 16_384}}, "#/metadata"),
    ({"text": "x", "metadata": {"a\0": 1}}, "#/metadata"),
    ({"text": "x", "metadata": {"a": ["\ud83d"]}}, "#/metadata"),
    ({"text": "x", "metadata": {"a": [[[[[[[[]]]]]]]]}}, "#/metadata"),
    ({"text": "x", "spam": True}, "#/spam"),
    ({"text": "x", "a/b~c d": 1}, "#/a~1b~0c%20d"),
    ({"text": "x", "\ud800": 1}, "#/%3F"),
    ({"text": "x", "": 1}, "#/"),
    ({"text": "x", "non_field_errors": 1}, "#"),
    (None, "#"),
    ([], "#"),
    ("text", "#"),
    (5, "#"),
    ([{"text": "x"}], "#"),
]


@pytest.mark.parametrize(("body", "pointer"), WRONG_FIELDS, ids=lambda value: repr(value)[:60])
def test_a_wrong_field_is_named(api, assert_problem, body, pointer):
    answer = api.call("POST", "posts", raw=json.dumps(body).encode())

    problem = assert_problem(answer, 400, "validation-error")
    assert [error["pointer"] for error in problem["errors"]] == [pointer]
    assert problem["errors"][0]["detail"]
    assert len(answer.content) < 2_000
    assert not Post.objects.exists()


def test_all_wrong_fields_are_named_at_once(api, assert_problem):
    body = {"title": 1, "nonsense": 1, "author": {"ip": "x", "shoe_size": 44}}
    problem = assert_problem(api.post("posts", body), 400, "validation-error")
    assert {error["pointer"] for error in problem["errors"]} == {
        "#/text", "#/title", "#/nonsense", "#/author/ip", "#/author/shoe_size",
    }  # fmt: skip


def test_a_thousand_unknown_fields_make_a_short_answer(api, assert_problem):
    body = {f"{i}{'x' * 500}": i for i in range(1_000)}
    answer = api.post("posts", {"text": "x", **body})
    assert_problem(answer, 400, "validation-error")
    assert len(answer.content) < 20_000


NOT_JSON = [
    b"{",
    b"text=hello",
    b"\xff\xfe",
    b'{"text": "\xed\xa0\x80"}',
    b'\xef\xbb\xbf{"text": "x"}',
    b'{"text": "x"} trailing',
    b"{'text': 'x'}",
    b'{"text": "x",}',
    b'{"text": "a\nb"}',
    b'{"text": "x", "text": "y"}',
    b'{"text": "x", "metadata": {"a": 1, "a": 2}}',
    b'{"text": "x", "metadata": {"n": NaN}}',
    b'{"text": "x", "metadata": {"n": -Infinity}}',
    b'{"text": "x", "metadata": {"n": 1e999}}',
    b'{"text": "x", "metadata": {"n": ' + b"9" * 5_000 + b"}}",
    b"[" * 100_000,
    b"[" * 100_000 + b"]" * 100_000,
    b'{"metadata":' * 100_000 + b"1" + b"}" * 100_000,
    b'{"text": "\\u00zz"}',
]


@pytest.mark.parametrize("body", NOT_JSON, ids=lambda body: repr(body[:40]))
def test_what_is_not_json_is_refused(api, assert_problem, body):
    answer = api.call("POST", "posts", raw=body)
    assert_problem(answer, 400, "malformed-json")
    assert len(answer.content) < 1_000
    assert not Post.objects.exists()


def test_no_body_is_not_json(api, assert_problem):
    from django.test import Client

    answer = Client().generic(
        "POST",
        "/api/v1/posts",
        headers={"authorization": f"Bearer {api.key}"},
        CONTENT_TYPE="application/json",
    )
    assert_problem(answer, 400, "malformed-json")


@pytest.mark.parametrize("path", ["posts", "posts/batch"])
def test_a_body_of_10_mib_is_refused_unread(api, assert_problem, path):
    answer = api.call("POST", path, raw=b'"' + b"x" * (10 << 20) + b'"')
    assert_problem(answer, 413, "too-large")


def test_a_body_that_would_swell_in_memory_is_refused(api, assert_problem):
    import tracemalloc

    raw = b'{"posts":[' + b"[]," * 3_000_000 + b"[]]}"
    tracemalloc.start()
    answer = api.call("POST", "posts/batch", raw=raw)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert_problem(answer, 413, "too-large")
    assert peak < 4 * len(raw)


def test_a_batch_of_nine_megabytes_is_accepted(api):
    posts = [{"text": f"{i}, [{{" + "Grüße an alle, " * 6_000} for i in range(85)]
    raw = json.dumps({"posts": posts}, ensure_ascii=False).encode()
    assert 8_500_000 < len(raw) < 10_000_000
    answer = api.call("POST", "posts/batch", raw=raw)
    assert {result["status"] for result in answer.json()["results"]} == {202}


def test_a_body_that_claims_to_be_huge_is_refused(api, assert_problem):
    from django.test import RequestFactory

    request = RequestFactory().post(
        "/api/v1/posts",
        b"{}",
        content_type="application/json",
        headers={"authorization": f"Bearer {api.key}"},
        CONTENT_LENGTH=str(10**15),
    )
    assert_problem(views.PostsView.as_view()(request), 413, "too-large")


@pytest.mark.parametrize(
    "headers",
    [
        {"content_encoding": "gzip"},
        {"content_encoding": "br"},
        {"content_type": "text/plain"},
        {"content_type": "application/x-www-form-urlencoded"},
        {"content_type": "multipart/form-data; boundary=x"},
        {"content_type": "application/json; charset=utf-16"},
        {"content_type": ""},
    ],
    ids=str,
)
def test_another_media_type_is_refused(api, assert_problem, headers):
    raw = gzip.compress(b'{"text": "x"}') if "content_encoding" in headers else b'{"text": "x"}'
    answer = api.call("POST", "posts", raw=raw, **headers)
    assert_problem(answer, 415, "unsupported-media-type")
    assert not Post.objects.exists()


def test_a_chunked_body_is_refused(api, assert_problem):
    from django.test import RequestFactory

    request = RequestFactory().post(
        "/api/v1/posts",
        content_type="application/json",
        headers={"authorization": f"Bearer {api.key}", "transfer-encoding": "chunked"},
    )
    request.META["CONTENT_LENGTH"] = ""
    assert_problem(views.PostsView.as_view()(request), 411, "length-required")


@pytest.mark.parametrize("accept", ["text/html", "image/png;q=1", "application/xml"])
def test_an_answer_that_is_not_json_is_not_to_be_had(api, assert_problem, accept):
    assert_problem(api.get("posts", accept=accept), 406, "not-acceptable")


@pytest.mark.parametrize("accept", ["*/*", "application/*", "application/json", "text/html, */*"])
def test_usual_accept_headers_are_answered(api, accept):
    assert api.get("posts", accept=accept).status_code == 200


@pytest.mark.parametrize(
    "query",
    [
        "outcome=maybe",
        "status=lost",
        "limit=0",
        "limit=201",
        "limit=ten",
        "limit=" + "9" * 5_000,
        "author=%00",
        "author=",
        "external_id=" + "x" * 201,
        "created_after=yesterday",
        "created_before=2026-01-01T00:00:00",
        "cursor=garbage",
        "cursor=%FF%FE",
        "cursor=AAAA",
        "cursor=" + "A" * 5_000,
        "site=1",
        "outcom=block",
        "%00=1",
    ],
)
def test_a_wrong_question_is_refused(api, assert_problem, query):
    problem = assert_problem(api.get(f"posts?{query}"), 400, "validation-error")
    assert len(problem["errors"]) == 1


@pytest.mark.parametrize("path", ["posts", "posts/019a0000-0000-7000-8000-000000000000"])
def test_a_question_of_too_many_parts_is_refused_or_not_read(api, path):
    answer = api.get(f"{path}?" + "&".join(["a=1"] * 5_000))
    assert answer.status_code == (400 if path == "posts" else 404)


@pytest.mark.parametrize(
    ("depth", "status"), [(8, 202), (9, 400)], ids=["as deep as allowed", "one deeper"]
)
def test_metadata_is_as_deep_as_it_holds_lists(api, depth, status):
    raw = b'{"text": "x", "metadata": {"a": ' + b"[" * (depth - 1) + b'"x"' + b"]" * (depth - 1)
    assert api.call("POST", "posts", raw=raw + b"}}").status_code == status


@pytest.mark.parametrize("path", ["nothing", "posts/null"])
def test_an_address_that_is_none_refuses_every_method_alike(api, assert_problem, path):
    from django.test import Client

    strict = Client(enforce_csrf_checks=True)
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        assert_problem(strict.generic(method, f"/api/v1/{path}"), 404, "not-found")


@pytest.mark.parametrize("key", ["", " ", "a b", "ü", "x" * 256, "a\tb"])
def test_a_wrong_idempotency_key_is_refused(api, assert_problem, key):
    from django.test import Client

    answer = Client().post(
        "/api/v1/posts",
        b'{"text": "x"}',
        content_type="application/json",
        HTTP_AUTHORIZATION=f"Bearer {api.key}",
        HTTP_IDEMPOTENCY_KEY=key,
    )
    assert_problem(answer, 400, "bad-request")
    assert not Post.objects.exists()
    assert not IdempotencyKey.objects.exists()


@pytest.mark.parametrize(
    "path",
    ["posts/1", "posts/", "posts/%00", "posts/..%2f..", "nothing", "posts/x/feedback", "posts//"],
)
def test_an_address_that_is_none(api, assert_problem, path):
    assert_problem(api.get(path), 404, "not-found")


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("PUT", "posts", {"GET", "POST", "HEAD"}),
        ("OPTIONS", "posts", {"GET", "POST", "HEAD"}),
        ("TRACE", "posts", {"GET", "POST", "HEAD"}),
        ("GET", "posts/batch", {"POST"}),
        ("PUT", "posts/019a0000-0000-7000-8000-000000000000", {"GET", "PATCH", "DELETE", "HEAD"}),
    ],
)
def test_a_method_that_is_not_there(api, assert_problem, method, path, allowed):
    answer = api.call(method, path)
    assert_problem(answer, 405, "method-not-allowed")
    assert set(answer.headers["Allow"].split(", ")) == allowed
