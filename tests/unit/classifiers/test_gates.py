from __future__ import annotations

import numpy as np
import pytest

from classifiers.training.gates import LEAST_HELD_BACK, Cases, HeldBack, judge

PASSED = Cases(("buy now", "hello"), np.array([True, False]), np.array([0.9, 0.1]))


def towards(truth: np.ndarray, probability: np.ndarray | float) -> np.ndarray:
    """Probabilities of spam that give `probability` to what is true."""
    return np.where(truth, probability, 1 - np.asarray(probability))


def held(
    child: np.ndarray | float,
    parent: np.ndarray | float | None,
    each: int = 40,
    cluster: np.ndarray | None = None,
) -> HeldBack:
    """Labels on which child and parent give that probability to what was true."""
    spam = np.arange(2 * each) % 2 == 0
    return HeldBack(
        spam,
        np.arange(2 * each) if cluster is None else cluster,
        towards(spam, child),
        None if parent is None else towards(spam, parent),
    )


def test_better_is_promoted_and_the_figures_are_named():
    gate = judge(held(0.9, 0.8), PASSED)
    assert gate.promote
    assert "40 spam and 40 ham" in gate.reason
    assert "0.105, 0 against 0.223, 0" in gate.reason


def test_as_good_is_promoted():
    assert judge(held(0.8, 0.8), PASSED).promote


def test_worse_is_kept():
    gate = judge(held(0.7, 0.8), PASSED)
    assert not gate.promote
    assert "log-loss is worse" in gate.reason


def test_more_errors_are_kept_although_the_loss_is_less():
    # The parent is barely right everywhere; the child is very right, but wrong in a fifth.
    child = np.where(np.arange(100) % 5 == 0, 0.49, 0.99)
    gate = judge(held(child, 0.51, each=50), PASSED)
    assert not gate.promote
    assert "errors at 0.5" in gate.reason


@pytest.mark.parametrize(
    ("each", "promoted"), [(LEAST_HELD_BACK - 1, False), (LEAST_HELD_BACK, True)]
)
def test_too_few_labels_are_no_proof(each, promoted):
    gate = judge(held(0.99, 0.6, each=each), PASSED)
    assert gate.promote is promoted
    if not promoted:
        assert f"needs {LEAST_HELD_BACK} of each" in gate.reason


def test_one_class_alone_is_no_proof():
    spam = np.ones(200, dtype=bool)
    assert not judge(HeldBack(spam, np.arange(200), spam * 0.9, spam * 0.8), PASSED).promote


def test_a_regression_case_that_the_parent_knew_is_not_unlearnt():
    broken = Cases(PASSED.texts, PASSED.spam, np.array([0.4, 0.1]), np.array([0.9, 0.1]))
    gate = judge(held(0.9, 0.8), broken)
    assert not gate.promote
    assert "buy now" in gate.reason


def test_a_regression_case_that_the_parent_never_knew_does_not_stop_a_better_model():
    known = Cases(PASSED.texts, PASSED.spam, np.array([0.4, 0.1]), np.array([0.3, 0.1]))
    assert judge(held(0.9, 0.8), known).promote


def test_without_a_parent_every_regression_case_counts():
    broken = Cases(PASSED.texts, PASSED.spam, np.array([0.4, 0.1]))
    assert not judge(held(0.9, None), broken).promote
    assert judge(held(0.9, None), PASSED).promote


def test_copies_of_one_post_are_one_piece_of_evidence():
    # Thirty more errors, but all on copies of a single post, and the loss is less.
    copies = (np.arange(200) < 60) & (np.arange(200) % 2 == 0)
    child, parent = np.where(copies, 0.45, 0.95), np.where(copies, 0.55, 0.65)
    together = np.where(copies, 0, np.arange(200))
    assert not judge(held(child, parent, each=100), PASSED).promote
    assert judge(held(child, parent, each=100, cluster=together), PASSED).promote
