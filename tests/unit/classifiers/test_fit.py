import numpy as np
import pytest
from scipy import sparse
from sklearn.linear_model import LogisticRegression

from classifiers import features
from classifiers.scorers.linear import Weights
from classifiers.training.fitting.fit import LENGTH_COLUMN, Fits, fit, leans, rarities


def _posts(count: int, columns: range, seed: int = 0):
    """Random rows that touch only `columns`, and labels that depend on the first three."""
    generator = np.random.default_rng(seed)
    dense = generator.random((count, len(columns))) * (
        generator.random((count, len(columns))) < 0.5
    )
    spam = dense[:, :3].sum(axis=1) + generator.normal(0, 0.3, count) > 0.75
    matrix = sparse.lil_matrix((count, features.COLUMNS), dtype=np.float32)
    matrix[:, list(columns)] = dense
    return matrix.tocsr(), spam


def _parent(seed: int = 1) -> Weights:
    vector = np.random.default_rng(seed).normal(size=features.COLUMNS).astype(np.float32)
    return Weights(vector, 0.7)


def test_the_minimum_is_scikit_learns():
    matrix, spam = _posts(300, range(10, 30))
    found = fit(matrix, spam, strength=0.5)
    columns = matrix[:, 10:30].tocsr()
    every = np.ones(20, dtype=bool)
    reach = leans(columns, spam, np.ones(300)) * rarities(columns, np.ones(300), np.ones(20), every)
    scale = np.sqrt(reach)
    dense = columns.toarray() * scale
    # Its intercept is not pulled at all, ours by a hundredth of the strength.
    reference = LogisticRegression(C=2.0, tol=1e-8, max_iter=1000).fit(dense, spam)
    np.testing.assert_allclose(found.vector[10:30], scale * reference.coef_[0], atol=0.02)


def test_an_ngram_of_one_post_is_left_out_and_one_that_leans_weighs_more():
    matrix = sparse.lil_matrix((40, features.COLUMNS), dtype=np.float32)
    spam = np.arange(40) < 20
    matrix[:20, 0] = 0.5  # leans
    matrix[::2, 1] = 0.5  # does not
    matrix[3, 2] = 0.5  # of a single post
    matrix[3, features.HASHED] = 0.5  # numeric: learnt from a single post too
    found = fit(matrix.tocsr(), spam, strength=0.1).vector
    assert found[0] > 1.0 > abs(found[1])
    assert found[2] == 0.0 < found[features.HASHED]
    child = fit(matrix.tocsr(), spam, strength=0.1, parent=Weights.zero())
    assert child.vector[2] > 0.0


def test_at_home_and_without_a_parent_the_length_reaches_farther():
    generator = np.random.default_rng(0)
    spam = generator.random(400) < 0.5
    matrix = sparse.lil_matrix((400, features.COLUMNS), dtype=np.float32)
    matrix[:, LENGTH_COLUMN] = (0.45 + 0.05 * spam + generator.normal(0, 0.05, 400))[:, None]
    matrix[:, LENGTH_COLUMN + 1] = (0.05 * spam + generator.random(400) * 0.1)[:, None]
    rows = matrix.tocsr()
    away, home = (
        Fits(rows, spam, at_home=at_home).at([1.0])[0].numeric() for at_home in (False, True)
    )
    assert home["text.length"] > 3.0 * away["text.length"] > 0.0
    assert home["text.digits"] == pytest.approx(away["text.digits"], rel=0.3)
    children = [
        Fits(rows, spam, parent=Weights.zero(), at_home=at_home).at([1.0])[0].numeric()
        for at_home in (False, True)
    ]
    assert children[0] == children[1]


def test_without_a_parent_rare_ngrams_and_those_of_small_values_reach_farther():
    matrix = np.zeros((100, 4), dtype=np.float32)
    matrix[:40, 0] = matrix[:10, 1] = matrix[:10, 3] = 0.1
    matrix[:40, 2] = 0.4
    weights, among = np.ones(100), np.array([True, True, True, False])
    usual, rare, large, other = rarities(sparse.csr_matrix(matrix), weights, np.ones(4), among)
    assert rare / usual == pytest.approx((1 + np.log(101 / 11)) / (1 + np.log(101 / 41)))
    assert usual / large == pytest.approx(4.0**0.6)
    assert other == 1.0
    # An n-gram that is one of two equal ones counts by its own values, not by theirs together.
    together = matrix * np.sqrt([1.0, 1.0, 2.0, 1.0]).astype(np.float32)
    sizes = np.array([1.0, 1.0, 2.0, 1.0])
    merged = rarities(sparse.csr_matrix(together), weights, sizes, among)
    assert merged[0] / merged[2] == pytest.approx(4.0**0.6)


def test_what_is_to_hold_without_some_ngrams_trusts_the_strongest_less():
    generator = np.random.default_rng(0)
    spam = generator.random(400) < 0.5
    side = np.where(spam, 1.0, -1.0)[:, None]
    matrix = sparse.lil_matrix((400, features.COLUMNS), dtype=np.float32)
    matrix[:, 0] = (generator.random((400, 1)) * side > -0.1) * 0.5  # nearly always right
    matrix[:, 1:9] = (generator.random((400, 8)) + 0.2 * side > 0.5) * 0.2
    matrix[:, LENGTH_COLUMN] = 0.5 * spam[:, None]
    rows = matrix.tocsr()
    plain, even = (Fits(rows, spam, dropped=d).at([0.1])[0] for d in (0.0, 5.0))
    share = [weights.vector[0] / weights.vector[1:9].sum() for weights in (plain, even)]
    assert 0.0 < share[1] < 0.8 * share[0]
    # What is always there, numbers of the whole text, is not pulled more.
    assert even.vector[LENGTH_COLUMN] > plain.vector[LENGTH_COLUMN] > 0.0


def test_what_a_parent_knows_is_pulled_by_its_lean_alone():
    matrix = sparse.lil_matrix((100, features.COLUMNS), dtype=np.float32)
    spam = np.arange(100) < 50
    matrix[:40, 0] = 0.1
    matrix[:40, 1] = 0.4
    matrix = matrix.tocsr()
    child = fit(matrix, spam, strength=1e4, parent=Weights.zero()).vector
    # So strong a pull that the first step is the whole way: by value as by gradient.
    assert child[1] / child[0] == pytest.approx(4.0, rel=0.01)
    anew = fit(matrix, spam, strength=1e4).vector
    assert anew[1] / anew[0] == pytest.approx(4.0**0.4, rel=0.01)


def test_copies_share_the_weight_of_their_posts_and_add_no_columns():
    matrix, spam = _posts(200, range(10, 30))
    alone = fit(matrix, spam, strength=0.1).vector
    np.testing.assert_allclose(
        fit(matrix, spam, strength=0.1, copies=matrix).vector, alone, atol=1e-3
    )
    others = matrix.tolil()
    others[:, 10] = 0.0  # never survives
    others[:, 40] = 0.5  # of copies alone
    found = fit(matrix, spam, strength=0.1, copies=others.tocsr()).vector
    assert 0.0 < found[10] < alone[10]
    assert found[40] == 0.0


def test_where_there_are_no_labels_the_parents_weights_stay_exactly():
    matrix, spam = _posts(100, range(500, 520))
    parent = _parent()
    child = fit(matrix, spam, strength=0.1, parent=parent)
    untouched = np.ones(features.COLUMNS, dtype=bool)
    untouched[500:520] = False
    np.testing.assert_array_equal(child.vector[untouched], parent.vector[untouched])
    assert (child.vector[500:520] != parent.vector[500:520]).all()


def test_no_posts_at_all_give_the_parent():
    parent = _parent()
    empty = sparse.csr_matrix((0, features.COLUMNS), dtype=np.float32)
    child = fit(empty, np.zeros(0, dtype=bool), strength=0.1, parent=parent)
    np.testing.assert_array_equal(child.vector, parent.vector)
    assert child.bias == parent.bias


def test_a_strong_pull_ends_at_the_parent_and_not_at_zero():
    matrix, spam = _posts(100, range(20))
    parent = _parent()
    child = fit(matrix, spam, strength=1e7, parent=parent)
    np.testing.assert_allclose(child.vector, parent.vector, atol=1e-3)


def test_labels_that_the_parent_gets_right_move_it_less_than_those_it_gets_wrong():
    matrix, _ = _posts(100, range(20))
    parent = Weights(20 * _parent().vector)
    right = parent.log_odds(matrix) > 0
    agreed = fit(matrix, right, strength=1.0, parent=parent)
    opposed = fit(matrix, ~right, strength=1.0, parent=parent)
    moved = [np.linalg.norm(child.vector - parent.vector) for child in (agreed, opposed)]
    assert moved[0] < moved[1] / 2


def test_a_weight_counts_as_that_many_posts():
    matrix, spam = _posts(60, range(20))
    twice = fit(sparse.vstack([matrix, matrix]).tocsr(), np.tile(spam, 2), strength=0.3)
    weighted = fit(matrix, spam, strength=0.3, weights=np.full(60, 2.0))
    np.testing.assert_allclose(weighted.vector, twice.vector, atol=1e-3)


@pytest.mark.parametrize("label", [True, False])
def test_one_class_alone_stays_finite(label):
    matrix, _ = _posts(20, range(20))
    found = fit(matrix, np.full(20, label), strength=0.1)
    assert np.isfinite(found.vector).all()
    assert np.isfinite(found.bias)
    assert ((found.log_odds(matrix) > 0) == label).all()


def test_equal_columns_share_what_one_of_double_length_would_have():
    matrix, spam = _posts(200, range(10, 30))
    twice = matrix.tolil()
    twice[:, 40] = matrix[:, 10]
    parent = _parent()
    found = fit(twice.tocsr(), spam, strength=0.1, parent=parent).vector
    assert found[40] - parent.vector[40] == pytest.approx(found[10] - parent.vector[10], abs=1e-6)
    longer = matrix.tolil()
    longer[:, 10] = matrix[:, 10] * np.sqrt(2.0)
    nothing = Weights.zero()
    plain = fit(twice.tocsr(), spam, strength=0.1, parent=nothing).vector
    one = fit(longer.tocsr(), spam, strength=0.1, parent=nothing).vector
    assert plain[10] * np.sqrt(2.0) == pytest.approx(one[10], abs=1e-3)


def test_parts_and_strengths_are_fitted_as_if_they_were_alone():
    matrix, spam = _posts(200, range(10, 30))
    rows = np.arange(200) % 3 > 0
    some = Fits(matrix, spam, copies=matrix).at([0.1, 1.0], rows)
    for strength, together in zip([0.1, 1.0], some, strict=True):
        alone = fit(matrix[rows], spam[rows], strength=strength, copies=matrix[rows])
        np.testing.assert_allclose(together.vector, alone.vector, atol=2e-3)
