"""Keys: shown once, stored hashed, revocable, one site each."""

import json
from datetime import timedelta

import pytest
from django.core import serializers
from django.utils import timezone

from moderation.access import KEY, create_key, revoke_key
from moderation.models import ApiKey, Post


def test_a_key_is_nowhere_stored(api):
    stored = serializers.serialize("json", ApiKey.objects.all())
    assert api.key not in stored
    assert api.key.split("_", 2)[2] not in stored
    assert KEY.fullmatch(api.key)
    assert api.key.startswith(json.loads(stored)[0]["fields"]["prefix"])


def test_a_site_has_several_keys_and_each_is_revoked_alone(api, assert_problem):
    row, second = create_key(site=api.site, name="second")
    first_key, api.key = api.key, second
    assert api.get("posts").status_code == 200
    revoked = revoke_key(api_key=row).revoked_at
    assert revoke_key(api_key=row).revoked_at == revoked
    assert_problem(api.get("posts"), 401, "unauthorized")
    api.key = first_key
    assert api.get("posts").status_code == 200


@pytest.mark.parametrize(
    ("authorization", "challenge"),
    [
        (None, 'Bearer realm="Winnow API"'),
        ("Basic dXNlcjpwYXNz", 'Bearer realm="Winnow API"'),
        ("Bearer", 'Bearer realm="Winnow API", error="invalid_token"'),
        ("Bearer wnw_00000000_x", 'Bearer realm="Winnow API", error="invalid_token"'),
        (f"Bearer wnw_00000000_{'a' * 32}", 'Bearer realm="Winnow API", error="invalid_token"'),
        ("Bearer \xff\xfe", 'Bearer realm="Winnow API", error="invalid_token"'),
        (f"Bearer {'x' * 5_000}", 'Bearer realm="Winnow API", error="invalid_token"'),
    ],
    ids=lambda value: str(value)[:20],
)
def test_without_a_key_that_works_nothing_is_done(api, assert_problem, authorization, challenge):
    answer = api.post("posts", {"text": "x"}, authorization=authorization)
    assert_problem(answer, 401, "unauthorized")
    assert answer.headers["WWW-Authenticate"] == challenge
    assert not Post.objects.exists()


def test_the_right_prefix_with_another_secret_does_not_open(api, assert_problem):
    api.key = api.key[:-1] + ("a" if api.key[-1] != "a" else "b")
    assert_problem(api.get("posts"), 401, "unauthorized")


def test_the_scheme_is_known_in_any_case(api):
    assert api.get("posts", authorization=f"bEARER  {api.key}").status_code == 200


def test_a_key_of_another_kind_is_refused(api, assert_problem):
    ApiKey.objects.update(kind="akismet")
    assert_problem(api.post("posts", {"text": "x"}), 403, "forbidden")
    assert not Post.objects.exists()


def test_last_use_is_recorded_at_most_once_a_minute(api, django_assert_num_queries):
    assert ApiKey.objects.get().last_used_at is None
    api.get("posts")
    first = ApiKey.objects.get().last_used_at
    assert first is not None
    api.get("posts")
    assert ApiKey.objects.get().last_used_at == first
    earlier = timezone.now() - timedelta(seconds=61)
    ApiKey.objects.update(last_used_at=earlier)
    api.get("posts")
    assert ApiKey.objects.get().last_used_at > earlier + timedelta(seconds=60)
