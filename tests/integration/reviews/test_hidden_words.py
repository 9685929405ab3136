"""Copies of what a hidden post says: they wait for named people, and no machine publishes them."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import User

from moderation.judging.history import fingerprint_of
from moderation.models import Post, PostRevision, Site
from moderation.types import Outcome
from reviews.console.case.case_page import case_page, find_case
from reviews.console.case.standing import decision_token
from reviews.evidence import similar
from reviews.judging import appeals, danger, hidden_cases
from reviews.judging.undoing import undo
from reviews.labels import looks
from reviews.models import Case, Likeness, Look, LookPlan, Membership
from reviews.queue import claiming, unassigned
from reviews.queue.intake import follow_decisions
from reviews.states import AppealVia, Lane, VerdictKind
from tests.integration.reviews.world import edit, make_case, make_post
from tests.integration.world import NOW, answer, browser_of, decide, make_moderator

WORDS = "How to make the terrible thing at home, told step by step for everybody"


@pytest.fixture
def named(site: Site) -> User:
    user = make_moderator(site)
    Membership.objects.filter(user=user).update(sees_hidden=True)
    return user


def judged(post: Post) -> None:
    """Give the post its fingerprint, as judging does."""
    words = PostRevision.objects.get(post=post, revision=post.revision)
    Post.objects.filter(pk=post.pk).update(fingerprint=fingerprint_of(words))


def say(site: Site, text: str = WORDS) -> Case:
    case = make_case(site, text)
    judged(case.post)
    return case


def meant_for(case: Case) -> list[int]:
    case.refresh_from_db()
    return case.meant_for


def test_open_cases_of_copies_go_to_named_people_and_come_back(site, other_site, moderator, named):
    first, copy, other, elsewhere = say(site), say(site), say(site, "Buy sofas"), say(other_site)
    Case.objects.filter(pk=copy.pk).update(holder=moderator, lease_until=NOW)
    verdict = answer(first, moderator, VerdictKind.DANGER)
    assert meant_for(copy) == [named.pk]
    assert (copy.holder, copy.lease_until) == (None, None)
    assert meant_for(other) == meant_for(elsewhere) == []
    assert hidden_cases.readdress() == 0
    assert claiming.claim_next(user=moderator, now=NOW) == other
    undo(verdict_id=verdict.pk, user=moderator, now=NOW)
    assert meant_for(copy) == []


@pytest.mark.parametrize("nobody", [False, True], ids=["named", "nobody named"])
def test_they_stay_with_them_whoever_passes_them_on(site, moderator, named, nobody):
    if nobody:
        Membership.objects.update(sees_hidden=False)
    first, copy = say(site), say(site)
    answer(first, moderator, VerdictKind.DANGER)
    if not nobody:
        answer(copy, named, VerdictKind.CANNOT_TELL)
    unassigned.reopen()
    assert meant_for(copy) == ([0] if nobody else [named.pk])
    Membership.objects.filter(user=moderator).update(sees_hidden=True)
    hidden_cases.readdress()
    assert moderator.pk in meant_for(copy)


def test_a_later_copy_is_asked_of_named_people_alone(site, moderator, named):
    answer(say(site), moderator, VerdictKind.DANGER)
    later, blocked = make_post(site, WORDS), make_post(site, WORDS)
    decide(later)
    decide(blocked, Outcome.BLOCK)
    judged(later)
    judged(blocked)
    follow_decisions(post_ids=[later.pk], now=NOW)
    case = Case.objects.get(post=later)
    assert (case.meant_for, case.language) == ([named.pk], "")
    appeal = appeals.file(post_id=blocked.pk, via=AppealVia.API, words="Not so.", now=NOW)
    assert appeal.case is not None and appeal.case.meant_for == [named.pk]
    for asked in (case, appeal.case):
        assert find_case(user=moderator, case_id=asked.pk) is None
        assert find_case(user=named, case_id=asked.pk) is not None


def test_a_case_that_is_edited_into_a_copy_goes_to_them_too(site, moderator, named):
    answer(say(site), moderator, VerdictKind.DANGER)
    case = say(site, "Something else")
    assert meant_for(case) == []
    edit(case.post, WORDS)
    decide(case.post)
    judged(case.post)
    follow_decisions(post_ids=[case.post_id], now=NOW)
    assert meant_for(case) == [named.pk]


def test_many_copies_are_given_a_slice_at_a_time(site, moderator, named, monkeypatch):
    monkeypatch.setattr(hidden_cases, "MOST", 2)
    first = say(site)
    copies = [say(site) for _ in range(5)]
    answer(first, moderator, VerdictKind.DANGER, now=None)

    def given() -> int:
        return sum(meant_for(copy) == [named.pk] for copy in copies)

    assert given() == 2
    assert [hidden_cases.readdress() for _ in range(3)] == [2, 1, 0]
    assert given() == 5
    danger.lift(post_id=first.post_id, user=named)
    assert given() == 3
    assert [hidden_cases.readdress() for _ in range(3)] == [2, 1, 0]
    assert given() == 0


def test_while_another_hidden_post_says_so_copies_stay_with_them(site, moderator, named):
    first, second, copy = say(site), say(site), say(site)
    given = answer(first, moderator, VerdictKind.DANGER)
    answer(second, named, VerdictKind.DANGER)
    undo(verdict_id=given.pk, user=moderator, now=NOW)
    assert meant_for(copy) == [named.pk]
    hidden_cases.readdress()
    assert meant_for(copy) == [named.pk]


def test_what_counts_is_what_was_found_dangerous_not_what_it_was_edited_into(
    site, moderator, named
):
    first, copy, later = say(site), say(site), say(site, "The weather is fine today, they say")
    edit(first.post, "The weather is fine today, they say")
    judged(first.post)
    answer(first, moderator, VerdictKind.DANGER)
    assert (meant_for(copy), meant_for(later)) == ([named.pk], [])
    danger.lift(post_id=first.post_id, user=named, now=NOW)
    post, same = Post.objects.get(pk=first.post_id), Post.objects.get(pk=later.post_id)
    assert post.fingerprint is None, "it waits to be judged"
    assert same.fingerprint is not None


def test_copies_are_shown_to_nobody_else(site, moderator, named):
    first, copy, other = say(site), say(site), say(site, "Something else")
    Likeness.objects.create(post=other.post, other=copy.post, similarity=0.9)
    client = browser_of(moderator)
    places = [f"/review/posts/{copy.post_id}/", f"/review/cases/{copy.pk}/"]
    assert [client.get(place).status_code for place in places] == [200, 200]
    assert len(similar.alike(other.post)) == 1
    seen = {"kind": "danger", "seen": decision_token(first, first.decision_id)}
    client.post(f"/review/cases/{first.pk}/verdict", seen)
    assert [client.get(place).status_code for place in places] == [404, 404]
    assert similar.alike(other.post) == []


def test_what_quotes_it_is_shown_without_the_quotation(site, moderator):
    first, reply, other = say(site), say(site, "I quite agree"), say(site, "So do I, at last")
    for case, context in ((reply, WORDS), (other, "Another thing")):
        PostRevision.objects.filter(post=case.post).update(context=context)

    def context(case: Case) -> str:
        found = find_case(user=moderator, case_id=case.pk)
        assert found is not None
        page = case_page(case=found, user=moderator, now=NOW + timedelta(minutes=1))
        return str(page.words.context)

    assert "terrible" in context(reply)
    answer(first, moderator, VerdictKind.DANGER)
    assert "terrible" not in context(reply)
    assert "Another thing" in context(other)


def test_nobody_looks_at_a_copy_a_second_time(site, moderator, colleague, monkeypatch):
    monkeypatch.setattr("reviews.labels.looks.throw", lambda: 0.0)
    LookPlan.objects.create(site=site, second_share=1.0)
    asked, due, first = say(site), say(site), say(site)
    answer(asked, moderator)
    looks.open_due(now=NOW + timedelta(hours=1))
    answer(due, moderator, now=NOW + timedelta(hours=2))
    answer(first, colleague, VerdictKind.DANGER, now=NOW + timedelta(hours=2))
    for step in (looks.open_due, looks.tend):
        step(now=NOW + timedelta(hours=4))
    assert not Case.objects.filter(lane=Lane.LOOK, state="open").exists()
    assert Look.objects.count() == 2
