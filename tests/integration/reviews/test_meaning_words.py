import hashlib
from dataclasses import replace

import numpy as np
import pytest
from django.utils import timezone

from classifiers.assess import assess_batch
from classifiers.encoder import loaded
from classifiers.scorers.head import Band, Head
from classifiers.types import Content, History
from classifiers.versions import lineup
from moderation import leases
from moderation.deciding.decisions import stored_reasons
from moderation.exceptions import LeaseTaken
from moderation.models import Decision, Post
from moderation.types import Outcome, Source
from reviews import tasks
from reviews.evidence import comparing, meaning_words
from reviews.evidence.reasons import reasons_of
from reviews.models import Case, Embedding
from reviews.queue.intake import follow_decisions
from tests.integration.reviews.world import edit, forget, make_post
from tests.integration.world import decide
from tests.unit.classifiers import models
from tests.unit.classifiers.encoders import Passage

TEXT = "sell me a casino tonight"


class OfCasinos:
    """Stands in for the text encoder: knows casinos, and other words a little apart."""

    name, digest, dimensions = "of casinos", "c" * 64, 2

    def unread(self, texts: list[str], languages: list[str]) -> np.ndarray:
        return np.zeros(len(texts))

    def embed(self, texts: list[str]) -> np.ndarray:
        rows = [[float("casino" in text), 0.1 * (hash_of(text) % 7)] for text in texts]
        return np.array(rows, dtype=np.float32)

    def passage(self, text: str) -> Passage:
        return Passage(text, self.embed)


def hash_of(text: str) -> int:
    return hashlib.sha256(text.encode()).digest()[0]


@pytest.fixture
def used(monkeypatch: pytest.MonkeyPatch) -> lineup.Lineup:
    model = OfCasinos()
    head = Head(
        model.digest, model.name, np.array([3.0, 0.0], np.float32), 1.0, 0.0, Band(-20.0, 20.0)
    )
    scorer = replace(models.blank(), head=head).with_encoder(model)
    found = lineup.Lineup(scorer.version, (scorer,), "d" * 64)
    monkeypatch.setattr(loaded, "current", lambda: model)
    monkeypatch.setattr(lineup, "current", lambda slot: found)
    return found


def judge(post: Post, used: lineup.Lineup, text: str = TEXT, model: str | None = None) -> Decision:
    """Decides as the model does, so that a case is open about the post."""
    (assessment,) = assess_batch([Content(text=text)], [History()], [()], used.scorers)
    reasons = stored_reasons(assessment.contributions)
    named = used.model if model is None else model
    decision = decide(post, probability=assessment.probability, reasons=reasons, model=named)
    follow_decisions(post_ids=[post.pk])
    return decision


def look() -> int:
    comparing.compare(seconds=60)
    return meaning_words.tell(seconds=60)


def test_the_words_behind_the_meaning_are_told_and_add_up(site, used):
    decision = judge(make_post(site, TEXT), used)
    before = reasons_of(decision)
    assert [one["code"] for one in before].count("meaning") == 1
    assert look() == 1
    after = reasons_of(decision)
    words = [one for one in after if one["code"] == "meaning.words"]
    assert [("“casino”" in one["sentence"], one["weight"]) for one in words] == [(True, 3.0)]
    for one in (before, after):
        assert sum(part["weight"] for part in one) == pytest.approx(
            sum(part["weight"] for part in decision.reasons), abs=1e-6
        )
    assert look() == 0


def test_words_that_were_judged_anew_are_told_for_that_decision_alone(site, used):
    post = make_post(site, TEXT)
    first = judge(post, used)
    look()
    second = judge(post, used)
    assert reasons_of(first) != first.reasons
    assert reasons_of(second) == second.reasons


def test_new_words_are_told_anew(site, used):
    post = make_post(site, TEXT)
    judge(post, used)
    look()
    edit(post, "the casino is closed")
    decision = judge(post, used, "the casino is closed")
    assert look() == 1
    assert reasons_of(decision) != decision.reasons


def test_another_model_tells_nothing_of_what_this_one_decided(site, used):
    decision = judge(make_post(site, TEXT), used, model="an earlier one")
    assert look() == 1
    assert reasons_of(decision) == decision.reasons
    assert Embedding.objects.get().told == {}


def test_a_persons_answer_has_no_words_behind_it(site, used, moderator):
    post = make_post(site, TEXT)
    judge(post, used)
    comparing.compare(seconds=60)
    decide(post, Outcome.BLOCK, source=Source.MODERATOR, user=moderator)
    assert meaning_words.tell(seconds=60) == 1
    assert Embedding.objects.get().told == {}


def test_what_was_edited_meanwhile_is_not_kept(site, used, monkeypatch):
    judge(make_post(site, TEXT), used)
    comparing.compare(seconds=60)
    passage = OfCasinos.passage

    def meanwhile(self: OfCasinos, text: str) -> Passage:
        Embedding.objects.update(revision=2)
        return passage(self, text)

    monkeypatch.setattr(OfCasinos, "passage", meanwhile)
    meaning_words.tell(seconds=60)
    assert Embedding.objects.get().told == {}


def test_one_post_that_breaks_the_model_holds_up_no_other(site, used, monkeypatch):
    judge(make_post(site, TEXT), used)
    with monkeypatch.context() as broken:
        broken.setattr(OfCasinos, "passage", lambda self, text: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            look()
    decision = judge(make_post(site, TEXT), used)
    assert look() == 1
    assert reasons_of(decision) != decision.reasons


def test_it_goes_with_the_words(site, used, old_post):
    post = old_post(40)
    decision = decide(post, reasons=[{"code": "meaning", "sentence": "-", "weight": 3.0}])
    follow_decisions(post_ids=[post.pk])
    look()
    parts = [{"code": "meaning.words", "sentence": "canary", "weight": 3.0}]
    Embedding.objects.update(told={"decision": decision.pk, "parts": parts})
    assert reasons_of(decision) == parts
    Case.objects.update(state="closed", closed_at=timezone.now())
    Post.objects.update(hold_until=None)
    assert forget(site, words_days=30).words == 1
    assert not Embedding.objects.exists()


def test_what_the_release_before_left_is_not_looked_at(site, used):
    """It writes no `told`, and the database says for it that nothing is to be told."""
    post = make_post(site, TEXT)
    judge(post, used)
    Embedding.objects.create(
        post=post,
        site=site,
        revision=1,
        encoder=OfCasinos.digest,
        vector=b"",
        created_at=timezone.now(),
    )
    assert meaning_words.tell(seconds=60) == 0


@pytest.mark.django_db(transaction=True)
def test_one_process_at_a_time(site, used):
    judge(make_post(site, TEXT), used)
    comparing.compare(seconds=60)
    with leases.hold("tell"):
        with pytest.raises(LeaseTaken):
            meaning_words.tell(seconds=60)
        tasks.compare()
    assert Embedding.objects.get().told is None
    tasks.compare()
    assert Embedding.objects.get().told["parts"]


def test_time_is_not_overrun(site, used):
    for number in range(2 * meaning_words.BATCH):
        judge(make_post(site, f"{TEXT} {number}"), used, f"{TEXT} {number}")
    comparing.compare(seconds=60)
    ticks = iter([0.0, 0.5, 1.5])
    assert meaning_words.tell(seconds=1.0, clock=lambda: next(ticks)) == meaning_words.BATCH


def test_with_the_real_language_model(site, monkeypatch):
    model = loaded.current()
    if model is None:
        pytest.skip("NO TEXT ENCODER: make install exports one")
    text = "hey guys I made a new track on my page, give me some feedback and subscribe please"
    # Another test may have had it loaded without a text encoder.
    lineup.forget()
    towards = model.embed([text])[0].astype(np.float32)
    head = Head(model.digest, model.name, 4.0 * towards, 1.0, 0.0, Band(-20.0, 20.0))
    scorer = replace(models.blank(), head=head).with_encoder(model)
    used = replace(lineup.current(), scorers=(scorer,))
    monkeypatch.setattr(lineup, "current", lambda slot: used)
    decision = judge(make_post(site, text), used, text)
    assert [one["code"] for one in decision.reasons].count("meaning") == 1
    assert look() == 1
    words = [one for one in reasons_of(decision) if one["code"] == "meaning.words"]
    assert words
    assert all(one["sentence"].split("”")[0].strip("“") in text for one in words)
