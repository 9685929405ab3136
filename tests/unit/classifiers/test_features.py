import random
import time

import numpy as np
import pytest
from scipy import sparse

from classifiers import features, ngrams
from classifiers.heuristics import TEXT_SIGNALS
from classifiers.training.data import examples
from classifiers.training.data.dataset import Row, Snapshot
from classifiers.types import AuthorFacts, Content, Signal

CHARACTER_BUCKETS = [448969, 969706, 926591, 1043515, 502343, 235327]
WORD_BUCKETS = [327398, 135717, 62260]


def _row(content: Content, signals: tuple[Signal, ...] = ()) -> np.ndarray:
    return features.matrix([content], [signals]).toarray()[0]


def test_training_and_serving_see_the_same_numbers():
    contents = [
        Content(text="Free $$$ at http://example.com/win now!!!", title="Hello"),
        Content(text="See you at the lecture tomorrow", author=AuthorFacts(name="Ann")),
    ]
    served = features.matrix(contents, examples.signals_of(contents))
    trained = examples.of(Snapshot([Row(content, True) for content in contents], "")).matrix
    assert (served != trained).nnz == 0
    assert served.nnz > 100


def test_buckets_are_the_same_on_every_machine():
    # Fixed numbers: a change here changes every stored model, and needs a new FEATURES_VERSION.
    assert ngrams.character_grams(ngrams.join(["ab"]), 20).buckets.tolist() == CHARACTER_BUCKETS
    assert ngrams.word_grams(ngrams.join(["free cash"]), 20).buckets.tolist() == WORD_BUCKETS


def test_batch_and_single_agree():
    contents = [Content(text=text) for text in ("one two", "", "ไทย ภาษา", "x" * 50_000)]
    nothing = [()] * len(contents)
    batch = features.matrix(contents, nothing).toarray()
    for content, row in zip(contents, batch, strict=True):
        np.testing.assert_array_equal(_row(content), row)


def test_a_row_is_all_of_its_parts_added_up():
    letters = random.Random(0)
    long = " ".join("".join(letters.choices("abcdefgh", k=6)) for _ in range(2_000))
    contents = [Content(text=long), Content(text=""), Content(text="a b", author=AuthorFacts("Al"))]
    (chunk,) = features.chunks(contents, [(), (Signal("links.any", "", 0.5),), ()])
    rows, columns = np.nonzero(chunk.numeric)
    parts = [(block.rows, block.columns, block.values) for block in chunk.blocks.values()]
    parts.append((rows, columns + features.HASHED, chunk.numeric[rows, columns]))
    rows, columns, values = (np.concatenate(part) for part in zip(*parts, strict=True))
    plain = sparse.csr_matrix((values, (rows, columns)), shape=chunk.matrix.shape)
    assert plain.nnz < len(values), "no two parts share a bucket"
    for array in ("indptr", "indices", "data"):
        np.testing.assert_array_equal(getattr(chunk.matrix, array), getattr(plain, array))


def test_ngrams_do_not_cross_from_one_post_to_the_next():
    together = features.matrix([Content(text="ab"), Content(text="cd")], [(), ()])
    assert together[0].nnz == features.matrix([Content(text="ab")], [()]).nnz


def test_disguised_letters_fall_into_the_same_buckets():
    plain, disguised = _row(Content(text="free cash")), _row(Content(text="ｆｒｅｅ  𝓬𝓪𝓼𝓱"))
    np.testing.assert_array_equal(plain[: features.HASHED], disguised[: features.HASHED])


@pytest.mark.parametrize(
    "written",
    [
        "pl3a53 s3nd m0n3y 7o my fr13nd",
        "ⓟⓛⓔⓐⓢⓔ ⓢⓔⓝⓓ ⓜⓞⓝⓔⓨ ⓣⓞ ⓜⓨ ⓕⓡⓘⓔⓝⓓ",
        "🄿🄻🄴🄰🅂🄴 🅂🄴🄽🄳 money to my friend",
    ],
)
def test_statistics_count_what_is_read(written):
    # Letters in disguise are neither figures nor signs, shouting nor sums of money.
    contents = [Content(text="please send money to my friend"), Content(text=written)]
    plain, disguised = features.matrix(contents, examples.signals_of(contents)).toarray()
    counted = [
        features.HASHED + place
        for place, name in enumerate(features.NUMERIC)
        if name.startswith(("text.", "shouting."))
    ]
    np.testing.assert_allclose(plain[counted], disguised[counted], atol=0.02)


def test_every_text_signal_has_a_column_and_is_clipped():
    for place, code in enumerate(TEXT_SIGNALS):
        row = _row(Content(text="a"), (Signal(code, "noticed", value=7.0),))
        assert row[features.HASHED + place] == 1.0
    unknown = _row(Content(text="a"), (Signal("rules.mine", "noticed"),))
    np.testing.assert_array_equal(unknown, _row(Content(text="a")))


def test_title_is_read_and_the_network_address_is_not():
    base = _row(Content(text="hello"))
    assert (_row(Content(text="hello", title="casino")) != base).any()
    assert (_row(Content(text="hello", author=AuthorFacts(name="casino"))) != base).any()
    hidden = AuthorFacts(ip="192.0.2.1", user_agent="Mozilla")
    np.testing.assert_array_equal(_row(Content(text="hello", author=hidden)), base)


def test_what_an_author_is_called_is_not_what_a_text_says():
    named = _row(Content(text="hello", author=AuthorFacts(name="casino"))) - _row(
        Content(text="hello")
    )
    said = _row(Content(text="casino"))
    assert not (np.flatnonzero(named) == np.flatnonzero(said)[:, None]).any()


def test_the_end_of_a_long_post_is_read():
    filler = "nothing of note here. " * 5_000
    plain, ends_badly = _row(Content(text=filler)), _row(Content(text=filler + "casino bonus"))
    assert (plain != ends_badly).any()


@pytest.mark.parametrize("text", ["", " ", "\x00", "\ud800", "a" * 300_000, "é" * 1000, "🎉"])
def test_any_text_gives_a_finite_row(text):
    row = _row(Content(text=text))
    assert np.isfinite(row).all()
    assert np.abs(row).max() <= 2.0


def test_cost_is_bounded_for_endless_posts():
    def spent(text: str) -> float:
        started = time.process_time()
        features.matrix([Content(text=text)] * 3, [()] * 3)
        return time.process_time() - started

    spent("abcdefghij")
    # Twenty times the text: linear cost would be twenty times the time, bounded cost is not.
    many, few = "abcdefghij " * 100_000, "abcdefghij " * 5_000
    # No text comes twice: what was read of it would be remembered.
    assert any(spent(f"{n} {many}") < 10 * spent(f"{n} {few}") for n in range(3))


def test_words_hold_their_marks_together():
    grams = ngrams.word_grams(ngrams.join(["किताब ok"]), 20)
    assert len(grams.buckets) == 3


def test_fingerprints_begin_where_each_text_begins():
    prints, firsts = ngrams.fingerprints(["", "abcdef", "abcdef"], 5)
    assert firsts[0] == 0
    assert len(firsts) == 3
    size = firsts[2] - firsts[1]
    np.testing.assert_array_equal(prints[firsts[1] : firsts[2]], prints[firsts[2] :])
    assert size == 4
