"""The console as drills read it: they run too seldom to tell that a page has changed."""

from functools import partial
from types import SimpleNamespace
from typing import cast

import httpx
import pytest
from django.contrib.auth.models import User
from django.test import Client

from benchmarks import console
from benchmarks.installation import Child
from reviews.models import Case, Verdict
from reviews.states import VerdictKind
from tests.integration.console.factory import make_case
from tests.integration.world import answer, make_moderator


@pytest.fixture
def moderator(mara: User, monkeypatch: pytest.MonkeyPatch) -> console.Moderator:
    mara.set_password(console.PASSWORD)
    mara.save()
    browser = Client()

    def ask(request: httpx.Request) -> httpx.Response:
        given = browser.generic(
            request.method,
            request.url.path,
            request.content,
            content_type=request.headers.get("Content-Type", ""),
        )
        return httpx.Response(given.status_code, headers=given.headers, content=given.content)

    served = partial(httpx.Client, transport=httpx.MockTransport(ask))
    monkeypatch.setattr(httpx, "Client", served)
    web = cast("Child", SimpleNamespace(url="http://testserver"))
    return console.Moderator(web, mara.username)


@pytest.mark.parametrize("plain", [False, True])
def test_a_case_is_claimed_read_and_answered(moderator, site, monkeypatch, plain):
    monkeypatch.setattr("reviews.labels.looks.lot_of", lambda case: 0.0 if plain else 1.0)
    case = make_case(site)
    assert moderator.claim() == case.pk
    shown = moderator.look(case.pk)
    assert shown is not None
    assert shown.plain == plain
    assert moderator.answer(shown, "spam").status_code == 302
    assert Verdict.objects.get().kind == "spam"
    assert moderator.look(case.pk) is None
    assert moderator.claim() is None


@pytest.mark.parametrize("plain", [False, True])
def test_a_late_answer_is_told_of(moderator, site, monkeypatch, plain):
    monkeypatch.setattr("reviews.labels.looks.lot_of", lambda case: 0.0 if plain else 1.0)
    case = make_case(site)
    moderator.claim()
    shown = moderator.look(case.pk)
    assert shown is not None
    Case.objects.update(holder=None, lease_until=None)
    colleague = make_moderator(site)
    answer(case, colleague, VerdictKind.NOT_SPAM)
    late = moderator.answer(shown, "spam")
    assert late.status_code == 409
    assert moderator.is_told(shown, late)
    assert Verdict.objects.get().user == colleague
