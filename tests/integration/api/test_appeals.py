"""Statements of reasons and appeals, as a site's client meets them."""

from typing import Any

import pytest

from moderation import sites
from moderation.models import Event
from reviews.models import Appeal, Case
from tests.integration.api.conftest import GTUBE

NOTHING = {"text": ""}
SPAM = {"label": "spam", "actor": {"id": "m1", "role": "moderator"}}


@pytest.fixture
def block(api, judge) -> Any:
    """Submit a post that the machine blocks; return its representation."""

    def submit(**fields: Any) -> dict[str, Any]:
        post_id = api.submit(text=f"Hello {GTUBE}", **fields)["id"]
        judge()
        return api.get(f"posts/{post_id}").json()

    return submit


def test_a_block_says_why_in_coarse_words(api, block):
    post = block()
    statement = post["decision"]["statement"]
    assert (statement["action"], statement["category"]) == (
        *("unpublished", "unsolicited_advertising"),
    )
    assert statement["automated"] is True
    assert "decided automatically" in statement["text"]
    assert "gtube" not in str(statement).lower()
    assert statement["appeal"]["url"].startswith("/appeal/")
    assert Event.objects.get(kind="decision.recorded").payload["statement"] == statement
    assert api.get(f"posts/{post['id']}").json()["decision"]["statement"] == statement
    assert api.get("posts").json()["results"][0]["decision"]["statement"] == statement

    api.post(f"posts/{post['id']}/feedback", SPAM)
    by_person = api.get(f"posts/{post['id']}").json()["decision"]["statement"]
    assert by_person["automated"] is False
    assert by_person["appeal"]["url"] != statement["appeal"]["url"]


def test_what_is_not_blocked_has_no_statement(api, judge):
    post_id = api.submit(text="When does the library open on Sundays?")["id"]
    judge()
    assert api.get(f"posts/{post_id}").json()["decision"]["statement"] is None


def test_a_site_may_do_without(api, block, settings):
    settings.WINNOW_PUBLIC_URL = "https://winnow.example"
    assert block()["decision"]["statement"]["appeal"]["url"].startswith(
        "https://winnow.example/appeal/"
    )
    sites.change_policy(site=api.site, appeal_days=0)
    statement = block(external_id="2")["decision"]["statement"]
    assert statement["appeal"] is None
    assert statement["text"].endswith("Turn to the site itself if you think that this is wrong.")
    sites.change_policy(site=api.site, statements="none")
    assert block(external_id="3")["decision"]["statement"] is None


def test_an_appeal_is_stored_once_and_can_be_read(api, other, block, assert_problem):
    post = block()
    at = f"posts/{post['id']}/appeals"
    assert api.get(at).json() == {"results": []}
    body = {"text": "I was asked\nfor this address."}
    filed = api.post(at, body, idempotency_key="once")
    assert filed.status_code == 201
    shown = filed.json()
    assert (shown["state"], shown["via"], shown["decision"]) == (
        *("open", "api", post["decision"]["id"]),
    )
    assert "asked" not in filed.content.decode(), "words are not repeated"
    assert Appeal.objects.get().words == body["text"]
    assert Case.objects.get().lane == "appeal"
    again = api.post(at, body, idempotency_key="once")
    assert (again.status_code, again.content) == (201, filed.content)
    assert again.headers["Idempotency-Replayed"] == "true"
    assert again.headers["Location"] == f"/api/v1/{at}/{shown['id']}"
    assert api.get(filed.headers["Location"]).json() == shown
    assert api.get(at).json() == {"results": [shown]}

    assert_problem(api.post(at, NOTHING), 409, "already-appealed")
    assert_problem(other.post(at, NOTHING), 404, "not-found")
    assert_problem(other.get(at), 404, "not-found")
    assert_problem(other.get(filed.headers["Location"]), 404, "not-found")
    second = block(external_id="2")
    assert_problem(api.get(f"posts/{second['id']}/appeals/{shown['id']}"), 404, "not-found")


def test_what_cannot_be_appealed_is_refused_clearly(api, judge, block, assert_problem):
    waiting = api.submit()["id"]
    said = assert_problem(api.post(f"posts/{waiting}/appeals", NOTHING), 409, "appeal-refused")
    assert "not decided yet" in said["detail"]
    judge()
    said = assert_problem(api.post(f"posts/{waiting}/appeals", NOTHING), 409, "appeal-refused")
    assert said["detail"] == "The post is not blocked."
    post = block(external_id="b")
    at = f"posts/{post['id']}/appeals"
    said = assert_problem(api.post(at, {"text": "x" * 2_001}), 400, "validation-error")
    assert said["errors"][0]["pointer"] == "#/text"
    assert_problem(api.post(at, {"words": "x"}), 400, "validation-error")
    assert_problem(api.post(at, {}), 400, "validation-error")
    assert_problem(api.post(at, {"text": "\x00"}), 400, "validation-error")
    api.delete(f"posts/{post['id']}")
    said = assert_problem(api.post(at, NOTHING), 409, "appeal-refused")
    assert said["detail"] == "The post was withdrawn."
    assert not Appeal.objects.exists()
