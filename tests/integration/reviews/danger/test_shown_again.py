"""A hidden post is shown again by who may, and by nobody else."""

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from moderation.access import create_key
from moderation.deciding.decisions import override
from moderation.deciding.feedback import receive
from moderation.models import Author, Event, Post
from reviews.exceptions import NotPermitted, UndoRefused
from reviews.judging import appeals, danger, hidden_cases
from reviews.judging.undoing import undo
from reviews.labels.feedback import on_feedback
from reviews.models import (
    Case,
    Label,
    LegalHold,
    Membership,
    Verdict,
)
from reviews.queue import claiming
from reviews.roles import Role
from reviews.states import AppealVia, Lane, VerdictKind
from tests.integration.world import NOW, answer, browser_of, make_moderator

DANGER = VerdictKind.DANGER


def test_who_hid_a_post_takes_that_back_from_where_its_case_was(open_case, moderator):
    case = open_case()
    given = answer(case, moderator, VerdictKind.DANGER, now=None)
    client, address = browser_of(moderator), f"/review/cases/{case.pk}/"
    page = client.get(address).content.decode()
    undo = f"/review/verdicts/{given.pk}/undo"
    assert "You hid this post" in page and f'action="{undo}"' in page
    assert client.post(undo)["Location"] == address
    assert client.get(address).status_code == 200
    Post.objects.filter(pk=case.post_id).update(hidden_at=NOW)
    assert "There is no such case" in client.get(address).content.decode(), "another hid it"


def test_an_undo_brings_it_back_as_it_was(site, open_case, moderator, colleague):
    case = open_case()
    verdict = answer(case, moderator, DANGER)
    undo(verdict_id=verdict.pk, user=moderator, now=NOW)
    case.refresh_from_db()
    post = Post.objects.get(pk=case.post_id)
    assert (post.hidden_at, post.outcome, case.state, case.compared) == (
        None, "review", "open", False,
    )  # fmt: skip
    assert [hold.act for hold in LegalHold.objects.order_by("pk")] == ["hidden", "shown"]
    answer(case, colleague if case.holder is None else moderator, VerdictKind.NOT_SPAM)


@pytest.mark.parametrize("first", [VerdictKind.SPAM, DANGER], ids=str)
def test_what_somebody_else_hid_is_not_brought_back_by_an_undo(
    open_case, moderator, colleague, first
):
    case = open_case()
    given = answer(case, moderator, first)
    post = Post.objects.get(pk=case.post_id)
    Verdict.objects.create(
        case=case, round=case.round, user=colleague, kind=DANGER, seen=given.seen, created_at=NOW
    )
    with transaction.atomic():
        danger.hide(post=post, user=colleague, verdict=None, now=NOW)
    with pytest.raises(UndoRefused, match="hidden since"):
        undo(verdict_id=given.pk, user=moderator, now=NOW)
    post.refresh_from_db()
    assert (post.hidden_at is None, post.outcome, claiming.claim_next(user=moderator)) == (
        False, "block", None,
    )  # fmt: skip


def test_who_was_named_shows_it_again_and_the_question_is_open_again(
    site, open_case, moderator, named
):
    case = open_case()
    answer(case, moderator, DANGER)
    with pytest.raises(NotPermitted):
        danger.lift(post_id=case.post_id, user=moderator)
    danger.lift(post_id=case.post_id, user=named, now=NOW)
    post = Post.objects.get(pk=case.post_id)
    assert (post.hidden_at, post.outcome) == (None, "review")
    again = Case.objects.get(post=post, state="open")
    assert (again.lane, again.meant_for) == (Lane.HELD, [])
    assert not danger.hidden_posts([site.pk])


@pytest.mark.parametrize(("role", "reads"), [(Role.AUDITOR, True), (Role.OPERATOR, False)], ids=str)
def test_who_judges_nothing_shows_no_post_again(
    site, other_site, open_case, moderator, role, reads
):
    case = open_case()
    answer(case, moderator, DANGER)
    user = make_moderator(other_site)
    Membership.objects.create(user=user, site=site, role=role, sees_hidden=True)
    client, address = browser_of(user), f"/review/hidden/{case.post_id}"
    words = client.post(f"{address}/words")
    assert words.status_code == (200 if reads else 404)
    assert "No longer hide" not in words.content.decode()
    assert (f"case {case.pk}" in client.get("/review/hidden/").content.decode()) == reads
    for act in ("show", "hide"):
        assert client.post(f"{address}/{act}").status_code == 404
    with pytest.raises(NotPermitted):
        danger.lift(post_id=case.post_id, user=user)
    post = Post.objects.get(pk=case.post_id)
    assert (post.hidden_at is None, post.outcome) == (False, "block")


def test_showing_again_says_that_it_publishes_and_is_taken_back(site, open_case, moderator, named):
    case = open_case()
    allowed = answer(case, moderator, VerdictKind.NOT_SPAM)
    assert allowed.decision is not None and allowed.decision.published
    post = Post.objects.get(pk=case.post_id)
    with transaction.atomic():
        danger.hide(post=post, user=moderator, verdict=None, now=timezone.now())
    client, address = browser_of(named), f"/review/hidden/{post.pk}"
    assert "No longer hide" not in client.get("/review/hidden/").content.decode()
    assert "publishes the post" in client.post(f"{address}/words").content.decode()
    shown = client.post(f"{address}/show", follow=True)
    assert f'action="{address}/hide"' in shown.content.decode()
    post.refresh_from_db()
    assert (post.hidden_at, post.outcome) == (None, "allow")
    assert browser_of(moderator).post(f"{address}/hide").status_code == 404
    client.post(f"{address}/hide")
    post.refresh_from_db()
    assert (post.hidden_at is None, post.outcome) == (False, "block")
    assert client.post(f"{address}/hide").status_code == 409
    assert [hold.act for hold in LegalHold.objects.order_by("pk")] == ["hidden", "shown", "hidden"]
    client.post(f"{address}/show")
    post.refresh_from_db()
    assert (post.hidden_at, post.outcome) == (None, "allow")


def test_nobody_shows_their_own_post_again(site, open_case, moderator, named):
    case = open_case()
    author = Author.objects.create(site=site, external_id="a")
    Post.objects.filter(pk=case.post_id).update(author=author)
    answer(case, moderator, DANGER)
    Membership.objects.filter(user=named).update(writes_as="a")
    with pytest.raises(NotPermitted, match="wrote this post"):
        danger.lift(post_id=case.post_id, user=named, now=NOW)
    client, address = browser_of(named), f"/review/hidden/{case.post_id}"
    page = client.post(f"{address}/words").content.decode()
    assert "You wrote this post yourself" in page and "No longer hide" not in page
    assert client.post(f"{address}/show").status_code == 404
    assert Post.objects.get(pk=case.post_id).hidden_at is not None


def test_who_hid_a_post_does_not_answer_the_appeal_by_showing_it(site, open_case, named):
    case = open_case()
    answer(case, named, DANGER)
    filed = appeals.file(post_id=case.post_id, via=AppealVia.API, words="Not so.", now=NOW)
    assert filed.case is not None and filed.case.meant_for == [named.pk]
    alone = "comes back to you"
    assert alone in browser_of(named).get("/review/hidden/").content.decode()
    other = make_moderator(site)
    Membership.objects.filter(user=other).update(sees_hidden=True)
    hidden_cases.readdress()
    assert alone not in browser_of(named).get("/review/hidden/").content.decode()
    with pytest.raises(NotPermitted, match="a colleague judges the appeal"):
        danger.lift(post_id=case.post_id, user=named, now=NOW)
    danger.lift(post_id=case.post_id, user=other, now=NOW)
    assert Post.objects.get(pk=case.post_id).hidden_at is None


def test_the_site_does_not_publish_it_either(site, open_case, moderator, named):
    case = open_case()
    answer(case, moderator, DANGER)
    key, _ = create_key(site=site, name="k")
    post = Post.objects.get(pk=case.post_id)
    given = receive(post=post, label="ham", actor_id="o", actor_role="owner", api_key=key, now=NOW)
    on_feedback([Event.objects.latest("pk")])
    post.refresh_from_db()
    assert (post.outcome, post.decision.source) == ("block", "moderator")
    assert not Label.objects.filter(feedback=given).exists()
    with pytest.raises(IntegrityError, match="not published"), transaction.atomic():
        override(post_id=post.pk, outcome="allow", source="moderator", revision=1, user=named)
