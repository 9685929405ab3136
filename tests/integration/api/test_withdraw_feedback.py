"""What happens to a post after it was submitted."""

import pytest

from moderation.models import Decision, Event, Feedback, Post
from moderation.types import EventKind, Status

NOWHERE = "019a0000-0000-7000-8000-000000000000"


def test_a_withdrawn_post_is_judged_no_more_and_still_there(api, judge):
    post_id = api.submit()["id"]

    first, second = api.delete(f"posts/{post_id}"), api.delete(f"posts/{post_id}")
    assert [(answer.status_code, answer.content) for answer in (first, second)] == [(204, b"")] * 2
    judge()
    assert not Decision.objects.exists()
    shown = api.get(f"posts/{post_id}").json()
    assert (shown["status"], shown["outcome"], shown["decision"]) == ("withdrawn", None, None)
    assert Event.objects.filter(kind=EventKind.POST_WITHDRAWN).count() == 1


def test_what_a_post_weighs_is_stored_where_it_differs_enough(api):
    post_id = api.submit()["id"]

    def say(**said) -> tuple[float | None, str]:
        assert api.call("PATCH", f"posts/{post_id}", said).status_code == 204
        post = Post.objects.get()
        return post.exposure, post.severity

    assert say() == (None, "normal")
    assert say(exposure=1.9) == (None, "normal")
    assert say(exposure=2) == (2.0, "normal")
    assert say(severity="high") == (2.0, "high")
    assert say(exposure=1.1) == (2.0, "high")
    assert say(exposure=3, severity="low") == (3.0, "low")
    assert Event.objects.filter(kind=EventKind.POST_WEIGHED).count() == 3


@pytest.mark.parametrize("wrong", [-1, "2", True, 10**400, [], None])
def test_only_a_number_says_how_many_see_a_post(api, assert_problem, wrong):
    post_id = api.submit()["id"]
    answer = api.call("PATCH", f"posts/{post_id}", {"exposure": wrong, "severity": "worst"})
    problem = assert_problem(answer, 400, "validation-error")
    assert {each["pointer"] for each in problem["errors"]} == {"#/exposure", "#/severity"}
    assert Post.objects.get().exposure is None


def test_nobody_weighs_the_posts_of_others(api, other):
    post_id = other.submit()["id"]
    assert api.call("PATCH", f"posts/{post_id}", {"exposure": 5}).status_code == 404


def test_a_withdrawn_post_comes_back_as_a_new_revision(api):
    post_id = api.submit(external_id="a")["id"]
    api.delete(f"posts/{post_id}")
    again = api.submit(external_id="a")
    assert (again["id"], again["status"], again["revision"]) == (post_id, "pending", 2)


@pytest.mark.parametrize(
    ("role", "label", "outcome"),
    [("owner", "spam", "block"), ("moderator", "ham", "allow")],
)
def test_an_owners_or_moderators_word_overrides_the_decision(api, judge, role, label, outcome):
    post_id = api.submit()["id"]
    judge()
    answer = api.post(
        f"posts/{post_id}/feedback", {"label": label, "actor": {"id": "m1", "role": role}}
    )

    assert answer.status_code == 201
    said = answer.json()
    assert (said["label"], said["actor"]) == (label, {"id": "m1", "role": role})
    assert (said["trusted"], said["revision"]) == (True, 1)
    assert (said["post"]["id"], said["post"]["outcome"]) == (post_id, outcome)
    assert said["post"]["decision"]["source"] == "feedback"
    assert said["post"]["decision"]["supersedes"] is not None
    assert Feedback.objects.get().api_key == api.row
    assert Post.objects.get().outcome == outcome


def test_a_members_word_is_a_report_and_changes_no_decision(api, judge):
    post_id = api.submit()["id"]
    judge()
    before = api.get(f"posts/{post_id}").json()["decision"]
    answer = api.post(
        f"posts/{post_id}/feedback", {"label": "spam", "actor": {"id": "m1", "role": "member"}}
    )

    assert answer.status_code == 201
    assert answer.json()["trusted"] is False
    assert answer.json()["post"]["decision"] == before
    assert Feedback.objects.get().actor_role == "member"
    assert Event.objects.filter(kind=EventKind.FEEDBACK_RECEIVED).count() == 1


def test_a_trusted_word_decides_a_pending_post(api, judge):
    post_id = api.submit()["id"]
    said = api.post(
        f"posts/{post_id}/feedback", {"label": "spam", "actor": {"id": "m", "role": "moderator"}}
    ).json()
    assert (said["post"]["status"], said["post"]["outcome"]) == ("decided", "block")
    judge()
    assert api.get(f"posts/{post_id}").json()["decision"] == said["post"]["decision"]


def test_feedback_on_a_withdrawn_post_leaves_it_withdrawn(api):
    post_id = api.submit()["id"]
    api.delete(f"posts/{post_id}")
    answer = api.post(
        f"posts/{post_id}/feedback", {"label": "spam", "actor": {"id": "m", "role": "owner"}}
    )
    assert answer.status_code == 201
    assert Post.objects.get().status == Status.WITHDRAWN


@pytest.mark.parametrize(
    ("body", "pointers"),
    [
        ({}, {"#/label", "#/actor"}),
        ({"label": "eggs", "actor": {"id": "a", "role": "owner"}}, {"#/label"}),
        ({"label": "spam", "actor": {"id": "a", "role": "king"}}, {"#/actor/role"}),
        ({"label": "spam", "actor": {"role": "owner"}}, {"#/actor/id"}),
        ({"label": "spam", "actor": {"id": "\0", "role": "owner"}}, {"#/actor/id"}),
        ({"label": "spam", "actor": {"id": "", "role": "owner"}}, {"#/actor/id"}),
        ({"label": "spam", "actor": None}, {"#/actor"}),
        (
            {"label": "spam", "actor": {"id": "a", "role": "owner", "x": 1}, "note": ""},
            {"#/actor/x", "#/note"},
        ),
    ],
)
def test_wrong_feedback_is_refused(api, assert_problem, body, pointers):
    post_id = api.submit()["id"]
    problem = assert_problem(api.post(f"posts/{post_id}/feedback", body), 400, "validation-error")
    assert {error["pointer"] for error in problem["errors"]} == pointers
    assert not Feedback.objects.exists()


def test_what_is_not_there_cannot_be_told_of(api, assert_problem):
    body = {"label": "spam", "actor": {"id": "a", "role": "owner"}}
    assert_problem(api.post(f"posts/{NOWHERE}/feedback", body), 404, "not-found")
    assert_problem(api.delete(f"posts/{NOWHERE}"), 404, "not-found")
    assert_problem(api.get(f"posts/{NOWHERE}"), 404, "not-found")
