from dataclasses import replace

import numpy as np
import pytest

from classifiers import features
from classifiers.assess import assess_batch, in_words
from classifiers.calibration import probabilities
from classifiers.encoder.languages import beyond_ascii
from classifiers.exceptions import ArtifactError
from classifiers.familiarity import Doubt, MetPieces
from classifiers.scorers import checks, meaning
from classifiers.scorers.head import Band, Head
from classifiers.scorers.linear import LinearScorer, Weights
from classifiers.training.data import embeddings, examples
from classifiers.training.data.dataset import Row, Snapshot
from classifiers.training.evaluate import losses
from classifiers.training.fitting import band, recipe
from classifiers.training.fitting.head import Joint, fit_joint
from classifiers.types import REST, USUAL, Content, History, Signal
from classifiers.versions import artifacts
from classifiers.versions.lineup import Lineup
from tests.unit.classifiers import models
from tests.unit.classifiers.encoders import Passage

ALWAYS = Band(-20.0, 20.0)


class Meaning:
    """An encoder that knows whether a text is about money, and counts how often it is asked."""

    name, digest = "meaning", "m" * 64

    def __init__(self):
        self.asked = []

    def embed(self, texts):
        self.asked += texts
        money = np.array([("cash" in text) - ("garden" in text) for text in texts], dtype=float)
        vectors = np.stack([money, np.ones(len(texts)), np.zeros(len(texts))], axis=1)
        return (vectors / np.linalg.norm(vectors, axis=1)[:, None]).astype(np.float32)

    def unread(self, texts, languages):
        return np.array(list(map(beyond_ascii, texts, languages)))

    def passage(self, text):
        return Passage(text, self.embed)


def head(chosen=ALWAYS, digest=Meaning.digest, **changes):
    vector = np.array([4.0, 0.0, 0.0], dtype=np.float32)
    return Head(digest, "meaning", vector, 0.5, -1.0, chosen, **changes)


def scorer(chosen=ALWAYS, encoder=None, **changes):
    base = replace(models.blank(bias=-2.0), head=head(chosen), **changes)
    return base.with_encoder(encoder or Meaning())


def one(made, text, signals=(), **facts):
    return made.score([Content(text=text, **facts)], [signals])[0]


def test_the_full_answer_is_the_sum_that_the_manifest_says():
    score = one(scorer(), "cash now")
    full = 0.5 * -2.0 + 4.0 * 0.5**0.5 - 1.0
    assert score.seen.cheap == pytest.approx(-2.0)
    assert score.seen.full == pytest.approx(full)
    assert score.probability == pytest.approx(1.0 / (1.0 + np.exp(-full)))
    meaning = next(part for part in score.contributions if part.code == "meaning")
    assert "spam" in meaning.sentence
    assert sum(part.weight for part in score.contributions) == pytest.approx(full, abs=1e-3)


def test_the_words_behind_the_meaning_add_up_to_it():
    made, content = scorer(), Content(text="now cash, for lunch")
    (judged,) = assess_batch([content], [History()], [()], [made])
    told = in_words(content, judged, [made])
    words = [part for part in told.contributions if part.code == "meaning.words"]
    assert "“cash”" in words[0].sentence
    # Without it the text says nothing of money at all.
    assert words[0].weight == pytest.approx(4.0 * 0.5**0.5, abs=1e-3)
    before, after = (
        [part.weight for part in one.contributions if part.code.startswith("meaning")]
        for one in (judged, told)
    )
    assert sum(after) == pytest.approx(sum(before), abs=1e-9)
    rest = [part for part in told.contributions if not part.code.startswith("meaning")]
    assert rest == [part for part in judged.contributions if part.code != "meaning"]


def test_where_nothing_can_be_told_the_meaning_stays_one_part():
    content = Content(text="now cash, for lunch")
    made = scorer()
    (judged,) = assess_batch([content], [History()], [()], [made])
    for others in ([replace(made, encoder=None)], [replace(made, head=None)], [made, made]):
        assert in_words(content, judged, others) == judged
    # A text that was not the one that was judged.
    assert in_words(Content(text="the garden"), judged, [made]) == judged


def test_a_lineup_knows_whether_its_encoder_is_installed_here():
    plain, made = models.blank(), scorer()
    for judges, has in (
        ([plain], True),
        ([made], True),
        ([plain, replace(made, encoder=None)], False),
    ):
        assert Lineup("m", tuple(judges), "-").has_encoders == has


def test_conformance_with_an_encoder():
    made = replace(models.scorer(), head=head()).with_encoder(Meaning())
    for check in checks.CHECKS:
        check(made)


@pytest.mark.parametrize(
    ("chosen", "facts", "signals", "asked"),
    [
        (Band(-3.0, 3.0), {}, (), True),
        (Band(-1.0, 3.0), {}, (), False),
        # What behaviour adds brings the post to where it is doubtful.
        (Band(-1.0, 3.0), {}, (Signal("rules.1", "A rule.", log_odds=2.0),), True),
        (Band(-1.0, -0.5), {}, (Signal("rules.1", "A rule.", log_odds=3.0),), True),
        (Band(5.0, 6.0, length=10), {}, (), True),
        (Band(-3.0, 3.0, foreign=0.2), {"language": "th"}, (), False),
        (Band(-3.0, 3.0, foreign=0.2), {"language": "en-GB"}, (), True),
    ],
)
def test_when_the_encoder_is_asked(chosen, facts, signals, asked):
    encoder = Meaning()
    one(scorer(chosen, encoder), "some words about the garden", signals, **facts)
    assert bool(encoder.asked) == asked


def test_of_a_foreign_script_it_is_not_asked():
    encoder = Meaning()
    made = scorer(Band(-3.0, 3.0, foreign=0.2), encoder)
    contents = [Content(text="สวัสดีครับ ยินดีต้อนรับ"), Content(text="plain words")]
    made.score(contents, [(), ()])
    assert encoder.asked == ["plain words"]


@pytest.mark.parametrize("chosen", [Band(-1.0, 3.0), ALWAYS], ids=["unasked", "asked"])
def test_a_reader_embeds_what_can_be_read_and_changes_no_score(chosen):
    encoder, reader = Meaning(), Meaning()
    made = scorer(chosen, encoder)
    contents = [Content(text="cash now"), Content(text="สวัสดีครับ ยินดีต้อนรับ")]
    before, after = (
        judges.score(contents, [(), ()]) for judges in (made, replace(made, reader=reader))
    )
    assert [replace(score, seen=None) for score in after] == [
        replace(score, seen=None) for score in before
    ]
    assert [score.seen.full for score in after] == [score.seen.full for score in before]
    assert after[0].seen.embedding.shape == (3,)
    assert reader.asked == [] if chosen is ALWAYS else ["cash now"]


def test_a_reader_needs_no_head():
    (score,) = replace(models.blank(), reader=Meaning()).score([Content(text="cash now")], [()])
    assert score.seen.full is None
    assert score.seen.embedding is not None
    assert score.seen.meant == 0.0


def test_a_reader_tells_what_meaning_says_anywhere(monkeypatch):
    known = meaning.Meaning(
        np.array([3.0, 0.0, 0.0], dtype=np.float32), -0.5, np.full(3, 0.5, np.float32)
    )
    monkeypatch.setattr(meaning, "of_encoder", {Meaning.digest: known}.get)
    contents = [Content(text="cash now"), Content(text="สวัสดีครับ ยินดีต้อนรับ")]
    made = replace(models.blank(), reader=Meaning())
    money, foreign = (score.seen for score in made.score(contents, [(), ()]))
    assert money.meant == pytest.approx(3.0 * 0.5**0.5 - 0.5)
    assert (foreign.meant, foreign.average) == (0.0, None)
    assert money.average.tolist() == [0.5, 0.5, 0.5]
    # A model that knows the site asks no reader; its own head says what meaning says there.
    (unread,) = scorer(ALWAYS).score(contents[:1], [()])
    assert unread.seen.meant == 0.0


def test_what_is_unfamiliar_is_asked_about_and_less_certain():
    familiar = Content(text="a well known sentence about gardens " * 3)
    [chunk] = features.chunks([familiar], [()])
    weights, known = replace(Weights.zero(), bias=6.0), MetPieces.of(chunk.pieces())
    letters = np.random.default_rng(3).choice(list("zqxvjkwpf "), 400)
    strange = "".join(letters)
    made = LinearScorer(
        "x", weights, doubt=Doubt(0.2, 4.0), head=head(Band(9.0, 10.0, 0.5)), known=known
    )
    near, far = made.score([familiar, Content(text=strange)], [(), ()])
    assert near.probability > 0.99
    assert 0.5 < far.probability < 0.8
    encoder = Meaning()
    made.with_encoder(encoder).score([Content(text=strange)], [()])
    assert len(encoder.asked) == 1


@pytest.mark.parametrize("present", [False, True], ids=["none", "another"])
def test_without_its_encoder_words_alone_judge_and_it_is_said(present):
    other = Meaning()
    other.digest = "n" * 64
    made = scorer().with_encoder(other if present else None)
    score = one(made, "cash now")
    assert score.seen.full is None
    assert score.probability == pytest.approx(1.0 / (1.0 + np.exp(2.0)))
    assert [part.code for part in score.contributions] == ["encoder.missing", USUAL, REST]
    assert other.asked == []


def test_what_was_written_judges_the_same_with_a_head(tmp_path):
    made = replace(models.scorer(), head=head(doubt=Doubt(0.4, 1.0)), doubt=Doubt(0.3, 2.0))
    artifacts.write(
        tmp_path / "model",
        name="with-head",
        weights=made.weights,
        calibration=made.calibration,
        doubt=made.doubt,
        head=made.head,
        known=made.known,
        card="",
        facts={},
    )
    loaded = artifacts.load(tmp_path / "model").with_encoder(Meaning())
    contents = [Content(text="cash prize"), Content(text="the garden " * 40)]
    before = made.with_encoder(Meaning()).score(contents, [(), ()])
    assert [s.probability for s in loaded.score(contents, [(), ()])] == pytest.approx(
        [s.probability for s in before], abs=1e-9
    )
    assert loaded.doubt == made.doubt
    assert loaded.head.band == made.head.band


@pytest.mark.parametrize(
    "spoil",
    [
        {"slope": -1.0},
        {"shift": float("inf")},
        {"digest": 7},
        {"band": {"low": 1.0, "high": 0.0, "unfamiliar": 1.0, "length": 9, "foreign": 1.0}},
        {"band": {"low": True, "high": 2.0, "unfamiliar": 1.0, "length": 9, "foreign": 1.0}},
        {"band": None},
        {"usual": "much"},
        {"doubt": {"usual": 0.5, "rate": -1.0}},
    ],
    ids=str,
)
def test_a_head_that_makes_no_sense_is_refused(spoil):
    with pytest.raises((ValueError, TypeError, KeyError, AttributeError, ArtifactError)):
        Head.from_dict({**head().as_dict(), **spoil}, head().vector)


def _known(posts, meaning):
    """Posts whose words say a little, and whose embeddings say `meaning` of the label."""
    generator = np.random.default_rng(1)
    spam = np.arange(posts) % 2 == 0
    texts = [" ".join(generator.choice(models.HAM_WORDS, 6)) for _ in range(posts)]
    told = np.where(spam ^ (generator.random(posts) < 0.2), "winner", "python")
    rows = [
        Row(Content(text=f"{text} {word}"), bool(s))
        for text, word, s in zip(texts, told, spam, strict=True)
    ]
    read = examples.of(Snapshot(rows, ""))
    vectors = generator.normal(size=(posts, 8))
    vectors[:, 0] += meaning * np.where(spam, 1.0, -1.0)
    vectors /= np.linalg.norm(vectors, axis=1)[:, None]
    return replace(read, embeddings=vectors.astype(np.float32), cluster=np.arange(posts))


def test_an_encoder_that_knows_more_is_stacked_and_one_that_knows_nothing_is_not():
    helped = recipe.train(_known(300, 2.0), encoder=Meaning())
    assert helped.head is not None
    assert ((helped.unseen > 0.5) == (np.arange(300) % 2 == 0)).mean() > 0.83  # 0.8 by words
    assert recipe.train(_known(300, 0.0), encoder=Meaning()).head is None
    assert recipe.train(_known(300, 2.0)).head is None


def test_judging_a_matrix_is_judging_the_posts():
    posts = models.snapshot(80)
    encoder = Meaning()
    read = examples.of(posts, encoder=encoder)
    trained = recipe.train(read, encoder=encoder, head_strength=1.0)
    made = trained.scorer("x", encoder)
    scores = made.score(posts.contents, examples.signals_of(posts.contents))
    np.testing.assert_allclose(
        recipe.judged(made, read), [score.probability for score in scores], atol=1e-5
    )


def test_a_child_starts_from_its_parents_head():
    base = models.scorer()
    parent = replace(base, head=head(), encoder=Meaning())
    joint = recipe.inherited(parent, Meaning())
    raw = np.array([-1.0, 0.5])
    vectors = Meaning().embed(["cash", "garden"])
    expected = parent.head.log_odds(raw, vectors, np.zeros(2))
    calibrated = parent.calibration.log_odds(raw)
    np.testing.assert_allclose(joint.log_odds(calibrated, vectors), expected, atol=1e-5)
    none = fit_joint(
        np.zeros(0), np.zeros((0, 3)), np.zeros(0, dtype=bool), np.zeros(0), parent=joint
    )
    assert none.slope == pytest.approx(joint.slope)
    assert recipe.inherited(base, Meaning()) is None


def test_a_platform_left_out_makes_a_model_less_certain():
    """Two platforms that contradict each other: at home each is easy, away neither is known."""
    rows = models.rows(160)
    turned = [
        Row(Content(text=f"{r.content.text} elsewhere"), not r.spam) for r in models.rows(160, 900)
    ]
    read = examples.of(Snapshot([*rows, *turned], ""))
    apart = np.repeat([0, 1], 160)
    home = recipe.train(read)
    away = recipe.train(read, platforms=apart)
    sure = [np.abs(made.unseen - 0.5).mean() for made in (home, away)]
    assert sure[1] < 0.6 * sure[0]


def _banded(sure: float) -> tuple[Band, dict[str, np.ndarray], np.ndarray, np.ndarray, np.ndarray]:
    """A band for an encoder that knows more than words, which are as sure as is said."""
    generator = np.random.default_rng(0)
    spam = generator.random(2_000) < 0.4
    cheap = np.where(spam, sure, -sure) + generator.normal(0, 1.5, 2_000)
    full = np.where(spam, 6.0, -6.0) + generator.normal(0, 0.5, 2_000)
    facts = {
        "weights": np.ones(2_000),
        "unfamiliar": np.zeros(2_000),
        "lengths": np.full(2_000, 50),
        "foreign": np.zeros(2_000),
    }
    return band.choose(cheap, full, spam, **facts), facts, cheap, full, spam


def test_the_band_is_narrow_where_the_encoder_changes_nothing_and_wide_where_it_does():
    better, facts, cheap, full, spam = _banded(sure=6.0)
    same = band.choose(cheap, cheap, spam, **facts)
    assert same.high - same.low < better.high - better.low
    asked = (better.low <= cheap) & (cheap <= better.high)
    assert band.harmless(np.where(asked, full, cheap), full, spam)
    assert not band.harmless(cheap, full, spam)


def test_no_band_asks_about_more_than_can_be_paid_for():
    """Words that hardly know anything: the doubtful middle is more than half of all posts."""
    chosen, facts, cheap, full, spam = _banded(sure=1.0)
    asked = chosen.asks(cheap, facts["unfamiliar"], facts["lengths"], facts["foreign"])
    assert 0.1 < asked.mean() <= band.MOST
    before, after = (
        losses(probabilities(log_odds), spam).mean()
        for log_odds in (cheap, np.where(asked, full, cheap))
    )
    assert after < 0.9 * before


def test_embeddings_are_kept_and_those_of_forgotten_texts_are_not(tmp_path):
    def told(done, total):
        pass

    first, second = Meaning(), Meaning()
    made = embeddings.of(["cash", "garden", "cash"], first, tmp_path, told)
    assert first.asked == ["cash", "garden"]
    again = embeddings.of(["garden", "new"], second, tmp_path, told)
    assert second.asked == ["new"]
    np.testing.assert_allclose(again[0], made[1])
    third = Meaning()
    embeddings.of(["cash"], third, tmp_path, told)
    assert third.asked == ["cash"]


def test_a_damaged_file_of_embeddings_is_made_anew(tmp_path):
    embeddings.of(["cash"], Meaning(), tmp_path, lambda done, total: None)
    (file,) = tmp_path.iterdir()
    file.write_bytes(b"PK\x03\x04 not a zip")
    encoder = Meaning()
    embeddings.of(["cash"], encoder, tmp_path, lambda done, total: None)
    assert encoder.asked == ["cash"]
    assert Joint.of_nothing(3).vector.shape == (3,)
