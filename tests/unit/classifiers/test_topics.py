"""What a site's posts are about: told from posts without labels, and of use to labels."""

from dataclasses import replace

import numpy as np
import pytest

from classifiers import features, learner
from classifiers.assess import assess
from classifiers.learner import Evidence, State, Topics, topics
from classifiers.learner.memory import TOPICS
from classifiers.scorers.linear import LinearScorer, Weights
from classifiers.types import Content, History
from tests.unit.classifiers import models

SCORER = LinearScorer("model-1", Weights.zero())
POTIONS = ["zibbo", "vantle", "grumwort", "snorkle", "plindo", "drabbit", "crumsel"]
BARNS = ["hedgerow", "allotment", "barley", "kettle", "trestle", "sparrow", "turnip"]


def judged(text):
    return assess(Content(text), History(), (), [SCORER])


def evidence(text):
    found = learner.see(judged(text))
    assert found is not None
    return found


def post(words, number):
    """Some of the words, each time others, and one that no other post has."""
    drawn = np.random.default_rng(number).choice(words, min(len(words), 5), replace=False)
    return f"{' '.join(drawn)} {number * 7919:x}"


SITE = [evidence(post((POTIONS, BARNS)[i % 2], i)) for i in range(120)]


def test_what_a_label_says_of_some_words_it_says_of_those_that_come_with_them():
    labels = [
        (evidence(post((POTIONS[:4], BARNS[:4])[i % 2], 500 + i)), i % 2 == 0, 1.0)
        for i in range(20)
    ]

    def apart(about: Topics | None) -> float:
        """By how much posts of the words that no label had differ in log-odds."""
        state = models.rebuild(labels, about)
        others = [evidence(post((POTIONS, BARNS)[i % 2][4:], 900 + i)) for i in range(20)]
        said = [learner.judge(state, seen) for seen in others]
        return float(np.mean(said[::2]) - np.mean(said[1::2]))

    assert apart(Topics.of(SITE)) > 1.5 * apart(None)


def test_what_topics_add_is_told_among_the_reasons_which_add_up():
    labels = [(SITE[i], i % 2 == 0, 1.0) for i in range(10)]
    leaning = [replace(seen, log_odds=(2.0, -2.0)[i % 2]) for i, seen in enumerate(SITE)]
    state = models.rebuild(labels, Topics.of(leaning))
    assessment = judged("snorkle plindo drabbit")
    parts = learner.explain(state, Content("snorkle plindo drabbit"), assessment)
    seen = learner.see(assessment)
    assert seen is not None
    assert sum(part.weight for part in parts) == pytest.approx(learner.judge(state, seen), abs=1e-3)
    assert {"meaning", "topics"} <= {part.code for part in parts}


def test_before_the_first_label_the_model_is_asked_about_posts_like_it_as_well():
    """Where the model knows some words of a topic, the others lean the same way."""
    known = dict.fromkeys(POTIONS[:3], 4.0) | dict.fromkeys(BARNS[:3], -4.0)

    def said_of(text: str) -> Evidence:
        log_odds = sum(known.get(word, 0.0) for word in text.split()) / 2.0
        return replace(evidence(text), log_odds=log_odds)

    site = [said_of(post((POTIONS, BARNS)[i % 2], i)) for i in range(120)]
    state = State.new(topics=Topics.of(site))
    spam, ham = (said_of(" ".join(words[3:])) for words in (POTIONS, BARNS))
    assert spam.log_odds == ham.log_odds == 0.0
    assert learner.judge(state, spam) > 0.5
    assert learner.judge(state, ham) < -0.5
    assert [learner.judge(State.new(), seen) for seen in (spam, ham)] == [0.0, 0.0]


def test_the_more_labels_the_less_the_model_is_asked_about_posts_like_it():
    site = [replace(seen, log_odds=(4.0, -4.0)[i % 2]) for i, seen in enumerate(SITE)]
    about = Topics.of(site)
    said = [about.beside(replace(SITE[0], log_odds=0.0), count).log_odds for count in (0, 50, 450)]
    assert said[0] > 1.5 * said[1] > 5.0 * said[2] > 0.5


def test_the_more_labels_the_closer_posts_lie_together_and_embeddings_stay_where_they_are():
    meaning = np.full(384, 0.05, dtype=np.float32)
    placed = Topics.of(SITE)
    near, far = (
        placed.beside(replace(SITE[0], embedding=meaning), labels).embedding for labels in (1000, 0)
    )
    assert near is not None
    assert far is not None
    assert np.allclose(near[:TOPICS], far[:TOPICS] / 2.0)
    assert np.array_equal(near[TOPICS:], far[TOPICS:])
    assert np.abs(far[:TOPICS]).max() > 0.1


def test_two_opinions_together_are_as_sure_as_the_model_alone():
    generator = np.random.default_rng(0)
    doubts = generator.normal(0.0, 2.0, len(SITE))
    site = [replace(seen, log_odds=(1.0, -1.0)[i % 2] + doubts[i]) for i, seen in enumerate(SITE)]
    about = Topics.of(site)
    said = [about.beside(seen, 0).log_odds for seen in site]
    assert np.std(said) == pytest.approx(np.std([seen.log_odds for seen in site]), rel=0.05)


def test_the_same_posts_give_the_same_topics_and_posts_lie_as_far_apart_as_is_meant():
    about = Topics.of(SITE)
    again = Topics.of(SITE)
    for one, other in ((about.basis, again.basis), (about.average, again.average)):
        assert np.array_equal(one, other)
    lengths = [float(np.square(about.among(seen)).sum()) for seen in SITE]
    assert np.mean(lengths) == pytest.approx(topics.LENGTH**2, rel=0.02)
    assert about.basis.shape == (len(about.places), TOPICS)


def test_what_one_or_two_people_wrote_is_not_kept():
    secret = "xylophagous quixotry"
    rare = [*SITE, evidence(f"{secret} zibbo"), evidence(f"{secret} barley")]
    alone = set(evidence(secret).buckets >> (features.BITS - 16))
    usual = {place for seen in SITE for place in seen.buckets >> (features.BITS - 16)}
    assert len(alone - usual) > 20
    assert not (alone - usual) & set(Topics.of(rare).places.tolist())


@pytest.mark.parametrize(
    "posts",
    [
        [SITE[0]] * 100,
        [replace(SITE[0], buckets=SITE[0].buckets[:0], values=SITE[0].values[:0])] * 100,
        SITE[:2],
        [None, SITE[0], None],
    ],
    ids=["copies", "nothing said", "two", "not judged"],
)
def test_a_site_that_is_about_nothing_does_no_harm(posts):
    about = Topics.of(posts)
    assert about.posts == len(posts)
    state = models.rebuild([(SITE[i], i % 2 == 0, 1.0) for i in range(6)], about)
    stored = state.to_bytes()
    assert State.from_bytes(stored).to_bytes() == stored
    assert all(np.isfinite(learner.judge(state, seen)) for seen in SITE[:10])


def test_where_no_post_was_judged_there_is_nothing_to_tell():
    with pytest.raises(ValueError, match="at least one"):
        Topics.of([None, None])


def test_topics_are_made_anew_with_twice_as_many_posts_up_to_a_thousand():
    made, about = [], None
    for count in range(3_000):
        if topics.due(count, about):
            about = replace(Topics.of(SITE[:3]), posts=min(count, topics.MOST))
            made.append(count)
    assert made == [100, 200, 400, 800, 1_000]


def test_what_a_flood_of_copies_pushes_away_stays_within_reach():
    about = Topics.of([SITE[0]] * 900 + SITE[:100])
    lengths = [float(np.linalg.norm(about.among(seen))) for seen in SITE]
    assert max(lengths) == pytest.approx(topics.FURTHEST)


def test_embeddings_of_any_width_stand_behind_the_topics():
    about = Topics.of(SITE)
    state = State.new(topics=about)
    for number, size in enumerate((0, 64, 384, 1_024)):
        wide = np.random.default_rng(number).normal(size=size).astype(np.float32)
        seen: Evidence = replace(SITE[number], embedding=wide / max(np.linalg.norm(wide), 1.0))
        state = learner.learn(state, seen, number % 2 == 0)
        placed = about.beside(seen, number).embedding
        assert placed is not None
        assert np.allclose(placed[:TOPICS], about.among(SITE[number]), rtol=1e-4)
        assert len(placed) == TOPICS + min(size, 384)
    stored = state.to_bytes()
    assert State.from_bytes(stored).to_bytes() == stored
