"""A site, its key, and a client that speaks JSON."""

# Models are imported inside: this file is read before Django's settings.

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from django.http import HttpResponse

    from moderation.models import ApiKey, Site

GTUBE = "XJS*C4JDBQADN1.NSBN3*2IDNEN*GTUBE-STANDARD-ANTI-UBE-TEST-EMAIL*C.34X"


@dataclass
class Api:
    """Calls the API with one key, through the whole of Django."""

    key: str
    row: ApiKey
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def site(self) -> Site:
        return self.row.site

    def call(
        self, method: str, path: str, body: Any = None, *, raw: bytes | None = None, **headers: str
    ) -> HttpResponse:
        """Call a path below /api/v1; headers with underscores for hyphens, empty ones left out."""
        from django.test import Client

        sent = {"authorization": f"Bearer {self.key}", **headers}
        data = raw if raw is not None else b"" if body is None else json.dumps(body).encode()
        return Client(raise_request_exception=False).generic(
            method,
            path if path.startswith("/") else f"/api/v1/{path}",
            data,
            content_type=sent.pop("content_type", "application/json"),
            headers={name.replace("_", "-"): value for name, value in sent.items() if value},
        )

    def get(self, path: str, **headers: str) -> HttpResponse:
        return self.call("GET", path, **headers)

    def post(self, path: str, body: Any = None, **headers: Any) -> HttpResponse:
        return self.call("POST", path, body, **headers)

    def delete(self, path: str, **headers: str) -> HttpResponse:
        return self.call("DELETE", path, **headers)

    def submit(self, **fields: Any) -> dict[str, Any]:
        """Submit a post that must be accepted; return its representation."""
        answer = self.post("posts", {"text": "Hello there", **fields})
        assert answer.status_code == 202, answer.content
        return answer.json()


def make_api(name: str) -> Api:
    from moderation.access import create_key
    from moderation.sites import create_site

    row, key = create_key(site=create_site(name=name), name="tests")
    return Api(key, row)


@pytest.fixture
def api(db: None) -> Api:
    return make_api("Example")


@pytest.fixture
def other(db: None) -> Api:
    """Another site's client."""
    return make_api("Other")


@pytest.fixture
def judge() -> Callable[[], None]:
    """Judge everything that is pending, as a worker would."""

    def run() -> None:
        from moderation import claims

        assert claims.drain(seconds=30) is False

    return run


@pytest.fixture
def assert_problem() -> Callable[..., dict[str, Any]]:
    """Check that an answer is a problem detail of a kind; return it."""

    def check(answer: HttpResponse, status: int, kind: str) -> dict[str, Any]:
        assert answer.status_code == status, (answer.status_code, answer.content[:500])
        assert answer.headers["Content-Type"] == "application/problem+json"
        problem = json.loads(answer.content)
        assert problem["type"] == f"/api/v1/problems/{kind}"
        assert problem["status"] == status
        assert problem["title"]
        assert problem["detail"]
        assert problem["instance"].startswith("urn:uuid:")
        return problem

    return check
