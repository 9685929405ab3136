"""Posts that say much the same are found, shown to those who may see them, and forgotten."""

import hashlib
from datetime import timedelta

import numpy as np
import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from classifiers.encoder import loaded
from classifiers.exceptions import EncoderUnusable
from moderation import leases
from moderation.exceptions import LeaseTaken
from moderation.models import Post, PostRevision, Site
from moderation.types import Status
from reviews import tasks
from reviews.evidence import comparing, similar
from reviews.judging.undoing import undo
from reviews.models import Case, Embedding, Likeness
from reviews.queue.intake import follow_decisions
from reviews.states import VerdictKind
from tests.integration.reviews.world import edit, forget, make_post
from tests.integration.world import answer, decide, make_site

WORDS = 64


class ByWords:
    """Stands in for the text encoder: texts with the same words are alike. Deterministic."""

    name, digest, dimensions = "by words", "0" * 64, WORDS

    def __init__(self) -> None:
        self.texts: list[str] = []

    def unread(self, texts: list[str], languages: list[str]) -> np.ndarray:
        """It knows neither other letters nor Welsh."""
        return np.array(
            [
                float(not text.isascii() or language == "cy")
                for text, language in zip(texts, languages, strict=True)
            ]
        )

    def embed(self, texts: list[str]) -> np.ndarray:
        self.texts += texts
        rows = np.zeros((len(texts), WORDS), dtype=np.float32)
        for row, text in zip(rows, texts, strict=True):
            for word in text.split():
                row[hashlib.sha256(word.encode()).digest()[0] % WORDS] += 1.0
            row /= max(float(np.linalg.norm(row)), 1e-9)
        return rows


@pytest.fixture
def model(monkeypatch: pytest.MonkeyPatch) -> ByWords:
    model = ByWords()
    monkeypatch.setattr(loaded, "current", lambda: model)
    return model


def held(site: Site, text: str) -> Post:
    """A post that waits for a person."""
    post = make_post(site, text)
    decide(post)
    follow_decisions(post_ids=[post.pk])
    return post


def compare() -> int:
    return comparing.compare(seconds=60)


def found(post: Post) -> list[Post]:
    return [alike.post for alike in similar.alike(Post.objects.get(pk=post.pk))]


def test_both_of_a_pair_show_each_other(site, model):
    first, second = held(site, "cheap watches here now"), held(site, "cheap watches here today")
    stranger = held(site, "moonlight over quiet harbours")
    assert compare() == 3
    assert (found(first), found(second), found(stranger)) == ([second], [first], [])


def test_what_the_language_model_cannot_read_is_like_nothing(site, model):
    """It sees signs that it does not know, which are the same in any two such posts."""
    for text in ("სად არის სადგური", "დღეს წვიმს აქ", "ble mae'r orsaf", "ble mae'r orsaf"):
        post = held(site, text)
        if text.isascii():
            PostRevision.objects.filter(post=post).update(language="cy")
    assert compare() == 4
    assert model.texts == []
    assert not Likeness.objects.exists()


def test_later_posts_find_earlier_ones_and_are_found_by_them(site, model):
    first = held(site, "cheap watches here now")
    assert compare() == 1
    second = held(site, "cheap watches here today")
    assert compare() == 1
    assert compare() == 0
    assert (found(first), found(second)) == ([second], [first])


def test_the_nearest_come_first_and_no_more_than_are_shown(site, model):
    near = [held(site, f"one two three four five six seven eight extra{n}") for n in range(9)]
    exact = held(site, "one two three four five six seven eight")
    again = held(site, "one two three four five six seven eight")
    compare()
    shown = similar.alike(again)
    assert len(shown) == similar.SHOWN
    assert shown[0].post == exact
    assert shown[0].how == "Nearly the same"
    assert [one.similarity for one in shown] == sorted(
        (one.similarity for one in shown), reverse=True
    )
    assert {one.post for one in shown[1:]} <= set(near)


def test_sites_do_not_meet(site, model):
    mine, theirs = held(site, "cheap watches here"), held(make_site(), "cheap watches here")
    compare()
    later = held(site, "cheap watches here")
    compare()
    assert found(mine) == [later]
    assert found(theirs) == []
    # And were a pair there, it would not be shown.
    Likeness.objects.create(post=theirs, other=mine, similarity=1.0)
    assert found(mine) == [later]
    assert found(theirs) == []


def test_the_verdict_is_told_and_its_undoing(site, model, moderator):
    first, second = held(site, "cheap watches here"), held(site, "cheap watches here")
    compare()
    case = Case.objects.get(post=first)
    verdict = answer(case, moderator, now=None)
    (told,) = similar.alike(second)
    assert (told.verdict, told.case_id) == (verdict, case.pk)
    assert (told.verdict.kind, told.verdict.user) == (VerdictKind.SPAM, moderator)
    undo(verdict_id=verdict.pk, user=moderator)
    assert similar.alike(second)[0].verdict is None


def test_an_edited_post_is_compared_anew(site, model):
    first, second = held(site, "cheap watches here"), held(site, "cheap watches here")
    compare()
    edit(first, "moonlight over quiet harbours")
    decide(first)
    follow_decisions(post_ids=[first.pk])
    assert compare() == 1
    assert (found(first), found(second)) == ([], [])
    assert Embedding.objects.get(post=first).revision == 2


def test_a_refreshed_case_about_the_same_words_is_not_compared_again(site, model):
    post = held(site, "cheap watches here")
    compare()
    decide(post, probability=0.7)
    follow_decisions(post_ids=[post.pk])
    assert compare() == 0


def test_what_was_edited_while_it_was_read_is_not_stored(site, model, monkeypatch):
    post = held(site, "cheap watches here")
    embed = model.embed

    def meanwhile(texts: list[str]) -> np.ndarray:
        edit(Post.objects.get(pk=post.pk))
        return embed(texts)

    monkeypatch.setattr(model, "embed", meanwhile)
    compare()
    assert not Embedding.objects.exists()


def test_withdrawn_posts_are_not_shown(site, model):
    first, second = held(site, "cheap watches here"), held(site, "cheap watches here")
    compare()
    Post.objects.filter(pk=first.pk).update(status=Status.WITHDRAWN)
    assert found(second) == []


def test_another_model_starts_from_the_beginning(site, model):
    held(site, "cheap watches here")
    compare()
    model.digest = "1" * 64
    second = held(site, "cheap watches here")
    compare()
    assert found(second) == []


def test_one_post_that_breaks_the_model_holds_up_no_other(site, model, monkeypatch):
    held(site, "cheap watches here")
    with monkeypatch.context() as broken:
        broken.setattr(model, "embed", lambda texts: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            compare()
    held(site, "cheap watches here")
    assert compare() == 1


def test_without_a_language_model_nothing_happens(site, monkeypatch):
    monkeypatch.setattr(loaded, "current", lambda: None)
    post = held(site, "cheap watches here")
    tasks.compare()
    assert not Case.objects.get(post=post).compared
    assert found(post) == []


def test_whoever_waits_for_a_decision_comes_first(site, model):
    post = held(site, "cheap watches here")
    waiting = make_post(site, "Nobody has judged this yet")
    tasks.compare()
    assert not Case.objects.get(post=post).compared
    decide(waiting)
    tasks.compare()
    assert Case.objects.get(post=post).compared


def test_the_language_model_is_not_loaded_for_nothing(db, monkeypatch):
    monkeypatch.setattr(loaded, "current", lambda: pytest.fail("it was loaded"))
    assert compare() == 0


def test_a_broken_language_model_is_told(site, monkeypatch):
    def broken() -> None:
        raise EncoderUnusable("gone")

    monkeypatch.setattr(loaded, "current", broken)
    held(site, "cheap watches here")
    with pytest.raises(EncoderUnusable):
        tasks.compare()


@pytest.mark.django_db(transaction=True)
def test_one_process_at_a_time(site, model):
    held(site, "cheap watches here")
    with leases.hold("compare"):
        with pytest.raises(LeaseTaken):
            compare()
        tasks.compare()
    assert not Embedding.objects.exists()


def test_few_statements_for_many_posts(site, model, django_assert_max_num_queries):
    for number in range(comparing.BATCH):
        held(site, f"cheap watches number{number}")
    with django_assert_max_num_queries(20):
        assert compare() == comparing.BATCH
    post = Post.objects.earliest("pk")
    with django_assert_max_num_queries(5):
        assert len(similar.alike(post)) == similar.SHOWN


def test_it_goes_with_the_words(site, model, old_post):
    old, young = old_post(40), old_post(20)
    for post in (old, young):
        decide(post)
        follow_decisions(post_ids=[post.pk])
    compare()
    assert (Embedding.objects.count(), Likeness.objects.count()) == (2, 1)
    Case.objects.update(state="closed", closed_at=timezone.now())
    Post.objects.update(hold_until=None)
    assert forget(site, words_days=30).words == 1
    assert [row.post_id for row in Embedding.objects.all()] == [young.pk]
    assert not Likeness.objects.exists()


def test_it_goes_with_the_post(site, model, old_post):
    old = old_post(140)
    decide(old)
    follow_decisions(post_ids=[old.pk])
    compare()
    Case.objects.update(state="closed", closed_at=timezone.now())
    Post.objects.update(hold_until=None)
    assert forget(site, facts_days=130).posts == 1
    assert not Embedding.objects.exists()


def test_words_that_are_gone_are_not_read(site, model, as_owner):
    post = held(site, "cheap watches here")
    with as_owner():
        Post.objects.filter(pk=post.pk).update(pruned_at=timezone.now() - timedelta(days=1))
    compare()
    assert not Embedding.objects.exists()


def test_a_post_is_not_like_itself(site):
    post = held(site, "cheap watches here")
    with pytest.raises(IntegrityError), transaction.atomic():
        Likeness.objects.create(post=post, other=post, similarity=1.0)


def test_with_the_real_language_model(site):
    if loaded.current() is None:
        pytest.skip("NO TEXT ENCODER: make install exports one")
    first = held(site, "Win a free gift card, just subscribe to my channel")
    second = held(site, "subscribe to my channel and win free gift cards!!")
    third = held(site, "The lecture on bridges was moved to Tuesday afternoon")
    compare()
    assert (found(first), found(second), found(third)) == ([second], [first], [])


class ByWindows(ByWords):
    """Reads the first and the last 30 words alone, as windows of long texts do."""

    def embed(self, texts: list[str]) -> np.ndarray:
        return super().embed([" ".join((*t.split()[:30], *t.split()[-30:])) for t in texts])


def test_long_posts_that_differ_between_the_windows_are_not_nearly_the_same(site, monkeypatch):
    monkeypatch.setattr(loaded, "current", ByWindows)
    words = [f"word{number}" for number in range(300)]
    other = [*words[:30], *(f"else{number}" for number in range(240)), *words[270:]]
    long, copy = held(site, " ".join(words)), held(site, " ".join([*words[:150], *words[151:]]))
    apart = held(site, " ".join(other))
    short, again = held(site, "cheap watches here"), held(site, "here cheap watches")
    assert compare() == 5
    how = {one.post.pk: one.how for one in similar.alike(Post.objects.get(pk=long.pk))}
    assert how == {copy.pk: "Nearly the same", apart.pk: "Very much alike"}
    same = {"site_id": site.pk, "most": 10}
    assert set(similar.say_the_same(post_id=long.pk, **same)) == {long.pk, copy.pk}
    assert similar.say_the_same(post_id=apart.pk, **same) == [apart.pk]
    assert set(similar.say_the_same(post_id=short.pk, **same)) == {short.pk, again.pk}
