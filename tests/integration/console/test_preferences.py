"""How one moderator works, chosen on their own page."""

from reviews.models import Case, Preferences
from reviews.people import preferences
from tests.integration.console.factory import make_case
from tests.integration.console.page import read
from tests.integration.world import make_moderator

ACCOUNT, HOME = "/review/account/", "/review/"


def test_languages_are_chosen_shown_and_followed(browser, mara, site):
    make_moderator(site)  # who reads all
    case = make_case(site)
    Case.objects.update(language="en")
    assert "1 case waits" in read(browser.get(HOME)).words
    browser.post(ACCOUNT, {"languages": ["de", "pl"]})
    chosen = read(browser.get(ACCOUNT)).all("input", name="languages")
    assert [one["value"] for one in chosen if "checked" in one] == ["de", "pl"]
    words = read(browser.get(HOME)).words
    assert "Nothing waits in your languages" in words
    assert "German, Polish" in words
    arrived = read(browser.post("/review/next", follow=True))
    assert "Nothing waits for you just now." in arrived.words
    # The case itself is open to whoever has its address.
    assert browser.get(f"/review/cases/{case.pk}/").status_code == 200
    browser.post(ACCOUNT, {})
    assert preferences.of(mara).languages == []
    assert browser.post("/review/next")["Location"] == f"/review/cases/{case.pk}/"


def test_what_nobody_reads_is_said_and_given(browser, site):
    case = make_case(site)
    Case.objects.update(language="pl")
    assert "Nobody who judges" not in read(browser.get(HOME)).words
    browser.post(ACCOUNT, {"languages": ["de"]})
    assert "Nobody who judges this site reads Polish." in read(browser.get(HOME)).words
    assert browser.post("/review/next")["Location"] == f"/review/cases/{case.pk}/"


def test_what_is_no_language_is_refused(browser):
    answer = browser.post(ACCOUNT, {"languages": ["de", "<b>"]})
    assert answer.status_code == 400
    assert "<b> is none of these languages." in read(answer).text
    assert not Preferences.objects.exists()


def test_explicit_words_are_covered_unless_somebody_does_not_want_it(browser, mara, site):
    case = make_case(site)
    for page in (f"/review/cases/{case.pk}/", "/review/search", HOME):
        shown = read(browser.get(page))
        assert "covers" in str(shown.all("body")[0]["class"]).split(), page
        assert shown.all("input", id="uncover", **{"data-key": "v"}), page
    browser.post(ACCOUNT, {"languages": ["de"]})  # without the tick
    assert preferences.of(mara).covers is False
    assert "covers" not in str(read(browser.get(HOME)).all("body")[0]["class"]).split()
    browser.post(ACCOUNT, {"covers": "on"})
    assert preferences.of(mara).covers is True


def test_what_moved_the_probability_is_marked_but_not_for_who_judges_by_the_post_alone(
    browser, site, monkeypatch
):
    case = make_case(site, text="Buy cheap followers here")
    [piece] = read(browser.get(f"/review/cases/{case.pk}/")).all("mark")
    assert piece["title"] == "+1.2 The words “cheap followers”."
    monkeypatch.setattr("reviews.labels.looks.lot_of", lambda case: 0.0)
    assert not read(browser.get(f"/review/cases/{case.pk}/")).all("mark")


def test_a_digest_needs_an_address(browser, mara):
    refused = browser.post(ACCOUNT, {"digest": "on"})
    assert refused.status_code == 400
    assert "A daily mail needs an address." in read(refused).words
    browser.post(ACCOUNT, {"digest": "on", "email": "mara@example.org"})
    mara.refresh_from_db()
    assert (preferences.of(mara).digest, mara.email) == (True, "mara@example.org")
