"""What a site saw before: counted with each decision, told with the next, of one site alone."""

import zlib
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from classifiers.sighting import AUTHORS
from classifiers.training.data import played_site as played
from classifiers.types import Community, Content, Sighting
from moderation import sites
from moderation.judging import adaptation, community, history, scoring, sightings, talks
from moderation.models import Decision, ListEntry, Post, PostRevision, Site, SiteTalk
from moderation.models import Sighting as Row
from moderation.types import Status
from tests.integration.moderation.world import HAM, NOW

DAY = timedelta(days=1)
LINKED = "Have a look at https://offers.example.org/a and tell me what you think of it."


@pytest.fixture(autouse=True)
def no_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    community._held.clear()


@pytest.fixture(autouse=True)
def no_chance(monkeypatch: pytest.MonkeyPatch) -> None:
    """By the installation's secret two authors would now and then share a bit."""
    monkeypatch.setattr(sightings, "hash_of", hash_of)


def hash_of(site_id: int, what: str) -> int:
    kind, _, name = what.partition(" ")
    number = int(name) if kind == "author" else zlib.crc32(what.encode())
    return site_id * 10**6 * AUTHORS + number


@pytest.fixture
def grown(site: Site) -> Site:
    """A site that has seen enough to find something new."""
    SiteTalk.objects.create(site=site, seed=1, key=sightings.key(), counted=10_000)
    return site


def place_of(post: Post) -> Community | None:
    [judged] = scoring.judge([Post.objects.get(pk=post.pk)])
    return judged.place.community


def codes_of(decision: Decision) -> set[str]:
    return {reason["code"] for reason in decision.reasons}


def test_a_link_is_new_once_then_its_authors_then_known(grown, submit, decide, model_says):
    model_says(otherwise=0.05)
    found = []
    for author in ("a", "a", "b"):
        post = submit(LINKED, author_id=author)
        known = place_of(post)
        assert known is not None
        found.append(known.sightings)
        decide()
    assert found == [
        (Sighting(),),
        (Sighting(own=True, days=0.0),),
        (Sighting(others=1, trusted=1, days=0.0),),
    ]


def test_the_decision_says_so_and_keeps_what_was_known(grown, submit, decide, model_says):
    model_says(otherwise=0.05)
    post = submit(LINKED)
    [decision] = decide()
    assert "community.new_contact" in codes_of(decision)
    assert "offers.example.org" not in str(decision.community)
    decide()
    words = PostRevision.objects.get(post=post)
    for _ in range(3):
        submit(LINKED)
        decide()
    [then] = community.as_judged([words])
    assert then == Community(10_000, (Sighting(),))


def test_a_new_site_finds_nothing_new(site, submit, decide, model_says):
    model_says(otherwise=0.05)
    submit(LINKED)
    [decision] = decide()
    assert not {code for code in codes_of(decision) if code.startswith("community.")}
    assert decision.community is None


def test_another_site_knows_nothing_of_it(grown, submit, decide, model_says):
    model_says(otherwise=0.05)
    submit(LINKED)
    decide()
    shop = sites.create_site(name="Shop")
    SiteTalk.objects.create(site=shop, seed=2, key=sightings.key(), counted=10_000)
    assert place_of(submit(LINKED, to=shop)).sightings == (Sighting(),)
    hashes = list(Row.objects.values_list("hash", flat=True))
    decide()
    assert set(Row.objects.filter(site=shop).values_list("hash", flat=True)).isdisjoint(hashes)


def test_posts_of_one_batch_see_each_other(grown, submit, decide, model_says):
    model_says(otherwise=0.05)
    for author in "abcd":
        submit(LINKED, author_id=author)
    decisions = decide()
    others = [decision.community["sightings"][0]["others"] for decision in decisions]
    assert sorted(others) == [0, 1, 2, 3]
    [row] = Row.objects.all()
    assert row.authors.bit_count() == 4


def test_only_what_the_machine_found_honest_is_trusted(grown, submit, decide, model_says):
    model_says({LINKED: 0.99}, otherwise=0.05)
    ListEntry.objects.create(site=grown, kind="author", value="friend", verdict="allow")
    submit(LINKED, author_id="a")
    submit(LINKED, author_id="friend")
    decide()
    [row] = Row.objects.all()
    assert (row.authors.bit_count(), row.trusted) == (2, 0)


def test_who_is_counted_already_writes_nothing(grown, submit, decide, model_says):
    model_says(otherwise=0.05)
    submit(LINKED, author_id="a")
    decide()
    [before] = Row.objects.values("authors", "trusted", "last_at")
    submit(LINKED, author_id="a", at=NOW + timedelta(hours=1))
    decide(at=NOW + timedelta(hours=1))
    assert [before] == list(Row.objects.values("authors", "trusted", "last_at"))
    submit(LINKED, author_id="a", at=NOW + 2 * DAY)
    decide(at=NOW + 2 * DAY)
    assert Row.objects.get().last_at == NOW + 2 * DAY


def test_counting_that_fails_breaks_no_decision(grown, submit, decide, model_says, as_owner):
    model_says(otherwise=0.05)
    with as_owner(), connection.cursor() as cursor:
        cursor.execute(
            "ALTER TABLE moderation_sighting ADD CONSTRAINT never CHECK (false) NOT VALID"
        )
    submit(LINKED)
    [decision] = decide()
    assert Post.objects.get(decision=decision).status == Status.DECIDED
    assert not Row.objects.exists()


def test_a_file_is_played_by_the_formulas_of_serving(
    grown, submit, decide, model_says, monkeypatch
):
    model_says(otherwise=0.05)
    bits = {"a": 1, "b": 2, "c": 4}
    monkeypatch.setattr(community, "_bit", lambda post: bits[post.author.external_id])
    monkeypatch.setattr(played.PlayedSite, "_bit", lambda self, place, post: bits[post.author])
    file = played.PlayedSite()
    for author, minutes in (("a", 0), ("b", 10), ("a", 20), ("a", 75), ("c", 1500)):
        at = NOW + timedelta(minutes=minutes)
        submit(LINKED, author_id=author, at=at)
        post = Post.objects.select_related("author").get(status=Status.PENDING)
        words = PostRevision.objects.get(post=post)
        [served] = history.recall([post], [words], [history.fingerprint_of(words)])
        known = place_of(post)
        arrival = played.Arrival(Content(LINKED), at, author)
        [found] = file.recall([arrival])
        assert known is not None and found.community is not None
        assert known.sightings == found.community.sightings
        for name in (
            "author_posts_last_hour",
            "same_text_last_day",
            "same_text_other_authors_last_day",
        ):
            assert getattr(served.history, name) == getattr(found, name), (name, minutes)
        decide(at=at)
        file.count([True])


def test_a_post_that_cannot_be_read_fails_alone(grown, submit, decide, model_says, monkeypatch):
    model_says(otherwise=0.05)
    from classifiers.heuristics import contact

    find = contact.ways

    def breaks(text: str) -> tuple[str, ...]:
        if "poison" in text:
            raise RecursionError
        return find(text)

    monkeypatch.setattr(contact, "ways", breaks)
    submit("poison")
    fine = submit(LINKED)
    decisions = {decision.post_id: decision for decision in decide()}
    assert len(decisions) == 2
    assert len(decisions[fine.pk].community["sightings"]) == 1


def test_with_another_secret_everything_is_silent_and_not_new(
    grown, submit, decide, model_says, settings
):
    model_says(otherwise=0.05)
    settings.SECRET_KEY = "another"
    sightings._secret.cache_clear()
    try:
        submit(LINKED)
        [decision] = decide()
        assert "community.new_contact" not in codes_of(decision)
        talks.listen()
        assert SiteTalk.objects.get().counted == 1
    finally:
        sightings._secret.cache_clear()


WORDS = "camera lens shutter tripod picture light colours paper battery exposure"
TALK = WORDS.split()


def hear(submit: Callable[..., Post], decide: Callable[..., list[Decision]], count: int) -> None:
    for number in range(count):
        rotated = TALK[number % 10 :] + TALK[: number % 10]
        submit(" ".join(rotated[: 7 + number % 3]), author_id=f"a{number % 9}")
    while decide():
        pass


def test_listening_makes_strange_talk_strange(site, submit, decide, model_says):
    model_says(otherwise=0.05)
    hear(submit, decide, 120)
    assert talks.listen(now=NOW) == 120
    assert talks.listen(now=NOW) == 0
    assert SiteTalk.objects.get().counted == 120
    usual = place_of(submit(" ".join(TALK[:8])))
    strange = submit(
        "guaranteed casino jackpot bonus deposit today withdraw instantly profit crypto"
    )
    assert usual.surprise < 2
    assert place_of(strange).surprise > 4
    decisions = {decision.post_id: decision for decision in decide()}
    assert "community.unusual_talk" in codes_of(decisions[strange.pk])


def test_spam_does_not_become_what_is_usual(site, submit, decide, model_says):
    spam = "guaranteed casino jackpot bonus deposit today withdraw instantly profit crypto"
    model_says({spam: 0.99}, otherwise=0.05)
    for _ in range(30):
        submit(spam)
    decide()
    assert talks.listen(now=NOW) == 0
    row = SiteTalk.objects.get()
    assert (row.posts, row.counted) == (0, 30)


@pytest.mark.parametrize("words", [b"", b"junk", zlib.compress(b"odd"), zlib.compress(bytes(64))])
def test_counts_that_cannot_be_read_are_passed_over(site, submit, words):
    SiteTalk.objects.create(site=site, seed=1, key=sightings.key(), posts=500, words=words)
    assert place_of(submit("one two three four five six seven eight")).surprise is None


def test_sightings_end(site):
    def row(number: int, *, trusted: int, days: int) -> Row:
        then = NOW - days * DAY
        return Row(site=site, hash=number, authors=1, trusted=trusted, first_at=then, last_at=then)

    Row.objects.bulk_create(
        row(number, trusted=trusted, days=days)
        for number, trusted, days in ((1, 0, 29), (2, 0, 31), (3, 1, 364), (4, 1, 366))
    )
    assert sightings.forget(now=NOW) == 2
    assert set(Row.objects.values_list("hash", flat=True)) == {1, 3}


def test_a_flood_drives_out_what_is_itself_of_floods(site, monkeypatch):
    monkeypatch.setattr(sightings, "TOO_MANY", sightings.TOO_MANY.replace("50000", "10"))
    Row.objects.bulk_create(
        Row(
            site=site,
            hash=number,
            authors=1,
            trusted=int(number < 5),
            first_at=NOW,
            last_at=NOW + number * timedelta(seconds=1),
        )
        for number in range(100)
    )
    assert sightings.forget(now=NOW) == 90
    kept = set(Row.objects.values_list("hash", flat=True))
    assert kept == {0, 1, 2, 3, 4, 95, 96, 97, 98, 99}


def test_what_a_learner_sees_is_what_the_machine_saw(grown, submit, decide):
    post = submit(LINKED, author_id="a")
    decide()
    for author in "bcdef":
        submit(LINKED, author_id=author)
    decide()
    words = PostRevision.objects.select_related("post").get(post=post)
    [judged] = scoring.judge([Post.objects.get(pk=submit(f"{LINKED} Now.", author_id="a").pk)])
    assert judged.place.community.sightings[0].others > 0
    used = adaptation.lineup_of(grown)
    [evidence] = adaptation.evidence_of([words], used)
    from classifiers.learner.evidence import bucket

    assert bucket("community.new_contact") in evidence.buckets
    assert bucket("community.sudden_contact") not in evidence.buckets


def test_many_posts_take_as_many_queries_as_few(grown, submit, decide, model_says):
    texts = [
        f"{HAM} See https://example{n % 40}.com/{n} or mail a{n}@example.net" for n in range(64)
    ]
    posts = [submit(text, author_id=f"a{n % 20}") for n, text in enumerate(texts)]
    words = {row.post_id: row for row in PostRevision.objects.all()}
    from moderation.judging.contents import content_of
    from moderation.models import Policy

    policy = Policy.objects.get(site=grown)
    contents = [content_of(post, words[post.pk], policy) for post in posts]
    with CaptureQueriesContext(connection) as of_few:
        assert len(community.recall(posts[:4], contents[:4])) == 4
    community._held.clear()
    with CaptureQueriesContext(connection) as of_many:
        assert len(community.recall(posts, contents)) == 64
    assert 0 < len(of_many) == len(of_few)
