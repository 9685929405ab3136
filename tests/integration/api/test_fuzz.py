"""Made-up requests: each is answered with what the API promises, never with a 5xx."""

import json
from urllib.parse import urlencode

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

# Text with NUL, surrogates, and what databases and URLs trip over.
text = st.text(st.characters(codec=None), max_size=30) | st.sampled_from(
    ["", "\0", "\ud800", "\U0010ffff", "'; --", "%s", "2026-01-01T00:00:00Z", "192.0.2.1", "en"]
)
value = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats() | text,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(text, inner, max_size=4),
    max_leaves=12,
)
AUTHOR = ["id", "name", "email", "ip", "user_agent", "url", "registered_at", "other"]
POST = ["title", "type", "external_id", "permalink", "context", "language", "posted_at", "metadata"]
author = st.dictionaries(st.sampled_from(AUTHOR), text | value, max_size=4)
post = st.fixed_dictionaries(
    {"text": text | value},
    optional={**dict.fromkeys(POST, text | value), "author": author | value},
)
quiet = settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@quiet
@given(body=post)
def test_a_post_is_stored_as_it_came_or_refused(api, body):
    answer = api.call("POST", "posts", raw=json.dumps(body).encode())
    assert answer.status_code in (202, 400), answer.content
    if answer.status_code == 202:
        stored = api.get(f"posts/{answer.json()['id']}")
        assert stored.status_code == 200
        assert stored.json()["content"]["text"] == body["text"]
        assert stored.json()["content"]["metadata"] == (body.get("metadata") or {})


@quiet
@given(raw=st.binary(max_size=60) | value.map(lambda made: json.dumps(made).encode()))
@pytest.mark.parametrize("path", ["posts/batch", "posts"])
def test_any_bytes_are_refused(api, path, raw):
    answer = api.call("POST", path, raw=raw)
    assert answer.status_code in (400, 415), answer.content  # 415 when there is no body


QUERY = [
    "outcome", "status", "author", "external_id", "created_after", "created_before", "limit",
    "cursor", "else",
]  # fmt: skip


@quiet
@given(
    query=st.dictionaries(
        st.sampled_from(QUERY),
        st.text(max_size=30) | st.integers(-5, 300).map(str) | st.just("2026-01-01T00:00:00Z"),
        max_size=3,
    )
)
def test_any_question_is_answered_or_refused(api, query):
    answer = api.get("posts?" + urlencode(query))
    assert answer.status_code in (200, 400), answer.content
