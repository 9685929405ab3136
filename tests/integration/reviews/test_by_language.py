"""Languages that a moderator reads filter what is claimed, and nothing starves for it."""

from datetime import timedelta

from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext

from moderation.models import PostRevision, Site
from reviews.labels import checks
from reviews.models import Case, Label, Membership
from reviews.people import preferences
from reviews.queue import by_language
from reviews.queue.by_language import PATIENCE, reading_of
from reviews.queue.claiming import claim_next, release, waiting
from reviews.queue.intake import follow_decisions
from reviews.roles import Role
from reviews.states import VerdictKind
from tests.integration.reviews.world import make_post
from tests.integration.world import NOW, answer, decide, make_moderator


def make_case(site: Site, language: str = "", *, probability: float = 0.6, text: str = "") -> Case:
    post = make_post(site, text or "Is this still for sale?")
    PostRevision.objects.filter(post=post).update(language=language)
    decide(post, probability=probability)
    follow_decisions(post_ids=[post.pk], now=NOW)
    return Case.objects.get(post=post)


def reads(user: User, *languages: str) -> User:
    preferences.change(user=user, languages=list(languages))
    return user


def offered(user: User, now=NOW) -> list[str]:
    """The languages of all that this person would be given, in turn."""
    found: list[Case] = []
    while case := claim_next(user=user, now=now):
        found.append(case)
        release(case=case, user=user)
        Case.objects.filter(pk=case.pk).update(state="closed", closed_at=NOW)
    Case.objects.filter(pk__in=[case.pk for case in found]).update(state="open", closed_at=None)
    return [case.language for case in found]


def test_a_case_knows_its_language(site):
    assert make_case(site, "pt-BR").language == "pt"
    assert make_case(site, text="이거 아직 파나요?").language == "ko"
    assert make_case(site).language == ""


def test_one_is_given_what_one_reads_and_what_nobody_knows(site, moderator):
    make_moderator(site)  # who reads all
    make_case(site, "de", probability=0.9)
    make_case(site, "en", probability=0.3)
    make_case(site, "", probability=0.8)
    assert offered(moderator) == ["en", "", "de"]
    reads(moderator, "de", "fr")
    assert offered(moderator) == ["", "de"]
    mine = reading_of(moderator, [site.pk], NOW)
    assert sum(part.open.least for part in waiting(sites=[site], reading=mine)) == 2
    assert sum(part.open.least for part in waiting(sites=[site])) == 3


def test_what_nobody_reads_is_offered_to_all(site, moderator):
    reads(moderator, "de")
    other = reads(make_moderator(site), "en")
    make_case(site, "pl")
    make_case(site, "en")
    assert offered(moderator) == ["pl"]
    assert by_language.unread([site.pk]) == {(site.pk, "pl")}
    reads(other, "en", "pl")
    assert offered(moderator) == []
    assert by_language.unread([site.pk]) == set()
    # Who has left reads nothing, and neither does who only looks on.
    other.memberships.update(role=Role.AUDITOR)
    assert offered(moderator) == ["pl", "en"]
    Membership.objects.filter(user=other).update(role=Role.SENIOR)
    User.objects.filter(pk=other.pk).update(is_active=False)
    assert offered(moderator) == ["pl", "en"]


def test_what_waits_too_long_is_offered_to_all(site, moderator):
    make_moderator(site)
    reads(moderator, "de")
    make_case(site, "en")
    assert offered(moderator, NOW + PATIENCE - timedelta(seconds=1)) == []
    assert offered(moderator, NOW + PATIENCE) == ["en"]


def test_a_case_that_was_passed_over_follows_the_same_rule(site, moderator):
    passer = make_moderator(site)
    reads(moderator, "de")
    german, english = make_case(site, "de"), make_case(site, "en")
    for case in (german, english):
        answer(case, passer, VerdictKind.CANNOT_TELL)
    assert offered(moderator) == ["de"]
    assert offered(moderator, NOW + PATIENCE) == ["de", "en"]


def test_a_held_case_is_given_again_whatever_its_language(site, moderator):
    make_moderator(site)
    case = make_case(site, "en")
    assert claim_next(user=moderator, now=NOW) == case
    reads(moderator, "de")
    assert claim_next(user=moderator, now=NOW) == case


def test_a_claim_takes_no_more_queries_for_more_sites_and_languages(site, other_site, moderator):
    def queries(user: User) -> int:
        with CaptureQueriesContext(
            connection,
        ) as counted:
            case = claim_next(user=user, now=NOW)
        assert case is not None
        release(case=case, user=user)
        return len(counted)

    make_case(site, "de")
    everything = queries(moderator)
    few = queries(reads(moderator, "de"))
    for language in ("de", "fr", "it", "pl"):
        make_case(site, language)
        make_case(other_site, language)
    both = reads(make_moderator(site, other_site), "de", "fr", "it")
    assert queries(both) == few <= everything + 2


def test_a_second_look_goes_to_who_reads_the_language(site):
    german, french = reads(make_moderator(site), "de"), reads(make_moderator(site), "fr")
    everything = make_moderator(site)
    people = [german.pk, french.pk, everything.pk]
    assert by_language.who_reads("de", people) == [german.pk, everything.pk]
    assert by_language.who_reads("pl", [german.pk, french.pk]) == [german.pk, french.pk]
    assert by_language.who_reads("", people) == people


def test_a_check_of_a_label_and_who_decides_it_read_the_language(site):
    author = reads(make_moderator(site), "de")
    french = reads(make_moderator(site), "fr")
    german, other = (reads(make_moderator(site), "de") for _ in range(2))
    case = make_case(site, "de")
    answer(case, author, VerdictKind.SPAM, now=None)
    checks.doubt([Label.objects.get().pk], now=NOW)
    later = NOW + timedelta(hours=1)
    assert checks.open_due(now=later) == 1
    check = Case.objects.get(lane="look")
    assert (check.language, check.meant_for) == ("de", [german.pk, other.pk])
    assert claim_next(user=french, now=later) is None
    assert claim_next(user=german, now=later) == check

    answer(check, german, VerdictKind.NOT_SPAM, now=None)
    dispute = Case.objects.get(settles_check__case=check)
    assert (dispute.language, dispute.meant_for) == ("de", [other.pk])


def test_the_rule_case_by_case(site, moderator):
    reads(moderator, "de")
    reads(make_moderator(site), "en")
    for language in ("de", "en", "pl", ""):
        make_case(site, language)
    Case.objects.filter(language="en").update(opened_at=NOW - PATIENCE)
    make_case(site, "en")
    mine = reading_of(moderator, [site.pk], NOW)
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT language, {by_language.READ_BY} FROM reviews_case ORDER BY id", mine.asked
        )
        said = cursor.fetchall()
    assert said == [("de", True), ("en", True), ("pl", True), ("", True), ("en", False)]
