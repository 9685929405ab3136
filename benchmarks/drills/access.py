"""Everybody at every door of a running web server; the same rules as in the ordinary suite."""

from __future__ import annotations

import json
from typing import Any

import httpx

from benchmarks.drills import Report, drill
from benchmarks.installation import running
from tests.contract import doors, world

MAKE_WORLD = "from tests.contract import world; print(world.as_json(world.make()))"


@drill(22, "every address as everybody, with their own, foreign, missing and malformed objects")
def access_matrix(scale: float) -> Report:
    with running(durable=False) as service:
        service.start("web")
        made = world.from_json(service.manage("shell", "-v", "0", "-c", MAKE_WORLD))
        with httpx.Client(base_url=service.url, timeout=30) as client:
            document = client.get("/api/schema", headers={"accept": "application/json"}).json()
            asked, wrong = doors.violations(made, document, _sender(client))
    return Report(
        measured={"requests": asked, "principals": len(made.principals), "wrong": wrong},
        criteria={"nobody gets what is not theirs": not wrong},
    )


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
