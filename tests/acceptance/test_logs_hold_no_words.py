"""What people write, and what opens doors, stands in no log of any process of a whole service."""

import base64
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from typing import Any

import httpx
from django.contrib.auth.hashers import PBKDF2PasswordHasher
from django_otp.oath import hotp

from benchmarks import installation
from config import processes
from tests import schema

_numbers = count(1)
ADDRESSES = ("203.0.113.77", "2001:db8:77::1", "198.51.100.77")
PASSWORD = "winnowed grain"
OPERATOR = """
INSERT INTO auth_user (username, password, is_superuser, is_staff, is_active, first_name,
    last_name, email, date_joined)
VALUES ('mara', %s, true, true, true, '', '', '', now())
"""
GUESSED = "canary000name"
ATTEMPTS = """
INSERT INTO axes_accessattempt (username, ip_address, user_agent, http_accept, path_info,
    attempt_time, get_data, post_data, failures_since_start)
VALUES (%s, '127.0.0.1', '', '', '', now(), '', '', 8)
"""
"""Eight wrong guesses as they are written down; the ninth and tenth are made."""


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
            "ip": ADDRESSES[next(_numbers) % 2],
        },
        "metadata": {canary("metakey"): canary("metavalue"), "honeypot": canary("honeypot")},
    }


def headers(key: str) -> dict[str, str]:
    return {
        "Authorization": f"Bearer {key}",
        "Idempotency-Key": canary("idempotency"),
        "Cookie": f"sessionid={canary('cookie')}",
        "User-Agent": canary("agent"),
        "Referer": f"https://x.example/{canary('referer')}",
        "X-Forwarded-For": ADDRESSES[2],
    }


def ask(service: Any, key: str, body: Any, path: str = "/api/v1/posts") -> int:
    url = f"{service.url}{path}"
    return httpx.post(url, headers=headers(key), json=body, timeout=30).status_code


class Browser(httpx.Client):
    """Sends forms as a person does."""

    def submit(self, path: str, **fields: str) -> httpx.Response:
        found = re.search(r'csrfmiddlewaretoken" value="(\w+)"', self.get(path).text)
        token = {"csrfmiddlewaretoken": found[1]} if found else {}
        return self.post(path, data={**token, **fields})

    def log_in(self, name: str, password: str) -> httpx.Response:
        next_page = f"/{canary('next')}"
        return self.submit("/review/login/", username=name, password=password, next=next_page)


def log_in_wrongly(service: Any) -> int:
    with service.database(owner=True) as owner:
        owner.execute(ATTEMPTS, [GUESSED])
    with Browser(base_url=service.url, timeout=30) as browser:
        assert browser.log_in(GUESSED, canary("password")).status_code == 200
        answer = browser.log_in(GUESSED, canary("password"))
    return answer.status_code


def set_up_two_steps(service: Any) -> list[str]:
    """Set it up while the database fails, then again; use it, wrongly and rightly.

    Returns what opens the door: the key and the recovery codes.
    """
    setup, code = "/review/account/two-step", "/review/login/code"
    with Browser(base_url=service.url, timeout=30) as browser:
        assert browser.log_in("mara", PASSWORD).status_code == 302
        shown = re.search(r'class="mono secret">([A-Z2-7 ]+)<', browser.get(setup).text)
        assert shown
        key = base64.b32decode(shown[1].replace(" ", ""))
        given = {"new_code": f"{hotp(key, int(time.time() // 30)):06d}", "password": PASSWORD}
        with refusing(service, "otp_totp_totpdevice", "id < 0"):
            assert browser.submit(setup, **given).status_code == 500
        with refusing(service, "otp_static_statictoken", "id < 0"):
            assert browser.submit(setup, **given).status_code == 500
        page = browser.submit(setup, **given).text
    codes = re.findall(r"<li>([a-z2-7-]+)</li>", page)
    assert len(codes) == 10, page
    with Browser(base_url=service.url, timeout=30) as browser:
        assert browser.log_in("mara", PASSWORD).headers["Location"] == code
        assert browser.submit(code, code=canary("code")).status_code == 200
        time.sleep(1.1)  # A wrong code makes the next one wait.
        assert browser.submit(code, code=codes[0]).status_code == 302
    return [shown[1], shown[1].replace(" ", ""), key.hex(), *codes]


@contextmanager
def refusing(service: Any, table: str, check: str) -> Iterator[None]:
    """While it lasts, no row is stored there: whoever tries fails."""
    with service.database(owner=True) as owner:
        owner.execute(f"ALTER TABLE {table} ADD CONSTRAINT never CHECK ({check}) NOT VALID")
        try:
            yield
        finally:
            owner.execute(f"ALTER TABLE {table} DROP CONSTRAINT never")


def test_no_canary_is_in_any_log(monkeypatch):
    monkeypatch.setattr(installation.Installation, "migrate", schema.migrate)
    with installation.running(durable=False) as service:
        site = service.create_site()
        with service.database(owner=True) as owner:
            owner.execute(OPERATOR, [PBKDF2PasswordHasher().encode(PASSWORD, "salt", 1_000)])
        children = [service.start(name, wait=False) for name in ("web", "worker", "beat")]
        for child in children:
            service.wait_ready(child)
        service.wait_readyz()
        asked = [
            (ask(service, site.key, post()), {202}),
            (ask(service, site.key, {**post(), "type": canary("type")}), {400}),
            (ask(service, site.key, {**post(), canary("field"): 1}), {400}),
            (ask(service, f"wnw_{canary('key')}", post()), {401}),
            (ask(service, site.key, post(), f"/api/v1/{canary('path')}"), {404}),
            (log_in_wrongly(service), {429}),
        ]
        secrets = set_up_two_steps(service)
        with refusing(service, "moderation_postrevision", "length(text) < 0"):
            asked.append((ask(service, site.key, post()), {500, 503}))
        worker = children[1]
        with refusing(service, "moderation_decision", "id < 0"):
            asked.append((ask(service, site.key, post()), {202}))
            tried = processes.wait_until(lambda: "failed alone" in worker.log(), seconds=30)
        assert tried, "the worker did not fail"
        for status, wanted in asked:
            assert status in wanted, asked
        logs = {
            path.name: path.read_text(errors="replace")
            for path in (service.folder / "log").iterdir()
        }
    assert len(logs) >= 5, sorted(logs)
    hidden = re.compile("|".join([r"canary\w+", *map(re.escape, [*ADDRESSES, *secrets])]))
    told = {name: set(hidden.findall(text)) for name, text in logs.items()}
    assert not {name: found for name, found in told.items() if found}
    assert any("violates check constraint" in text for text in logs.values()), "it did fail"
    assert any("login.locked_out" in text for text in logs.values())
