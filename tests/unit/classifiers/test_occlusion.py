"""Which words moved an encoder's part: named, signed, adding up, and at a bounded cost."""

import numpy as np
import pytest

from classifiers.scorers import occlusion
from classifiers.types import MEANING
from tests.unit.classifiers.encoders import Passage

ONE = np.array([1.0], dtype=np.float32)
WORTH = {"casino": 3.0, "bonus": 1.0, "lecture": -2.0, "tuesday": -0.5}


def passage(text, together=0.0):
    """Says what its words are worth; "casino" and "bonus" together are worth more."""

    def embed(texts):
        words = [word.strip("!,.") for word in texts[0].split()]
        both = together * ({"casino", "bonus"} <= set(words))
        return np.array([[sum(WORTH.get(word, 0.0) for word in set(words)) + both]])

    return Passage(text, embed)


def told(read, trust=1.0, usual=0.25):
    weight = round(trust * (float(read.vector[0]) - usual), 4)
    return weight, occlusion.by_words(read, ONE, usual, weight)


def amounts(parts):
    return {part.sentence.split("”")[0].strip("“"): part.weight for part in parts[:-1]}


@pytest.mark.parametrize("trust", [1.0, 0.37])
def test_words_are_named_with_their_sign_and_add_up(trust):
    weight, parts = told(passage("a lecture and a casino, and a bonus!"), trust)
    assert amounts(parts) == pytest.approx(
        {"casino": 3.0 * trust, "lecture": -2.0 * trust, "bonus": trust}
    )
    assert [part.code for part in parts] == [occlusion.WORDS] * 3 + [MEANING]
    assert ["spam" in part.sentence for part in parts] == [True, False, True, False]
    assert sum(part.weight for part in parts) == pytest.approx(weight, abs=1e-9)


def test_what_words_mean_together_stays_in_what_is_left():
    weight, parts = told(passage("casino bonus", together=-1.0))
    assert amounts(parts) == pytest.approx({"casino": 2.0})
    assert parts[-1].weight == pytest.approx(weight - 2.0)


def test_a_word_that_is_repeated_is_left_out_everywhere():
    _, parts = told(passage("casino! casino, casino and so on, casino"))
    assert amounts(parts) == pytest.approx({"casino": 3.0})


@pytest.mark.parametrize("words", [0, 1, 16, 17, 90, 5_000])
def test_the_text_is_read_so_many_times_at_most(words):
    read = passage(" ".join(f"w{number}" for number in range(words)))
    occlusion.spans(read, ONE)
    assert read.read <= occlusion.MOST


def test_in_a_long_text_the_span_that_says_most_is_looked_into():
    filler = [f"w{number}" for number in range(64)]
    filler[37] = "casino"
    found = max(occlusion.spans(passage(" ".join(filler)), ONE), key=lambda one: one.amount)
    assert found.amount == pytest.approx(3.0)
    assert "casino" in found.text.split()
    assert len(found.places) == 1


def test_spans_cover_the_text_once():
    read = passage(" ".join(f"w{number}" for number in range(77)))
    places = [place for one in occlusion.spans(read, ONE) for place in one.places]
    assert sorted(places) == list(range(77))


def test_a_weight_that_is_not_of_this_text_is_told_nothing_of():
    read = passage("a lecture and a casino")
    # The text says 1 against a usual 0.25: 0.75 at most, and never the other side.
    for weight in (2.0, -0.5, 0.0):
        assert occlusion.by_words(read, ONE, 0.25, weight) == ()
    assert occlusion.by_words(passage("nothing to see"), ONE, 0.25, -0.25) == ()


def test_only_a_few_are_shown_and_a_long_span_is_cut():
    many = {f"word{number}": 1.0 + number for number in range(12)}
    read = Passage(" ".join(many), lambda texts: [[sum(map(many.get, texts[0].split()))]])
    parts = occlusion.by_words(read, ONE, 0.0, float(read.vector[0]))
    assert len(parts) == occlusion.SHOWN + 1
    assert "word11" in parts[0].sentence
    long = Passage("x" * 500, lambda texts: [[float(bool(texts[0]))]])
    (part, _) = occlusion.by_words(long, ONE, 0.0, 1.0)
    assert len(part.sentence) < 120
