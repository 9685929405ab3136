from datetime import timedelta

import pytest
from django.contrib.auth.models import User

from moderation.types import Outcome
from reviews.judging.undoing import undo
from reviews.lanes import Lane
from reviews.models import Case, Preferences, Verdict
from reviews.queue import claiming
from reviews.queue.claiming import LEASE, claim_next, held_by_others, release, renew, waiting
from reviews.queue.intake import follow_decisions
from reviews.states import VerdictKind
from tests.integration.reviews.world import make_post
from tests.integration.world import NOW, answer, at_once, decide, make_moderator


def test_the_most_costly_case_comes_first(open_case, moderator):
    sure_spam = open_case(probability=0.95)
    likely_honest = open_case(probability=0.35)
    assert claim_next(user=moderator, now=NOW) == likely_honest
    release(case=likely_honest, user=moderator)
    Case.objects.filter(pk=likely_honest.pk).update(state="closed", closed_at=NOW)
    assert claim_next(user=moderator, now=NOW) == sure_spam


@pytest.mark.parametrize(
    ("languages", "lot", "waited", "comes"),
    [
        ([], 0.0, timedelta(hours=18), "audit"),
        (["de"], 0.0, timedelta(hours=18), "audit"),
        ([], 0.1, timedelta(hours=18), "ordinary"),
        ([], 0.0, timedelta(hours=18, seconds=-1), "ordinary"),
    ],
)
def test_a_share_of_the_claims_is_kept_for_audits_that_are_due(
    open_case, site, moderator, monkeypatch, languages, lot, waited, comes
):
    Preferences.objects.create(user=moderator, languages=languages)
    audited = make_post(site)
    decide(audited, Outcome.ALLOW, audit=0.05)
    follow_decisions(post_ids=[audited.pk], now=NOW)
    for _ in range(6):
        open_case(probability=0.05)
    monkeypatch.setattr(claiming, "throw", lambda: lot)
    case = claim_next(user=moderator, now=NOW + waited)
    assert case is not None
    assert ("audit" if case.lane == Lane.AUDIT else "ordinary") == comes


def test_an_audit_that_somebody_passed_over_is_due_to_the_others(
    open_case, site, moderator, colleague, monkeypatch
):
    audited = make_post(site)
    decide(audited, Outcome.ALLOW, audit=0.05)
    follow_decisions(post_ids=[audited.pk], now=NOW)
    for case in [Case.objects.get(), *(open_case(probability=0.05) for _ in range(21))]:
        pass_over(case, moderator)
    ordinary = open_case(probability=0.05)
    monkeypatch.setattr(claiming, "throw", lambda: 0.0)
    later = NOW + timedelta(hours=18)
    taken = claim_next(user=colleague, now=later)
    assert taken is not None and taken.lane == Lane.AUDIT
    release(case=taken, user=colleague)
    assert claim_next(user=moderator, now=later) == ordinary


def test_an_audit_that_is_due_stays_with_who_holds_it(
    open_case, site, moderator, colleague, monkeypatch
):
    monkeypatch.setattr(claiming, "throw", lambda: 0.0)
    audited = make_post(site)
    decide(audited, Outcome.ALLOW, audit=0.05)
    follow_decisions(post_ids=[audited.pk], now=NOW)
    later = NOW + timedelta(hours=20)
    taken = claim_next(user=moderator, now=later)
    other = open_case()
    assert claim_next(user=colleague, now=later) == other
    assert claim_next(user=moderator, now=later) == taken


def test_whoever_holds_a_case_gets_it_again(open_case, moderator):
    held = claim_next(user=moderator, now=NOW) if open_case(probability=0.9) else None
    open_case(probability=0.3)
    again = claim_next(user=moderator, now=NOW + timedelta(minutes=1))
    assert again == held
    assert again is not None
    assert again.lease_until == NOW + timedelta(minutes=1) + LEASE


def test_a_held_case_goes_to_nobody_else(open_case, moderator, colleague):
    case = open_case()
    assert claim_next(user=moderator, now=NOW) == case
    assert claim_next(user=colleague, now=NOW + LEASE - timedelta(seconds=1)) is None
    assert claim_next(user=colleague, now=NOW + LEASE) == case


def test_the_order_is_kept_between_free_lapsed_and_passed_cases_of_all_sites(
    site, other_site, colleague
):
    moderator = make_moderator(site, other_site)
    posts = [make_post(of, "words") for of in (site, other_site, site, other_site)]
    for number, post in enumerate(posts):
        decide(post, probability=0.3 + number / 10)
    follow_decisions(post_ids=[post.pk for post in posts], now=NOW)
    first, second, third, fourth = Case.objects.order_by("-priority")
    Case.objects.filter(pk=second.pk).update(holder=colleague, lease_until=NOW)
    pass_over(third, make_moderator(site))
    got = []
    for _ in range(4):
        case = claim_next(user=moderator, now=NOW)
        assert case is not None
        got.append(case)
        Case.objects.filter(pk=case.pk).update(lease_until=NOW + LEASE, holder=make_moderator())
    assert got == [first, second, third, fourth]


def test_who_passed_over_more_cases_than_are_looked_at_still_gets_the_last_one(
    open_case, moderator, colleague
):
    for _ in range(25):
        pass_over(open_case(probability=0.3), moderator)
    others = open_case(probability=0.9)
    pass_over(others, colleague)
    assert claim_next(user=moderator, now=NOW) == others
    release(case=others, user=moderator)
    pass_over(others, moderator)
    assert claim_next(user=moderator, now=NOW) is None


def test_a_pass_that_was_taken_back_is_none(open_case, moderator):
    case = open_case(probability=0.3)
    open_case(probability=0.9)
    verdict = pass_over(case, moderator)
    assert claim_next(user=moderator, now=NOW) != case
    Case.objects.update(holder=None, lease_until=None)
    undo(verdict_id=verdict.pk, user=moderator, now=NOW)
    assert claim_next(user=moderator, now=NOW) == case


def pass_over(case: Case, user: User) -> Verdict:
    return answer(case, user, VerdictKind.CANNOT_TELL)


def test_a_renewed_case_stays(open_case, moderator, colleague):
    case = open_case()
    claim_next(user=moderator, now=NOW)
    assert renew(case=case, user=moderator, now=NOW + timedelta(minutes=4))
    assert claim_next(user=colleague, now=NOW + timedelta(minutes=8)) is None
    assert claim_next(user=colleague, now=NOW + timedelta(minutes=9)) == case
    assert not renew(case=case, user=moderator, now=NOW + timedelta(minutes=9))


def test_a_released_case_is_free(open_case, moderator, colleague):
    case = open_case()
    claim_next(user=moderator, now=NOW)
    assert not release(case=case, user=colleague)
    assert claim_next(user=colleague, now=NOW) is None
    assert release(case=case, user=moderator)
    assert claim_next(user=colleague, now=NOW) == case


def test_people_see_their_own_sites(open_case, site, other_site, moderator):
    case = open_case()
    stranger, admin = make_moderator(other_site), make_moderator()
    assert claim_next(user=stranger, now=NOW) is None
    assert claim_next(user=stranger, site=site, now=NOW) is None
    assert claim_next(user=moderator, site=other_site, now=NOW) is None
    assert not waiting(sites=[other_site])
    User.objects.filter(pk=admin.pk).update(is_superuser=True)
    admin.refresh_from_db()
    assert claim_next(user=admin, now=NOW) == case


def test_somebody_who_left_gets_nothing(open_case, moderator):
    open_case()
    moderator.is_active = False
    moderator.is_superuser = True
    assert claim_next(user=moderator, now=NOW) is None


def test_a_moderator_of_a_lost_site_loses_its_cases(open_case, moderator):
    open_case()
    assert claim_next(user=moderator, now=NOW)
    moderator.memberships.all().delete()
    assert claim_next(user=moderator, now=NOW) is None


def test_counts(open_case, site, moderator, colleague):
    for _ in range(3):
        open_case()
    claim_next(user=colleague, now=NOW)
    [found] = waiting(sites=[site])
    assert (found.site_id, str(found.open), found.oldest) == (site.pk, "3", NOW)

    def elsewhere(user: User, now=NOW) -> str:
        return str(held_by_others(user=user, sites=[site], now=now))

    assert elsewhere(moderator) == "1"
    assert elsewhere(moderator, NOW + LEASE) == "0"
    assert elsewhere(colleague) == "0"
    Case.objects.filter(holder=colleague).update(meant_for=[colleague.pk])
    assert elsewhere(moderator) == "0", "nobody else would be given it"


def test_more_than_enough_is_not_counted(open_case, site, monkeypatch):
    monkeypatch.setattr("reviews.queue.claiming.COUNTED", 2)
    open_case()
    assert str(waiting(sites=[site])[0].open) == "1"
    open_case()
    open_case()
    assert str(waiting(sites=[site])[0].open) == "2+"


@pytest.mark.django_db(transaction=True)
def test_ten_people_claim_a_hundred_cases(site):
    """Each case is given to one person at a time, and each gets exactly one answer."""
    posts = [make_post(site, f"post {number}") for number in range(100)]
    for number, post in enumerate(posts):
        decide(post, probability=number % 90 / 100)
    follow_decisions(post_ids=[post.pk for post in posts])
    people = [make_moderator(site) for _ in range(10)]
    claimed: list[int] = []

    def work(user: User) -> None:
        while case := claim_next(user=user):
            claimed.append(case.pk)
            answer(case, user, "spam", now=None)

    at_once(work, people)
    assert len(claimed) == len(set(claimed)) == 100
    assert Verdict.objects.count() == 100
    assert not Case.objects.filter(state="open").exists()
