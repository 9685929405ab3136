"""Who gets in, and to what."""

from django.contrib.auth.models import User
from django.test import Client

from reviews.console.case.standing import decision_token
from reviews.models import Membership, Verdict
from tests.integration.console.factory import make_case
from tests.integration.console.page import read
from tests.integration.world import browser_of, make_moderator, make_site


def test_a_stranger_is_asked_to_log_in_and_then_brought_to_the_queue(client, mara):
    turned_away = client.get("/review/")
    assert turned_away.status_code == 302
    assert turned_away["Location"] == "/review/login/?next=/review/"

    arrived = client.post(
        "/review/login/", {"username": "mara", "password": "winnowed grain"}, follow=True
    )
    assert arrived.redirect_chain == [("/review/", 302)]
    assert "Nothing waits" in read(arrived).words


def test_what_a_stranger_posts_leads_to_the_queue_after_logging_in(client):
    answer = client.post("/review/next")
    assert answer["Location"] == "/review/login/?next=/review/"


def test_a_wrong_password_is_refused_in_words(client, mara):
    answer = client.post("/review/login/", {"username": "mara", "password": "chaff"})
    assert "Wrong name or password." in read(answer).words
    assert "_auth_user_id" not in client.session


def test_the_login_page_leads_to_no_other_host(client, mara):
    answer = client.post(
        "/review/login/?next=https://elsewhere.example/",
        {
            "username": "mara",
            "password": "winnowed grain",
            "next": "https://elsewhere.example/",
        },
    )
    assert answer["Location"] == "/review/"


def test_logging_out_needs_a_post_and_ends_the_session(browser):
    assert browser.get("/review/logout/").status_code == 405
    browser.post("/review/logout/")
    assert browser.get("/review/").status_code == 302


def test_somebody_without_a_site_is_told_what_is_missing(client, db):
    client.force_login(make_moderator(username="newcomer"))
    answer = client.get("/review/")
    assert answer.status_code == 403
    assert "You are not a moderator of any site yet" in read(answer).words


def test_the_first_superuser_is_led_to_the_first_site(operator):
    page = read(operator.get("/review/"))
    assert "There is no site yet" in page.words
    assert page.all("a", href="/admin/moderation/site/add/")


def test_a_superuser_sees_every_site(operator, site):
    case = make_case(site)
    assert operator.get(f"/review/cases/{case.pk}/").status_code == 200


def test_an_operator_lands_in_the_admin_and_is_offered_nothing_that_refuses(site):
    person = User.objects.create_user("olga", password="winnowed grain")
    Membership.objects.create(user=person, site=site, role="operator")
    client = Client()
    sent = {"username": "olga", "password": "winnowed grain"}
    answer = client.post("/review/login/", sent, follow=True)
    assert (answer.redirect_chain[-1], answer.status_code) == (("/admin/", 302), 200)
    for address in ("/review/account/", "/review/models/"):
        page = read(client.get(address))
        offered = {each["href"] or "" for each in page.all("a")}
        assert "/review/models/" in offered and "/admin/" in offered
        assert not offered & {"/review/search", "/review/quality/"}
        assert not page.all("dialog") and not page.all("input", id="uncover")
        for link in offered:
            if link.startswith("/"):
                assert client.get(link, follow=True).status_code == 200, link
    assert client.get("/review/search").status_code == 403


def test_a_case_of_another_site_does_not_exist(browser):
    elsewhere = make_case(make_site("Elsewhere"), text="not for Mara's eyes")
    seen = {"kind": "spam", "seen": decision_token(elsewhere, elsewhere.decision_id)}
    address = f"/review/cases/{elsewhere.pk}"

    assert b"not for" not in browser.get(f"{address}/").content
    assert browser.get(f"{address}/").status_code == 404
    assert browser.post(f"{address}/verdict", seen).status_code == 404
    assert browser.post(f"{address}/release").status_code == 404
    assert browser.post(f"{address}/renew").status_code == 404
    assert not Verdict.objects.exists()
    elsewhere.refresh_from_db()
    assert elsewhere.holder is None


def test_the_next_case_never_comes_from_another_site(browser):
    elsewhere = make_site("Elsewhere")
    make_case(elsewhere)
    answer = browser.post("/review/next", {"site": elsewhere.pk}, follow=True)
    assert "waits for you just now" in read(answer).words
    assert "Elsewhere" not in read(answer).words


def test_somebody_elses_answer_cannot_be_undone(browser, site):
    other = browser_of(make_moderator(site, username="other"))
    case = make_case(site)
    other.post(
        f"/review/cases/{case.pk}/verdict",
        {"kind": "spam", "seen": decision_token(case, case.decision_id)},
    )
    answer = browser.post(f"/review/verdicts/{Verdict.objects.get().pk}/undo")
    assert answer.status_code == 404
    case.refresh_from_db()
    assert case.state == "judged"


def test_changes_need_a_post_with_its_token(browser, site, mara):
    case = make_case(site)
    assert browser.get("/review/next").status_code == 405
    assert browser.get(f"/review/cases/{case.pk}/verdict").status_code == 405
    careful = browser_of(mara, enforce_csrf_checks=True)
    assert careful.post("/review/next").status_code == 403
    case.refresh_from_db()
    assert case.holder is None


def test_pages_are_not_kept_by_caches_and_run_no_foreign_code(browser, site):
    case = make_case(site)
    answer = browser.get(f"/review/cases/{case.pk}/")
    assert "no-store" in answer["Cache-Control"]
    assert "unsafe-inline" not in answer["Content-Security-Policy"]
    page = read(answer)
    assert all(script.get("src", "").startswith("/static/") for script in page.all("script"))
    assert not page.all("style")
    assert not [attrs for _, attrs in page.elements if "style" in attrs or "onclick" in attrs]


def test_too_many_wrong_passwords_close_the_name_for_a_while(client, mara, settings):
    settings.AXES_ENABLED = True
    settings.AXES_FAILURE_LIMIT = 3
    settings.AXES_LOCKOUT_TEMPLATE = "console/locked_out.html"
    for _ in range(3):
        answer = client.post("/review/login/", {"username": "mara", "password": "chaff"})
    assert answer.status_code == 429
    assert "Too many attempts" in read(answer).words
    right = {"username": "mara", "password": "winnowed grain"}
    assert client.post("/review/login/", right).status_code == 429
