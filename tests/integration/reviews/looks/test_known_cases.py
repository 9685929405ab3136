"""Known cases, and from whom their answers are kept."""

from datetime import timedelta

import pytest
from django.test import Client

from moderation import outbox
from moderation.access import create_key
from moderation.deciding import feedback
from moderation.types import Outcome
from reviews.console.case.standing import decision_token
from reviews.exceptions import StaleCase
from reviews.judging.undoing import undo
from reviews.labels import looks
from reviews.labels.blind import withheld_from
from reviews.labels.fresh_eyes import fresh_eyes
from reviews.models import (
    Case,
    Check,
    Label,
    Likeness,
    Look,
    Membership,
    Verdict,
)
from reviews.queue import claiming
from reviews.queue.intake import follow_decisions
from reviews.states import VerdictKind
from tests.integration.reviews.looks.second import LATER, NOT_SPAM, SPAM, look_at, plan
from tests.integration.reviews.world import edit, make_case
from tests.integration.world import NOW, answer, decide, make_moderator


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
    typed = {"kind": "spam", "seen": decision_token(case, first.seen_id), "note": "my words"}
    refused = browser.post(f"{page}verdict", typed)
    told = refused.content.decode().partition("<main")[2].partition("</main>")[0]
    assert refused.status_code == 409 and "my words" in told
    assert moderator.username not in told and "ot spam" not in told, told
    assert browser.get(page).status_code == 404
    undo(verdict_id=first.pk, user=moderator, now=NOW)
    assert browser.get(page).status_code == 200


def test_whose_case_the_site_itself_decided_keeps_what_they_typed(site, open_case, colleague):
    plan(site, second_share=1.0)
    case = open_case()
    browser = Client()
    browser.force_login(colleague)
    seen = decision_token(case, case.decision_id)
    key, _ = create_key(site=site, name="test")
    feedback.receive(
        post=case.post, label="ham", actor_id="17", actor_role="owner", api_key=key, now=NOW
    )
    assert outbox.deliver(now=NOW + timedelta(seconds=1))
    said = Label.objects.get()
    Check.objects.get_or_create(
        label=said, defaults={"site": site, "why": "source", "probability": 1.0, "created_at": NOW}
    )
    assert withheld_from(colleague, [case.post_id]) == {case.post_id}
    typed = {"kind": "spam", "seen": seen, "note": "my words"}
    refused = browser.post(f"/review/cases/{case.pk}/verdict", typed)
    told = refused.content.decode().partition("<main")[2].partition("</main>")[0]
    assert refused.status_code == 409 and "my words" in told
    assert "This case asks no more." in told and "Decision in force" not in told


def test_cases_of_other_sites_are_nobodys_known_cases(site, other_site):
    plan(other_site, gold_share=1.0)
    answer(make_case(other_site), make_moderator(other_site))
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
