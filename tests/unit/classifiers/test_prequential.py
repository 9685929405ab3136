"""A file as a new community: what is told when, and what is measured of it."""

import json
from dataclasses import replace

import numpy as np
import pytest
from django.core.management import CommandError, call_command

from classifiers import learner
from classifiers.learner import State, Topics, topics
from classifiers.management import progress
from classifiers.training import prequential
from classifiers.training.prequential import Labels, Played
from classifiers.versions import artifacts
from tests.unit.classifiers import models
from tests.unit.classifiers.streams import post, stream


def loss(log_odds, spam):
    return np.logaddexp(0.0, np.where(spam, -log_odds, log_odds))


def test_a_post_is_judged_before_its_label_and_by_all_labels_before_it():
    seen, spam = stream(12)
    played = prequential.play(seen, spam)
    assert played.known.tolist() == list(range(12))
    state = models.rebuild(
        (post, bool(label), 1.0) for post, label in zip(seen[:7], spam[:7], strict=True)
    )
    assert played.said[7] == learner.judge(state, seen[7])
    assert played.state.revision == 12


def test_the_stretch_on_which_labels_did_most_harm():
    spam = np.array([True, False, False, True, True, False])
    nothing = np.zeros(6)
    said = np.array([3.0, 2.0, -0.1, -2.0, 4.0, -4.0])
    state = State.new()
    played = Played(spam, said, nothing, np.arange(6), np.ones(6, dtype=bool), state)
    found = prequential.figures(played)["worst_stretch"]
    assert found["posts"] == 3
    assert found["nats"] == pytest.approx((loss(said, spam) - np.log(2.0))[1:4].sum())
    same = replace(played, said=nothing)
    assert prequential.worst_stretch(same) == {"posts": 0, "nats": 0.0}


def test_topics_are_made_of_the_posts_before_and_the_labels_learnt_anew(monkeypatch):
    monkeypatch.setattr(topics, "FEWEST", 10)
    monkeypatch.setattr(topics, "MOST", 30)
    monkeypatch.setattr(State, "teaches", False)
    seen, spam = stream(40)
    played = prequential.play(seen, spam, Labels.parse("late:5"))
    labels = [(post, bool(label), 1.0) for post, label in zip(seen, spam, strict=True)]
    for place, heard in ((9, 0), (10, 10), (19, 10), (20, 20), (29, 20), (30, 30), (39, 30)):
        about = Topics.of(seen[:heard]) if heard else None
        state = models.rebuild(labels[: max(place - 5, 0)], about)
        assert played.said[place] == learner.judge(state, seen[place])
    assert played.state.topics is not None
    assert played.state.topics.posts == 30


def test_a_student_is_taught_by_the_newest_posts_with_half_as_many_labels_more(monkeypatch):
    monkeypatch.setattr(topics, "FEWEST", 10)
    monkeypatch.setattr(topics, "MOST", 20)
    seen, spam = stream(40)
    asked = []
    teach = learner.teach

    def counted(state, posts):
        asked.append((state.revision, list(posts)))
        return teach(state, posts)

    monkeypatch.setattr(learner, "teach", counted)
    played = prequential.play(seen, spam)
    # The labels of all posts heard are known, and with twenty the topics are made anew.
    assert [labels for labels, _ in asked] == [10, 15, 20, 30]
    assert [len(posts) for _, posts in asked] == [10, 14, 20, 20]
    assert asked[-1][1] == seen[9:29]
    assert played.state.student is not None
    assert played.state.student.labels == 30


def test_late_labels_come_so_many_posts_later():
    seen, spam = stream(12)
    played = prequential.play(seen, spam, Labels.parse("late:5"))
    assert played.known.tolist() == [0] * 6 + list(range(1, 7))
    assert played.labelled.tolist() == [True] * 7 + [False] * 5


def test_reviewed_labels_are_of_doubtful_posts_and_few_others():
    seen, spam = stream(300)
    played = prequential.play(seen, spam, Labels.parse("reviewed"))
    chances = 1 / (1 + np.exp(-played.said))
    doubtful = (chances > 0.3) & (chances < 0.95)
    assert played.labelled[doubtful].all()
    others = played.labelled[~doubtful]
    assert 0 < others.sum() < 0.15 * len(others)
    assert prequential.figures(played)["labels"] == played.labelled.sum()


def test_posts_are_asked_for_one_by_one_and_kept_until_their_label(monkeypatch):
    seen, spam = stream(40)
    asked = 0

    def posts():
        nonlocal asked
        for pair in zip(seen, spam.tolist(), strict=True):
            asked += 1
            yield pair

    taught = []

    def learn(state, evidence, label):
        taught.append((asked, seen.index(evidence)))
        return learn_(state, evidence, label)

    learn_ = learner.learn
    monkeypatch.setattr(learner, "learn", learn)
    played = prequential.follow(posts(), Labels.parse("late:5"))
    assert taught == [(place + 6, place) for place in range(35)]
    whole = prequential.play(seen, spam, Labels.parse("late:5"))
    assert np.array_equal(played.said, whole.said)
    assert prequential.figures(played) == prequential.figures(whole)


@pytest.mark.parametrize("text", ["", "some", "late", "late:", "late:-1", "late:x", "reviewed:3"])
def test_other_ways_to_get_labels_are_refused(text):
    with pytest.raises(ValueError, match="is none of"):
        Labels.parse(text)


def test_the_curve_falls_and_counts_every_post_once():
    seen, spam = stream(130)
    found = prequential.figures(prequential.play(seen, spam))
    assert [part["labels"] for part in found["curve"]] == [0, 20, 50, 100]
    assert [part["posts"] for part in found["curve"]] == [20, 30, 50, 30]
    assert found["curve"][-1]["log_loss"] < 0.3 * found["curve"][0]["log_loss"]
    assert found["without_labels"]["log_loss"] == pytest.approx(np.log(2))
    assert found["without_labels"]["ece_noise_floor"] > 0.0
    # Twenty posts tell nothing of a calibration; fifty of both classes do.
    assert found["curve"][0]["excess_log_loss"] is None


def test_the_threshold_knows_honest_posts_of_before_alone():
    """Of 200 honest posts, each a little higher than all before: all of them pass it."""
    said = np.linspace(-3.0, -1.0, 201)
    spam = np.zeros(201, dtype=bool)
    said[200], spam[200] = 5.0, True
    known = np.arange(201)
    played = Played(spam, said, said, known, np.ones(201, dtype=bool), State.new())
    assert prequential.threshold(played) == {
        "posts": 101,
        "recall": 1.0,
        "false_positive_rate": 1.0,
    }


def test_the_threshold_waits_for_labels_that_are_not_told_yet():
    said, spam = np.zeros(150), np.zeros(150, dtype=bool)
    known = np.maximum(np.arange(150) - 60, 0)
    played = Played(spam, said, said, known, np.arange(150) < 90, State.new())
    assert prequential.threshold(played)["posts"] == 0


@pytest.mark.parametrize("harm", ["flipped", "of chance", "turning", "all one"])
def test_labels_that_make_no_sense_cost_little_against_the_global_model(harm):
    """Whatever the labels are, by them the learner loses few nats more than the model."""
    seen, truth = stream(240, share=3)
    generator = np.random.default_rng(5)
    seen = [
        replace(post, log_odds=float(generator.normal(2.0 if label else -2.0, 1.0)))
        for post, label in zip(seen, truth, strict=True)
    ]
    labels = {
        "flipped": ~truth,
        "of chance": generator.random(240) < 0.5,
        "turning": np.where(np.arange(240) < 120, truth, ~truth),
        "all one": np.zeros(240, dtype=bool),
    }[harm]
    played = prequential.play(seen, labels)
    excess = np.cumsum(loss(played.said, labels) - loss(played.shared, labels))
    assert excess.max() < 12.0


def test_a_learner_misled_gives_way_and_comes_back():
    seen, truth = stream(300, share=3)
    seen = [
        replace(post, log_odds=3.0 if label else -3.0)
        for post, label in zip(seen, truth, strict=True)
    ]
    labels = np.where(np.arange(300) < 60, ~truth, truth)
    played = prequential.play(seen, labels)
    wrong = (played.said > 0) != truth
    assert wrong[60:120].mean() > wrong[150:].mean()
    assert wrong[150:].mean() < 0.05


def test_rare_spam_is_ranked_after_a_handful_of_labels():
    seen, spam = stream(400, share=50)
    played = prequential.play(seen, spam)
    later = np.arange(400) >= 160
    assert played.said[later & spam].min() > played.said[later & ~spam].max()


@pytest.fixture
def labelled(tmp_path):
    path = tmp_path / "posts.csv"
    rows = [f'"{post(i, i % 2 == 0)}",{"spam" if i % 2 == 0 else "ham"}' for i in range(60)]
    path.write_text("text,label\n" + "\n".join(rows), encoding="utf-8")
    return path


def test_the_command_prints_one_object(labelled, capsys):
    call_command(
        "prequential",
        labelled,
        json=True,
        model=str(artifacts.STARTER),
        labels="late:3",
        from_scratch=True,
    )
    found = json.loads(capsys.readouterr().out)
    assert found["n"] == 60
    assert found["labels"] == 57
    assert found["without_labels"]["error"] == 0.5
    assert found["one_minus_roca_percent"] < 10
    assert found["threshold"]["posts"] == 0


def test_no_text_stops_the_command(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(progress, "EVERY", 0.0)
    texts = ["a\0b", "half \ud83d", "word " * 20_000, "\u0301" * 3_000, *map(str, range(80))]
    path = tmp_path / "posts.jsonl"
    path.write_text("\n".join(json.dumps({"text": t, "label": len(t) % 2}) for t in texts))
    call_command("prequential", path, json=True, model=str(artifacts.STARTER))
    said = capsys.readouterr()
    assert json.loads(said.out)["n"] == 84
    assert "judging and learning: 84 of 84" in said.err


def test_the_command_says_what_is_wrong(labelled):
    with pytest.raises(CommandError, match="is none of all, reviewed and late:N"):
        call_command("prequential", labelled, labels="some")
    with pytest.raises(CommandError, match="nowhere"):
        call_command("prequential", labelled.parent / "nowhere.csv")


def test_one_ranking_in_one_object_also_beyond_what_probabilities_tell_apart():
    spam = np.array([True, False, True, False])
    said = np.array([18.0, 16.0, 14.5, -2.0])
    every = np.ones(4, dtype=bool)
    found = prequential.figures(Played(spam, said, said, np.arange(4), every, State.new()))
    assert found["one_minus_roca_percent"] == pytest.approx(25.0)
    assert found["without_labels"]["one_minus_roca_percent"] == pytest.approx(25.0)
    assert found["curve"][0]["one_minus_roca_percent"] == pytest.approx(25.0)
