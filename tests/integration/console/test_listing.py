"""Trust, allow or deny in one key from a case."""

from typing import Any

import pytest
from django.test import Client

from moderation.models import Author, ListEntry, Site
from moderation.types import ListVerdict
from reviews.judging import listing
from reviews.models import Case, ListChange
from reviews.states import Lane
from tests.integration.console.factory import make_case
from tests.integration.console.hostile import ATTACK
from tests.integration.console.page import read
from tests.integration.world import browser_of, make_moderator


@pytest.fixture
def case(site: Site) -> Case:
    author = Author.objects.create(site=site, external_id=ATTACK[:200], name="Robin")
    return make_case(
        site,
        author=author,
        text="Now at https://www.shop.example.com/x, or http://192.0.2.1/y",
        author_email="Kim@Mail.example",
        post={"ip": "203.0.113.7"},
    )


def say(browser: Client, case: Case, about: str, says: str) -> Any:
    url = f"/review/cases/{case.pk}/list"
    return browser.post(url, {"about": about, "says": says}, follow=True)


@pytest.mark.parametrize(
    ("about", "kind", "value"),
    [
        ("author", "author", ATTACK[:200].strip()),
        ("domain-0", "domain", "example.com"),
        ("email", "address", "kim@mail.example"),
        ("ip", "address", "203.0.113.7"),
    ],
)
def test_one_key_lists_and_another_takes_it_back(browser, site, case, about, kind, value):
    ListEntry.objects.create(site=site, kind=kind, value=value, verdict="allow", note="ours")
    page = read(say(browser, case, about, "deny"))
    entry = ListEntry.objects.get()
    assert (entry.kind, entry.value, entry.verdict) == (kind, value, "deny")
    assert "denied" in page.words and not page.all("img", src="x")
    change = ListChange.objects.get()
    assert (change.before, change.after, change.user.username) == ("allow", "deny", "mara")
    undo = f"/review/list-changes/{change.pk}/undo"
    assert page.all("form", action=undo)
    assert "says again what it said before" in read(browser.post(undo, follow=True)).words
    assert ListEntry.objects.get().verdict == "allow"
    assert browser.post(undo).status_code == 409
    assert "no longer on a list" in read(say(browser, case, about, "")).words
    assert not ListEntry.objects.exists()


def test_what_everybody_links_through_is_listed_by_no_key(browser, site):
    said = "everybody’s links, not only this one’s"
    ours = make_case(site, text="Now at https://bit.ly/win-4u")
    page = read(browser.get(f"/review/cases/{ours.pk}/"))
    assert said in page.words
    assert not page.all("button", **{"data-key": "l"}) + page.all("button", **{"data-key": "k"})
    assert "denied" in read(say(browser, ours, "domain-0", "deny")).words, "by its button"
    about = read(browser.get(f"/review/cases/{ours.pk}/all?about=domain-0"))
    assert said in about.words

    theirs = make_case(site, text="Now at https://shop.example.com/x")
    page = read(browser.get(f"/review/cases/{theirs.pk}/"))
    assert said not in page.words and page.all("button", **{"data-key": "k"})
    about = read(browser.get(f"/review/cases/{theirs.pk}/all?about=domain-0"))
    assert said not in about.words


def test_an_undo_leaves_what_somebody_changed_since(browser, site, case):
    say(browser, case, "domain-0", "deny")
    ListEntry.objects.update(verdict="allow")
    answer = browser.post(f"/review/list-changes/{ListChange.objects.get().pk}/undo")
    assert answer.status_code == 409 and "changed the list since" in read(answer).words
    assert ListEntry.objects.get().verdict == "allow"
    assert ListChange.objects.count() == 1


def test_only_what_is_in_the_post_and_only_by_who_judges_there(browser, site, case):
    assert say(browser, case, "domain-1", "deny").status_code == 400
    assert say(browser, case, "author", "maybe").status_code == 400
    limited = make_moderator(username="limited")
    site.memberships.create(user=limited, lanes=[Lane.HELD])
    theirs = browser_of(limited)
    assert say(theirs, case, "author", "deny").status_code == 403
    assert "This site’s lists" not in read(theirs.get(f"/review/cases/{case.pk}/")).words
    audit = make_case(site, lane=Lane.AUDIT, decision={"outcome": "allow", "published": True})
    assert say(browser, audit, "author", "deny").status_code == 409
    assert "This site’s lists" not in read(browser.get(f"/review/cases/{audit.pk}/")).words
    assert not ListEntry.objects.exists()


def test_nobody_lists_what_they_wrote_themselves(browser, site, case):
    deny = say(browser, case, "author", "deny")
    assert deny.status_code == 200
    site.memberships.update(writes_as=case.post.author.external_id)
    assert "This site’s lists" not in read(browser.get(f"/review/cases/{case.pk}/")).words
    for about in ("author", "domain-0"):
        refused = say(browser, case, about, "allow")
        assert refused.status_code == 403 and "wrote this post yourself" in read(refused).words
    undo = f"/review/list-changes/{ListChange.objects.get().pk}/undo"
    assert browser.post(undo).status_code == 409
    assert ListEntry.objects.get().verdict == "deny"


def test_a_listing_is_forgotten_with_the_words(browser, case, as_owner):
    say(browser, case, "author", "deny")
    change = ListChange.objects.get()
    with as_owner():
        type(case.post).objects.filter(pk=case.post_id).update(pruned_at=case.opened_at)
    change.refresh_from_db()
    assert (change.value, change.after) == ("", ListVerdict.DENY)
    assert listing.DOMAINS > 1


def test_no_two_things_on_a_page_have_one_key(browser, case):
    make_case(case.site, text=ATTACK)
    page = read(browser.get(f"/review/cases/{case.pk}/"))
    keys = [str(attrs["data-key"]) for _, attrs in page.elements if "data-key" in attrs]
    assert {"s", "t", "x", "l", "k", "y", "d", "p", "i", "w"} <= set(keys)
    assert len(keys) == len(set(keys)), sorted(keys)
