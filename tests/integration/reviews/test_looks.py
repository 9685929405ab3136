"""Who judges again, what becomes of it, and that it decides nothing."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.test import Client

from moderation.models import Author, Decision, Post, Site
from moderation.types import Outcome, Source
from reviews.console.case.standing import shown as seen_on
from reviews.exceptions import CaseMissing, NotPermitted, StaleCase, UndoRefused
from reviews.judging import appeals
from reviews.judging.undoing import undo
from reviews.labels import checks, looks
from reviews.labels.blind import withheld_from
from reviews.labels.fresh_eyes import fresh_eyes
from reviews.models import (
    Case,
    Check,
    Label,
    Likeness,
    Look,
    LookPlan,
    Membership,
    PageView,
    Verdict,
)
from reviews.people import preferences
from reviews.queue import claiming, unassigned
from reviews.queue.intake import follow_decisions
from reviews.states import AppealVia, Lane, VerdictKind
from tests.integration.reviews.world import edit, make_case, make_post
from tests.integration.world import NOW, answer, decide, make_moderator

SPAM, NOT_SPAM = VerdictKind.SPAM, VerdictKind.NOT_SPAM
LATER = NOW + timedelta(hours=1)


def plan(site: Site, **shares: float) -> None:
    given = {"second_share": 0.0, "spam_share": 0.0, "gold_share": 0.0, **shares}
    LookPlan.objects.update_or_create(site=site, defaults=given)


def look_at(verdict: Verdict, now: datetime = LATER) -> Case:
    looks.open_due(now=now)
    found = Look.objects.get(verdict=verdict).case
    assert found is not None
    return found


@pytest.fixture
def senior(site: Site) -> User:
    user = make_moderator(site)
    Membership.objects.filter(user=user).update(role="senior")
    return user


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


@pytest.mark.parametrize(
    ("kind", "stratum", "shares", "drawn"),
    [
        (NOT_SPAM, Outcome.BLOCK, {}, ("honest", 1.0)),
        (SPAM, Outcome.BLOCK, {"spam_share": 0.25}, ("spam", 0.25)),
        (SPAM, Outcome.BLOCK, {}, None),
        (NOT_SPAM, Outcome.ALLOW, {}, None),
        (SPAM, Outcome.ALLOW, {}, ("missed", 1.0)),
    ],
)
def test_apparent_honest_posts_among_would_be_blocks_are_always_looked_at_again(
    site, open_case, moderator, colleague, monkeypatch,
    kind, stratum, shares, drawn,
):  # fmt: skip
    plan(site, **shares)
    monkeypatch.setattr(looks, "throw", lambda: 0.2)
    answer(open_case(outcome=stratum, audit=0.5), moderator, kind)
    assert [(x.why, x.probability) for x in Look.objects.all()] == ([drawn] if drawn else [])


@pytest.mark.parametrize(
    ("kind", "would_be", "thrown", "drawn"),
    [
        (NOT_SPAM, Outcome.BLOCK, 0.2, ("honest", 1.0)),
        (NOT_SPAM, Outcome.BLOCK, 0.1, ("sample", 0.2)),
        (NOT_SPAM, Outcome.REVIEW, 0.2, None),
        (VerdictKind.REMOVE, Outcome.BLOCK, 0.2, None),
        (SPAM, Outcome.BLOCK, 0.2, None),
    ],
)
@pytest.mark.parametrize("expired", [True, False])
def test_so_are_those_that_no_audit_was_drawn_from(
    site, open_case, moderator, monkeypatch, kind,
    would_be, thrown, drawn, expired,
):  # fmt: skip
    plan(site, second_share=0.2)
    monkeypatch.setattr(looks, "throw", lambda: thrown)
    case = open_case(would_be=would_be)
    if expired:
        decide(case.post, Outcome.BLOCK, source=Source.EXPIRY)
        follow_decisions(post_ids=[case.post_id], now=NOW)
    answer(case, moderator, kind)
    assert [(x.why, x.probability) for x in Look.objects.all()] == ([drawn] if drawn else [])


def test_a_third_opinion_on_an_audit_is_told_to_whoever_measures(
    site, open_case, moderator, colleague, senior
):
    plan(site)
    audit = open_case(outcome=Outcome.BLOCK, audit=0.5)
    first = answer(audit, moderator, NOT_SPAM)
    answer(look_at(first), colleague, SPAM, now=LATER)
    (found,) = looks.differing([audit.audit_id])
    assert (found.audit, found.third) == (audit.audit_id, None)
    given = answer(Look.objects.get().dispute, senior, SPAM, now=LATER)
    (found,) = looks.differing([audit.audit_id])
    assert found.third == (SPAM, senior.pk)
    undo(verdict_id=given.pk, user=senior, now=LATER)
    (found,) = looks.differing([audit.audit_id])
    assert found.third is None and found.second == (SPAM, colleague.pk)


def test_a_known_case_is_one_on_which_two_agreed_and_that_its_judge_has_not_met(
    site, open_case, moderator, colleague
):
    plan(site, second_share=1.0)
    first = answer(open_case(), moderator)
    case = look_at(first)
    case.meant_for = [colleague.pk]
    case.save()
    answer(case, colleague, SPAM, now=LATER)
    plan(site, gold_share=1.0)
    answer(open_case(), moderator, now=LATER)
    assert not Look.objects.filter(kind="gold").exists(), "both have judged it"
    newcomer = make_moderator(site)
    answer(open_case(), newcomer, now=LATER)
    answer(open_case(), newcomer, now=LATER)
    gold = Look.objects.get(kind="gold")
    assert (gold.verdict, gold.person) == (first, newcomer)
    looks.open_due(now=LATER)
    gold.refresh_from_db()
    assert claiming.claim_next(user=newcomer, now=LATER) == gold.case
    answer(gold.case, newcomer, NOT_SPAM, now=LATER)
    gold.refresh_from_db()
    assert (gold.answer.kind, gold.dispute) == ("not_spam", None)
    assert looks.agreed(site.pk, besides=make_moderator(site).pk) == [], "it is doubted now"


@pytest.mark.parametrize(("how", "left"), [
    ("shown", "colleague"), ("passed on", "colleague"), ("answered", "moderator"),
])  # fmt: skip
def test_a_second_look_goes_to_whoever_met_the_post_only_where_nobody_else_is_left(
    site, open_case, moderator, colleague, how, left
):
    plan(site, second_share=1.0)
    third, case = make_moderator(site), open_case()
    if how == "shown":
        browser = Client()
        browser.force_login(colleague)
        assert browser.get(f"/review/cases/{case.pk}/").status_code == 200
    else:
        kind = VerdictKind.CANNOT_TELL if how == "passed on" else NOT_SPAM
        Verdict.objects.create(
            case=case, round=case.round + 1, user=colleague, kind=kind, seen=case.decision,
            created_at=NOW,
        )  # fmt: skip
    first = answer(case, moderator, SPAM)
    assert fresh_eyes(case.post, 1, [moderator.pk]) == [third.pk]
    assert fresh_eyes(case.post, 2, [moderator.pk, third.pk]) == [colleague.pk], "other words"
    Membership.objects.filter(user=third).delete()
    asked = {"colleague": colleague, "moderator": moderator}[left]
    looks.open_due(now=LATER)
    assert look_at(first, NOW + looks.OWN_PAUSE).meant_for == [asked.pk]


def test_who_was_shown_a_case_does_not_meet_it_as_a_known_one(
    site, open_case, moderator, colleague
):
    plan(site, second_share=1.0)
    first = answer(open_case(), moderator)
    answer(look_at(first), colleague, SPAM, now=LATER)
    readers = [make_moderator(site) for _ in range(3)]
    of_case, of_post = f"/review/cases/{first.case_id}/", f"/review/posts/{first.case.post_id}/"
    for reader, address in zip(readers, (of_case, of_post), strict=False):
        browser = Client()
        browser.force_login(reader)
        assert browser.get(address).status_code == 200
    known = [looks.agreed(site.pk, besides=reader.pk) for reader in readers]
    assert known == [[], [], [first.pk]]
    # Nor who was shown a case beside which it stands, with its answer.
    beside = open_case()
    Likeness.objects.create(post=beside.post, other=first.case.post, similarity=0.95)
    assert looks.agreed(site.pk, besides=readers[2].pk) == [first.pk]
    browser = Client()
    browser.force_login(readers[2])
    assert browser.get(f"/review/cases/{beside.pk}/").status_code == 200
    assert looks.agreed(site.pk, besides=readers[2].pk) == []


def test_what_was_answered_is_kept_from_whoever_may_be_asked_before_they_are(
    site, open_case, moderator, colleague
):
    plan(site, second_share=1.0)
    case = open_case()
    browser = Client()
    browser.force_login(colleague)
    page = f"/review/cases/{case.pk}/"
    assert browser.get(page).status_code == 200
    first = answer(case, moderator, NOT_SPAM)
    assert withheld_from(colleague, [case.post_id]) == {case.post_id}
    assert withheld_from(moderator, [case.post_id]) == set()
    with pytest.raises(StaleCase, match="Somebody answered this case"):
        answer(case, colleague)
    typed = {"kind": "spam", "seen": seen_on(case, first.seen_id), "note": "my words"}
    refused = browser.post(f"{page}verdict", typed)
    told = refused.content.decode().partition("<main")[2].partition("</main>")[0]
    assert refused.status_code == 409 and "my words" in told
    assert moderator.username not in told and "ot spam" not in told, told
    assert browser.get(page).status_code == 404
    undo(verdict_id=first.pk, user=moderator, now=NOW)
    assert browser.get(page).status_code == 200


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


def test_cases_of_other_sites_are_nobodys_known_cases(site, other_site):
    plan(other_site, gold_share=1.0)
    answer(make_case(other_site), make_moderator(other_site))
    assert not Look.objects.exists()


def let_through_on_appeal(site: Site, first: User, second: User, **decision: Any) -> Verdict:
    """What the one called spam and the other, on appeal, not spam; nothing else is looked at."""
    plan(site)
    case = make_case(site, **{"would_be": Outcome.BLOCK, **decision})
    answer(case, first, SPAM)
    appeal = appeals.file(post_id=case.post_id, via=AppealVia.API, now=NOW).case
    return answer(appeal, second, NOT_SPAM)


def test_a_would_be_block_that_is_let_through_on_appeal_is_looked_at_again(
    site, moderator, colleague, senior
):
    fresh, reader = make_moderator(site), make_moderator(site)
    Membership.objects.filter(user=moderator).update(role="senior")
    given = let_through_on_appeal(site, moderator, colleague)
    look = Look.objects.get()
    assert (look.verdict, look.why, look.probability, look.own) == (given, "honest", 1.0, False)
    post = given.case.post
    assert withheld_from(fresh, [post.pk]) == {post.pk}
    PageView.objects.create(
        user=reader, site=site, page="console:case", subject=str(given.case_id), sent=False,
        created_at=NOW,
    )  # fmt: skip
    case = look_at(given)
    assert case.meant_for == sorted([fresh.pk, senior.pk]), "neither who blocked it nor who read"
    assert withheld_from(fresh, [post.pk]) == {post.pk}
    answer(case, fresh, SPAM, now=LATER)
    look.refresh_from_db()
    assert look.dispute.meant_for == [senior.pk], "not the senior who blocked it"
    answer(look.dispute, senior, SPAM, now=LATER)
    post.refresh_from_db()
    assert (post.outcome, Look.objects.count()) == ("block", 1)


@pytest.mark.parametrize("leaves", [False, True])
def test_an_appeal_that_nobody_fresh_could_look_at_is_looked_at_by_nobody(
    site, moderator, colleague, leaves
):
    fresh = make_moderator(site) if leaves else None
    given = let_through_on_appeal(site, moderator, colleague)
    Membership.objects.filter(user=fresh).delete()
    assert looks.open_due(now=LATER + timedelta(days=2)) == 0
    assert [look.ended != "" for look in Look.objects.all()] == [True] * leaves
    assert not Case.objects.exclude(pk=given.case_id).filter(state="open").exists()


def test_who_is_alone_looks_again_at_what_they_let_through_on_appeal(site, moderator):
    given = let_through_on_appeal(site, moderator, moderator)
    assert looks.open_due(now=LATER) == 0
    case = look_at(given, NOW + timedelta(days=1, minutes=1))
    assert (case.meant_for, Look.objects.get().own) == ([moderator.pk], True)


def test_an_appeal_is_looked_at_again_only_where_a_would_be_block_is_let_through(
    site, moderator, colleague
):
    make_moderator(site)
    let_through_on_appeal(site, moderator, colleague, would_be=Outcome.REVIEW)
    post = make_post(site)
    decide(post, Outcome.BLOCK)
    appeal = appeals.file(post_id=post.pk, via=AppealVia.API, now=NOW).case
    answer(appeal, colleague, SPAM)
    assert not Look.objects.exists()


def test_who_may_be_asked_blind_is_not_told_what_the_machine_made_of_new_words(
    site, open_case, moderator
):
    case = open_case()
    closed = Case.objects.filter(pk=case.pk)
    closed.update(
        state="closed", closed_at=NOW, closed_because="Superseded: the machine allowed it."
    )
    edit(case.post)
    decide(case.post, Outcome.ALLOW, audit=0.1)
    follow_decisions(post_ids=[case.post_id])
    with pytest.raises(StaleCase) as refused:
        answer(case, moderator)
    assert refused.value.present == "This case asks no more."
    answer(Case.objects.get(post=case.post, state="open"), moderator, NOT_SPAM)
    with pytest.raises(StaleCase, match="the machine allowed"):
        answer(case, moderator)
