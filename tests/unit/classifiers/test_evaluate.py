import math

import numpy as np
import pytest
from sklearn import metrics as reference

from classifiers.training import evaluate, reliability

# Four ham, four spam; one spam below a ham, one tie at 0.4.
PROBABILITIES = np.array([0.1, 0.2, 0.4, 0.7, 0.4, 0.6, 0.8, 0.9])
LINE = ("slope", "intercept")
SPAM = np.array([False, False, False, False, True, True, True, True])


def test_by_hand():
    found = evaluate.metrics(PROBABILITIES, SPAM)
    # Of 16 pairs: the spam at .4 wins 2, ties 1; at .6 wins 3; at .8 and .9 win all.
    assert found["roc_auc"] == pytest.approx((2.5 + 3 + 4 + 4) / 16)
    assert found["one_minus_roca_percent"] == pytest.approx(100 * 2.5 / 16)
    # At .5 and above: .7 (ham), .6, .8, .9: precision 3/4, recall 3/4.
    assert found["f1"] == pytest.approx(0.75)
    assert found["log_loss"] == pytest.approx(
        -sum(map(math.log, (0.9, 0.8, 0.6, 0.3, 0.4, 0.6, 0.8, 0.9))) / 8
    )
    assert (found["n"], found["spam"]) == (8, 4)
    # Bins of 1/15: only the two at 0.4 share one.
    gaps = [0.1, 0.2, 2 * abs(0.4 - 0.5), 0.7, 0.4, 0.2, 0.1]
    assert found["ece"] == pytest.approx(sum(gaps) / 8)


@pytest.mark.parametrize("seed", range(5))
def test_as_scikit_learn_has_it(seed):
    generator = np.random.default_rng(seed)
    spam = generator.random(300) < 0.3
    # Two decimals: many ties.
    probabilities = np.round(np.clip(generator.normal(0.4 + 0.2 * spam, 0.2), 0.01, 0.99), 2)
    found = evaluate.metrics(probabilities, spam)
    assert found["roc_auc"] == pytest.approx(reference.roc_auc_score(spam, probabilities))
    assert found["pr_auc"] == pytest.approx(reference.average_precision_score(spam, probabilities))
    assert found["f1"] == pytest.approx(reference.f1_score(spam, probabilities >= 0.5))
    assert found["log_loss"] == pytest.approx(reference.log_loss(spam, probabilities))


@pytest.mark.parametrize(
    ("ham", "place"),
    [(100, 2), (199, 2), (200, 3), (250, 3)],
)
def test_recall_counts_spam_strictly_above_the_named_ham(ham, place):
    honest = np.arange(ham) / 1000
    threshold = np.sort(honest)[::-1][place - 1]
    caught = np.array([threshold + 1e-6, threshold, threshold - 1e-6, 0.99])
    spam = np.array([False] * ham + [True] * 4)
    found = evaluate.metrics(np.concatenate([honest, caught]), spam)
    assert found["recall_at_fpr_1_percent"] == 0.5


@pytest.mark.parametrize(("ham", "known"), [(99, False), (100, True)])
def test_recall_at_one_percent_needs_a_hundred_ham(ham, known):
    spam = np.array([False] * ham + [True])
    found = evaluate.metrics(np.linspace(0, 1, ham + 1), spam)
    assert (found["recall_at_fpr_1_percent"] is not None) == known
    assert found["recall_at_fpr_0_1_percent"] is None


@pytest.mark.parametrize("label", [True, False])
def test_one_class_leaves_most_unknown(label):
    found = evaluate.metrics(np.array([0.2, 0.8]), np.array([label, label]))
    unknown = {"roc_auc", "one_minus_roca_percent", "pr_auc", "f1"}
    unknown |= {f"calibration_{name}{end}" for name in LINE for end in ("", "_low", "_high")}
    assert {key for key, value in found.items() if value is None} == unknown | {
        "excess_log_loss",
        "ece_debiased",
        "recall_at_fpr_1_percent",
        "recall_at_fpr_0_1_percent",
    }


def test_nothing_leaves_all_unknown():
    found = evaluate.metrics(np.zeros(0), np.zeros(0, dtype=bool))
    assert found.pop("n") == found.pop("spam") == 0
    assert set(found.values()) == {None}


def test_probability_one_is_in_the_last_bin():
    assert reliability.ece(np.array([1.0, 0.0]), np.array([True, False])) == 0.0


def test_bootstrap_draws_whole_clusters():
    # Two clusters: each draw holds both, or twice the same; never half of one.
    values = np.array([1.0, 1.0, 1.0, 0.0])
    means = evaluate.bootstrap_means(values, np.array([0, 0, 0, 1]), 200)
    assert {round(mean, 3) for mean in means} == {0.0, 0.75, 1.0}
