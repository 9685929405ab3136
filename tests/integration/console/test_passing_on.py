"""Cases that go to somebody else: escalated ones, and what a moderator wrote themselves."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from moderation.models import Author, Site
from reviews.console import queue_page
from reviews.console.case.standing import decision_token
from reviews.exceptions import NotPermitted
from reviews.judging import scopes, undoing, verdicts
from reviews.models import Case, Membership, Role, Verdict
from reviews.people.permissions import check_can_judge, given_to
from reviews.queue import claiming, unassigned
from reviews.roles import Act
from reviews.states import Lane, VerdictKind
from tests.integration.console.factory import make_case
from tests.integration.console.page import Page, read
from tests.integration.world import answer, make_moderator


@pytest.fixture
def senior(site: Site) -> User:
    senior = make_moderator(username="sina")
    Membership.objects.create(user=senior, site=site, role=Role.SENIOR)
    return senior


def test_an_escalated_case_waits_for_seniors_until_none_is_left(browser, site, mara, senior):
    case, colleague = make_case(site), make_moderator(site)
    said = {
        "kind": "escalate",
        "seen": decision_token(case, case.decision_id),
        "note": "Is it a threat?",
    }
    page = read(browser.post(f"/review/cases/{case.pk}/verdict", said, follow=True))
    assert "Passed on to a senior." in page.words
    assert "You passed this case on" in read(browser.get(f"/review/cases/{case.pk}/")).words
    case.refresh_from_db()
    assert (case.state, case.post.decision_id, case.meant_for) == (
        "open",
        case.decision_id,
        [senior.pk],
    )
    assert claiming.claim_next(user=colleague) is None
    assert claiming.claim_next(user=mara) is None
    assert claiming.claim_next(user=senior) == case

    their_browser = Client()
    their_browser.force_login(senior)
    shown = read(their_browser.get(f"/review/cases/{case.pk}/"))
    assert "Escalated" in shown.words and "Is it a threat?" in shown.words
    assert unassigned.reopen() == 0
    claiming.release(case=case, user=senior)
    Membership.objects.filter(user=senior).delete()
    assert unassigned.reopen() == 1
    assert claiming.claim_next(user=colleague) == case


def test_a_senior_reads_why_an_audit_was_escalated_and_not_what_was_answered(site, mara, senior):
    case, unsure = make_case(site, lane=Lane.AUDIT), make_moderator(site)
    passed: dict[str, Any] = {"case_id": case.pk, "seen_decision_id": case.decision_id}
    verdicts.submit_verdict(
        **passed, user=unsure, kind=VerdictKind.CANNOT_TELL, note="I take it for spam"
    )
    verdicts.submit_verdict(**passed, user=mara, kind=VerdictKind.ESCALATE, note="Is it a threat?")
    their_browser = Client()
    their_browser.force_login(senior)
    shown = read(their_browser.get(f"/review/cases/{case.pk}/")).words
    assert "Judge by the post alone" in shown
    assert "mara" in shown and "Is it a threat?" in shown
    for hidden in ("62 %", "shortener", "I take it for spam", unsure.username):
        assert hidden not in shown, hidden


def test_what_its_only_senior_cannot_tell_is_for_everybody_again(site, mara, senior):
    case, colleague = make_case(site), make_moderator(site)
    passed = {"case_id": case.pk, "seen_decision_id": case.decision_id}
    verdicts.submit_verdict(**passed, user=mara, kind=VerdictKind.ESCALATE)
    assert claiming.claim_next(user=colleague) is None
    verdicts.submit_verdict(**passed, user=senior, kind=VerdictKind.CANNOT_TELL)
    assert claiming.claim_next(user=colleague) == case


def test_an_escalation_taken_back_gives_the_case_to_everybody(site, mara, senior):
    case = make_case(site)
    verdict = answer(case, mara, VerdictKind.ESCALATE, now=None)
    undoing.undo(verdict_id=verdict.pk, user=mara)
    case.refresh_from_db()
    assert (case.meant_for, case.passed) == ([], False)
    assert claiming.claim_next(user=mara) == case
    # Where nobody else decides such cases, it goes to anybody.
    claiming.release(case=case, user=mara)
    answer(case, senior, VerdictKind.ESCALATE, now=None)
    case.refresh_from_db()
    assert case.meant_for == []
    assert claiming.claim_next(user=senior) is None
    assert claiming.claim_next(user=mara) == case


def pass_on(browser: Client, case: Case, kind: str = "cannot_tell") -> Page:
    case.refresh_from_db()
    said = {"kind": kind, "seen": decision_token(case, case.decision_id)}
    return read(browser.post(f"/review/cases/{case.pk}/verdict", said, follow=True))


def test_what_everybody_passed_on_is_asked_again_after_a_day(browser, site, mara):
    case = make_case(site, decision={"published": True})
    page = pass_on(browser, case, "escalate")
    assert "comes back after a day" in page.words and "Passed on" not in page.words
    assert "Nothing waits for you" in page.words, "and so says the queue"
    assert "comes back after a day" in read(browser.get(f"/review/cases/{case.pk}/")).words
    tomorrow = timezone.now() + timedelta(days=1, minutes=1)
    colleague = make_moderator(site)
    assert unassigned.ask_again(now=tomorrow) == 0, "a colleague has not seen it"
    theirs = Client()
    theirs.force_login(colleague)
    assert "comes back" in pass_on(theirs, case).words
    assert unassigned.ask_again() == 0, "they have just looked"
    assert claiming.claim_next(user=mara) is None
    assert unassigned.ask_again(now=tomorrow) == 1
    assert claiming.claim_next(user=mara) == case
    assert "Passed on to somebody else." in pass_on(browser, case).words


def test_what_somebody_else_holds_waits_for_nobody(browser, site):
    case, colleague = make_case(site), make_moderator(site)
    assert "1 case waits" in read(browser.get("/review/")).words
    claiming.claim_next(user=colleague)
    words = read(browser.get("/review/")).words
    assert "Nothing waits for you" in words and "1 is with somebody else just now" in words
    claiming.release(case=case, user=colleague)
    assert "1 case waits" in read(browser.get("/review/")).words


def test_nobody_judges_what_they_wrote_themselves(browser, site, mara):
    Membership.objects.filter(user=mara, site=site).update(writes_as="mara-1")
    own = Author.objects.create(site=site, external_id="mara-1")
    case, other = make_case(site, author=own), make_case(site)
    assert claiming.claim_next(user=mara) == other
    claiming.release(case=other, user=mara)
    assert sum(each.open.least for each in claiming.waiting(sites=[site], user=mara)) == 1
    page = read(browser.get(f"/review/cases/{case.pk}/"))
    assert not page.all("button", name="kind")
    browser.post(
        f"/review/cases/{case.pk}/verdict",
        {"kind": "not_spam", "seen": decision_token(case, case.decision_id)},
    )
    assert not Verdict.objects.exists()
    scope = scopes.by_author(case_id=case.pk, post=case.post, author=own)
    assert scopes.dry_run(scope, user=mara).total == 0
    colleague = make_moderator(site)
    assert scopes.dry_run(scope, user=colleague).total == 1
    audit = make_case(site, author=own, lane=Lane.AUDIT, decision={"published": True})
    passed = make_case(site)
    for each in (case, other, passed):
        kind = VerdictKind.SPAM if each == other else VerdictKind.CANNOT_TELL
        user = colleague if each == case else mara
        answer(each, user, kind, now=None)

    def counted(user: User) -> tuple[str, dict[str, str]]:
        page = queue_page.overview(user=user, sites=[site])
        return str(page.waiting), {lane.label: str(lane.count) for lane in page.lanes}

    assert counted(mara) == ("0", {"Held back": "0"})
    assert claiming.claim_next(user=mara) is None
    assert counted(colleague) == ("2", {"Held back": "1", "Published meanwhile": "1"})
    assert claiming.claim_next(user=colleague) in (audit, passed)
    Case.objects.filter(holder=colleague).update(holder=None, lease_until=None)
    assert not given_to(colleague, site.pk).writes_as
    assert claiming.claim_next(user=colleague) is not None


def test_a_superuser_judges_no_post_of_their_own(site):
    root = User.objects.create_superuser("root")
    Membership.objects.create(user=root, site=site, writes_as="root-1")
    case = make_case(site, author=Author.objects.create(site=site, external_id="root-1"))
    with pytest.raises(NotPermitted, match="wrote this post yourself"):
        check_can_judge(root, case)
    assert given_to(User.objects.create_superuser("other"), site.pk).acts == frozenset(Act)


def test_who_sets_a_sites_rules_reads_its_mails(site):
    operator = make_moderator()
    Membership.objects.create(user=operator, site=site, role=Role.OPERATOR)
    client = Client()
    client.force_login(operator)
    assert client.get("/review/mail/").status_code == 200
    assert client.get("/review/search").status_code == 403
