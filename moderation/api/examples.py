"""Posts, decisions and events that the OpenAPI document shows."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import OpenApiExample

PENDING = {
    "id": "019a0000-0000-7000-8000-000000000000",
    "external_id": "comment-42",
    "type": "comment",
    "status": "pending",
    "outcome": None,
    "published": None,
    "probability": None,
    "revision": 1,
    "author": {"id": "u7"},
    "created_at": "2026-01-31T12:00:00Z",
    "decided_at": None,
    "decision": None,
}
DECIDED = {
    **PENDING,
    "status": "decided",
    "outcome": "block",
    "published": False,
    "probability": 0.998,
    "decided_at": "2026-01-31T12:00:00.120000Z",
    "decision": {
        "id": 1,
        "outcome": "block",
        "published": False,
        "source": "machine",
        "probability": 0.998,
        "site_probability": 0.997,
        "would_be": "block",
        "mode": "provisional",
        "reasons": [
            {
                "code": "links.shortener",
                "sentence": "A link hides where it leads: bit.ly.",
                "weight": 1.4,
            }
        ],
        "statement": {
            "action": "unpublished",
            "category": "unsolicited_advertising",
            "automated": True,
            "text": "This post is not shown to readers. It was kept, so the decision can be "
            "reversed. It was taken for unsolicited advertising, which the site does not allow. "
            "This was decided automatically. If you think that this is wrong, you can appeal "
            "until 02 March 2026.",
            "guidelines": None,
            "appeal": {
                "url": "https://winnow.example/appeal/WzEsMTc3MjQ1MjgwMF0:SIGNATURE",
                "until": "2026-03-02T12:00:00.120000Z",
            },
        },
        "versions": {"policy": 1, "model": "starter-1", "learner": 12},
        "revision": 1,
        "supersedes": None,
        "created_at": "2026-01-31T12:00:00.120000Z",
    },
}
HAPPENED = {
    "id": 17,
    "kind": "appeal.resolved",
    "created_at": "2026-02-01T09:00:00Z",
    "post_id": DECIDED["id"],
    "external_id": "comment-42",
    "decision": {
        "id": 2,
        "revision": 1,
        "outcome": "allow",
        "published": True,
        "source": "moderator",
    },
    "appeal": {"id": "019b0000-0000-7000-8000-000000000001", "state": "overturned"},
}
SUBMITTED = {
    "text": "Great article! Visit my shop: https://bit.ly/win-4u",
    "type": "comment",
    "external_id": "comment-42",
    "author": {"id": "u7", "name": "Ann", "ip": "192.0.2.7"},
}


def example(name: str, value: Any, status: int | None = None) -> OpenApiExample:
    if status is None:
        return OpenApiExample(name, value=value, request_only=True)
    return OpenApiExample(name, value=value, response_only=True, status_codes=[str(status)])
