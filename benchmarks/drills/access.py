"""Everybody at every door of a running web server; the same rules as in the ordinary suite."""

from __future__ import annotations

import json
from typing import Any

import httpx

from benchmarks.drills import Report, drill
from benchmarks.installation import running
from tests.contract import doors, world

TRY_ALL = "from benchmarks.drills import access; access.try_all({url!r})"


@drill(22, "every address as everybody, with their own, foreign, missing and malformed objects")
def access_matrix(scale: float) -> Report:
    with running(durable=False) as service:
        web = service.start("web")
        # Where Django is set up: addresses come from its resolver.
        told = service.manage("shell", "-v", "0", "-c", TRY_ALL.format(url=web.url))
    measured = json.loads(told)
    return Report(
        measured=measured, criteria={"nobody gets what is not theirs": not measured["wrong"]}
    )


def try_all(url: str) -> None:
    """Print how many requests were made of a running web server, and what was wrong."""
    made = world.make(roles=True)
    with httpx.Client(base_url=url, timeout=60) as client:
        document = client.get("/api/schema", headers={"accept": "application/json"}).json()
        asked, wrong = doors.violations(made, document, _sender(client))
    print(json.dumps({"requests": asked, "principals": len(made.principals), "wrong": wrong}))


def _sender(client: httpx.Client) -> doors.Send:
    def send(who: doors.Principal, method: str, path: str, body: Any, token: bool) -> doors.Answer:
        headers = {**who.headers}
        cookies = {"sessionid": who.session} if who.session else {}
        if token:
            cookies["csrftoken"] = headers["X-CSRFToken"] = doors.CSRF
        kind = "application/x-www-form-urlencoded" if body is None else "application/json"
        headers["Content-Type"] = kind
        headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in cookies.items())
        content = None if body is None else json.dumps(body).encode()
        client.cookies.clear()
        answer = client.request(method, path, content=content, headers=headers)
        return doors.Answer(answer.status_code, answer.text, dict(answer.headers.items()))

    return send
