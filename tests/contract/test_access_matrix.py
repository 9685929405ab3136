"""Every address for everybody: generated from the OpenAPI document and the URL resolver."""

import json
from typing import Any

import pytest
from django.test import Client
from django.urls import path

from config import urls
from tests.contract import doors, world

pytestmark = pytest.mark.django_db


client = Client(enforce_csrf_checks=True, raise_request_exception=False)


def send(who: doors.Principal, method: str, path: str, body: Any, token: bool) -> doors.Answer:
    headers = dict(who.headers)
    client.cookies.clear()
    if who.session:
        client.cookies["sessionid"] = who.session
    if token:
        client.cookies["csrftoken"] = headers["X-CSRFToken"] = doors.CSRF
    answer = client.generic(
        method,
        path,
        b"" if body is None else json.dumps(body).encode(),
        content_type="application/x-www-form-urlencoded" if body is None else "application/json",
        headers=headers,
    )
    content = b"".join(answer) if answer.streaming else answer.content
    return doors.Answer(
        answer.status_code,
        content.decode(),
        {name.lower(): value for name, value in answer.headers.items()},
    )


@pytest.fixture
def document() -> dict[str, Any]:
    return json.loads(Client().get("/api/schema", headers={"accept": "application/json"}).content)


def test_nobody_gets_what_is_not_theirs(document):
    asked, wrong = doors.violations(world.make(), document, send)
    assert not wrong, f"{len(wrong)} of {asked}:\n" + "\n".join(wrong)
    assert asked > 2_000


def test_each_role_sees_the_pages_of_its_acts(document):
    """The whole matrix by role is a drill; this much of it runs each time."""
    made = world.make(roles=True)
    pages = [door for door in doors.doors(document) if door.area == "console"]
    wrong = [
        f"{who.name}: {door.path}: {each}"
        for who in made.principals
        for door in pages
        if who.acts and not door.objects and "GET" in door.methods
        for each in doors.Trial(made, who, door, "GET", send).wrongs()
    ]
    assert not wrong


def test_an_address_that_no_rule_covers_is_noticed(document, monkeypatch):
    monkeypatch.setattr(urls, "urlpatterns", [*urls.urlpatterns, path("new", send)])
    from django.urls import clear_url_caches

    clear_url_caches()
    try:
        with pytest.raises(doors.Unruled, match="/new"):
            list(doors.doors(document))
    finally:
        monkeypatch.undo()
        clear_url_caches()
