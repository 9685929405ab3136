"""A site's guidelines: written, one key away, answered by number, public if the site says so."""

from urllib.parse import urlsplit

import pytest
from django.db import DatabaseError, transaction
from django.test import Client

from moderation import guidelines, sites
from moderation.deciding.appeal_links import show_statement
from moderation.exceptions import InvalidGuidelines
from moderation.models import Decision, Guidelines, Policy, Site
from reviews.console.case.standing import decision_token
from reviews.models import Verdict
from reviews.roles import Role
from tests.integration.console.factory import decide, make_case
from tests.integration.console.page import read
from tests.integration.world import browser_of, make_moderator, make_site

TEXT = """Be <kind>.
Rule: Advertising
Answer: spam
Against: <b>Cheap</b> watches
Rule: Insults
Fine: I think you are wrong
"""


@pytest.fixture
def owner(site: Site) -> Client:
    user = make_moderator(site, username="olga")
    user.memberships.update(role=Role.OWNER)
    return browser_of(user)


def in_force(site: Site) -> Guidelines:
    found, _ = guidelines.in_force(site.pk)
    assert found is not None
    return found


def test_who_sets_the_rules_writes_them_and_moderators_read_them(owner, browser, site):
    page = f"/review/guidelines/{site.pk}/"
    assert "Nobody has written any" in read(browser.get(page)).words
    case = f"/review/cases/{make_case(site).pk}/"
    for who, links in ((browser, 0), (owner, 1)):
        shown = read(who.get(case))
        assert "No guidelines yet." in shown.words
        assert len(shown.all("a", href=page + "write")) == links
    assert browser.post(page + "write", {"text": TEXT}).status_code == 403
    wrong = owner.post(page + "write", {"text": "Against: nothing"})
    assert wrong.status_code == 400
    assert "Line 1: “Against:” stands before the first rule." in read(wrong).words

    before = sites.policy_of(site)
    arrived = owner.post(page + "write", {"text": TEXT, "over": 0}, follow=True)
    assert arrived.redirect_chain == [(page, 302)]
    policy = sites.policy_of(site)
    assert (policy.revision, policy.guidelines_public) == (before.revision + 1, False)
    assert (policy.mode, policy.block_from) == (before.mode, before.block_from)
    shown = read(browser.get(page))
    assert "Be <kind>." in shown.text
    assert "<b>Cheap</b> watches" in shown.text
    assert not shown.all("b")

    owner.post(page + "write", {"text": TEXT.replace("<kind>", "kinder"), "over": 1})
    assert "Be kinder." in read(browser.get(page)).text
    assert "Be <kind>." in read(browser.get(page + "?version=1")).text
    # The same words are no new version.
    owner.post(page + "write", {"text": in_force(site).text, "over": 2})
    assert Guidelines.objects.count() == 2


def test_a_case_shows_them_and_is_answered_by_the_number_of_a_rule(browser, site, mara):
    guidelines.publish(site=site, text=TEXT, public=False)
    case = make_case(site)
    shown = read(browser.get(f"/review/cases/{case.pk}/"))
    assert [each["id"] for each in shown.all("dialog", id="guidelines")]
    assert shown.all("button", name="rule", value="2", **{"data-key": "2"})
    seen = shown.all("input", name="guidelines")[0]["value"]
    # Meanwhile the rules change their places: the number means what was shown.
    guidelines.publish(site=site, text="Rule: Politics\nRule: Weather", public=False)
    answer = {"rule": "2", "guidelines": seen, "seen": decision_token(case, case.decision_id)}
    arrived = browser.post(f"/review/cases/{case.pk}/verdict", answer, follow=True)
    assert "Removal recorded. Rule 2: Insults." in read(arrived).words
    verdict = Verdict.objects.get()
    assert (verdict.kind, verdict.rule, str(verdict.guidelines_id)) == ("remove", 2, seen)
    assert verdict.decision is not None
    assert verdict.decision.reasons[1] == {
        "code": "guidelines.rule",
        "sentence": "It is against rule 2 of the site's guidelines: Insults.",
        "weight": 0.0,
    }
    answered = read(browser.get(f"/review/cases/{case.pk}/"))
    assert "Removed by rule 2 of version 1" in answered.words
    # Each decision names the version that stood with it.
    assert case.decision.policy.guidelines == verdict.guidelines
    assert verdict.decision.policy.guidelines == in_force(site)


@pytest.mark.parametrize(("rule", "of_another"), [("7", False), ("1", True)])
def test_a_number_without_a_rule_answers_nothing(browser, site, rule, of_another):
    other = make_site("Another")
    for each in (site, other):
        guidelines.publish(site=each, text=TEXT, public=False)
    case = make_case(site)
    shown = in_force(other if of_another else site)
    answer = {"rule": rule, "guidelines": shown.pk, "seen": decision_token(case, case.decision_id)}
    refused = browser.post(f"/review/cases/{case.pk}/verdict", answer)
    assert refused.status_code == 400
    assert "There is no rule with this number." in read(refused).words
    assert not Verdict.objects.exists()


def test_public_ones_are_linked_from_statements_and_appeals_and_private_ones_are_not(site, mara):
    def blocked() -> Decision:
        reasons = [{"code": "guidelines.rule", "sentence": "It is against rule 1.", "weight": 0.0}]
        return decide(
            make_case(site).post, outcome="block", source="moderator", user=mara, reasons=reasons
        )

    guidelines.publish(site=site, text=TEXT, public=False)
    private = blocked()
    told = show_statement(private, private.policy)
    assert told is not None
    assert told["guidelines"] is None
    assert "rule 1" not in told["text"]

    guidelines.publish(site=site, text=TEXT, public=True)
    public = blocked()
    told = show_statement(public, public.policy)
    assert told is not None
    assert "It is against rule 1." in told["text"]
    stranger = Client()
    appeal = read(stranger.get(urlsplit(told["appeal"]["url"]).path))
    assert appeal.all("a", href=told["guidelines"])
    assert "It is against rule 1." in appeal.words
    shown = stranger.get(told["guidelines"])
    assert "Be <kind>." in read(shown).text
    assert "default-src 'none'" in shown["Content-Security-Policy"]
    assert site.name not in read(shown).text

    guidelines.publish(site=site, text=TEXT + "Rule: Politics", public=True)
    older = read(stranger.get(told["guidelines"]))
    assert "There is a newer one" in older.words
    assert "Politics" not in older.words
    sites.change_policy(site=site, guidelines_public=False)
    assert stranger.get(told["guidelines"]).status_code == 404
    assert stranger.get("/guidelines/MQ:forged").status_code == 404


def test_a_version_is_never_changed(site):
    guidelines.publish(site=site, text=TEXT, public=False)
    for change in (
        lambda: Guidelines.objects.update(text="Rule: another"),
        lambda: Guidelines.objects.filter(site=site).delete(),
    ):
        with pytest.raises(DatabaseError), transaction.atomic():
            change()
    with pytest.raises(InvalidGuidelines):
        guidelines.publish(site=site, text="", public=True)
    assert Policy.objects.filter(site=site, guidelines__isnull=False).count() == 1
