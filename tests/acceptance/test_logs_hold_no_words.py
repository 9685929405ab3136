"""What people write, and what opens doors, stands in no log of any process of a whole service."""

from __future__ import annotations

import re
import time
from itertools import count
from typing import Any

import httpx

from benchmarks import installation

_numbers = count(1)


def canary(where: str) -> str:
    return f"canary{next(_numbers):03d}{where}"


def post() -> dict[str, Any]:
    return {
        "text": canary("text"),
        "title": canary("title"),
        "context": canary("context"),
        "permalink": f"https://forum.example/{canary('link')}",
        "author": {
            "id": canary("id"),
            "name": canary("name"),
            "email": f"{canary('mail')}@example.org",
            "url": f"https://{canary('host')}.example/",
        },
        "metadata": {canary("metakey"): canary("metavalue")},
    }


def headers(key: str) -> dict[str, str]:
    return {
        "Authorization": f"Bearer {key}",
        "Idempotency-Key": canary("idempotency"),
        "Cookie": f"sessionid={canary('cookie')}",
        "User-Agent": canary("agent"),
        "Referer": f"https://x.example/{canary('referer')}",
    }


def ask(service: Any, key: str, body: Any, path: str = "/api/v1/posts") -> int:
    url = f"{service.url}{path}"
    return httpx.post(url, headers=headers(key), json=body, timeout=30).status_code


def log_in_wrongly(service: Any) -> int:
    with httpx.Client(base_url=service.url, timeout=30) as browser:
        page = browser.get("/review/login/")
        token = re.search(r'csrfmiddlewaretoken" value="(\w+)"', page.text)
        assert token
        for _ in range(10):
            answer = browser.post(
                f"/review/login/?next=/{canary('next')}",
                data={
                    "csrfmiddlewaretoken": token[1],
                    "username": "canary000name",
                    "password": canary("password"),
                },
            )
    return answer.status_code


def test_no_canary_is_in_any_log() -> None:
    with installation.running(durable=False) as service:
        site = service.create_site()
        service.start("web")
        service.start("worker")
        service.start("beat")
        service.wait_readyz()
        asked = [
            (ask(service, site.key, post()), {201, 202}),
            (ask(service, site.key, {**post(), "type": canary("type")}), {400, 422}),
            (ask(service, site.key, {**post(), canary("field"): 1}), {201, 202, 400, 422}),
            (ask(service, f"wnw_{canary('key')}", post()), {401}),
            (ask(service, site.key, post(), f"/api/v1/{canary('path')}"), {404}),
            (log_in_wrongly(service), {429}),
        ]
        with service.database(owner=True) as owner:
            # From here on no row is stored: the web server, and what it asks, fail.
            owner.execute(
                "ALTER TABLE moderation_postrevision ADD CONSTRAINT never CHECK (length(text) < 0)"
                " NOT VALID"
            )
            asked.append((ask(service, site.key, post()), {500, 503}))
            owner.execute("ALTER TABLE moderation_postrevision DROP CONSTRAINT never")
            # And here no decision is: the worker fails.
            owner.execute(
                "ALTER TABLE moderation_decision ADD CONSTRAINT never CHECK (id < 0) NOT VALID"
            )
            asked.append((ask(service, site.key, post()), {201, 202}))
        time.sleep(5)  # a worker has tried by then
        for status, wanted in asked:
            assert status in wanted, asked
        logs = {
            path.name: path.read_text(errors="replace")
            for path in (service.folder / "log").iterdir()
        }
    assert len(logs) >= 5, sorted(logs)
    told = {name: set(re.findall(r"canary\w+", text)) for name, text in logs.items()}
    assert not {name: found for name, found in told.items() if found}
    assert any("violates check constraint" in text for text in logs.values()), "it did fail"
    assert any("login.locked_out" in text for text in logs.values())
