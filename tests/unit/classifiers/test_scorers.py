import numpy as np
import pytest

from classifiers import features
from classifiers.calibration import Platt
from classifiers.scorers import KINDS, checks
from classifiers.scorers.linear import LinearScorer, Weights, word_weights
from classifiers.types import AuthorFacts, Content, Signal
from classifiers.versions import artifacts
from tests.unit.classifiers import models

SCORERS = {"linear": models.scorer, "linear, shipped": lambda: artifacts.load(artifacts.STARTER)}


def test_every_kind_of_scorer_is_checked():
    assert {name.split(",")[0] for name in SCORERS} == set(KINDS)


@pytest.fixture(scope="module", params=SCORERS)
def scorer(request):
    return SCORERS[request.param]()


@pytest.mark.parametrize("check", checks.CHECKS, ids=lambda check: check.__name__)
def test_conformance(check, scorer):
    check(scorer)


class _Liar:
    """Breaks one promise after the other."""

    name, version = "liar", "1"

    def __init__(self, honest, spoil):
        self._honest, self._spoil = honest, spoil

    def score(self, contents, signals):
        return self._spoil(self._honest.score(contents, signals))


@pytest.mark.parametrize("spoil", [lambda s: s[1:], lambda s: s], ids=["too few", "another name"])
def test_the_suite_notices_a_broken_scorer(spoil):
    broken = _Liar(models.blank(), spoil)
    with pytest.raises(AssertionError):
        for check in checks.CHECKS:
            check(broken)


def test_words_add_up_to_what_the_ngrams_contribute():
    generator = np.random.default_rng(0)
    vector = generator.normal(size=features.COLUMNS).astype(np.float32)
    vector[features.HASHED :] = 0.0
    weights = Weights(vector)
    contents = [
        Content(text="Free cash, free prize!  And more", title="Win"),
        Content(text="", author=AuthorFacts(name="cheap pills")),
        Content(text="สวัสดี ครับ"),
    ]
    total = weights.log_odds(features.matrix(contents, [()] * 3))
    (chunk,) = features.chunks(contents, [()] * 3)
    words = word_weights(chunk, weights)
    np.testing.assert_allclose([sum(found.values()) for found in words], total, atol=1e-4)


def test_the_word_that_matters_is_named():
    weights = Weights.zero()
    only = features.matrix([Content(text="casino")], [()])
    weights.vector[only.indices[only.indices < features.HASHED]] = 1.0
    scorer = LinearScorer("x", weights)
    score = scorer.score([Content(text="we met at the casino, yesterday")], [()])[0]
    assert "“casino”" in score.contributions[0].sentence
    assert score.contributions[0].weight > 0


def test_a_text_signal_counts_with_its_learnt_weight():
    code = features.NUMERIC[0]
    weights = Weights.of(np.zeros(features.HASHED, dtype=np.float32), {code: 3.0}, 0.0)
    scorer = LinearScorer("x", weights, Platt(slope=2.0))
    with_it, without = scorer.score([Content(text="a")] * 2, [(Signal(code, "Noticed."),), ()])
    assert with_it.probability > 0.99 > without.probability
    assert with_it.contributions[0].sentence == "Noticed."
    assert with_it.contributions[0].weight == pytest.approx(6.0)


def test_statistics_are_told_against_an_ordinary_text_and_the_constant_apart():
    given = {"text.length": 6.0, "text.digits": -4.0}
    weights = Weights.of(np.zeros(features.HASHED, dtype=np.float32), given, -3.0)
    long, digits = LinearScorer("x", weights, Platt(slope=2.0, shift=1.0)).score(
        [
            Content(text="garden coffee bridge " * 190),
            Content(text="4829 3751 " * 7 + "4829 37512"),
        ],
        [(), ()],
    )
    ordinary = features.ORDINARY["text.length"]
    usual = 2.0 * (-3.0 + 6.0 * ordinary) + 1.0
    told = [(part.code, part.weight) for part in long.contributions]
    assert told == [
        ("text.length", pytest.approx(12.0 * (np.log1p(3989) / 10 - ordinary), abs=1e-3)),
        ("usual", pytest.approx(usual, abs=1e-3)),
        ("rest", pytest.approx(0.0, abs=1e-3)),
    ]
    assert long.contributions[0].sentence == "How long the text is speaks for spam."
    # Eighty characters are ordinary: nothing is told of them.
    assert [part.code for part in digits.contributions] == ["text.digits", "usual", "rest"]
    assert digits.contributions[0].weight < -6.0


def test_a_model_from_before_a_heuristic_gives_it_no_weight():
    hashed = np.zeros(features.HASHED, dtype=np.float32)
    weights = Weights.of(hashed, {"gone.signal": 5.0, "text.length": 1.0}, 0.0)
    assert weights.numeric()["text.length"] == 1.0
    assert sum(map(abs, weights.numeric().values())) == 1.0
