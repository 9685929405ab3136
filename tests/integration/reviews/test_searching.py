"""What is found, what is not, and that it is forgotten with the words."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from unittest.mock import patch
from uuid import UUID

import pytest
from django.db import connection
from django.utils import timezone

from moderation.ids import first_id
from moderation.models import Author, Post, PostRevision, Site
from moderation.types import Outcome
from reviews.judging import bulk, bulk_progress, scopes
from reviews.judging.listing import domains_of
from reviews.models import SearchEntry, SearchProgress
from reviews.search import indexing, memory, searching, windows
from reviews.search.grams import grams, read_as
from reviews.search.question import Question, TooShort
from reviews.search.searching import search
from reviews.states import Lane, VerdictKind
from tests.integration.console.factory import decide, make_case, make_post
from tests.integration.reviews.world import edit, forget
from tests.integration.world import make_moderator

TEXTS = {
    "plain": "Cheap followers for your shop, guaranteed",
    "disguised": "Chеap fоllowers",  # Cyrillic letters
    "chinese": "这里有便宜的手表出售，欢迎选购",
    "thai": "ขายนาฬิการาคาถูกมาก",
    "link": "See https://www.watches.example.com/offer now",
    "long": "W" * 50_000,
    "hostile": "'); DROP TABLE moderation_post; -- <script>x</script> & | ! :* ((",
}


@pytest.fixture
def posts(site: Site, other_site: Site) -> dict[str, Post]:
    """One post a text, each decided and indexed; the other site has the first, too."""
    made = {name: make_post(site, text=text) for name, text in TEXTS.items()}
    for post in [*made.values(), make_post(other_site, text=TEXTS["plain"])]:
        decide(post)
    assert indexing.follow(seconds=60) == len(TEXTS) + 1
    return made


def found(site: Site, words: str = "", **asked: Any) -> set[UUID]:
    return set(search(Question(words=words, **asked), sites=[site.pk]).ids)


@pytest.mark.parametrize(
    ("words", "inside", "names"),
    [
        ("followers", False, {"plain", "disguised"}),
        ("FOLLOWERS cheap", False, {"plain", "disguised"}),
        ("follow", False, set()),
        ("follow", True, {"plain", "disguised"}),
        ("ollowers for y", True, {"plain"}),
        ("Ｆollowers", True, {"plain", "disguised"}),
        ("手表", False, {"chinese"}),
        ("表手", False, set()),
        ("นาฬิกา", False, {"thai"}),
        ("watches.example", True, {"link"}),
        ("cheap -guaranteed", False, {"disguised"}),
        ('"for your shop"', False, {"plain"}),
        ('"your for shop"', False, set()),
        ('"your shop" cheap', False, {"plain"}),
        ('"now offer" or "cheap followers"', False, {"plain", "disguised"}),
        ('cheap -"your shop"', False, {"disguised"}),
        ('cheap - "shop your"', False, {"plain", "disguised"}),
        ("drop table", True, {"hostile"}),
        ("'); DROP", True, {"hostile"}),
        ("((( & | !", False, set()),
        ("\\%_", True, set()),
        ("wwwwwwwwww", True, {"long", "link"}),
    ],
)
def test_words_are_found_whole_or_inside_others(site, posts, words, inside, names):
    assert found(site, words, inside=inside) == {posts[name].pk for name in names}


@pytest.mark.parametrize("by", ["", "kim"])
def test_a_phrase_is_looked_for_in_so_many_posts_a_page(site, monkeypatch, by):
    monkeypatch.setattr(searching, "WALK", 5)
    monkeypatch.setattr(searching, "CHUNKS", (2, 3))
    kim = Author.objects.create(site=site, external_id="kim")
    said = ["a boat for sale", *["for sale: a boat"] * 8]
    made = [make_post(site, text=text, author=kim) for text in said]
    for post in made:
        decide(post)
    indexing.follow(seconds=60)
    asked = Question(words='"boat for sale"', author=by)
    first = search(asked, sites=[site.pk])
    assert (first.ids, first.complete) == ([], False)
    last = search(asked, sites=[site.pk], before=first.after)
    assert (last.ids, last.complete) == ([made[0].pk], True)


def test_fewer_than_three_letters_are_not_looked_for_inside_words(site):
    for words, inside in (("ab", True), ("\N{PILE OF POO}", False), ("药", False)):
        # Whether it was asked inside words or is a script without spaces, the sentence is true.
        with pytest.raises(TooShort, match="two of Chinese, Japanese or Korean"):
            search(Question(words=words, inside=inside), sites=[site.pk])
    assert search(Question(words="药药"), sites=[site.pk]).ids == []
    assert search(Question(words="ab"), sites=[]).ids == []


def test_filters_narrow_and_pages_go_on(site, other_site, moderator):
    author = Author.objects.create(site=site, external_id="u-7")
    made = []
    for n in range(7):
        post = make_post(site, author=author if n % 2 else None, text="rain", language="en-GB")
        decide(post, outcome="allow" if n % 3 else "block", published=bool(n % 3),
               probability=n / 10)  # fmt: skip
        made.append(post.pk)
    decide(make_post(other_site, text="rain"))
    indexing.follow(seconds=60)
    assert found(site, author="u-7") == set(made[1::2])
    assert found(site, author="nobody") == set()
    assert found(site, "rain", state="block") == {made[0], made[3], made[6]}
    assert found(site, language="en") == set(made) and found(site, language="e") == set()
    assert found(site, score_from=0.45) == {made[5], made[6]}
    assert found(site, since=timezone.now() + timedelta(hours=1)) == set()
    assert found(site, until=timezone.now() + timedelta(hours=1)) == set(made)
    for question in (Question(), Question(words="rain"), Question(author="u-7")):
        seen: list[UUID] = []
        before = None
        for _ in range(9):
            page = search(question, sites=[site.pk], before=before, page=2)
            seen += page.ids
            before = page.after
            if before is None:
                break
        expected = made[1::2] if question.author else made
        assert seen == sorted(expected, reverse=True)


@pytest.mark.parametrize("gap", [timedelta(hours=7), timedelta(seconds=1)], ids=["far", "dense"])
@pytest.mark.parametrize("every", [1, 3, 40], ids=["common", "some", "rare"])
def test_words_are_found_however_common_and_whenever(site, other_site, every, gap):
    """With sizes so small that stretches of time are too long, too short and too full."""
    now, expected = timezone.now(), []
    for n in range(41):
        home = other_site if n % 4 == 1 else site
        made = {"id": UUID(int=first_id(now - gap * n).int + 1000 - n)}
        post = make_post(home, text="snow" if n % every else "rain", post=made)
        decide(post)
        if not n % every:
            expected.append(post.pk)
    indexing.follow(seconds=60)
    ids: list[UUID] = []
    before, pages = None, 0
    with patch.multiple(searching, TASTE=8, WALK=16, CHUNKS=(2, 4), MANY=3, WIDER=2, FEW=2):
        while before or not pages:
            page = search(
                Question(words="rain"), sites=[site.pk, other_site.pk], before=before, page=20
            )
            ids += page.ids
            before, pages = page.after, pages + 1
    assert ids == expected
    assert pages <= 4


def test_a_stretch_of_time_is_few_keys_of_an_index(site):
    """What the database writes down of a post is what is asked for."""
    post = make_post(site)
    decide(post)
    indexing.follow(seconds=60)
    places = set(SearchEntry.objects.values_list("places", flat=True)[0])
    after = UUID(int=post.pk.int + 1)
    for days in (0, 0.001, 0.01, 0.1, 1, 10, 100):
        there = windows.window(before=after, length=int(days * 86_400_000))
        assert 1 <= len(there.keys) <= windows.MOST_KEYS
        assert there.start <= post.pk and places & set(there.keys)
        stretch = windows.milliseconds(post.pk) - windows.milliseconds(there.start)
        assert stretch <= 2 * (days * 86_400_000 + windows.SHORTEST)
        earlier = windows.window(before=there.start, length=int(days * 86_400_000))
        overlap = set(earlier.keys) & set(there.keys)
        assert not overlap & set(there.keys[1:])
    assert windows.site_key(site.pk) in places
    assert windows.window(before=after, length=10**15) == windows.Window(windows.FIRST, ())


AGES = (0, 0.01, 0.3, 2, 4, 20, 60, 200, 2_000)
"""Days: some in each of the stretches that are looked back over."""


def test_stretches_backwards_hold_every_post_once(site):
    now = timezone.now()
    for days in AGES:
        made = first_id(now - timedelta(days=days))
        decide(make_post(site, post={"id": UUID(int=made.int + 1)}))
    indexing.follow(seconds=60)
    stretches = list(windows.backwards(int(now.timestamp() * 1000)))
    assert (stretches[-1].start, stretches[-1].keys) == (windows.FIRST, ())
    held = []
    for post, places in SearchEntry.objects.values_list("post_id", "places"):
        by_key = [n for n, each in enumerate(stretches) if set(each.keys) & set(places)]
        by_start = next(n for n, each in enumerate(stretches) if post >= each.start)
        assert by_key == ([by_start] if by_start < len(stretches) - 1 else [])
        held.append(by_start)
    assert sorted(set(held)) == list(range(len(stretches)))


def test_the_newest_posts_that_link_to_a_domain_are_remembered(site, monkeypatch):
    mara, now = make_moderator(site), timezone.now()
    for n, days in enumerate(reversed(AGES)):
        made = UUID(int=first_id(now - timedelta(days=days)).int + 1)
        post = make_post(site, text="See https://shop.example.com/1", post={"id": made})
        decide(post, outcome=Outcome.BLOCK if n < 5 else Outcome.ALLOW, published=n >= 5)
    decide(make_post(site, text="See https://other.example.com/1"))
    indexing.follow(seconds=60)
    asked = make_post(site, text="See https://shop.example.com/2")

    def told() -> tuple[int, int, int, bool]:
        met = memory.remembered(asked, ["shop.example.com"], mara).of["shop.example.com"]
        return met.posts, met.blocked, met.allowed, met.many

    assert told() == (9, 5, 4, False)
    for most, expected in ((3, (3, 0, 3, True)), (4, (4, 0, 4, True)), (6, (6, 2, 4, True))):
        monkeypatch.setattr(memory, "MOST", most)
        assert told() == expected
    # What is withheld is not counted; there are more all the same.
    monkeypatch.setattr(memory, "MOST", 4)
    newest = asked.site.posts.exclude(pk=asked.pk).order_by("-pk")[1].pk
    monkeypatch.setattr(memory, "withheld_among", lambda posts, judged: {newest})
    assert told() == (3, 0, 3, True)


def test_so_many_posts_are_read_where_a_domain_or_address_was_there_often_long_ago(
    site, monkeypatch
):
    mara, long_ago = make_moderator(site), first_id(timezone.now() - timedelta(days=900)).int
    for n in range(40):
        text, kim = "See https://shop.example.com/1", "kim@example.org"
        old = make_post(site, text=text, author_email=kim, post={"id": UUID(int=long_ago + n)})
        decide(old, outcome=Outcome.BLOCK)
    indexing.follow(seconds=60)
    asked = make_post(site, text="See https://shop.example.com/2")
    monkeypatch.setattr(memory, "MOST", 2)
    monkeypatch.setattr(memory, "REACH", 5)
    read: list[float] = []

    def explain(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if "reviews_searchentry" in sql:
            with connection.connection.cursor() as cursor:
                cursor.execute(f"EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) {sql}", params)
                read.extend(entries_of(cursor.fetchone()[0][0]["Plan"]))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(explain):
        remembered = memory.remembered(asked, ["shop.example.com"], mara, email=kim)
    for met in (remembered.of["shop.example.com"], remembered.of[kim]):
        assert (met.posts, met.blocked, met.many) == (2, 2, True)
    assert max(read) == 5


def entries_of(node: dict[str, Any]) -> Iterator[float]:
    """How many entries each part of a plan read, whatever of the index said where they are."""
    if node.get("Relation Name") == "reviews_searchentry":
        yield node["Actual Rows"] * node["Actual Loops"]
    for below in node.get("Plans", []):
        yield from entries_of(below)


def test_an_edit_is_found_and_what_it_replaced_is_not(site, posts):
    post = posts["plain"]
    edit(post, "Entirely other words")
    decide(post)
    assert indexing.follow(seconds=60) == 1
    assert found(site, "entirely") == {post.pk}
    assert post.pk not in found(site, "guaranteed")
    assert indexing.follow(seconds=60) == 0


def test_the_index_goes_on_from_what_is_settled(site, posts):
    progress = SearchProgress.objects.get()
    assert progress.decision_id == 0, "what was decided just now is looked at again"
    with patch.object(indexing, "SETTLED", timedelta(0)):
        indexing.follow(seconds=60)
    progress.refresh_from_db()
    assert progress.decision_id == max(post.decision_id or 0 for post in Post.objects.all())


def test_what_is_searched_for_is_forgotten_with_the_words(site, old_post):
    post = old_post(40)
    indexing.follow(seconds=60)
    assert found(site, "canary7391") == {post.pk}
    forget(site, words_days=30)
    assert not SearchEntry.objects.exists()
    SearchProgress.objects.update(decision_id=0)
    assert indexing.follow(seconds=60) == 0, "and does not come back"
    assert found(site) == set()


def test_everything_with_a_link_or_an_address(site, moderator):
    case = make_case(site, text="Now at https://a.shop.example.com/x", author_email="K@m.example")
    same = make_post(site, text="or http://b.shop.example.com", author_email="k@m.example")
    decide(same, outcome=Outcome.ALLOW, published=True, would_be=Outcome.REVIEW)
    other = make_case(site, text="at https://other.example.org")
    audit = make_case(site, text="a.shop.example.com/x", lane=Lane.AUDIT)
    indexing.follow(seconds=60)
    given = {"case_id": case.pk, "post": case.post}
    by_link = scopes.by_domain(**given, domain="example.com")
    by_email = scopes.by_email(**given, email="K@m.example")
    with patch("reviews.labels.looks.lot_of", lambda case: 1.0):
        for scope in (by_link, by_email):
            run = scopes.dry_run(scope, user=moderator)
            assert {row.post_id for row in run.listed} == {case.post_id, same.pk}
        action = bulk.start(
            by_link, user=moderator, kind=VerdictKind.SPAM, newest=run.newest, expected=2
        )
    assert (action.value, bulk_progress.progress_of(action).decided) == ("example.com", 2)
    for left in (other, audit):
        left.refresh_from_db()
        assert left.state == "open"


def test_a_domain_that_links_name_is_found_as_lists_match_it(site, moderator):
    case = make_case(site, text="at https://example.org/?to=https%3A%2F%2Fshop.example.com/x")
    direct = make_post(site, text="or https://www.shop.example.com and www.example.net")
    decide(direct, outcome=Outcome.ALLOW, published=True, would_be=Outcome.REVIEW)
    indexing.follow(seconds=60)
    words = PostRevision.objects.get(post=case.post)
    assert domains_of(words) == ["example.org", "example.com"]
    scope = scopes.by_domain(case_id=case.pk, post=case.post, domain="example.com")
    assert {row.post_id for row in scopes.dry_run(scope, user=moderator).listed} == {
        case.post_id, direct.pk,
    }  # fmt: skip
    scope = scopes.by_domain(case_id=0, post=direct, domain="shop.example.com")
    assert len(scopes.dry_run(scope, user=moderator).listed) == 2


def test_pieces_of_words():
    assert grams(read_as("Rain")) == grams(read_as("  RAIN ")) and len(grams("rain")) == 2
    assert grams("手表") and not grams("ab") and not grams("")
    assert grams("手表") <= grams("便宜的手表出售")


def test_what_is_hidden_is_not_found_and_not_indexed(site, posts):
    post = posts["plain"]
    Post.objects.filter(pk=post.pk).update(hidden_at=timezone.now())
    assert not SearchEntry.objects.filter(post=post).exists()
    assert indexing.follow(seconds=60) == 0
    assert post.pk not in found(site) | found(site, "followers") | found(site, "llow", inside=True)
    Post.objects.filter(pk=post.pk).update(hidden_at=None)
    assert indexing.follow(seconds=60) == 1
