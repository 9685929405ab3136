"""What a site saw, kept in memory: what is known of a post when it comes, and nothing later."""

from datetime import UTC, datetime, timedelta

import pytest

from classifiers.sighting import Mark
from classifiers.training.data import played_site as sites
from classifiers.training.data.played_site import Arrival, PlayedSite
from classifiers.types import AuthorFacts, Content, Sighting

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
LINKED = "Have a look at https://offers.example.org/a and tell me what you think of it."
TALK = "The tomatoes in my garden want more sun and water than this rainy summer gives them"


def post(text: str = TALK, author: str = "", after: timedelta = timedelta(0), ip: str = ""):
    return Arrival(Content(text, author=AuthorFacts(ip=ip)), NOW + after, author)


def come(site: PlayedSite, *posts: Arrival, honest: bool = True):
    """One batch after another, of one post each."""
    found = []
    for each in posts:
        found += site.recall([each])
        site.count([honest])
    return found


def test_a_link_is_new_once_then_its_authors_then_known():
    found = come(PlayedSite(), *(post(LINKED, author) for author in ("a", "a", "b")))
    assert [each.community.sightings for each in found] == [
        (Sighting(),),
        (Sighting(own=True, days=0.0),),
        (Sighting(others=1, trusted=1, days=0.0),),
    ]


def test_posts_of_one_batch_see_each_other_but_not_who_is_honest():
    site = PlayedSite()
    batch = [post(LINKED, author) for author in "abc"]
    found = site.recall(batch)
    assert [each.community.sightings[0].others for each in found] == [0, 1, 2]
    assert [each.same_text_last_day for each in found] == [0, 1, 2]
    site.count([True, False, True])
    [later] = site.recall([post(LINKED, "d")])
    assert (later.community.sightings[0].others, later.community.sightings[0].trusted) == (3, 2)


def test_who_is_not_named_is_somebody_else_each_time():
    found = come(PlayedSite(), *[post(LINKED)] * 3)
    assert [each.community.sightings[0].others for each in found] == [0, 1, 2]
    assert found[2].same_text_last_day == 2
    assert found[2].same_text_other_authors_last_day == 0
    assert found[2].author_posts_last_hour is None


def test_counts_are_of_the_hour_and_the_day_before():
    hour = timedelta(hours=1)
    moments = [0 * hour, 0.5 * hour, 1.25 * hour, 24.1 * hour]
    found = come(PlayedSite(), *(post(TALK, "a", after, "198.51.100.7") for after in moments))
    assert [each.author_posts_last_hour for each in found] == [0, 1, 1, 0]
    assert [each.address_posts_last_hour for each in found] == [0, 1, 1, 0]
    assert [each.same_text_last_day for each in found] == [0, 1, 2, 2]


def test_the_same_words_of_others_are_counted_by_author():
    found = come(PlayedSite(), *(post(TALK, author) for author in ("a", "b", "b", "c", "a")))
    assert [each.same_text_other_authors_last_day for each in found] == [0, 1, 1, 2, 2]


def test_who_is_new_to_a_file_is_not_called_new():
    found = come(PlayedSite(), post(author="a"), post(author="a", after=timedelta(days=100)))
    assert [each.author_first_seen for each in found] == [None, NOW]


def test_without_a_clock_nothing_is_known_of_speed_and_age():
    found = come(PlayedSite(clocked=False), *[post(TALK, "a")] * 3)
    last = found[-1]
    assert (last.now, last.author_posts_last_hour, last.author_first_seen) == (None, None, None)
    assert last.same_text_last_day == 2


def test_what_is_dishonest_is_neither_usual_nor_trusted():
    site = PlayedSite()
    come(site, *[post(f"{LINKED} {TALK}", "a")] * 5, honest=False)
    assert (site.counted, site.talk.posts) == (5, 0)
    [found] = site.recall([post(LINKED, "b")])
    assert found.community.sightings[0].trusted == 0


def test_no_more_is_kept_than_may_be(monkeypatch):
    monkeypatch.setattr(sites, "KEPT", 10)
    monkeypatch.setattr(sites, "MOST", 5)
    site = PlayedSite()
    # One author and one text again and again, and contacts that are new each time.
    found = come(
        site,
        *(post(f"{TALK} https://host{n}.org/a", f"author {n}") for n in range(40)),
        *(post(TALK, "a") for _ in range(20)),
    )
    assert found[-1].same_text_last_day == 5
    for store in (site._marks, site._first, site._recent._posts):
        assert len(store) <= 10
    [late] = come(site, post("Look at https://host0.org/a", "b"))
    assert late.community.sightings == (Sighting(),)


def test_marks_only_grow_and_know_their_first_moment():
    mark = Mark().counting(1, 0, NOW).counting(2, 2, NOW - timedelta(hours=1))
    assert mark == Mark(3, 2, NOW - timedelta(hours=1), NOW)
    assert mark.seen_by(2, 0, NOW) == Sighting(1, 0, True, pytest.approx(1 / 24))
