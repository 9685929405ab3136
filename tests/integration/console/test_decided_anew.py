"""A senior decides a post anew whose answer by the post alone can no longer be taken back."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from moderation.models import Post, Site
from reviews.console import queue_page
from reviews.exceptions import CaseMissing, NotPermitted, UndoRefused
from reviews.judging import undoing
from reviews.judging.correcting import decide_anew
from reviews.labels import looks
from reviews.labels.blind import PAUSE, withheld_from
from reviews.labels.labelling import effective
from reviews.measuring.answers import About, answers
from reviews.models import Case, Label, Look, LookPlan, Membership
from reviews.queue.intake import new_case
from reviews.roles import Role
from reviews.states import Lane, VerdictKind
from tests.integration.console.factory import make_case
from tests.integration.console.page import read
from tests.integration.world import answer, browser_of, make_moderator

BLOCKED = {"outcome": "block", "would_be": "block", "probability": 0.97}
LATE = PAUSE + timedelta(seconds=1)
LONG = timedelta(days=1)


@pytest.fixture
def lead(site: Site) -> User:
    found = make_moderator(site, username="lead")
    Membership.objects.filter(user=found).update(role=Role.SENIOR)
    return found


@pytest.fixture
def leads(lead: User) -> Client:
    return browser_of(lead)


@pytest.fixture
def audit(site: Site) -> Case:
    LookPlan.objects.create(site=site, second_share=1.0, spam_share=1.0, gold_share=0.0)
    return make_case(site, lane=Lane.AUDIT, decision=BLOCKED, opened=LONG)


def ago(duration: timedelta) -> dict[str, Any]:
    return {"now": timezone.now() - duration}


def said(case: Case) -> dict[int, str]:
    assert case.audit is not None
    return answers([About(case.audit.pk, case.audit.decision_id, case.post_id, case.revision)])


@pytest.mark.parametrize("own", [True, False])
def test_the_post_follows_a_late_answer_that_a_lead_corrects_and_the_measure_does_not(
    audit, lead, mara, leads, own
):
    LookPlan.objects.update(second_share=0.0, spam_share=0.0)
    given = answer(audit, lead if own else mara, VerdictKind.SPAM, **ago(LATE))
    page = leads.get(f"/review/cases/{audit.pk}/")
    assert read(page).all("a", href=f"/review/verdicts/{given.pk}/anew")
    asked = leads.get(f"/review/verdicts/{given.pk}/anew")
    buttons = read(asked).all("button", name="kind")
    assert [(one["value"], one["class"]) for one in buttons] == [
        ("spam", "answer spam"), ("not_spam", "answer not-spam"), ("remove", "answer remove"),
    ]  # fmt: skip
    done = leads.post(f"/review/verdicts/{given.pk}/anew", {"kind": "not_spam"}, follow=True)
    assert "Decided anew: Not spam" in read(done).words
    audit.post.refresh_from_db()
    assert audit.post.outcome == "allow"
    assert said(audit) == {audit.audit_id: "spam"}
    newest = effective(Site.objects.all(), audits=True).get(post=audit.post)
    assert (newest.label, newest.audit) == ("ham", False)
    assert Label.objects.in_force().get(audit=True).label == "spam"
    # Once is enough; the new answer is taken back as any other.
    again = leads.post(f"/review/verdicts/{given.pk}/anew", {"kind": "spam"})
    assert again.status_code == 409
    made = Case.objects.get(anew=True).verdicts.get()
    undoing.undo(verdict_id=made.pk, user=lead)
    audit.post.refresh_from_db()
    assert audit.post.outcome == "block"
    assert said(audit) == {audit.audit_id: "spam"}


def test_a_look_at_the_first_answer_is_asked_and_compared_all_the_same(audit, lead, mara):
    given = answer(audit, lead, VerdictKind.SPAM, **ago(LATE))
    decide_anew(verdict_id=given.pk, user=lead, kind=VerdictKind.NOT_SPAM)
    looks.open_due(now=timezone.now() + timedelta(hours=1))
    look = Look.objects.get(verdict=given)
    assert look.case is not None
    assert audit.post_id in withheld_from(mara, [audit.post_id])
    answer(look.case, mara, VerdictKind.NOT_SPAM, now=None)
    look.refresh_from_db()
    assert look.answer is not None
    assert look.dispute is None
    audit.post.refresh_from_db()
    assert audit.post.outcome == "allow"


def test_what_is_learnt_of_an_ordinary_plain_case_follows(site, lead, mara, monkeypatch):
    LookPlan.objects.create(site=site, second_share=0.0, gold_share=0.0)
    monkeypatch.setattr(looks, "lot_of", lambda case: 0.0)
    case = make_case(site, opened=LONG)
    given = answer(case, mara, VerdictKind.SPAM, **ago(LATE))
    assert effective(Site.objects.all()).get().label == "spam"
    made = decide_anew(verdict_id=given.pk, user=lead, kind=VerdictKind.REMOVE)
    assert not effective(Site.objects.all()).exists()
    # Plain for nobody: it is withheld from nobody who looks at the post later on.
    assert not looks.is_plain(made.case)
    assert not withheld_from(lead, [case.post_id])
    undoing.undo(verdict_id=made.pk, user=lead)
    case.post.refresh_from_db()
    assert case.post.outcome == "block"


def test_what_was_hidden_by_one_wrong_key_is_shown_again(audit, lead, leads):
    given = answer(audit, lead, VerdictKind.DANGER, **ago(LATE))
    audit.post.refresh_from_db()
    assert audit.post.hidden_at is not None
    [recent] = queue_page.overview(user=lead, sites=[audit.site]).recent
    assert recent.decides_anew
    page = read(leads.get("/review/"))
    assert page.all("a", href=f"/review/verdicts/{given.pk}/anew")
    asked = leads.get(f"/review/verdicts/{given.pk}/anew")
    assert "The post is hidden" in read(asked).words
    leads.post(f"/review/verdicts/{given.pk}/anew", {"kind": "not_spam"})
    audit.post.refresh_from_db()
    assert not audit.post.hidden_at
    assert audit.post.outcome == "allow"
    assert said(audit) == {audit.audit_id: "spam"}


@pytest.mark.parametrize("anew", [True, False])
def test_what_was_found_dangerous_wrongly_does_not_hide_a_post_whose_next_answer_is_undone(
    audit, site, lead, mara, anew
):
    LookPlan.objects.update(second_share=0.0, spam_share=0.0)
    given = answer(audit, lead, VerdictKind.DANGER, **ago(LATE))
    if anew:
        decide_anew(verdict_id=given.pk, user=lead, kind=VerdictKind.NOT_SPAM)
    post = Post.objects.get(pk=audit.post_id)
    assert (post.hidden_at is None) is anew
    assert post.decision is not None
    case = new_case(post, post.decision, Lane.HELD, timezone.now())
    case.meant_for = [mara.pk]
    case.save()
    Membership.objects.filter(user=mara).update(sees_hidden=True)
    again = answer(case, mara, VerdictKind.DANGER, now=None)
    post.refresh_from_db()
    assert post.hidden_at is not None
    undoing.undo(verdict_id=again.pk, user=mara)
    post.refresh_from_db()
    assert (post.hidden_at is None) is anew, "where nobody contradicted it, the first answer stands"
    assert anew or post.outcome == "block"


def test_who_may_not(audit, lead, mara, site, leads):
    LookPlan.objects.update(second_share=0.0, spam_share=0.0)
    early = answer(audit, mara, VerdictKind.SPAM, now=None)
    with pytest.raises(UndoRefused, match="ten minutes"):
        decide_anew(verdict_id=early.pk, user=lead, kind=VerdictKind.NOT_SPAM)
    LookPlan.objects.update(second_share=1.0, spam_share=1.0)
    looked = make_case(site, lane=Lane.AUDIT, decision=BLOCKED, opened=LONG)
    given = answer(looked, mara, VerdictKind.SPAM, now=None)
    with pytest.raises(CaseMissing):
        decide_anew(verdict_id=given.pk, user=lead, kind=VerdictKind.NOT_SPAM)
    then = timezone.now() + LATE
    with pytest.raises(NotPermitted):
        decide_anew(verdict_id=early.pk, user=mara, kind=VerdictKind.NOT_SPAM, now=then)
    stranger = make_moderator(Site.objects.create(name="other"), username="stranger")
    Membership.objects.filter(user=stranger).update(role=Role.OWNER)
    browser = browser_of(stranger)
    answered = browser.post(f"/review/verdicts/{given.pk}/anew", {"kind": "not_spam"})
    assert answered.status_code == 404
    # Who is still asked about the post, blind, is told of no answer to it.
    looks.open_due(now=timezone.now() + timedelta(hours=1))
    look = Look.objects.get(verdict=given)
    assert look.case is not None
    assert lead.pk in look.case.meant_for
    assert leads.get(f"/review/verdicts/{given.pk}/anew").status_code == 404
    LookPlan.objects.update(second_share=0.0, spam_share=0.0)
    ordinary = make_case(site, opened=LONG)
    shown = answer(ordinary, mara, VerdictKind.SPAM, **ago(LATE))
    assert leads.post(f"/review/verdicts/{shown.pk}/anew", {"kind": "spam"}).status_code == 409


def test_who_settles_a_difference_goes_on_about_what_is_in_force(audit, lead, mara, site):
    given = answer(audit, lead, VerdictKind.SPAM, **ago(LATE))
    looks.open_due(now=timezone.now() + timedelta(hours=1))
    look = Look.objects.get(verdict=given)
    assert look.case is not None
    answer(look.case, mara, VerdictKind.REMOVE, now=None)
    kim = make_moderator(site, username="kim")
    look.refresh_from_db()
    assert look.dispute is not None
    Case.objects.filter(pk=look.dispute.pk).update(meant_for=[kim.pk])
    decide_anew(verdict_id=given.pk, user=lead, kind=VerdictKind.NOT_SPAM)
    audit.post.refresh_from_db()
    assert audit.post.outcome == "allow"
    answer(look.dispute, kim, VerdictKind.SPAM, now=None)
    audit.post.refresh_from_db()
    assert audit.post.outcome == "block"
