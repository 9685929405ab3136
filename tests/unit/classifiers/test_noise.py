import random
from dataclasses import replace

import numpy as np
import pytest

from classifiers import features
from classifiers.exceptions import TooFewLabels
from classifiers.training import make
from classifiers.training.data import examples, noise
from classifiers.training.fitting import recipe
from classifiers.types import AuthorFacts, Content
from tests.unit.classifiers import models

TEXTS = [
    "please subscribe to my channel at http://shop.example.com/offer or jane@example.com now",
    "ขอบคุณมากค่ะแล้วเจอกันพรุ่งนี้ตอนเย็นที่เดิม",
    "Привет, увидимся завтра на работе",
]


@pytest.mark.parametrize("text", TEXTS)
def test_copies_differ_and_are_still_much_the_same(text):
    chance = random.Random(1)
    found = [noise.altered(text, chance) for _ in range(40)]
    assert len(set(found)) > 15
    for copy in found:
        assert abs(len(copy) - len(text)) <= 0.5 * len(text)
        assert sum(char in text for char in copy) > 0.95 * len(copy)


def test_links_and_authors_stay_and_the_same_posts_have_the_same_copies():
    contents = [Content(text=TEXTS[0], author=AuthorFacts(name="Ann")) for _ in range(30)]
    found = noise.copies(contents)
    assert found == noise.copies(contents)
    assert {content.author for content in found} == {contents[0].author}
    for content in found:
        assert "http://shop.example.com/offer" in content.text.split(" ")
        assert "jane@example.com" in content.text.split(" ")


@pytest.mark.parametrize("text", ["", " ", "a", "\ud800", "🎉 🎉", "a  b\n\nc"])
def test_any_text_has_a_copy(text):
    for seed in range(20):
        assert isinstance(noise.altered(text, random.Random(seed)), str)


def test_what_another_file_holds_changes_no_copy_of_a_file(tmp_path, monkeypatch):
    one, other = (
        models.write_jsonl(tmp_path / f"{start}.jsonl", models.rows(20, start)) for start in (0, 50)
    )
    learnt: list[examples.Examples] = []

    def train(posts: examples.Examples, **_: object) -> None:
        learnt.append(posts)
        raise TooFewLabels("enough")

    monkeypatch.setattr(make, "train", train)
    for files in ([other], [one, other]):
        with pytest.raises(TooFewLabels):
            make.make(files, output=None, folder=tmp_path)
    alone, beside = (posts.copies for posts in learnt)
    assert alone is not None and beside is not None
    assert abs(alone - beside[20:]).nnz == 0


def test_a_model_knows_misspelt_posts_better_for_its_copies():
    posts = examples.of(models.snapshot(160))
    assert posts.copies is not None
    assert posts.copies.shape == posts.matrix.shape
    with_copies = recipe.train(posts).weights
    without = recipe.train(replace(posts, copies=None)).weights
    later = models.snapshot(80, start=500)
    astray = noise.copies(later.contents, seed=9)
    matrix = features.matrix(astray, [()] * len(astray))
    sides = np.where(later.spam, 1.0, -1.0)
    losses = [
        np.logaddexp(0.0, -sides * weights.log_odds(matrix)).mean()
        for weights in (with_copies, without)
    ]
    assert losses[0] < losses[1]
