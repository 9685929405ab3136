import numpy as np
import pytest

from classifiers.guarantees.paired import Check
from classifiers.training.gates import against_parent
from classifiers.training.gates.promotion import LEAST_HELD_BACK, Cases, HeldBack, judge
from classifiers.types import Content
from tests.unit.classifiers import models

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
    broken = Cases(PASSED.texts, PASSED.spam, np.array([0.2, 0.1]), np.array([0.9, 0.1]))
    gate = judge(held(0.9, 0.8), broken)
    assert not gate.promote
    assert "buy now" in gate.reason


@pytest.mark.parametrize(("child", "kept"), [([0.31, 0.69], False), ([0.9, 0.71], True)])
def test_a_regression_case_that_became_doubtful_is_not_unlearnt(child, kept):
    cases = Cases(PASSED.texts, PASSED.spam, np.array(child), np.array([0.9, 0.1]))
    assert judge(held(0.9, 0.8), cases).promote is not kept


def test_a_regression_case_that_the_parent_never_knew_does_not_stop_a_better_model():
    known = Cases(PASSED.texts, PASSED.spam, np.array([0.2, 0.1]), np.array([0.3, 0.1]))
    assert judge(held(0.9, 0.8), known).promote


def test_without_a_parent_every_regression_case_counts():
    broken = Cases(PASSED.texts, PASSED.spam, np.array([0.2, 0.1]))
    assert not judge(held(0.9, None), broken).promote
    assert judge(held(0.9, None), PASSED).promote


def test_copies_of_one_post_are_one_piece_of_evidence():
    # Thirty more errors, but all on copies of a single post, and the loss is less.
    copies = (np.arange(200) < 60) & (np.arange(200) % 2 == 0)
    child, parent = np.where(copies, 0.45, 0.95), np.where(copies, 0.55, 0.65)
    together = np.where(copies, 0, np.arange(200))
    assert not judge(held(child, parent, each=100), PASSED).promote
    assert judge(held(child, parent, each=100, cluster=together), PASSED).promote


def test_harm_to_one_language_is_found_in_a_mean_that_got_better():
    spam = np.arange(240) % 2 == 0
    contents = [Content(text=f"post {n}", language="th" if n < 40 else "en") for n in range(240)]
    child, parent = np.full(240, 0.99), np.full(240, 0.6)
    child[:30], parent[40:80] = 0.4, 0.3
    given = HeldBack(spam, np.arange(240), towards(spam, child), towards(spam, parent))
    checks = against_parent.slices(contents, spam, given.cluster, given.child, given.parent)
    assert {check.what: check.is_worse for check in checks} == {
        "errors, language en": False,
        "errors, language th": True,
    }
    assert judge(given, PASSED).promote
    gate = judge(given, PASSED, checks)
    assert not gate.promote
    assert "clearly worse: errors, language th, +" in gate.reason
    assert "on 40 posts (+3 allowed)" in gate.reason
    # Copies of one post are one voice.
    wave = np.where(np.arange(240) < 40, 0, np.arange(240))
    checks = against_parent.slices(contents, spam, wave, given.child, given.parent)
    few = next(check for check in checks if check.what.endswith("th"))
    assert (few.is_known, few.is_worse, few.posts) == (False, False, 1)
    gate = judge(given, PASSED, checks)
    assert gate.promote and "1 had too few posts to say" in gate.reason


@pytest.mark.parametrize(
    ("low", "high", "posts", "says"),
    [
        (-0.877, 0.877, 22, "22 posts are too few to say"),
        (-0.877, 0.877, 1, "1 post is too few to say"),
        (-0.01, 0.02, 60, "−1.0 to +2.0 points on 60 posts (+3 allowed)"),
        (0.05, 0.95, 25, "+5.0 to +95.0 points on 25 posts (+3 allowed)"),
    ],
)
def test_an_interval_that_says_nothing_is_told_in_words(low, high, posts, says):
    check = Check("errors", posts, low, high, 0.03)
    assert check.says == says
    assert check.is_known == check.as_dict()["known"] == ("too few" not in says)


def test_probabilities_that_are_further_off_keep_a_child_back_and_noise_does_not():
    chance = np.random.default_rng(5)
    true = chance.uniform(0.05, 0.95, 600)
    spam, cluster = chance.random(600) < true, np.arange(600)
    bold = np.where(true > 0.5, 0.98, 0.02)
    found = against_parent.calibration(spam, cluster, bold, true)
    assert found.is_worse and 0.1 < found.low < found.high < 0.35
    wobbling = np.clip(true + chance.normal(0.0, 0.03, 600), 0.01, 0.99)
    assert not against_parent.calibration(spam, cluster, wobbling, true).is_worse
    few = against_parent.calibration(spam[:30], cluster[:30], bold[:30], true[:30])
    assert not few.is_known and few.says == "30 posts are too few to say"


def test_what_judging_costs_is_a_ratio_within_one_run():
    child, parent = models.blank("child"), models.blank("parent")
    contents = [Content(text=f"post {n}") for n in range(20)]

    def clock_of(child_takes: float):
        moments, now = [], 0.0
        for turn in range(2 * (against_parent.TURNS + 1)):
            moments += [now, now := now + (child_takes if turn % 2 == 0 else 1.0)]
        return iter(moments).__next__

    slow = against_parent.cost(child, parent, contents, clock=clock_of(2.5))
    assert (
        slow.is_worse
        and slow.says == "2.50 to 2.50 times the other's on 20 posts (2 times allowed)"
    )
    assert not against_parent.cost(child, parent, contents, clock=clock_of(1.9)).is_worse
    assert not against_parent.cost(child, parent, contents[:19]).is_known
