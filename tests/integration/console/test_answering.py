"""A case from the queue to its answer, and back."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from moderation.models import Author
from reviews.console.case.standing import decision_token
from reviews.models import Case, Label, Verdict
from reviews.states import Lane
from tests.integration.console.answering import post_answer
from tests.integration.console.factory import decide, make_case
from tests.integration.console.page import read
from tests.integration.world import make_moderator, make_site


def test_claiming_leads_to_the_case_and_holds_it(browser, site, mara):
    case = make_case(site)
    arrived = browser.post("/review/next", follow=True)
    assert arrived.redirect_chain == [(f"/review/cases/{case.pk}/", 302)]
    case.refresh_from_db()
    assert case.holder == mara
    assert "Yours for 5 min" in read(arrived).words


@pytest.mark.parametrize(
    ("kind", "outcome", "label", "said"),
    [
        ("spam", "block", "spam", "Spam recorded."),
        ("not_spam", "allow", "ham", "Not spam recorded."),
        ("remove", "block", None, "Removal recorded."),
    ],
)
def test_an_answer_decides_the_post_and_brings_the_next_case(
    browser, site, kind, outcome, label, said
):
    case, following = make_case(site, opened=timedelta(hours=3)), make_case(site)
    browser.post("/review/next")
    arrived = post_answer(browser, case, kind, note="looked twice")

    case.refresh_from_db()
    case.post.refresh_from_db()
    assert (case.state, case.post.outcome) == ("judged", outcome)
    assert [row.label for row in Label.objects.all()] == ([label] if label else [])
    assert Verdict.objects.get().note == "looked twice"
    assert arrived.redirect_chain == [(f"/review/cases/{following.pk}/", 302)]
    assert said in read(arrived).words


def test_cannot_tell_decides_nothing_and_leaves_the_case_to_others(browser, site):
    case, colleague = make_case(site), make_moderator(site)
    browser.post("/review/next")
    arrived = post_answer(browser, case, "cannot_tell")
    case.refresh_from_db()
    assert (case.state, case.holder) == ("open", None)
    assert not Label.objects.exists()
    assert "Passed on to somebody else." in read(arrived).words
    assert "Nothing waits for you just now." in read(arrived).words

    again = read(browser.get(f"/review/cases/{case.pk}/"))
    assert "You passed this case on" in again.words
    assert not again.all("button", value="spam")

    other = Client()
    other.force_login(colleague)
    assert other.post("/review/next")["Location"] == f"/review/cases/{case.pk}/"


def test_undo_reopens_the_case_with_the_machines_evidence_and_takes_the_label_back(browser, site):
    case = make_case(site)
    browser.post("/review/next")
    arrived = read(post_answer(browser, case, "spam"))
    undo = f"/review/verdicts/{Verdict.objects.get().pk}/undo"
    assert arrived.all("form", action=undo)

    reopened = browser.post(undo, follow=True)
    assert reopened.redirect_chain == [(f"/review/cases/{case.pk}/", 302)]
    case.refresh_from_db()
    case.post.refresh_from_db()
    assert (case.state, case.round, case.post.outcome) == ("open", 1, "review")
    assert not Label.objects.in_force().exists()
    page = read(reopened)
    assert "Probably spam" in page.words
    assert "A link hides behind a shortener." in page.words
    assert page.all("button", value="not_spam")

    post_answer(browser, case, "not_spam")
    case.post.refresh_from_db()
    assert case.post.outcome == "allow"
    assert [label.label for label in Label.objects.in_force()] == ["ham"]


def test_an_undo_that_comes_too_late_says_why(browser, site):
    case = make_case(site)
    post_answer(browser, case, "spam")
    undo = f"/review/verdicts/{Verdict.objects.get().pk}/undo"
    browser.post(undo)
    again = browser.post(undo)
    assert again.status_code == 409
    assert "undone already" in read(again).words


def test_a_late_answer_is_refused_with_the_present_state_and_the_note(browser, site):
    case = make_case(site)
    seen = decision_token(case, case.decision_id)
    browser.post("/review/next")
    other = make_moderator(site, username="quicker")
    Case.objects.update(holder=None, lease_until=None)
    quick = Client()
    quick.force_login(other)
    post_answer(quick, case, "not_spam")

    late = browser.post(
        f"/review/cases/{case.pk}/verdict",
        {"kind": "spam", "seen": seen, "note": "my <long> thoughts"},
    )
    assert late.status_code == 409
    page = read(late)
    assert "quicker answered this case: not spam." in page.words
    assert "Allowed, by a moderator" in page.words
    assert "my <long> thoughts" in page.text
    assert "It stands on this page only: copy it if you need it." in page.words
    case.post.refresh_from_db()
    assert case.post.outcome == "allow"
    assert Verdict.objects.count() == 1


def test_an_answer_to_a_page_that_showed_an_earlier_decision_is_refused(browser, site):
    case = make_case(site)
    seen = decision_token(case, case.decision_id)
    case.decision = decide(case.post, probability=0.99)
    case.save()
    late = browser.post(f"/review/cases/{case.pk}/verdict", {"kind": "spam", "seen": seen})
    assert late.status_code == 409
    assert "Your answer was not stored" in read(late).words
    assert not Verdict.objects.exists()


def test_a_case_that_somebody_else_took_meanwhile_is_not_answered_twice(browser, site):
    case = make_case(site)
    other = make_moderator(site, username="noor")
    Case.objects.update(holder=other, lease_until=timezone.now() + timedelta(minutes=5))
    shown = read(browser.get(f"/review/cases/{case.pk}/"))
    assert "noor holds this case, for 5 more minutes." in shown.words
    assert not shown.all("button", value="spam")
    assert post_answer(browser, case, "spam", note="kept").status_code == 409
    assert not Verdict.objects.exists()


def test_who_may_not_answer_is_told_why(browser, site, mara):
    own = Author.objects.create(site=site, external_id="mara-writes")
    theirs, closed, meant = make_case(site, author=own), make_case(site), make_case(site)
    membership = mara.memberships.get()
    membership.writes_as = "mara-writes"
    membership.save()
    Case.objects.filter(pk=closed.pk).update(lane=Lane.PUBLISHED)
    Case.objects.filter(pk=meant.pk).update(meant_for=[make_moderator(site).pk])

    def standing(case: Case) -> str:
        page = read(browser.get(f"/review/cases/{case.pk}/"))
        assert not page.all("button", value="spam")
        return page.words

    assert "You wrote this post yourself" in standing(theirs)
    assert "This case waits for somebody else." in standing(meant)
    membership.lanes = [Lane.HELD]
    membership.save()
    assert "You do not judge cases of this kind." in standing(closed)


def test_an_answer_that_cannot_be_read_keeps_the_page_and_the_note(browser, site):
    case = make_case(site)
    browser.post("/review/next")
    unknown = post_answer(browser, case, "maybe", note="typed")
    assert unknown.status_code == 400
    assert "typed" in read(unknown).text
    long = post_answer(browser, case, "spam", note="x" * 2001)
    assert long.status_code == 400
    assert "at most 2000 characters" in read(long).words
    assert not Verdict.objects.exists()


def test_a_case_that_was_opened_by_its_address_is_taken_with_the_note(browser, site, mara):
    case = make_case(site)
    address = f"/review/cases/{case.pk}/"
    (button,) = read(browser.get(address)).all("button", **{"data-key": "j"})
    assert (button["form"], button["formaction"]) == ("answer", f"{address}take")
    arrived = read(browser.post(button["formaction"], {"note": "begun"}, follow=True))
    case.refresh_from_db()
    assert case.holder == mara
    assert "Yours for 5 min" in arrived.words
    assert "begun" in arrived.text
    assert not arrived.all("button", **{"data-key": "j"})
    other = make_moderator(site)
    Case.objects.update(holder=other, lease_until=timezone.now() + timedelta(minutes=1))
    late = read(browser.post(button["formaction"], {"note": "begun"}, follow=True))
    assert f"{other.username} holds this case" in late.words
    assert "begun" in late.text
    case.refresh_from_db()
    assert case.holder == other


def test_putting_a_case_back_frees_it_for_others(browser, site):
    case = make_case(site)
    browser.post("/review/next")
    arrived = browser.post(f"/review/cases/{case.pk}/release", follow=True)
    assert f"Case {case.pk} is back in the queue." in read(arrived).words
    assert "Nothing else waits for you just now." in read(arrived).words
    case.refresh_from_db()
    assert (case.holder, case.lease_until) == (None, None)


def test_putting_a_case_back_leads_to_the_next_one(browser, site, mara):
    first, second = make_case(site, opened=timedelta(hours=2)), make_case(site)
    browser.post("/review/next")
    back = f"/review/cases/{first.pk}/release"
    (button,) = read(browser.get(f"/review/cases/{first.pk}/")).all("button", **{"data-key": "z"})
    assert button
    assert browser.post(back)["Location"] == f"/review/cases/{second.pk}/"
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.holder, second.holder) == (None, mara)
    assert browser.post(back)["Location"] == "/review/", "it was not theirs to put back"
    second.refresh_from_db()
    assert second.holder == mara


def test_renewing_lengthens_the_lease_until_it_is_lost(browser, site, mara):
    case = make_case(site)
    soon = timezone.now() + timedelta(seconds=30)
    Case.objects.update(holder=mara, lease_until=soon)
    assert read(browser.post(f"/review/cases/{case.pk}/renew")).words.strip() == "5 min"
    case.refresh_from_db()
    assert case.lease_until is not None
    assert case.lease_until > soon

    Case.objects.update(holder=make_moderator(site), lease_until=soon)
    assert browser.post(f"/review/cases/{case.pk}/renew").status_code == 409


def test_the_queue_can_be_worked_site_by_site(browser, site, mara):
    shop = make_site("Shop")
    mara.memberships.create(site=shop)
    make_case(site, opened=timedelta(hours=9))
    here = [make_case(shop), make_case(shop)]
    home = read(browser.get("/review/"))
    assert "Shop 2 wait" in home.words

    claimed = browser.post("/review/next", {"site": shop.pk})
    first = next(case for case in here if claimed["Location"] == f"/review/cases/{case.pk}/")
    arrived = post_answer(browser, first, "spam")
    second = next(case for case in here if case != first)
    assert arrived.redirect_chain == [(f"/review/cases/{second.pk}/", 302)]


def test_recent_answers_are_listed_with_a_way_back(browser, site):
    case = make_case(site, text="Words to remember")
    post_answer(browser, case, "spam")
    home = read(browser.get("/review/"))
    assert "Your answers today" in home.words
    assert "Spam Words to remember" in home.words
    undo = f"/review/verdicts/{Verdict.objects.get().pk}/undo"
    assert home.all("form", action=undo)

    browser.post(undo)
    home = read(browser.get("/review/"))
    assert "undone" in home.words
    assert not home.all("form", action=undo)
    assert "Continue with case" in home.words
