"""Whoever leads many sites finds each of them on some page, and first those that want a person."""

import pytest
from django.utils import timezone

from reviews.console.leading import paging
from reviews.models import Alarm, AlarmKind
from tests.integration.console.page import read
from tests.integration.world import make_site

PAGES = {
    "promises": AlarmKind.MISSED,
    "drift": AlarmKind.DRIFT,
    "sources": AlarmKind.SOURCE,
    "models": None,
    "quality": None,
}


@pytest.fixture(autouse=True)
def sites(db, monkeypatch):
    monkeypatch.setattr(paging, "SITES", 2)
    return [make_site(name) for name in ("Anvil", "Birch", "Cedar", "Dune", "Ember")]


def named(page, sites):
    """The sites that have a heading on it, in their order."""
    found = {page.words.find(f"{site.name}"): site.name for site in sites}
    return [name for place, name in sorted(found.items()) if place >= 0]


@pytest.mark.parametrize("where", PAGES)
def test_every_site_is_on_one_page(operator, sites, where):
    address = f"/review/{where}/"
    pages = [read(operator.get(f"{address}?page={number}")) for number in (1, 2, 3)]
    found = [named(page, sites) for page in pages]
    assert found == [["Anvil", "Birch"], ["Cedar", "Dune"], ["Ember"]]
    assert "Sites 3 to 4 of 5" in pages[1].words
    assert [("Earlier sites" in page.words, "Further sites" in page.words) for page in pages] == [
        (False, True),
        (True, True),
        (True, False),
    ]
    for odd in ("?page=", "?page=x", "?page=0x2"):
        assert named(read(operator.get(address + odd)), sites) == ["Anvil", "Birch"]
    assert named(read(operator.get(f"{address}?page=99")), sites) == ["Ember"]


@pytest.mark.parametrize("where", [name for name, kind in PAGES.items() if kind])
def test_sites_on_which_an_alarm_waits_come_first(operator, sites, where):
    Alarm.objects.create(
        site=sites[4], kind=PAGES[where], sentence="It moved.", created_at=timezone.now()
    )
    assert named(read(operator.get(f"/review/{where}/")), sites) == ["Ember", "Anvil"]


@pytest.mark.parametrize("where", ["promises", "quality"])
def test_a_file_has_all_of_them(operator, sites, where, monkeypatch):
    rows = f"reviews.console.leading.{where}._rows"
    monkeypatch.setattr(rows, lambda shown: [(each.site.name,) for each in shown])
    file = operator.get(f"/review/{where}/?as=csv")
    lines = file.content.decode().splitlines()
    assert lines[1:] == [site.name for site in sites]


def test_where_all_fit_nothing_is_said_of_pages(operator, sites, monkeypatch):
    monkeypatch.setattr(paging, "SITES", 5)
    page = read(operator.get("/review/drift/"))
    assert named(page, sites) == [site.name for site in sites]
    assert "Further" not in page.words
