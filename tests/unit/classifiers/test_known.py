"""What a manifest tells of the posts that a model was trained on."""

import numpy as np
import pytest

from classifiers.training.data import known
from classifiers.training.data.dataset import Row, Snapshot
from classifiers.types import Content


def rows(start, stop, split=""):
    return [
        Row(Content(f"a text of its own, number {n}"), n % 2 == 0, split)
        for n in range(start, stop)
    ]


def snapshot(*parts):
    return Snapshot([row for part in parts for row in part], "file")


def manifest(learnt, files=(), parent=None):
    return {"snapshot": {"sample": known.sample(learnt.contents, parent), "files": files}}


def test_a_share_of_the_posts_is_known_by_another_name_and_in_other_spaces(monkeypatch):
    monkeypatch.setattr(known, "SAMPLE", 400)
    told = manifest(snapshot(rows(0, 2_000)), ["posts.csv: 1000 spam, 1000 ham"])
    half = snapshot(rows(1_600, 2_400))
    spaced = [Row(Content(f" {row.content.text.upper()}\n"), row.spam) for row in half.rows]
    found = known.of("b.csv", snapshot(spaced), told)
    assert found == known.of("b.csv", half, told)
    assert 40 <= int(found.split("%")[0].rsplit(" ")[-1]) <= 60
    assert known.of("posts.csv", snapshot(rows(2_000, 2_800)), told) == ""


def test_what_the_parent_knew_counts_as_known():
    parent = manifest(snapshot(rows(0, 100)))
    child = manifest(snapshot(rows(100, 300)), parent=parent)
    assert "about 100%" in known.of("a.csv", snapshot(rows(0, 100)), child)
    assert np.array_equal(known._stored(child), known.hashes(snapshot(rows(0, 300)).contents))


def test_texts_that_are_said_everywhere_do_not_count():
    said = [Row(Content("thank you"), False)] * 200
    assert known.of("a.csv", snapshot(said), manifest(snapshot(said))) == ""


@pytest.mark.parametrize(
    ("name", "split", "known_as"),
    [
        ("posts.csv", "train", "it looks like posts.csv (train, valid), which"),
        ("posts.csv", "test", ""),
        ("other.csv", "valid", "it looks like posts.csv (train, valid), which"),
        ("other.csv", "", "it looks like posts.csv (train, valid), which"),
    ],
)
def test_an_older_manifest_knows_files_by_name_and_by_number(name, split, known_as):
    told = {"snapshot": {"files": ["posts.csv (train, valid): 40 spam, 40 ham"]}}
    assert known.of(name, snapshot(rows(0, 80, split)), told) == known_as
    assert known.of("other.csv", snapshot(rows(0, 82, split)), told) == ""
    assert known.of(name, Snapshot(rows(0, 9), "x"), {"snapshot": {"sha256": "x"}}) != ""
    told["snapshot"]["sha256"] = "x"
    assert known.of("other.csv", Snapshot(rows(0, 9, "test"), "x"), told) == ""
