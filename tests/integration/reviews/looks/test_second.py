"""Who judges again, what becomes of it, and that it decides nothing."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from moderation.models import Author, Decision, Post
from moderation.types import Outcome
from reviews.exceptions import CaseMissing, NotPermitted, UndoRefused
from reviews.judging.undoing import undo
from reviews.labels import checks, looks
from reviews.models import (
    Case,
    Check,
    Label,
    Look,
    Membership,
    Verdict,
)
from reviews.people import preferences
from reviews.queue import claiming, unassigned
from reviews.queue.intake import follow_decisions
from reviews.states import Lane, VerdictKind
from tests.integration.reviews.looks.second import LATER, NOT_SPAM, SPAM, look_at, plan
from tests.integration.reviews.world import edit
from tests.integration.world import NOW, answer, decide, make_moderator


def test_a_look_is_for_somebody_else_and_decides_nothing(site, open_case, moderator, colleague):
    plan(site, second_share=1.0)
    first = answer(open_case(), moderator)
    assert looks.open_due(now=NOW + timedelta(minutes=5)) == 0, "it may be taken back at once"
    case = look_at(first)
    assert claiming.claim_next(user=moderator, now=LATER) is None
    assert claiming.waiting(sites=[site], user=moderator) == []
    with pytest.raises(NotPermitted):
        answer(case, moderator, NOT_SPAM)
    assert claiming.claim_next(user=colleague, now=LATER) == case

    post, decisions, labels = case.post, Decision.objects.count(), Label.objects.count()
    answer(case, colleague, SPAM, now=LATER)
    post.refresh_from_db()
    assert (post.outcome, post.decision_id) == ("block", first.decision_id)
    assert (Decision.objects.count(), Label.objects.count()) == (decisions, labels)
    look = Look.objects.get()
    assert (look.answer.user, look.own, look.dispute, look.why) == (
        colleague,
        False,
        None,
        "sample",
    )
    assert not Case.objects.filter(state="open").exists()


def test_the_database_refuses_a_look_that_decides_or_teaches(site, open_case, moderator, colleague):
    plan(site, second_share=1.0)
    first = answer(open_case(), moderator)
    case = look_at(first)
    second = answer(case, colleague)
    with pytest.raises(IntegrityError, match="teaches nothing"), transaction.atomic():
        Label.objects.create(
            post=case.post, site=site, revision=1, label="spam", source="verdict",
            verdict=second, created_at=NOW,
        )  # fmt: skip
    with pytest.raises(IntegrityError, match="decides nothing"), transaction.atomic():
        Verdict.objects.create(
            case=case, round=5, user=colleague, kind="spam", seen=case.decision,
            decision=case.decision, created_at=NOW,
        )  # fmt: skip


def test_where_two_differ_a_senior_decides(site, open_case, moderator, colleague, senior):
    plan(site, second_share=1.0)
    third = make_moderator(site)
    first = answer(open_case(), moderator, SPAM)
    second = answer(look_at(first), colleague, NOT_SPAM, now=LATER)
    post = first.case.post
    post.refresh_from_db()
    assert post.outcome == "block", "a look decides nothing"
    dispute = Look.objects.get().dispute
    assert (dispute.lane, dispute.decision_id, dispute.meant_for) == (
        Lane.HELD, first.decision_id, [senior.pk],
    )  # fmt: skip
    for user in (moderator, colleague, third):
        assert claiming.claim_next(user=user, now=LATER) is None
    assert claiming.claim_next(user=senior, now=LATER) == dispute
    answer(dispute, senior, VerdictKind.CANNOT_TELL, now=LATER)
    unassigned.reopen()
    dispute.refresh_from_db()
    assert dispute.meant_for == [senior.pk], "neither of the two decides between them"
    unassigned.ask_again(now=LATER + 2 * unassigned.REST)
    answer(dispute, senior, NOT_SPAM, now=LATER)
    post.refresh_from_db()
    assert (post.outcome, post.decision.user) == ("allow", senior)
    assert [label.label for label in Label.objects.order_by("pk")] == ["spam", "ham"]
    assert Look.objects.count() == 1, "what a third person decided is not looked at again"
    with pytest.raises(UndoRefused, match="moved on"):
        undo(verdict_id=second.pk, user=colleague, now=LATER)


def test_who_wrote_a_post_is_asked_about_it_by_nobody(
    site, open_case, moderator, colleague, senior
):
    plan(site, second_share=1.0)
    Membership.objects.filter(user=senior).update(writes_as="s-1")
    case = open_case()
    own = Author.objects.create(site=site, external_id="s-1")
    Post.objects.filter(pk=case.post_id).update(author=own)
    first = answer(case, moderator, SPAM)
    checks.doubt(list(Label.objects.values_list("pk", flat=True)), now=NOW)
    checks.open_due(now=LATER)
    look, check = look_at(first), Check.objects.get().case
    assert look.meant_for == check.meant_for == [colleague.pk]
    # A look that was addressed before it was known who wrote the post finds somebody else.
    Case.objects.filter(pk=look.pk).update(meant_for=[senior.pk])
    assert looks.tend(now=LATER) == 1
    third = make_moderator(site)
    answer(look, colleague, NOT_SPAM, now=LATER)
    assert Look.objects.get().dispute.meant_for == [third.pk]
    undo(verdict_id=Verdict.objects.latest("pk").pk, user=colleague, now=LATER)
    answer(check, colleague, NOT_SPAM, now=LATER)
    assert Check.objects.get().dispute.meant_for == [third.pk]
    undo(verdict_id=Verdict.objects.latest("pk").pk, user=colleague, now=LATER)
    answer(look, colleague, SPAM, now=LATER)
    known = [looks.agreed(site.pk, besides=user.pk) for user in (third, senior)]
    assert known == [[first.pk], []]


def test_without_a_senior_whoever_is_left_decides(site, open_case, moderator, colleague):
    plan(site, second_share=1.0)
    third = make_moderator(site)
    first = answer(open_case(), moderator, SPAM)
    case = look_at(first)
    Case.objects.filter(pk=case.pk).update(meant_for=[colleague.pk])
    answer(case, colleague, NOT_SPAM, now=LATER)
    assert Look.objects.get().dispute.meant_for == [third.pk]


def test_an_answer_taken_back_takes_its_dispute_along(site, open_case, moderator, colleague):
    plan(site, second_share=1.0)
    first = answer(open_case(), moderator, SPAM)
    case = look_at(first)
    second = answer(case, colleague, NOT_SPAM, now=LATER)
    dispute = Look.objects.get().dispute
    undo(verdict_id=second.pk, user=colleague, now=LATER)
    dispute.refresh_from_db()
    case.refresh_from_db()
    assert (dispute.state, case.state, case.holder) == ("closed", "open", colleague)
    answer(case, colleague, SPAM, now=LATER)
    look = Look.objects.get()
    assert (look.dispute, look.answer.kind) == (None, "spam")


def test_a_verdict_taken_back_is_not_looked_at(site, open_case, moderator, colleague):
    plan(site, second_share=1.0)
    early = answer(open_case(), moderator)
    undo(verdict_id=early.pk, user=moderator, now=NOW)
    late = answer(open_case(), moderator)
    case = look_at(late)
    undo(verdict_id=late.pk, user=moderator, now=LATER)
    case.refresh_from_db()
    assert case.state == "closed"
    assert [look.ended for look in Look.objects.all()] == ["The verdict was taken back."] * 2


def test_one_person_alone_looks_again_a_day_later_and_settles_it(site, open_case, moderator):
    plan(site, second_share=1.0)
    first = answer(open_case(), moderator)
    assert looks.open_due(now=NOW + timedelta(hours=23)) == 0
    tomorrow = NOW + timedelta(hours=25)
    case = look_at(first, tomorrow)
    assert claiming.claim_next(user=moderator, now=tomorrow) == case
    answer(case, moderator, NOT_SPAM, now=tomorrow)
    look = Look.objects.get()
    assert (look.own, look.dispute.meant_for) == (True, [moderator.pk])
    answer(look.dispute, moderator, NOT_SPAM, now=tomorrow)
    first.case.post.refresh_from_db()
    assert first.case.post.outcome == "allow"


def test_what_became_pointless_is_closed(site, open_case, moderator, colleague):
    plan(site, second_share=1.0)
    withdrawn, stale, left = (look_at(answer(open_case(), moderator)) for _ in range(3))
    Post.objects.filter(pk=withdrawn.post_id).update(status="withdrawn")
    Case.objects.filter(pk=stale.pk).update(opened_at=NOW - timedelta(days=30))
    Case.objects.filter(pk=left.pk).update(meant_for=[moderator.pk + 999], language="fr")
    preferences.change(user=make_moderator(site), languages=["de"])
    assert looks.tend(now=LATER) == 3
    assert looks.tend(now=LATER) == 0
    left.refresh_from_db()
    assert left.meant_for == [colleague.pk]
    told = Look.objects.order_by("pk").values_list("ended", flat=True)
    assert list(told) == ["The post was withdrawn.", "Nobody looked in time.", ""]
    said = Case.objects.filter(pk__in=[withdrawn.pk, stale.pk]).values_list("closed_because")
    assert set(said) == {("It no longer needs an answer.",)}, "the page does not say what it was"


def test_a_look_stands_beside_whatever_else_is_open(site, open_case, moderator, colleague):
    plan(site, second_share=1.0)
    case = look_at(answer(open_case(), moderator))
    post = case.post
    edit(post)
    decide(post, Outcome.REVIEW)
    follow_decisions(post_ids=[post.pk], now=LATER)
    case.refresh_from_db()
    assert (case.state, case.revision, post.cases.filter(state="open").count()) == ("open", 1, 2)
    answer(case, colleague, NOT_SPAM, now=LATER)
    assert Look.objects.get().dispute is None, "the words in question are gone"


def test_a_strangers_look_cannot_be_undone(site, open_case, moderator,
                                           colleague, other_site):  # fmt: skip
    plan(site, second_share=1.0)
    second = answer(look_at(answer(open_case(), moderator)), colleague)
    with pytest.raises(CaseMissing):
        undo(verdict_id=second.pk, user=make_moderator(other_site))
    with pytest.raises(NotPermitted):
        undo(verdict_id=second.pk, user=moderator)
