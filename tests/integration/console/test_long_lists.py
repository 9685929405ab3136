"""Lists of tables that grow without end look at their newest rows, and say so."""

import pytest

from moderation.models import Post, Site
from tests.integration.console.factory import make_post
from tests.integration.console.page import read
from tests.integration.world import make_site

POSTS = "/admin/moderation/post/"


@pytest.fixture(autouse=True)
def short_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("classifiers.admin.NEWEST", 2)
    monkeypatch.setattr("classifiers.admin.NewestPaginator.count", 2)


@pytest.fixture
def site(db: None) -> Site:
    site = make_site()
    for text in ("first words", "second words", "third words"):
        make_post(site, text=text)
    return site


def test_a_filter_looks_through_the_newest_rows_and_says_so(operator, site):
    page = read(operator.get(f"{POSTS}?type__exact={Post.objects.earliest('pk').type}"))
    assert "second words" in page.words
    assert "first words" not in page.words
    assert "newest 2 rows" in page.words


def test_a_search_and_a_site_find_whatever_their_age(operator, site):
    oldest = Post.objects.earliest("pk")
    assert "first words" in read(operator.get(f"{POSTS}?q={oldest.pk}")).words
    found = read(operator.get(f"{POSTS}?site__id__exact={site.pk}")).words
    assert "first words" in found
    assert "newest" not in found
