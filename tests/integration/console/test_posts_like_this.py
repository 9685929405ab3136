"""Posts like the one in question, as the page of its case shows them."""

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from reviews.models import Case, Likeness, Verdict
from reviews.states import Lane
from tests.integration.console.factory import make_case
from tests.integration.console.hostile import ATTACK
from tests.integration.console.page import read
from tests.integration.world import answer, make_moderator, make_site


def alike(case: Case, other: Case, similarity: float = 0.9) -> None:
    Likeness.objects.create(post=case.post, other=other.post, similarity=similarity)


def judge(case: Case, user: User, kind: str) -> Verdict:
    return answer(case, user, kind, now=None)


def test_they_are_shown_with_what_became_of_them(browser, site):
    robin = make_moderator(site, username="robin")
    case = make_case(site, text="Buy cheap followers")
    spam, waiting, allowed = (make_case(site, text=text) for text in ("One", "Two", "Three"))
    allowed.post.decision.published = True
    allowed.post.outcome = "allow"
    allowed.post.save()
    judge(spam, robin, "spam")
    for other, similarity in ((spam, 0.97), (waiting, 0.85), (allowed, 0.61)):
        alike(case, other, similarity)
    page = read(browser.get(f"/review/cases/{case.pk}/"))
    section = page.words[page.words.index("Posts like this one") :]
    shown = ("Spam", "robin", "One", "Nearly the same", "Waits for an answer", "Two")
    places = [section.index(words) for words in (*shown, "Very much alike", "Allow", "Three")]
    assert places == sorted(places)
    links = {attrs.get("href") for attrs in page.all("a")}
    assert {f"/review/cases/{other.pk}/" for other in (spam, waiting, allowed)} <= links


@pytest.mark.parametrize("lane", [Lane.OVERFLOW, Lane.REPORTED])
@pytest.mark.parametrize("said", ["block", "allow"])
def test_what_an_audit_could_have_been_drawn_from_shows_it_as_well(browser, site, lane, said):
    decision = {"outcome": said, "would_be": said, "published": said == "allow"}
    case = make_case(site, lane=lane, decision=decision)
    audit = make_case(site, lane=Lane.AUDIT, decision=decision)
    judged = make_case(site, text="One")
    judge(judged, make_moderator(site, username="robin"), "spam")
    for each in (case, audit):
        alike(each, judged, 0.97)
    page = read(browser.get(f"/review/cases/{case.pk}/"))
    section = page.words[page.words.index("Posts like this one") : page.words.index("Author")]
    assert "robin" in section and "One Nearly the same" in section
    assert f"/review/cases/{judged.pk}/" in {attrs.get("href") for attrs in page.all("a")}
    measures = read(browser.get(f"/review/cases/{audit.pk}/"))
    assert "robin" not in measures.words and "Posts like this one" not in measures.words


def test_a_page_without_any_says_nothing_of_them(browser, site):
    case = make_case(site)
    assert "Posts like this one" not in read(browser.get(f"/review/cases/{case.pk}/")).words


def test_another_sites_posts_are_never_shown(browser, site):
    case = make_case(site)
    foreign = make_case(make_site("Elsewhere"), text="secret4711")
    alike(case, foreign, 1.0)
    assert "secret4711" not in read(browser.get(f"/review/cases/{case.pk}/")).words


def test_pruned_posts_are_not_shown(browser, site, as_owner):
    case, other = make_case(site), make_case(site, text="secret4711")
    alike(case, other)
    other.post.pruned_at = timezone.now()
    with as_owner():
        other.post.save()
    assert not Likeness.objects.exists()
    assert "secret4711" not in read(browser.get(f"/review/cases/{case.pk}/")).words


def test_hostile_words_stay_words(browser, site):
    case, other = make_case(site), make_case(site, text=ATTACK, title=ATTACK)
    alike(case, other)
    page = read(browser.get(f"/review/cases/{case.pk}/"))
    assert not [attrs for attrs in page.all("img") if attrs.get("src") == "x"]
    assert not [attrs for attrs in page.all("a") if "javascript" in (attrs.get("href") or "")]
