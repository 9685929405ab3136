"""What browsers are told about our pages."""

import pytest
from django.http import HttpResponse
from django.test import RequestFactory

from config.middleware import security_headers


def policy(path: str, response: HttpResponse | None = None) -> dict[str, str]:
    answer = security_headers(lambda request: response or HttpResponse())(
        RequestFactory().get(path)
    )
    parts = answer["Content-Security-Policy"].split("; ")
    return {name: sources for name, _, sources in (part.partition(" ") for part in parts)}


@pytest.mark.parametrize("path", ["/review/", "/api/docs", "/admin/", "/api/v1/posts", "/x"])
def test_nothing_comes_from_other_hosts_and_nobody_frames_us(path):
    found = policy(path)
    assert found["default-src"] == "'self'"
    assert found["frame-ancestors"] == "'none'"
    sources = " ".join(found.values()).split()
    assert set(sources) <= {"'self'", "'none'", "data:", "'unsafe-inline'", "'unsafe-eval'"}


def test_only_the_admin_may_run_inline_scripts():
    assert "script-src" not in policy("/review/")
    assert "script-src" not in policy("/api/docs")
    assert "'unsafe-inline'" in policy("/admin/")["script-src"]


def test_a_view_that_knows_better_is_left_alone():
    own = HttpResponse(headers={"Content-Security-Policy": "default-src 'none'"})
    assert policy("/review/", own) == {"default-src": "'none'"}
