"""A site's learner: what it learns, what it keeps, and what it refuses to read."""

import struct
import zlib
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from classifiers import features, learner
from classifiers.assess import assess
from classifiers.exceptions import LearnerError, LearnerOutdated, LearnerUnreadable
from classifiers.learner import Evidence, State, Topics
from classifiers.learner.fusion import START, Fusion
from classifiers.learner.memory import ENTRIES, WIDTH, Row, narrowed
from classifiers.scorers.linear import LinearScorer, Weights
from classifiers.types import Content, History, Signal
from tests.unit.classifiers import models

SPAM = "buy cheap followers now at great prices order {} today"
HAM = "the second chorus of that song is lovely, take {} of my evening"


SCORER = LinearScorer("model-1", Weights.zero())


def judged(text, signals=()):
    return assess(Content(text), History(), signals, [SCORER])


def evidence(text, log_odds=0.0, signals=()):
    return replace(learner.see(judged(text, signals)), log_odds=log_odds)


def labels(count, log_odds=0.0):
    """Spam and honest posts in turn, no two the same."""
    return [
        (evidence((SPAM, HAM)[i % 2].format(i), log_odds), i % 2 == 0, 1.0) for i in range(count)
    ]


ABOUT = Topics.of([post for post, _, _ in labels(40)])
STATES = [models.rebuild(labels(8), about) for about in (None, ABOUT)]
STATES.append(learner.teach(STATES[1], [post for post, _, _ in labels(40)]))
STORED = [state.to_bytes() for state in STATES]


def test_before_the_first_label_it_says_what_the_global_model_says():
    assert learner.judge(State.new(), evidence("hello", 2.5)) == 2.5


@pytest.mark.parametrize("spam", [False, True])
def test_the_first_label_says_little_of_posts_unlike_it(spam):
    state = learner.learn(State.new(), evidence(SPAM), spam)
    for log_odds in (-3.0, 4.0):
        said = learner.judge(state, evidence("quite other words", log_odds))
        assert said == pytest.approx(log_odds, abs=0.5)


def test_few_labels_turn_a_global_model_that_is_wrong_here():
    state = models.rebuild(
        (evidence((SPAM, HAM)[i % 2].format(i), -2.0 if i % 2 == 0 else 2.0), i % 2 == 0, 1.0)
        for i in range(12)
    )
    assert learner.judge(state, evidence(SPAM.format("again"), -2.0)) > 0
    assert learner.judge(state, evidence(HAM.format("part"), 2.0)) < 0


def test_the_same_labels_give_the_same_bytes():
    assert models.rebuild(labels(9)).to_bytes() == models.rebuild(labels(9)).to_bytes()


def test_learning_leaves_the_state_before_as_it_was():
    before = models.rebuild(labels(6))
    stored = before.to_bytes()
    learner.learn(before, evidence(SPAM), spam=True)
    assert before.to_bytes() == stored


@pytest.mark.parametrize("about", [None, ABOUT], ids=["without topics", "with topics"])
def test_bytes_hold_everything(about):
    state = models.rebuild(labels(15), about)
    again = State.from_bytes(state.to_bytes())
    assert (again.revision, again.thorough) == (15, True)
    assert again.to_bytes() == state.to_bytes()
    assert not State.from_bytes(State.new(familiar=True).to_bytes()).thorough
    post = evidence(SPAM.format("more"))
    assert learner.judge(again, post) == learner.judge(state, post)
    assert (
        learner.learn(again, post, True).to_bytes() == learner.learn(state, post, True).to_bytes()
    )


def test_behaviour_is_learnt_though_no_model_knows_it():
    new, old = Signal("author.new", "New here."), Signal("author.known", "Known here.")
    state = State.new()
    for i in range(20):
        state = learner.learn(
            state, evidence(f"post {i}", 0.0, [new, old][i % 2 : i % 2 + 1]), i % 2 == 0
        )
    assert learner.judge(state, evidence("post x", 0.0, [new])) > learner.judge(
        state, evidence("post x", 0.0, [old])
    )


@pytest.mark.parametrize("weight", [0.0, -1.0, float("nan"), float("inf")])
def test_a_label_of_no_weight_is_refused(weight):
    with pytest.raises(ValueError, match="cannot count"):
        learner.learn(State.new(), evidence("hello"), True, weight)


def test_numbers_that_are_none_do_no_harm():
    odd = Evidence(
        np.array([3]), np.array([1.0], np.float32), np.full(len(features.NUMERIC), np.nan), np.nan
    )
    state = learner.learn(State.new(), odd, True)
    assert np.isfinite(learner.judge(state, odd))
    assert State.from_bytes(state.to_bytes()).revision == 1


@pytest.mark.parametrize(
    "harm",
    [
        lambda stored: b"",
        lambda stored: stored[:-1],
        lambda stored: stored + b"x",
        lambda stored: b"X" + stored[1:],
        lambda stored: stored[:50] + bytes([stored[50] ^ 1]) + stored[51:],
        lambda stored: bytes(2_000_000),
    ],
)
def test_bytes_that_were_harmed_are_refused(harm):
    with pytest.raises(LearnerUnreadable):
        State.from_bytes(harm(models.rebuild(labels(4)).to_bytes()))


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_whoever_wrote_the_bytes_they_are_refused_or_can_be_used(data):
    """Harm with a sum that is right, as from someone who knows the format."""
    body = bytearray(data.draw(st.sampled_from(STORED))[:-4])
    for _ in range(data.draw(st.integers(1, 3))):
        place = data.draw(st.integers(0, len(body) - 8))
        size = data.draw(st.sampled_from([1, 4, 8]))
        body[place : place + size] = data.draw(st.binary(min_size=size, max_size=size))
    try:
        state = State.from_bytes(bytes(body) + struct.pack("<I", zlib.crc32(body)))
    except LearnerError:
        return
    post = evidence(SPAM)
    assert np.isfinite(learner.judge(state, post))
    assert np.isfinite(learner.judge(learner.learn(state, post, True), post))


def test_a_state_of_the_labels_left_is_that_of_a_site_that_never_had_the_others():
    every = labels(14)
    left = every[:5] + every[6:]
    state = State.new()
    for post, spam, weight in left:
        state = learner.learn(state, post, spam, weight)
    assert models.rebuild(left).to_bytes() == state.to_bytes()
    assert state.to_bytes() != models.rebuild(every).to_bytes()


def test_bytes_of_other_features_ask_for_rebuilding():
    body = bytearray(models.rebuild(labels(2)).to_bytes()[:-4])
    body[6:8] = struct.pack("<H", 999)
    with pytest.raises(LearnerOutdated):
        State.from_bytes(bytes(body) + struct.pack("<I", zlib.crc32(body)))


def test_meaning_counts_from_the_average_post():
    assessment = judged("hello")
    (score,) = assessment.scores
    seen = replace(score.seen, embedding=np.array([0.6, 0.8], np.float32))
    for average, expected in ((None, [0.6, 0.8]), (np.array([0.5, 0.5], np.float32), [0.1, 0.3])):
        scores = (replace(score, seen=replace(seen, average=average)),)
        found = learner.see(replace(assessment, scores=scores))
        assert found.embedding == pytest.approx(expected)


def test_a_post_without_a_number_is_no_evidence():
    failed = Signal("scorer.failed", "It failed.", failed=True)
    assert learner.see(judged("hello", [failed])) is None


def test_what_moved_the_log_odds_adds_up_and_names_the_words_that_the_site_taught():
    state = models.rebuild(labels(30))
    text = "cheap followers, and a lovely chorus"
    assessment = judged(text)
    parts = learner.explain(state, Content(text), assessment)
    site = learner.judge(state, learner.see(assessment))
    assert sum(part.weight for part in parts) == pytest.approx(site, abs=1e-3)
    weights = {part.sentence.split("”")[0].strip("“"): part.weight for part in parts}
    assert weights["followers"] > 0.05
    assert weights["chorus"] < -0.05


def test_what_meaning_says_anywhere_is_told_with_the_shared_score():
    state, text = models.rebuild(labels(30)), "cheap followers, and a lovely chorus"
    assessment = judged(text)
    (score,) = assessment.scores
    meant = replace(assessment, scores=(replace(score, seen=replace(score.seen, meant=4.0)),))
    parts = [learner.explain(state, Content(text), each) for each in (assessment, meant)]
    (before, after) = (
        next((part.weight for part in some if part.code == "model"), 0.0) for some in parts
    )
    assert after > before + 0.3
    site = learner.judge(state, learner.see(meant))
    assert sum(part.weight for part in parts[1]) == pytest.approx(site, abs=1e-3)


def test_a_signal_that_the_site_taught_is_named():
    new = Signal("author.new", "The author is new here.", value=1.0)
    state = models.rebuild(
        (evidence(f"post {i}", 0.0, [new] if i % 2 == 0 else []), i % 2 == 0, 1.0)
        for i in range(30)
    )
    (part,) = [
        part
        for part in learner.explain(state, Content("post x"), judged("post x", [new]))
        if part.code == "author.new"
    ]
    assert part.weight > 0.1
    assert part.sentence == "The author is new here."


def meaning(seed, size=64):
    vector = np.random.default_rng(seed).normal(size=size).astype(np.float32)
    return vector / np.linalg.norm(vector)


def test_posts_that_mean_the_same_in_other_words_are_known_by_their_embedding():
    spam, ham = meaning(1), meaning(2)
    state = models.rebuild(
        (replace(evidence(f"{i} {i * 7}"), embedding=(spam, ham)[i % 2]), i % 2 == 0, 1.0)
        for i in range(16)
    )
    unknown = evidence("quite other words")
    assert learner.judge(state, replace(unknown, embedding=spam)) > 1.0
    assert learner.judge(state, replace(unknown, embedding=ham)) < -1.0
    assert abs(learner.judge(state, unknown)) < 1.0
    assert State.from_bytes(state.to_bytes()).to_bytes() == state.to_bytes()


def test_what_meaning_says_anywhere_counts_until_the_labels_contradict_it():
    spammy, honest = replace(evidence("other words"), meant=4.0), evidence("other words")
    state = models.rebuild(labels(6))
    before = learner.judge(state, spammy) - learner.judge(state, honest)
    assert before > 0.3
    for number in range(40):
        post = replace(evidence(f"{number} {number * 7}"), meant=(-4.0, 4.0)[number % 2])
        state = learner.learn(state, post, number % 2 == 0)
    assert learner.judge(state, spammy) - learner.judge(state, honest) < before / 3
    assert State.from_bytes(state.to_bytes()).to_bytes() == state.to_bytes()
    odd = replace(honest, meant=np.nan)
    assert learner.judge(state, odd) == learner.judge(state, honest)


@pytest.mark.parametrize("size", [768, 1_024, 5_000])
def test_of_wide_embeddings_as_many_posts_are_remembered(size):
    spam, ham = meaning(1, size), meaning(2, size)
    state = models.rebuild(
        (replace(evidence(f"{i} {i * 7}"), embedding=(spam, ham)[i % 2]), i % 2 == 0, 1.0)
        for i in range(200)
    )
    assert len(state.regression.memory) == 200
    unknown = evidence("quite other words")
    near = spam + 0.3 * meaning(3, size)
    assert learner.judge(state, replace(unknown, embedding=near)) > 1.0
    assert learner.judge(state, replace(unknown, embedding=ham)) < -1.0
    assert State.from_bytes(state.to_bytes()).to_bytes() == state.to_bytes()


def test_a_narrowed_embedding_is_as_near_to_others_as_before():
    vectors = np.stack([meaning(seed, 1_024) for seed in range(20)])
    vectors[10:] = vectors[:10] + 0.5 * vectors[10:]
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    found = np.stack([narrowed(vector) for vector in vectors])
    assert found.shape == (20, WIDTH)
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), 1.0, atol=1e-5)
    assert np.abs(found @ found.T - vectors @ vectors.T).max() < 0.2
    # The same for ever: states are stored.
    assert [round(float(entry), 4) for entry in narrowed(np.ones(1_024))[:3]] == [
        -1.0767,
        -1.7227,
        0.0,
    ]
    assert np.array_equal(narrowed(vectors[0][:WIDTH]), vectors[0][:WIDTH])


def test_another_encoder_is_learnt_from_at_once():
    state = models.rebuild(
        (replace(evidence(f"{i}"), embedding=meaning(i % 2, 64)), i % 2 == 0, 1.0)
        for i in range(10)
    )
    for i in range(16):
        post = replace(evidence(f"{i * 7}"), embedding=meaning(8 + i % 2, 768))
        state = learner.learn(state, post, i % 2 == 0)
    unknown = evidence("quite other words")
    assert learner.judge(state, replace(unknown, embedding=meaning(8, 768))) > 0.5
    assert learner.judge(state, replace(unknown, embedding=meaning(9, 768))) < -0.5


def test_embeddings_may_come_late_be_missing_and_be_of_another_width():
    state = models.rebuild(labels(3))
    for embedding in (meaning(1), None, meaning(1, size=32), np.full(64, np.nan, np.float32)):
        post = replace(evidence(SPAM), embedding=embedding)
        state = learner.learn(state, post, True)
        assert np.isfinite(learner.judge(state, post))
    assert State.from_bytes(state.to_bytes()).to_bytes() == state.to_bytes()


def test_a_state_stays_small_however_much_is_learnt():
    generator = np.random.default_rng(0)
    numeric = generator.random((430, len(features.NUMERIC)), dtype=np.float32)
    posts = (
        Evidence(
            generator.choice(features.HASHED, 155, replace=False),
            np.full(155, 0.1, dtype=np.float32),
            numeric[number],
            0.0,
            meaning(number, size=384),
        )
        for number in range(len(numeric))
    )
    state = models.rebuild((post, number % 2 == 0, 1.0) for number, post in enumerate(posts))
    assert len(state.regression.memory) > 400
    assert (state.tally.counts != 0.0).mean() > 0.2
    assert len(state.to_bytes()) < 1_200_000
    assert State.from_bytes(state.to_bytes()).revision == 430


def test_a_long_post_teaches_by_all_its_ngrams_and_is_remembered_by_as_many_as_there_is_room_for():
    words = [f"word{number}" for number in range(400)]
    generator = np.random.default_rng(0)
    posts = [evidence(" ".join(generator.permutation(words))) for _ in range(34)]
    short, whole = evidence("a short one"), Row.of(posts[-1])
    first = learner.learn(State.new(), posts[0], True).regression
    assert np.array_equal(np.flatnonzero(first.hashed), Row.of(posts[0]).places)
    labelled = [(post, number % 2 == 0, 1.0) for number, post in enumerate([short, *posts])]
    state = models.rebuild(labelled)
    memory = state.regression.memory
    assert len(memory) == len(labelled)
    assert len(memory.places) <= ENTRIES < len(posts) * len(whole.places)
    assert np.array_equal(memory.row(0).places, Row.of(short).places)
    # Of the long ones alike many stay, the same buckets, as long together as all were.
    kept = memory.row(len(memory) - 2)
    assert 300 < len(kept.places) < len(whole.places)
    assert np.array_equal(kept.places, np.sort(Row.of(posts[-2]).places)[: len(kept.places)])
    assert kept.values @ kept.values == pytest.approx(whole.values @ whole.values, rel=0.01)
    # What is told of its n-grams is what the regression makes of them.
    told = state.regression.of_places(posts[-1]).sum()
    assert told == pytest.approx(state.regression.hashed[whole.places] @ whole.values, abs=0.02)


def drawn(count, share, seed):
    """Posts of many words of which few are telling; spam is `share` of them."""
    generator = np.random.default_rng(seed)
    for number in range(count):
        spam = number % round(1 / share) == 0
        words = [f"w{word}" for word in generator.integers(0, 300, 24)]
        telling = [f"{'xy'[not spam]}{word}" for word in generator.integers(0, 40, 2)]
        yield evidence(" ".join([*generator.permutation([*words, *telling])])), spam, 1.0


def test_where_spam_is_rare_it_is_not_understated_of_posts_that_were_not_learnt():
    state = models.rebuild(drawn(60, 0.2, seed=1))
    unknown = list(drawn(100, 0.2, seed=2))
    chances = [1.0 / (1.0 + np.exp(-learner.judge(state, post))) for post, _, _ in unknown]
    assert 0.12 < np.mean(chances) < 0.28


def test_what_it_would_say_of_a_post_without_its_label_is_nearly_known():
    every = list(drawn(40, 0.25, seed=3))
    state = models.rebuild(every)
    unseen, seen = state.regression.unseen(), state.regression.remembered()
    for place in (0, 1, 36, 37):
        left = models.rebuild(every[:place] + every[place + 1 :]).regression
        without = left.log_odds(Row.of(every[place][0]))
        assert abs(unseen[place] - without) < 0.4 * abs(seen[place] - without)


def test_opinions_are_not_weighed_before_there_are_posts_of_both_classes():
    state = models.rebuild(label for label in labels(30) if not label[1])
    assert state.fusion.weights.tolist() == list(START)


@pytest.mark.parametrize(("posts", "low", "high"), [(4, 1.45, 1.5), (1_000, 1.0, 1.1)])
def test_what_the_regression_says_counts_beyond_its_word_only_while_it_knows_few(posts, low, high):
    told_nothing = np.zeros((posts, 2))
    fusion = Fusion.new()
    for _ in range(5):
        fusion = fusion.weighed(told_nothing, np.arange(posts) % 2 == 0, np.ones(posts))
    assert low < fusion.weights[0] < high


def test_what_was_usual_before_a_change_is_forgotten_at_the_change():
    opinions = np.zeros((200, 2))
    changed = np.arange(200) >= 180
    late = Fusion.new().weighed(opinions, changed, np.ones(200))
    for _ in range(5):
        late = late.weighed(opinions, changed, np.ones(200))
    steady = Fusion.new().weighed(opinions, np.arange(200) % 10 == 0, np.ones(200))
    assert late.weights[2] > 0.0 > steady.weights[2]


def test_beside_a_model_that_knows_the_site_the_learner_earns_its_say():
    opinions = np.array([4.0, 0.0])
    new, known = Fusion.new(), Fusion.new(familiar=True)
    assert known.say(20) < 0.15 < 0.8 < new.say(20)
    for _ in range(3):
        known = known.judged(opinions, base=-4.0, spam=True, weight=1.0)
    assert known.trust > 0.9
    for spam in (True, False):
        for _ in range(300):
            new = new.judged(opinions, base=-4.0, spam=spam, weight=1.0)
            known = known.judged(opinions, base=-4.0, spam=spam, weight=1.0)
        assert known.trust == pytest.approx(new.trust), "neither is trusted more in the end"


def test_bytes_of_another_format_ask_for_rebuilding():
    body = bytearray(models.rebuild(labels(2)).to_bytes()[:-4])
    body[4:6] = struct.pack("<H", 2)
    with pytest.raises(LearnerOutdated):
        State.from_bytes(bytes(body) + struct.pack("<I", zlib.crc32(body)))


def test_who_was_right_for_long_gives_way_within_few_labels():
    fusion = Fusion.new()
    opinions = np.array([4.0, 0.0])
    for _ in range(300):
        fusion = fusion.judged(opinions, base=-4.0, spam=True, weight=1.0)
    assert fusion.trust > 0.99
    for _ in range(2):
        fusion = fusion.judged(opinions, base=-4.0, spam=False, weight=1.0)
    assert fusion.trust < 0.2
    for _ in range(300):
        fusion = fusion.judged(opinions, base=-4.0, spam=False, weight=1.0)
    assert fusion.trust < 0.01
    for _ in range(3):
        fusion = fusion.judged(opinions, base=-4.0, spam=True, weight=1.0)
    assert fusion.trust > 0.9
