"""Search, as a moderator's browser sees it."""

from datetime import UTC, datetime
from typing import Any

import pytest

from moderation.models import Author, Post, Site
from moderation.types import Outcome
from reviews.models import Likeness, PageView, SavedSearch
from reviews.search import indexing, searching
from reviews.search.windows import milliseconds
from reviews.states import Lane
from tests.integration.console.factory import decide, make_case, make_post
from tests.integration.console.hostile import ATTACK
from tests.integration.console.page import read
from tests.integration.world import browser_of, make_moderator, make_site


def test_a_search_is_an_address_and_shows_what_it_finds(
    browser, site, django_assert_max_num_queries
):
    author = Author.objects.create(site=site, external_id=ATTACK[:200], name=ATTACK[:200])
    for _ in range(35):
        case = make_case(site, author=author, text=f"needle {ATTACK}", title=ATTACK)
    decide(make_post(make_site("Elsewhere"), text="needle of another site"))
    make_case(site, lane=Lane.AUDIT, text="needle drawn")
    indexing.follow(seconds=60)
    with django_assert_max_num_queries(23):
        page = read(browser.get("/review/search", {"q": "needle"}))
    assert not page.all("img", src="x") and ATTACK[:28] in page.text
    assert not [a for a in page.all("a") if str(a.get("href")).startswith("javascript")]
    assert "another site" not in page.words
    assert page.all("a", href=f"/review/cases/{case.pk}/")
    assert "needle drawn" not in page.words, "no list tells an audit"
    [older] = [a for a in page.all("a") if "before=" in str(a.get("href"))]
    last = read(browser.get(f"/review/search{older['href']}"))
    assert last.words.count("needle") == 5 and "before=" not in str(last.all("a"))


def test_a_search_that_finds_only_what_is_withheld_says_how_far_back_it_looked(
    browser, site, monkeypatch
):
    monkeypatch.setattr(searching, "WALK", 2)
    monkeypatch.setattr(searching, "CHUNKS", (1, 1))
    case = make_case(site, text="needle told")
    drawn = [make_case(site, lane=Lane.AUDIT, text="needle drawn").post for _ in range(4)]
    indexing.follow(seconds=60)
    page = read(browser.get("/review/search", {"q": "needle"}))
    assert "Nothing found yet" in page.words
    looked_back = milliseconds(drawn[2].pk) // 1000
    (moment,) = page.all("time")
    assert int(datetime.fromisoformat(str(moment["datetime"])).timestamp()) == looked_back
    assert f"Looked back to {datetime.fromtimestamp(looked_back, tz=UTC):%-d %b %Y}" in page.words
    for _ in range(2):
        (older,) = [a for a in page.all("a") if "before=" in str(a.get("href"))]
        page = read(browser.get(f"/review/search{older['href']}"))
    assert page.all("a", href=f"/review/cases/{case.pk}/")
    assert "Looked back" not in page.words, "this was all"


def test_what_says_the_same_as_a_post_is_found_however_it_is_written(browser, site):
    def copy(text: str, where: Site = site, fingerprint: bytes | None = b"same") -> Post:
        post = decide(make_post(where, text=text)).post
        Post.objects.filter(pk=post.pk).update(fingerprint=fingerprint)
        return post

    seed, _ = copy("win a prize"), copy("w1n a pr1ze")
    copy("lose a prize", fingerprint=b"other")
    elsewhere = copy("win a prize elsewhere", make_site("Elsewhere"))
    blank = copy("a word", fingerprint=None)
    indexing.follow(seconds=60)

    def found(like: Any, **more: str) -> tuple[str, int]:
        words = read(browser.get("/review/search", {"like": str(like), **more})).words
        return words, words.count("All its words")

    words, count = found(seed.pk)
    assert "win a prize" in words and "w1n a pr1ze" in words and count == 2
    assert "lose a prize" not in words and "elsewhere" not in words
    assert found(seed.pk, q="w1n")[1] == 1
    assert found(seed.pk, state="allow")[1] == 0
    assert [found(one.pk)[1] for one in (elsewhere, blank)] == [0, 1]
    near, further = copy("a prize to win", fingerprint=b"near"), copy("prize!", fingerprint=None)
    unlike = copy("a surprise", fingerprint=b"unlike")
    Likeness.objects.create(post=near, other=seed, similarity=0.97)
    Likeness.objects.create(post=near, other=further, similarity=0.96)
    Likeness.objects.create(post=unlike, other=seed, similarity=0.9)
    indexing.follow(seconds=60)
    for one in (seed, further):
        words, count = found(one.pk)
        assert count == 4 and "a prize to win" in words and "surprise" not in words
    [tick] = read(browser.get("/review/search", {"like": str(seed.pk)})).all("input", name="like")
    assert tick["value"] == str(seed.pk), "and the next search keeps it"
    assert browser.get("/review/search", {"like": "x"}).status_code == 400


def test_an_address_finds_what_came_from_it(browser, site):
    kim = {"author_email": "Kim@Mail.example", "post": {"ip": "203.0.113.7"}}
    post = make_case(site, text="needle of hers", **kim).post
    make_case(site, text="needle of his", author_email="lee@mail.example", post={"ip": "192.0.2.1"})
    decide(make_post(make_site("Elsewhere"), text="needle of another site", **kim))
    indexing.follow(seconds=60)
    for asked in ({"address": "kim@mail.EXAMPLE"}, {"address": "203.0.113.7"}):
        for more in ({}, {"q": "needle"}, {"author": post.author.external_id}, {"state": "review"}):
            words = read(browser.get("/review/search", {**asked, **more})).words
            assert "needle of hers" in words, (asked, more)
            assert "needle of his" not in words and "another site" not in words, (asked, more)


def test_a_post_is_read_whole_by_who_sees_its_site_until_it_is_hidden(browser, site):
    post = make_post(site, text=f"{'long ' * 400}and at last the vi\u200bagra", title="Of it")
    decide(post, outcome=Outcome.ALLOW, published=True)
    indexing.follow(seconds=60)
    url = f"/review/posts/{post.pk}/"
    assert read(browser.get("/review/search", {"q": "last"})).all("a", href=url)
    page = browser.get(url)
    assert "and at last the" in read(page).words and "U+200B" in page.content.decode()
    assert PageView.objects.get(page="console:post").subject == str(post.pk)
    assert browser.get(f"/review/posts/{make_post(make_site()).pk}/").status_code == 404
    type(post).objects.filter(pk=post.pk).update(hidden_at=post.created_at)
    assert browser.get(url).status_code == 404


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        ({"q": "ab", "inside": "on"}, 400),
        ({"domain": "no domain"}, 400),
        ({"address": "no address"}, 400),
        ({"address": "203.0.113.0/24"}, 400),
        ({"since": "yesterday"}, 400),
        ({"since": "2026-11-01", "until": "2026-11-02"}, 200),
        ({"until": "9999-12-31"}, 200),
        ({"score_from": "200"}, 400),
        ({"before": "x"}, 400),
        ({"q": "' OR 1=1 --", "state": "block"}, 200),
        ({"site": "999999"}, 400),
        ({}, 200),
    ],
)
def test_what_cannot_be_asked_is_refused_in_words(browser, site, asked, status):
    assert browser.get("/review/search", asked).status_code == status


def test_searches_are_kept_a_person(browser, site, mara):
    query = "q=needle&state=block&before=x&csrfmiddlewaretoken=y"
    saved = browser.post("/review/search/saved", {"name": ATTACK, "query": query}, follow=True)
    row = SavedSearch.objects.get()
    assert (row.user, row.query) == (mara, "q=needle&state=block")
    assert not read(saved).all("img", src="x")
    colleague = browser_of(make_moderator(site))
    assert "needle" not in read(colleague.get("/review/search")).words
    colleague.post("/review/search/saved/forget", {"name": row.name})
    assert SavedSearch.objects.exists()
    browser.post("/review/search/saved/forget", {"name": row.name})
    assert not SavedSearch.objects.exists()
    browser.post("/review/search/saved", {"name": "", "query": ""})
    assert not SavedSearch.objects.exists()


def test_an_outcome_is_filtered_by_its_index(browser, site):
    decide(make_post(site, text="kept"), outcome=Outcome.BLOCK)
    make_case(site, text="waits here")
    words = read(browser.get("/review/search", {"state": "block"})).words
    assert "kept" in words and "waits here" not in words


@pytest.mark.parametrize("typed", ["Portuguese", "portuguese ", "PT", "pt-br"])
def test_a_language_is_found_by_its_name_and_however_the_site_wrote_it(browser, site, typed):
    for tag in ("pt-BR", "pt_br", "pts", ""):
        decide(make_post(site, text=f"needle in {tag or 'nothing'}.", language=tag))
    indexing.follow(seconds=60)
    for more in ({}, {"q": "needle"}):
        words = read(browser.get("/review/search", {"language": typed, **more})).words
        assert [f"needle in {tag}." in words for tag in ("pt-BR", "pt_br", "pts", "nothing")] == [
            True, True, False, False,
        ]  # fmt: skip


def test_an_author_whose_name_is_blank_is_named_by_their_id(browser, site):
    author = Author.objects.create(site=site, external_id="u-9", name="\n \n")
    make_case(site, author=author, text="needle of nobody")
    indexing.follow(seconds=60)
    page = read(browser.get("/review/search?q=needle"))
    assert "u-9" in page.words
