"""Coefficients against published numbers and an independent library."""

import math
import random
from collections import Counter

import pytest
from sklearn.metrics import cohen_kappa_score

from reviews.measuring.agreement import Answers, alpha, kappa, measure

# Krippendorff (2011), section C: four observers, twelve units, some values missing.
UNITS = [
    tuple(value for value in column if value not in ". ")
    for column in zip("123321412...", "1233224125.3", ".3332342251.", "12332441251.", strict=True)
]


def some_pairs(number: int, agree: float) -> list[Answers]:
    chance = random.Random(7)
    words = ("spam", "not_spam", "remove")
    found = []
    for _ in range(number):
        one = chance.choices(words, (5, 4, 1))[0]
        other = one if chance.random() < agree else chance.choices(words, (5, 4, 1))[0]
        found.append((one, other))
    return found


def test_kappa_is_what_scikit_learn_says():
    for pairs in (some_pairs(300, 0.7), some_pairs(40, 0.0), some_pairs(25, 1.0)):
        mine, theirs = zip(*pairs, strict=True)
        assert kappa(Counter(pairs)) == pytest.approx(cohen_kappa_score(mine, theirs))


def test_alpha_is_what_krippendorff_says():
    assert alpha(Counter(UNITS)) == pytest.approx(0.743, abs=0.0005)


def test_alpha_by_hand():
    # Ten pairs of 0 and 1, 14 values of 20 are 0: eight agree, two do not. Within posts four of
    # the 20 ordered pairs differ; among all values 2 * 14 * 6 = 168 of 20 * 19 do.
    posts = Counter({("0", "0"): 6, ("1", "1"): 2, ("0", "1"): 2})
    assert alpha(posts) == pytest.approx(1 - (4 / 20) / (168 / 380))


def test_without_any_difference_in_words_nothing_can_be_said():
    for coefficient in (kappa, alpha):
        assert coefficient(Counter({("spam", "spam"): 9})) is None
        assert coefficient(Counter()) is None
        assert measure([("spam", "spam")] * 50, coefficient) is None
    # A sample of these often holds no difference at all.
    assert measure([("spam", "spam")] * 50 + [("ham", "ham")], kappa) is None


def test_the_interval_is_as_wide_as_the_large_sample_formula_says():
    pairs = some_pairs(400, 0.6)
    found = measure(pairs, kappa)
    assert found is not None
    # Fleiss, Cohen, Everitt, Psychological Bulletin 1969, formula 13.
    total, words = len(pairs), sorted({word for pair in pairs for word in pair})
    share = {pair: count / total for pair, count in Counter(pairs).items()}
    rows = {w: sum(share.get((w, v), 0) for v in words) for w in words}
    columns = {w: sum(share.get((v, w), 0) for v in words) for w in words}
    same = sum(share.get((w, w), 0) for w in words)
    chance = sum(rows[w] * columns[w] for w in words)
    k = (same - chance) / (1 - chance)
    a = sum(share.get((w, w), 0) * (1 - (rows[w] + columns[w]) * (1 - k)) ** 2 for w in words)
    b = (1 - k) ** 2 * sum(
        share.get((v, w), 0) * (columns[v] + rows[w]) ** 2 for v in words for w in words if v != w
    )
    error = math.sqrt((a + b - (k - chance * (1 - k)) ** 2) / total) / (1 - chance)
    assert found.value == pytest.approx(k)
    assert found.high - found.low == pytest.approx(2 * 1.96 * error, rel=0.1)
    assert found.low < found.value < found.high
    assert measure(pairs, kappa) == found, "the same answers give the same interval"


def test_full_agreement_is_certain_of_itself():
    found = measure([("spam", "spam"), ("ham", "ham")] * 30, alpha)
    assert found is not None
    assert (found.value, found.low, found.high, found.posts) == (1.0, 1.0, 1.0, 60)
