"""Cases that nobody could have answered any more, and how each of them goes on."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import transaction

from moderation.models import Author, Post, Site
from moderation.types import Outcome, Source
from reviews.console.case.standing import decision_token
from reviews.exceptions import NotPermitted, StillHidden, UndoRefused
from reviews.judging import appeals, danger
from reviews.judging.undoing import undo
from reviews.models import Appeal, Case, LegalHold, Membership, Role, Verdict
from reviews.people import colleagues
from reviews.queue import claiming, unassigned
from reviews.queue.intake import follow_decisions
from reviews.roles import lanes_of
from reviews.states import AppealVia, CaseState, Lane, VerdictKind
from tests.integration.reviews.world import edit, make_case
from tests.integration.world import NOW, answer, browser_of, decide, make_moderator

SPAM, NOT_SPAM, DANGER = VerdictKind.SPAM, VerdictKind.NOT_SPAM, VerdictKind.DANGER
CANNOT_TELL, ESCALATE = VerdictKind.CANNOT_TELL, VerdictKind.ESCALATE


def member(site: Site, **fields: Any) -> User:
    user = make_moderator()
    Membership.objects.create(user=user, site=site, **fields)
    return user


def offered(user: User, now: Any = NOW) -> Case | None:
    """The case that somebody would get, which they put back at once."""
    case = claiming.claim_next(user=user, now=now)
    if case is not None:
        claiming.release(case=case, user=user)
    return case


def appeal(post: Post) -> Appeal:
    return appeals.file(post_id=post.pk, via=AppealVia.API, words="It is harmless.", now=NOW)


@pytest.fixture
def named(site: Site) -> User:
    return member(site, sees_hidden=True)


# Hidden posts


def test_a_hidden_post_is_allowed_by_showing_it_first(site, open_case, moderator, named):
    case = open_case()
    answer(case, moderator, DANGER)
    post = Post.objects.get(pk=case.post_id)
    edit(post)
    decide(post, Outcome.REVIEW)
    follow_decisions(post_ids=[post.pk], now=NOW)
    fresh = Case.objects.get(post=post, state="open")
    browser = browser_of(named)
    assert b'value="not_spam"' not in browser.get(f"/review/cases/{fresh.pk}/").content
    said = {"kind": "not_spam", "seen": decision_token(fresh, fresh.decision_id)}
    refused = browser.post(f"/review/cases/{fresh.pk}/verdict", said)
    assert refused.status_code == 409
    assert "No longer hide" in refused.content.decode()
    danger.lift(post_id=post.pk, user=named, now=NOW)
    assert answer(fresh, moderator, NOT_SPAM).decision.outcome == Outcome.ALLOW


def test_new_words_that_are_dangerous_too_leave_the_first_ones_hidden(
    site, open_case, moderator, named
):
    case = open_case()
    answer(case, moderator, DANGER)
    post = Post.objects.get(pk=case.post_id)
    edit(post)
    decide(post, Outcome.REVIEW, published=True)
    follow_decisions(post_ids=[post.pk], now=NOW)
    again = answer(Case.objects.get(post=post, state="open"), named, DANGER)
    with pytest.raises(UndoRefused, match="hidden"):
        undo(verdict_id=again.pk, user=named, now=NOW)
    post.refresh_from_db()
    assert post.hidden_at is not None
    assert LegalHold.objects.count() == 1


@pytest.mark.parametrize("before", list(Outcome))
def test_an_appeal_goes_on_when_its_post_is_no_longer_hidden(
    site, open_case, moderator, named, before
):
    case = open_case(outcome=before, audit=None if before == Outcome.REVIEW else 0.5)
    answer(case, moderator, DANGER)
    filed = appeal(case.post)
    with pytest.raises(StillHidden):
        answer(filed.case, named, NOT_SPAM)
    danger.lift(post_id=case.post_id, user=named, now=NOW)
    filed.refresh_from_db()
    if before == Outcome.ALLOW:
        assert (filed.state, filed.case.state) == ("overturned", CaseState.CLOSED)
        assert Post.objects.get(pk=case.post_id).decision_id == filed.answer_id
        return
    assert (filed.state, filed.case.state) == ("open", CaseState.OPEN)
    assert offered(named) == filed.case
    answer(filed.case, named, NOT_SPAM)
    filed.refresh_from_db()
    assert (filed.state, filed.post.outcome) == ("overturned", Outcome.ALLOW)


def test_an_appeal_stays_one_while_the_hold_of_its_post_ends(site, open_case, moderator, named):
    case = open_case()
    answer(case, moderator, DANGER)
    filed = appeal(case.post)
    danger.lift(post_id=case.post_id, user=named, now=NOW)
    decide(filed.post, Outcome.ALLOW, source=Source.EXPIRY)
    follow_decisions(post_ids=[filed.post_id], now=NOW)
    answer(filed.case, named, SPAM)
    filed.refresh_from_db()
    assert filed.state == "upheld"


def test_what_was_before_an_answer_that_was_taken_back_is_what_comes_again(
    site, open_case, moderator, named
):
    case = open_case()
    answer(case, moderator, DANGER)
    given = answer(appeal(case.post).case, named, SPAM)
    undo(verdict_id=given.pk, user=named, now=NOW)
    danger.lift(post_id=case.post_id, user=named, now=NOW)
    assert Post.objects.get(pk=case.post_id).outcome == Outcome.REVIEW


def test_a_case_about_what_a_second_look_hid_can_still_be_answered(
    site, open_case, moderator, named
):
    case = open_case(published=True)
    with transaction.atomic():
        danger.hide(post=case.post, user=moderator, verdict=None, now=NOW)
    assert offered(moderator) is None
    assert answer(case, named, SPAM).decision.outcome == Outcome.BLOCK


# Who judges an appeal


@pytest.mark.parametrize("why", ["author", "passed", "not named", "judged too"])
def test_an_appeal_that_no_colleague_may_judge_is_judged_by_who_blocked(
    site, moderator, colleague, why
):
    case = make_case(site)
    author = Author.objects.create(site=site, external_id="me")
    Post.objects.filter(pk=case.post_id).update(author=author)
    if why == "author":
        Membership.objects.filter(user=colleague).update(writes_as="me")
    Membership.objects.filter(user=moderator).update(sees_hidden=why == "not named")
    answer(case, moderator, DANGER if why == "not named" else SPAM)
    if why == "judged too":
        other = Case.objects.create(
            post=case.post, site=site, revision=1, decision=case.decision, lane=Lane.LOOK,
            priority=1, opened_at=NOW, meant_for=[colleague.pk],
        )  # fmt: skip
        Verdict.objects.create(
            case=other, round=0, user=colleague, kind=SPAM, seen=case.decision, created_at=NOW
        )
    filed = appeal(case.post)
    if why == "passed":
        assert offered(moderator) is None
        answer(filed.case, colleague, CANNOT_TELL)
    assert offered(moderator) == filed.case
    answer(filed.case, moderator, VerdictKind.REMOVE)
    third = make_moderator(site)
    if why != "not named":
        undo(verdict_id=Verdict.objects.latest("pk").pk, user=third_party(third), now=NOW)
        claiming.release(case=filed.case, user=third)
        filed.case.refresh_from_db()
        assert offered(moderator) is None, "now there is one"
        assert offered(third) == filed.case


def third_party(user: User) -> User:
    Membership.objects.filter(user=user).update(role=Role.SENIOR)
    return user


def test_whoever_called_for_the_block_judges_no_appeal_against_it(
    site, moderator, colleague, named
):
    """What is appealed against may be in the name of who put the block in force again."""
    case = make_case(site)
    answer(case, moderator, SPAM)
    post = Post.objects.get(pk=case.post_id)
    decide(post, Outcome.BLOCK, source=Source.MODERATOR, user=named)
    filed = appeal(post)
    assert offered(moderator) is None
    with pytest.raises(NotPermitted, match="a colleague judges"):
        answer(filed.case, moderator, NOT_SPAM)
    upheld = answer(filed.case, colleague, SPAM)
    undo(verdict_id=upheld.pk, user=colleague, now=NOW)
    assert answer(filed.case, colleague, NOT_SPAM).decision.outcome == Outcome.ALLOW


# What was passed on


def test_an_escalated_case_is_not_meant_for_who_passed_it_on(site, moderator, colleague):
    senior, case = member(site, role=Role.SENIOR), make_case(site)
    answer(case, senior, CANNOT_TELL)
    answer(case, moderator, ESCALATE)
    case.refresh_from_db()
    assert case.meant_for == []
    assert offered(colleague) == case


def test_a_case_meant_for_two_is_for_all_when_one_passed_and_the_other_left(
    site, moderator, colleague
):
    seniors, case = [member(site, role=Role.SENIOR) for _ in range(2)], make_case(site)
    answer(case, moderator, ESCALATE)
    answer(case, seniors[0], CANNOT_TELL)
    assert unassigned.reopen() == 0
    User.objects.filter(pk=seniors[1].pk).update(is_active=False)
    assert unassigned.reopen() == 1
    assert offered(colleague) == case


def test_who_is_given_a_lane_is_the_same_for_one_person_and_for_all(site, moderator):
    case = make_case(site)
    for given in ([], ["held"], ["published", "appeal"], ["held", "published"], ["reported"]):
        Membership.objects.filter(user=moderator).update(lanes=given)
        for lane in set(Lane) - {Lane.AUDIT, Lane.LOOK}:
            Case.objects.filter(pk=case.pk).update(lane=lane)
            assert bool(colleagues.left_for(case)) == (lane in lanes_of(given)), (given, lane)
