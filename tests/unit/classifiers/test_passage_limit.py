"""What passages a model asks about is told by its own folds."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from classifiers import passages
from classifiers.assess import assess
from classifiers.guarantees.exact import upper
from classifiers.training import run
from classifiers.training.card import write_card
from classifiers.training.data import examples
from classifiers.training.data.dataset import Row, Snapshot
from classifiers.training.fitting import passage_limit, recipe
from classifiers.training.fitting.passage_limit import DELTA, RAISED
from classifiers.training.writing import facts_of
from classifiers.types import Content, History
from classifiers.versions import artifacts
from tests.unit.classifiers import models

HONEST = 0.01
"""Probability of a post that looks honest as a whole."""


def limit(tops, whole=HONEST, *, away=False):
    """Of posts with two passages, of which one says nothing and one so much."""
    log_odds = np.stack([np.asarray(tops, dtype=float), np.full(len(tops), -20.0)], axis=1).ravel()
    of = np.repeat(np.arange(len(tops)), 2)
    probabilities = np.broadcast_to(whole, len(tops))
    brief = np.zeros(len(of), dtype=bool)
    return passage_limit.limit(of, brief, log_odds, probabilities, away=away)


@pytest.mark.parametrize(("posts", "asked"), [(98, 0), (398, 0), (399, 1), (1_000, 4)])
def test_so_few_honest_posts_are_asked_about_that_one_more_hardly_is(posts, asked):
    tops = np.linspace(-4.0, 6.0, posts) + 3e-5
    found = limit(np.random.default_rng(0).permutation(tops))
    assert found.raised == (tops >= found.log_odds).sum() == asked
    assert asked == 0 or (asked + 1) / (posts + 1) <= RAISED
    stored = found.as_dict()
    assert (stored["honest"], stored["raised"]) == (posts, asked)
    assert stored["raised_at_most"] == pytest.approx(upper(asked, posts, DELTA), abs=1e-4)


def test_of_few_posts_none_is_asked_about():
    found = limit([-1.0, 0.4, 2.0, 3.0])
    assert (found.honest, found.raised) == (4, 0)
    assert 3.0 <= found.log_odds < 3.001


def test_no_limit_is_below_that_of_models_of_other_communities():
    assert limit([-3.0] * 1_000).log_odds == passages.LIMIT
    nothing = passage_limit.limit(
        np.zeros(0, dtype=np.int64), np.zeros(0, dtype=bool), np.zeros(0), np.zeros(5), away=False
    )
    assert (nothing.log_odds, nothing.honest) == (passages.LIMIT, 0)


def test_models_for_other_communities_keep_theirs():
    found = limit([3.0] * 4, away=True)
    assert (found.log_odds, found.raised) == (passages.LIMIT, 4)


def test_posts_that_are_doubtful_as_a_whole_do_not_count():
    found = limit([3.0, 5.0, -1.0, -1.0], np.array([HONEST, 0.6, HONEST, HONEST]))
    assert 3.0 <= found.log_odds < 3.001
    assert found.honest == 4


def test_passages_that_look_as_bad_take_from_the_likeliest_here_too():
    of, same = np.zeros(3, dtype=np.int64), np.full(3, 4.0)
    brief = np.zeros(3, dtype=bool)
    found = passage_limit.limit(of, brief, same, np.full(1, HONEST), away=False)
    assert found.log_odds == pytest.approx(4.0 - np.log(3.0), abs=0.02)
    # Brief ones do not.
    brief[:2] = True
    found = passage_limit.limit(of, brief, same, np.full(1, HONEST), away=False)
    assert found.log_odds == pytest.approx(4.0, abs=0.02)


def mixed(count):
    """Short posts of both kinds, and long honest ones of eight sentences."""
    said = [models.sentence(False, 5_000 + i) for i in range(8 * count)]
    long = [". ".join(said[8 * i : 8 * i + 8]) for i in range(count)]
    return [*models.rows(120), *(Row(Content(text=text), False) for text in long)]


def test_the_limit_is_measured_on_long_honest_posts_that_the_models_had_not_seen():
    posts = examples.of(Snapshot(mixed(40), ""))
    trained = recipe.train(posts)
    assert trained.passages.honest == 40
    assert trained.passages.raised == 0
    assert trained.passages.log_odds >= passages.LIMIT
    assert trained.scorer("x").passage_limit == trained.passages.log_odds
    assert recipe.train(replace(posts, contents=())).passages is None, "nothing to measure it on"
    # The posts stay beside their rows.
    chosen = posts.keep(np.arange(159, 118, -1))
    assert [content.text for content in chosen.contents[:2]] == [
        row.content.text for row in mixed(40)[:157:-1]
    ]


def test_a_long_post_of_honest_sentences_and_spam_is_asked_about_by_a_sites_own_model():
    trained = recipe.train(examples.of(Snapshot(mixed(40), "")))
    scorer = trained.scorer("own")
    honest = [models.sentence(False, 9_000 + i) for i in range(12)]
    spam = [models.sentence(True, 9_000 + i) for i in range(2)]

    def said(text, by=scorer):
        return assess(Content(text=text), History(), (), [by]).probability

    hidden = ". ".join([*honest[:6], *spam, *honest[6:]])
    assert said(hidden, replace(scorer, passage_limit=None)) < 0.3
    assert said(hidden) == pytest.approx(0.45, abs=0.01)
    assert said(". ".join(honest)) < 0.3


def test_where_people_said_too_little_the_labels_of_reporters_measure():
    posts = examples.of(Snapshot(mixed(40), ""))
    reported = np.arange(160) < 130
    assert passage_limit.of_people(posts, reported) is posts
    assert set(range(120, 160)) <= set(passage_limit.drawn(posts).tolist())


def test_of_copies_one_measures(monkeypatch):
    posts = examples.of(Snapshot(mixed(40), ""))
    posts.cluster[125:160] = posts.cluster[120]
    places = passage_limit.drawn(posts).tolist()
    assert sum(place in places for place in (120, *range(125, 160))) == 1
    assert {121, 122, 123, 124} <= set(places)
    # Nor are copies enough to leave out what reporters said.
    reported = np.arange(160) >= 159
    monkeypatch.setattr(passage_limit, "ENOUGH", len(places) + 1)
    assert passage_limit.of_people(posts, reported) is posts
    monkeypatch.setattr(passage_limit, "ENOUGH", len(places))
    assert passage_limit.of_people(posts, reported).contents[159] is None


def test_passages_know_in_training_too_which_are_brief():
    said = [models.sentence(False, 5_000 + i) for i in range(8)]
    text = ". ".join([*said, "Claim it here http://a.example/b."])
    posts = examples.of(Snapshot([Row(Content(text=text), False)], ""))
    (found,) = passage_limit.passages_of(
        posts, np.zeros(1, dtype=np.int64), [models.scorer().weights]
    )
    assert found.brief.tolist().count(True) == 1
    twice = passage_limit.Passages.all_of([replace(found, of=found.of + 1), found])
    assert twice.brief.tolist() == found.brief.tolist() * 2


def test_labels_that_reporters_gave_do_not_measure(tmp_path, monkeypatch):
    measured = []
    drawn = passage_limit.drawn
    monkeypatch.setattr(
        passage_limit, "drawn", lambda posts: measured.append(posts.contents) or drawn(posts)
    )
    monkeypatch.setattr(passage_limit, "ENOUGH", 30)
    rows = [replace(row, source="verdict") for row in mixed(60)]
    reported = [
        replace(row, source="feedback:7", content=Content(text=f"{row.content.text} again"))
        for row in mixed(60)[-10:]
    ]
    run.retrain(Snapshot([*rows, *reported], ""), output=tmp_path / "out", parent=models.scorer())
    *_, contents = measured
    assert sum(content is None for content in contents) == 10
    stored = artifacts.inspect(tmp_path / "out").stored
    assert stored["training"]["passages"]["limit"] == stored["passage_limit"]
    assert artifacts.load(tmp_path / "out").passage_limit == stored["passage_limit"]


def test_the_card_says_from_where_on_passages_are_asked_about_and_what_that_costs():
    snapshot = Snapshot(mixed(40), "")
    trained = recipe.train(examples.of(snapshot))
    found = passage_limit.PassageLimit(0.4, 500, 1)
    facts = {**facts_of(snapshot, replace(trained, passages=found)), "metrics": {}}
    card = write_card("x", facts)
    assert "from log-odds of 0.40: so 1 of 500 honest long posts" in card
    assert "(at most 0.9 %, 95 %)" in card
