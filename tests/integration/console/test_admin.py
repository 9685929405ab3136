"""The admin: every page opens, history cannot be changed, lists stay cheap."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from classifiers.models import ModelVersion
from moderation import access
from moderation.models import (
    ApiKey,
    AuditDraw,
    Author,
    Decision,
    Event,
    Feedback,
    ListEntry,
    Policy,
    Post,
    Score,
    Site,
)
from moderation.sites import change_policy, create_site
from reviews.admin_site.theme import NAVIGATION, TITLES
from reviews.console.case import explicit
from reviews.models import Case, ImportRun, Label, Membership, RetrainRun, Verdict
from reviews.roles import Role
from tests.integration.console.factory import make_case, make_post
from tests.integration.console.listed import address, make_history
from tests.integration.console.page import read
from tests.integration.world import make_moderator, make_site

HISTORY = (
    AuditDraw,
    Author,
    Case,
    Decision,
    Event,
    Feedback,
    ImportRun,
    Label,
    ModelVersion,
    Policy,
    Post,
    RetrainRun,
    Score,
    Verdict,
)
LARGE = (AuditDraw, Author, Decision, Event, Feedback, Label, Post, Score, Verdict, Case)


def test_every_page_of_the_admin_opens(operator):
    make_history(make_site(), 1)
    for model, model_admin in admin.site._registry.items():
        assert operator.get(address(model)).status_code == 200, model
        request = operator.get("/admin/").wsgi_request
        if model_admin.has_add_permission(request):
            assert operator.get(address(model, "add")).status_code == 200, model
        row = model._default_manager.first()
        if row is not None:
            assert operator.get(address(model, "change", row.pk)).status_code == 200, model


def begins(client: Client) -> list[str | None]:
    """Where the overview leads whoever begins, and what of it is done."""
    page = read(client.get("/admin/"))
    links = [one for name, one in page.elements if name == "a"]
    found = [str(one["href"]) for one in links if "font-semibold" in str(one.get("class"))]
    steps = [link for link in found if "/moderation/" in link or "/membership/" in link]
    return [*steps, f"{page.words.count('(done)')} done"] if "To begin with" in page.words else []


def test_whoever_begins_is_led_to_what_is_to_be_set_up(operator):
    add = [f"/admin/moderation/{model}/add/" for model in ("site", "apikey")]
    people = "/admin/reviews/membership/add/"
    assert begins(operator) == [*add, "/admin/moderation/site/", people, "0 done"]
    made = create_site(name="Forum", mode="review_only")
    one = f"/admin/moderation/site/{made.pk}/change/"
    assert begins(operator) == [*add, one, people, "1 done"]
    for link in (*add, one, people):
        assert operator.get(link).status_code == 200, link
    owner, auditor = Client(), Client()
    for client, role in ((owner, Role.OWNER), (auditor, Role.AUDITOR)):
        client.force_login(make_moderator(made))
        Membership.objects.filter(user=client.session["_auth_user_id"]).update(role=role)
    assert begins(owner) == [add[1], one, "0 done"], "owners create no sites and name nobody"
    assert begins(auditor) == []
    access.create_key(site=made, name="forum")
    change_policy(site=made, mode="observe")
    assert begins(owner) == begins(operator) == []


def test_what_an_owner_sets_is_explained(operator, site):
    words = read(operator.get(f"/admin/moderation/site/{site.pk}/change/")).words
    for said in (
        "Provisional: its model also blocks",
        "that the machine blocks, or would block, about so many a day are drawn at random",
        "that the machine allows, about so many a day are drawn at random",
        "A campaign is several posts",
    ):
        assert said in words, said


def test_every_entry_of_the_sidebar_leads_somewhere(operator, site):
    entries = [entry for group in NAVIGATION for entry in group["items"]]
    assert len(entries) > 20
    for entry in entries:
        assert operator.get(str(entry["link"])).status_code == 200, entry["title"]


def test_the_overview_calls_each_list_as_the_sidebar_does(operator):
    listed = operator.get("/admin/").context["app_list"]
    named = {
        each["model"]._meta.label_lower: each["name"] for app in listed for each in app["models"]
    }
    assert named["moderation.apikey"] == "API keys"
    assert {model: named[model] for model in TITLES} == TITLES


def test_history_is_read_only(operator):
    make_history(make_site(), 1)
    for model in HISTORY:
        row = model._default_manager.first()
        url = address(model)
        assert operator.get(address(model, "add")).status_code == 403, model
        assert operator.post(address(model, "add"), {}).status_code == 403, model
        for page, sent in (("change", {"outcome": "allow"}), ("delete", {"post": "yes"})):
            assert operator.post(address(model, page, row.pk), sent).status_code == 403, model
        chosen = {"action": "delete_selected", "_selected_action": [row.pk], "post": "yes"}
        assert operator.post(url, chosen).status_code in (200, 302, 403), model
        assert model._default_manager.filter(pk=row.pk).exists(), model


def queries_of(browser: Client, url: str) -> list[str]:
    with CaptureQueriesContext(connection) as captured:
        assert browser.get(url).status_code == 200
    return [query["sql"] for query in captured]


def test_lists_take_as_many_queries_for_many_rows_as_for_few(operator):
    models = [*HISTORY, Site, ApiKey, ListEntry, Membership, User]
    make_history(make_site(), 1)
    few = {}
    for model in models:
        operator.get(address(model))
        few[model] = queries_of(operator, address(model))
    for number in range(2, 5):
        make_history(make_site(), number)
    for model in models:
        many = queries_of(operator, address(model))
        assert len(many) == len(few[model]), "\n".join(many)
        if model in LARGE:
            assert not [sql for sql in many if "COUNT(" in sql]


def test_a_post_shows_its_whole_history_on_one_page(operator):
    make_history(make_site(), 1)
    post = Post.objects.get()
    url = address(Post, "change", post.pk)
    words = read(operator.get(url)).words
    for shown in ("words 1", "linear", "moderator", "machine", "member", "verdict", "judged"):
        assert shown in words, shown
    few = queries_of(operator, url)
    for n in range(5):
        Score.objects.create(
            post=post, revision=1, scorer=f"s{n}", model="m", created_at=timezone.now()
        )
    assert len(queries_of(operator, url)) == len(few)


@pytest.mark.parametrize("term", ["id", "external", "author"])
def test_posts_are_found_by_whole_ids(operator, site, term):
    author = Author.objects.create(site=site, external_id="author-of-it")
    found = make_case(site, text="found", author=author, post={"external_id": "c-77"}).post
    make_case(site, text="not this one")
    wanted = {"id": str(found.pk), "external": "c-77", "author": "author-of-it"}[term]
    words = read(operator.get(address(Post), {"q": wanted})).words
    assert "found" in words
    assert "not this one" not in words


def rules_of(site: Site) -> dict[str, Any]:
    policy = Policy.objects.filter(site=site).latest("revision")
    return {
        "name": site.name,
        "mode": policy.mode,
        "review_from": policy.review_from,
        "block_from": policy.block_from,
        "published_types": policy.published_types,
        "max_hold": "1 00:00:00",
        "hold_fallback": policy.hold_fallback,
        "blocks_per_hour": policy.blocks_per_hour,
        "promise": policy.promise,
        "missed_limit": "",
        "missed_reviews_per_day": policy.missed_reviews_per_day,
        "block_audits_per_day": policy.block_audits_per_day,
        "allow_audits_per_day": policy.allow_audits_per_day,
        "honeypot_field": policy.honeypot_field,
        "statements": policy.statements,
        "appeal_days": policy.appeal_days,
    }


def test_changing_a_sites_rules_writes_a_new_revision(operator, site):
    url = address(Site, "change", site.pk)
    changed = {"mode": "review_only", "block_from": "0.99", "published_types": ["comment"]}
    assert operator.post(url, {**rules_of(site), **changed}).status_code == 302
    first, second = Policy.objects.filter(site=site).order_by("revision")
    assert (first.mode, first.block_from) == ("provisional", 0.95)
    assert (second.mode, second.block_from) == ("review_only", 0.99)
    assert second.published_types == ["comment"]
    assert second.max_hold == timedelta(days=1)
    assert second.created_by is not None

    assert operator.post(url, rules_of(site)).status_code == 302
    assert Policy.objects.filter(site=site).count() == 2, "nothing changed, nothing written"


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("block_from", "0.1", "Blocking cannot begin below review."),
        ("review_from", "-0.5", "greater than or equal to 0.0"),
        ("block_from", "1.5", "less than or equal to 1.0"),
        ("blocks_per_hour", "-1", "greater than or equal to 0"),
        ("mode", "reckless", "not one of the available choices"),
        ("published_types", ["nonsense"], "not one of the available choices"),
        ("max_hold", "soon", "Enter a valid duration."),
    ],
)
def test_rules_that_make_no_sense_are_refused(operator, site, field, value, said):
    answer = operator.post(address(Site, "change", site.pk), {**rules_of(site), field: value})
    assert answer.status_code == 200
    assert said in read(answer).words
    assert Policy.objects.filter(site=site).count() == 1


def test_a_new_site_comes_with_its_first_policy_and_is_never_deleted(operator):
    operator.post(address(Site, "add"), {"name": "Fresh", "mode": "observe"})
    fresh = Site.objects.get(name="Fresh")
    assert [policy.mode for policy in fresh.policies.all()] == ["observe"]
    assert operator.post(address(Site, "delete", fresh.pk), {"post": "yes"}).status_code == 403
    again = operator.post(address(Site, "add"), {"name": "Fresh", "mode": "observe"})
    assert "already exists" in read(again).words


def test_a_key_is_shown_once_and_stops_when_revoked(operator, site):
    asked = {
        "site": site.pk,
        "name": "forum",
        "kind": "native",
        "requests_per_minute": 120,
    }
    answer = operator.post(address(ApiKey, "add"), asked)
    row = ApiKey.objects.get()
    shown = [word for word in read(answer).words.split() if word.startswith(row.prefix)]
    assert len(shown) == 1
    assert access.find_key(shown[0]) == row
    assert row.requests_per_minute == 120
    assert "no-store" in answer["Cache-Control"]

    secret = shown[0].removeprefix(row.prefix)
    assert secret not in answer.cookies.output()
    for url in (address(ApiKey), address(ApiKey, "change", row.pk)):
        page = operator.get(url).content.decode()
        assert secret not in page
        assert row.digest not in page

    revoke = address(ApiKey, "revoke", row.pk)
    operator.get(revoke)
    assert access.find_key(shown[0]) == row, "only a POST revokes"
    operator.post(revoke, {"_form_submitted": "True"})
    assert access.find_key(shown[0]) is None


@pytest.mark.parametrize(
    ("kind", "typed", "stored"),
    [
        ("domain", "https://www.Spam.example/x", "spam.example"),
        ("address", "10.0.0.9/8", "10.0.0.0/8"),
    ],
)
def test_list_entries_are_stored_as_they_are_compared(operator, site, kind, typed, stored):
    entry = {"site": site.pk, "kind": kind, "verdict": "deny", "value": typed, "note": ""}
    operator.post(address(ListEntry, "add"), entry)
    row = ListEntry.objects.get()
    assert row.value == stored
    assert row.created_by is not None
    twice = operator.post(address(ListEntry, "add"), entry)
    assert twice.status_code == 200
    assert ListEntry.objects.count() == 1
    bad = operator.post(address(ListEntry, "add"), {**entry, "value": "not a domain"})
    assert bad.status_code == 200
    assert "is not" in read(bad).words


def test_explicit_words_wait_for_a_click(operator, site, monkeypatch):
    explicit._is_explicit.cache_clear()
    monkeypatch.setattr(explicit, "_list", lambda: {explicit.digest("gherkin")})
    post = make_post(site, text="What a <b>gherkin</b>, said he")
    listed = operator.get("/admin/moderation/post/").content.decode()
    assert "gherkin" not in listed and "Explicit words" in listed
    shown = operator.get(f"/admin/moderation/post/{post.pk}/change/").content.decode()
    for piece in shown.split("gherkin")[:-1]:
        assert piece.rfind("<details><summary>Explicit words") > piece.rfind("</details>")
    assert "&lt;b&gt;gherkin" in shown
    explicit._is_explicit.cache_clear()


def test_a_moderator_is_not_let_into_the_admin(browser):
    assert browser.get("/admin/").status_code == 302


def test_a_user_is_made_and_given_a_site(operator, site):
    password = "chaff and grain 7"
    operator.post(
        address(User, "add"),
        {
            "username": "newcomer",
            "password1": password,
            "password2": password,
            "usable_password": "true",
        },
    )
    newcomer = User.objects.get(username="newcomer")
    given = {"user": newcomer.pk, "site": site.pk, "role": "moderator"}
    operator.post(address(Membership, "add"), given)
    assert newcomer.memberships.get().site == site


def test_hostile_words_are_text_in_the_admin_too(operator, site):
    attack = '<script>alert(1)</script>"><img src=x onerror=alert(1)>'
    author = Author.objects.create(site=site, external_id=attack, name=attack)
    reasons = [{"code": attack, "sentence": attack, "weight": 1}]
    case = make_case(site, text=attack, author=author, decision={"reasons": reasons})
    for url in (
        address(Post),
        address(Post, "change", case.post_id),
        address(Decision),
        address(Decision, "change", case.decision_id),
        address(Author),
        address(Case, "change", case.pk),
    ):
        page = read(operator.get(url))
        assert "alert(1)" in page.text or url in (
            address(Decision),
            address(Case, "change", case.pk),
        )
        assert not page.all("img", src="x"), url
        assert not [s for s in page.all("script") if not s.get("src")], url


def test_schedules_can_be_edited(operator):
    from django_celery_beat.models import IntervalSchedule, PeriodicTask

    every = IntervalSchedule.objects.create(every=1, period="days")
    task = PeriodicTask.objects.create(name="nightly", task="reviews.tasks.retrain", interval=every)
    url = address(PeriodicTask, "change", task.pk)
    fields = {
        "name": "nightly",
        "task": task.task,
        "interval": every.pk,
        "args": "[]",
        "kwargs": "{}",
        "headers": "{}",
        "enabled": "",
    }
    answer = operator.post(url, fields)
    assert answer.status_code == 302, read(answer).words
    task.refresh_from_db()
    assert not task.enabled
