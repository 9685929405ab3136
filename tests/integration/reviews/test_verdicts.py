import threading
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.db import connection

from moderation.deciding.holds import expire_holds
from moderation.models import Decision, Event, Post
from moderation.sites import change_policy, policy_of
from moderation.types import Outcome, Source, Status
from reviews.exceptions import (
    AlreadyAnswered,
    CaseHeld,
    CaseMissing,
    NotPermitted,
    StaleCase,
    UndoRefused,
)
from reviews.judging.undoing import undo
from reviews.judging.verdicts import submit_verdict
from reviews.models import Case, Label, Membership, Verdict
from reviews.queue.claiming import LEASE, claim_next, take
from reviews.queue.intake import follow_decisions
from reviews.roles import Role
from reviews.states import PASSING, VerdictKind
from tests.integration.reviews.world import edit, make_case
from tests.integration.world import NOW, answer, decide, make_moderator

SPAM, NOT_SPAM = VerdictKind.SPAM, VerdictKind.NOT_SPAM
REMOVE, CANNOT_TELL = VerdictKind.REMOVE, VerdictKind.CANNOT_TELL
ESCALATE = VerdictKind.ESCALATE
LATER = NOW + timedelta(minutes=1)


def rows() -> tuple[int, int, int]:
    return Verdict.objects.count(), Label.objects.count(), Decision.objects.count()


@pytest.mark.parametrize(
    ("kind", "outcome", "label"),
    [(SPAM, "block", "spam"), (NOT_SPAM, "allow", "ham"), (REMOVE, "block", None)],
)
def test_an_answer_decides_teaches_and_closes(open_case, moderator, kind, outcome, label):
    case = open_case()
    claim_next(user=moderator, now=NOW)
    verdict = answer(case, moderator, kind, note="seen before")
    case.refresh_from_db()
    post = Post.objects.get(pk=case.post_id)
    decision = verdict.decision
    assert decision is not None
    assert post.decision == decision
    assert (post.outcome, decision.source, decision.user) == (outcome, Source.MODERATOR, moderator)
    assert decision.supersedes == verdict.seen == case.decision
    assert (case.state, case.closed_at, case.holder) == ("judged", NOW, None)
    assert verdict.note == "seen before"
    assert [(x.label, x.source, x.audit) for x in Label.objects.all()] == (
        [(label, "verdict", False)] if label else []
    )
    assert Event.objects.filter(decision=decision, kind="decision.recorded").exists()


def test_what_a_person_decided_opens_no_new_case(open_case, moderator):
    case = open_case()
    answer(case, moderator)
    follow_decisions(post_ids=[case.post_id])
    assert Case.objects.count() == 1


def test_cannot_tell_goes_to_somebody_else(open_case, moderator, colleague):
    case = open_case()
    before = Post.objects.get(pk=case.post_id).decision_id
    claim_next(user=moderator, now=NOW)
    answer(case, moderator, CANNOT_TELL)
    assert Post.objects.get(pk=case.post_id).decision_id == before
    assert not Label.objects.exists()
    assert claim_next(user=moderator, now=NOW) is None
    assert claim_next(user=colleague, now=NOW) == case


def test_cannot_tell_counts_for_its_round_alone(open_case, moderator, colleague):
    case = open_case()
    answer(case, moderator, CANNOT_TELL)
    undo(verdict_id=answer(case, colleague).pk, user=colleague, now=NOW)
    assert claim_next(user=moderator, now=NOW + LEASE) == case


def test_cannot_tell_is_said_once(open_case, moderator):
    case = open_case()
    answer(case, moderator, CANNOT_TELL)
    for kind in (ESCALATE, SPAM):
        with pytest.raises(AlreadyAnswered, match="undo that first"):
            answer(case, moderator, kind)
    assert Verdict.objects.count() == 1


@pytest.mark.parametrize("kind", [SPAM, NOT_SPAM, REMOVE, CANNOT_TELL, ESCALATE])
def test_an_answer_whose_reply_was_lost_is_stored_once(open_case, moderator, colleague, kind):
    case = open_case()
    Membership.objects.filter(user=colleague).update(role=Role.SENIOR)
    first = answer(case, moderator, kind, note="seen before")
    stored = rows()
    if kind in PASSING:
        answer(Case.objects.get(), colleague, NOT_SPAM)
        stored = rows()
    assert answer(case, moderator, kind, note="seen before", now=LATER) == first
    assert rows() == stored


@pytest.mark.parametrize("changed", [{"kind": NOT_SPAM}, {"note": "on second thoughts"}])
def test_another_answer_than_before_is_refused(open_case, moderator, changed):
    case = open_case()
    answer(case, moderator)
    with pytest.raises(StaleCase, match="You answered this case: spam"):
        answer(case, moderator, **{"kind": SPAM, **changed})
    assert Verdict.objects.count() == 1


def test_what_was_taken_back_is_answered_anew(open_case, moderator):
    case = open_case()
    first = answer(case, moderator, CANNOT_TELL)
    undo(verdict_id=first.pk, user=moderator, now=NOW)
    assert answer(case, moderator, CANNOT_TELL) != first


def test_cannot_tell_can_be_taken_back(open_case, moderator, colleague):
    case = open_case()
    undo(verdict_id=answer(case, moderator, CANNOT_TELL).pk, user=moderator, now=NOW)
    assert claim_next(user=moderator, now=NOW) == case
    answer(case, moderator, SPAM)


@pytest.mark.parametrize("kind", sorted(PASSING))
def test_what_was_passed_on_is_theirs_again_who_take_that_back(
    open_case, moderator, colleague, kind
):
    case = open_case()
    senior = make_moderator(case.site)
    Membership.objects.filter(user=senior).update(role=Role.SENIOR)
    undo(verdict_id=answer(case, moderator, kind).pk, user=moderator, now=NOW)
    case.refresh_from_db()
    assert (case.holder, case.lease_until) == (moderator, NOW + LEASE)
    passed = answer(case, moderator, CANNOT_TELL)
    assert claim_next(user=colleague, now=NOW) == case
    undo(verdict_id=passed.pk, user=moderator, now=NOW)
    case.refresh_from_db()
    assert case.holder == colleague, "a colleague looks at it"


def test_a_case_is_taken_by_one_who_may_judge_it(open_case, moderator, colleague):
    case = open_case()
    assert take(case=case, user=moderator, now=NOW)
    assert take(case=case, user=moderator, now=LATER), "again is for longer"
    case.refresh_from_db()
    assert (case.holder, case.lease_until) == (moderator, LATER + LEASE)
    assert not take(case=case, user=colleague, now=LATER)
    assert take(case=case, user=colleague, now=LATER + LEASE), "the lease has ended"
    answer(case, colleague, CANNOT_TELL, now=LATER + LEASE)
    assert not take(case=case, user=colleague, now=LATER + LEASE), "they passed it on"
    case.refresh_from_db()
    case.meant_for = [colleague.pk]
    assert not take(case=case, user=moderator, now=LATER + LEASE)
    case.meant_for = []
    answer(case, moderator, now=LATER + LEASE)
    assert not take(case=case, user=moderator, now=LATER + LEASE)


def test_cannot_tell_is_not_taken_back_after_another_s_answer(open_case, moderator, colleague):
    case = open_case()
    passed = answer(case, moderator, CANNOT_TELL)
    answer(case, colleague)
    with pytest.raises(UndoRefused, match="Somebody else has answered"):
        undo(verdict_id=passed.pk, user=moderator, now=NOW)


def test_a_stranger_may_not_answer(open_case, other_site):
    case, stranger = open_case(), make_moderator(other_site)
    with pytest.raises(NotPermitted, match="not a moderator of this site"):
        answer(case, stranger)
    assert not Verdict.objects.exists()
    with pytest.raises(CaseMissing):
        submit_verdict(case_id=0, user=stranger, kind=SPAM, seen_decision_id=0)


def test_a_case_in_other_hands_is_refused(open_case, moderator, colleague):
    case = open_case()
    claim_next(user=colleague, now=NOW)
    with pytest.raises(CaseHeld):
        answer(case, moderator)
    assert rows() == (0, 0, 1)


def test_a_late_answer_counts_while_nobody_else_holds_the_case(open_case, moderator, colleague):
    case = open_case()
    claim_next(user=moderator, now=NOW)
    claim_next(user=colleague, now=NOW + LEASE)
    with pytest.raises(CaseHeld):
        answer(case, moderator, now=NOW + LEASE)
    answer(case, moderator, now=NOW + 2 * LEASE)
    with pytest.raises(StaleCase, match=f"{moderator.username} answered this case: spam"):
        answer(case, colleague, NOT_SPAM, now=NOW + 2 * LEASE)
    assert Verdict.objects.count() == 1


@pytest.mark.parametrize(
    ("source", "words"),
    [
        (Source.FEEDBACK, "The site itself allowed it at 12:01 on 02 March 2026"),
        (Source.MODERATOR, "allowed it at 12:01"),
        (Source.EXPIRY, "The end of the holding time allowed it"),
    ],
)
def test_a_post_decided_meanwhile_is_left_alone(
    open_case, moderator, colleague, source, words, monkeypatch
):
    monkeypatch.setattr("reviews.labels.looks.lot_of", lambda case: 1.0)
    case = open_case()
    decision = decide(case.post, Outcome.ALLOW, source=source, user=colleague, now=LATER)
    with pytest.raises(StaleCase, match=words) as refusal:
        answer(case, moderator, SPAM)
    assert refusal.value.sentence.endswith("Your answer was not stored.")
    assert Post.objects.get(pk=case.post_id).decision == decision
    assert rows() == (0, 0, 2)


def test_an_answer_to_what_was_seen_before_a_refresh_is_refused(open_case, moderator, monkeypatch):
    monkeypatch.setattr("reviews.labels.looks.lot_of", lambda case: 1.0)
    case = open_case()
    seen = case.decision_id
    claim_next(user=moderator, now=NOW)
    edit(case.post)
    decide(case.post, probability=0.5)
    follow_decisions(post_ids=[case.post_id])
    with pytest.raises(StaleCase, match="The machine left it for review"):
        answer(case, moderator, seen_decision_id=seen)
    case.refresh_from_db()
    answer(case, moderator)
    assert Label.objects.get().revision == 2


def test_a_withdrawn_post_is_not_answered(open_case, moderator):
    case = open_case()
    Post.objects.filter(pk=case.post_id).update(status=Status.WITHDRAWN, outcome=None)
    with pytest.raises(StaleCase, match="withdrawn"):
        answer(case, moderator)


@pytest.mark.parametrize(
    ("outcome", "published"),
    [(Outcome.REVIEW, False), (Outcome.REVIEW, True), (Outcome.BLOCK, None), (Outcome.ALLOW, None)],
)
def test_undo_brings_everything_back(open_case, moderator, outcome, published):
    audited = outcome != Outcome.REVIEW
    case = open_case(outcome=outcome, published=published, audit=0.1 if audited else None)
    was_published = case.decision.published
    verdict = answer(case, moderator, NOT_SPAM)
    undo(verdict_id=verdict.pk, user=moderator, now=LATER)
    case.refresh_from_db()
    post = Post.objects.get(pk=case.post_id)
    assert post.decision is not None
    assert (post.outcome, post.decision.published) == (outcome, was_published)
    assert post.decision.supersedes == verdict.decision
    held = outcome == Outcome.REVIEW and not was_published
    first_end = NOW + policy_of(post.site).max_hold
    assert post.hold_until == (first_end if held else None), "not held longer for it"
    assert (case.state, case.round, case.closed_at) == ("open", 1, None)
    assert case.decision == post.decision
    assert not Label.objects.in_force().exists()
    assert Label.objects.count() == 2
    follow_decisions(post_ids=[post.pk])
    assert claim_next(user=moderator, now=LATER) == case
    again = answer(case, moderator, SPAM, now=LATER)
    assert Post.objects.get(pk=post.pk).outcome == "block"
    assert Label.objects.in_force().get().verdict == again
    assert Label.objects.in_force().get().audit == audited


def test_a_hold_that_ran_out_meanwhile_leaves_an_hour_for_an_answer(open_case, moderator):
    case = open_case()
    late = NOW + timedelta(days=3)
    for minutes in (0, 2):
        given = answer(case, moderator, NOT_SPAM, now=late + timedelta(minutes=minutes))
        last = late + timedelta(minutes=minutes + 1)
        undo(verdict_id=given.pk, user=moderator, now=last)
        assert Post.objects.get(pk=case.post_id).hold_until == last + timedelta(hours=1)
    decide(case.post, now=late)
    follow_decisions(post_ids=[case.post_id], now=late)
    given = answer(case, moderator, SPAM, now=late)
    undo(verdict_id=given.pk, user=moderator, now=late)
    post = Post.objects.get(pk=case.post_id)
    assert post.hold_until == late + policy_of(post.site).max_hold, "held anew by the machine"


def test_undo_shows_the_evidence_again(open_case, moderator):
    case = open_case(reasons=[{"code": "links.many", "sentence": "Many links.", "weight": 1.5}])
    for _ in range(2):
        undo(verdict_id=answer(case, moderator).pk, user=moderator, now=NOW)
        case.refresh_from_db()
        assert [x["code"] for x in case.decision.reasons] == ["verdict.undo", "links.many"]


def test_undo_remembers_that_the_post_could_not_be_judged(open_case, moderator, site):
    change_policy(site=site, hold_fallback="allow")
    case = open_case(failed=True)
    undo(verdict_id=answer(case, moderator, NOT_SPAM).pk, user=moderator, now=NOW)
    [decision] = expire_holds(now=NOW + timedelta(days=2))
    assert (decision.outcome, decision.published) == ("block", False)


def test_undo_belongs_to_whoever_answered(open_case, moderator, colleague):
    verdict = answer(open_case(), moderator)
    with pytest.raises(NotPermitted, match="Only the person who gave a verdict"):
        undo(verdict_id=verdict.pk, user=colleague, now=NOW)
    colleague.is_superuser = True
    undo(verdict_id=verdict.pk, user=colleague, now=NOW)


def test_undo_works_once(open_case, moderator):
    verdict = answer(open_case(), moderator)
    undone = undo(verdict_id=verdict.pk, user=moderator, now=NOW)
    with pytest.raises(UndoRefused, match="undone already"):
        undo(verdict_id=verdict.pk, user=moderator, now=NOW)
    with pytest.raises(UndoRefused, match="itself an undo"):
        undo(verdict_id=undone.pk, user=moderator, now=NOW)


def test_undo_is_refused_once_the_post_was_decided_anew(open_case, moderator, monkeypatch):
    monkeypatch.setattr("reviews.labels.looks.lot_of", lambda case: 1.0)
    case = open_case()
    verdict = answer(case, moderator)
    decide(case.post, Outcome.ALLOW, source=Source.FEEDBACK)
    with pytest.raises(UndoRefused, match=r"decided anew since this verdict\. The site itself"):
        undo(verdict_id=verdict.pk, user=moderator, now=NOW)
    assert Label.objects.in_force().count() == 1


def test_undo_is_refused_while_another_case_is_open(open_case, moderator):
    case = open_case()
    verdict = answer(case, moderator)
    case.pk, case.state, case.closed_at, case.revision = None, "open", None, 2
    case.save(force_insert=True)
    with pytest.raises(UndoRefused, match="Another case about this post is open"):
        undo(verdict_id=verdict.pk, user=moderator, now=NOW)


def test_an_audit_s_label_carries_its_probability(open_case, moderator):
    answer(open_case(outcome=Outcome.ALLOW, audit=0.25), moderator, SPAM)
    label = Label.objects.get()
    assert (label.audit, label.inclusion_probability) == (True, 0.25)
    assert not Label.objects.in_force().filter(audit=False).exists()


def test_an_audit_of_earlier_words_measures_and_decides_nothing(site, moderator):
    case = make_case(site, outcome=Outcome.BLOCK, audit=0.25)
    edit(case.post)
    present = decide(case.post, Outcome.ALLOW)
    follow_decisions(post_ids=[case.post_id])
    verdict = answer(case, moderator, NOT_SPAM)
    assert verdict.decision is None
    assert Post.objects.get(pk=case.post_id).decision == present
    label = Label.objects.get()
    assert (label.label, label.revision, label.audit) == ("ham", 1, True)
    undo(verdict_id=verdict.pk, user=moderator, now=NOW)
    assert Post.objects.get(pk=case.post_id).decision == present
    assert not Label.objects.in_force().exists()


@pytest.mark.django_db(transaction=True)
def test_two_answers_at_once_make_one_verdict(site):
    case = make_case(site)
    people = [make_moderator(site) for _ in range(6)]
    refusals: list[Exception] = []
    start = threading.Barrier(len(people))

    def work(user: User, kind: VerdictKind) -> None:
        try:
            start.wait()
            answer(case, user, kind)
        except StaleCase as refusal:
            refusals.append(refusal)
        finally:
            connection.close()

    threads = [
        threading.Thread(target=work, args=(user, (SPAM, NOT_SPAM, REMOVE)[number % 3]))
        for number, user in enumerate(people)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(refusals) == 5
    assert rows()[0] == 1
    assert rows()[2] == 2
