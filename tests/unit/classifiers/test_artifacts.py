import hashlib
import json
import os
import struct
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save

from classifiers import features, passages
from classifiers.exceptions import (
    ArtifactCorrupt,
    ArtifactDigestMismatch,
    ArtifactError,
    ArtifactIncompatible,
    ArtifactMissing,
    ArtifactTooLarge,
    ArtifactUnexpected,
)
from classifiers.types import Content
from classifiers.versions import artifacts
from tests.unit.classifiers import models

POSTS = [Content(text="free cash prize"), Content(text="thanks for the lecture")]


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    models.write(tmp_path / "model", models.scorer())
    return tmp_path / "model"


def test_what_was_written_judges_the_same(directory):
    before = models.scorer().score(POSTS, [(), ()])
    assert artifacts.load(directory).score(POSTS, [(), ()]) == before


def test_the_same_model_has_the_same_digest(tmp_path):
    scorer = models.scorer()
    first = models.write(tmp_path / "a", scorer)
    assert models.write(tmp_path / "b", scorer) == first
    assert models.write(tmp_path / "c", models.blank()) != first


def test_no_training_text_hides_in_it(directory):
    for file in directory.iterdir():
        for word in models.SPAM_WORDS[:4]:
            assert word.encode() not in file.read_bytes()


@pytest.mark.parametrize("name", sorted(artifacts.LIMITS))
def test_a_file_that_is_not_there(directory, name):
    (directory / name).unlink()
    with pytest.raises(ArtifactMissing, match=name):
        artifacts.load(directory)


def test_no_directory(tmp_path):
    with pytest.raises(ArtifactMissing):
        artifacts.load(tmp_path / "nowhere")


@pytest.mark.parametrize("name", [artifacts.WEIGHTS, artifacts.CARD])
def test_one_changed_bit(directory, name):
    content = bytearray((directory / name).read_bytes())
    content[-1] ^= 1
    (directory / name).write_bytes(content)
    with pytest.raises(ArtifactDigestMismatch, match=name):
        artifacts.load(directory)


def test_truncated_weights(directory):
    content = (directory / artifacts.WEIGHTS).read_bytes()
    (directory / artifacts.WEIGHTS).write_bytes(content[: len(content) // 2])
    with pytest.raises(ArtifactDigestMismatch):
        artifacts.load(directory)


def test_truncated_manifest(directory):
    content = (directory / artifacts.MANIFEST).read_bytes()
    (directory / artifacts.MANIFEST).write_bytes(content[: len(content) // 2])
    with pytest.raises(ArtifactCorrupt):
        artifacts.load(directory)


def test_another_model_than_was_asked_for(directory):
    with pytest.raises(ArtifactDigestMismatch):
        artifacts.load(directory, digest="0" * 64)


def test_changed_calibration_changes_the_digest(directory):
    digest = artifacts.inspect(directory).digest
    models.rewrite(directory, calibration={"kind": "platt", "slope": 9.0, "shift": 9.0})
    with pytest.raises(ArtifactDigestMismatch):
        artifacts.load(directory, digest=digest)


def test_one_file_too_many(directory):
    (directory / "model.pkl").write_bytes(b"cos\nsystem\n(S'true'\ntR.")
    with pytest.raises(ArtifactUnexpected, match=r"model\.pkl"):
        artifacts.load(directory)


def test_a_link_out_of_the_directory(directory, tmp_path):
    outside = tmp_path / "weights"
    (directory / artifacts.WEIGHTS).rename(outside)
    (directory / artifacts.WEIGHTS).symlink_to(outside)
    with pytest.raises(ArtifactUnexpected):
        artifacts.load(directory)


def test_a_directory_that_is_a_link(directory, tmp_path):
    (tmp_path / "link").symlink_to(directory)
    with pytest.raises(ArtifactUnexpected):
        artifacts.load(tmp_path / "link")


def test_a_file_with_another_name_elsewhere_needs_a_digest(directory, tmp_path):
    (tmp_path / "same").hardlink_to(directory / artifacts.CARD)
    with pytest.raises(ArtifactUnexpected, match="another name"):
        artifacts.load(directory)
    digest = hashlib.sha256((directory / artifacts.MANIFEST).read_bytes()).hexdigest()
    artifacts.load(directory, digest=digest)


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir], ids=["fifo", "directory"])
def test_something_that_is_no_file(directory, make):
    (directory / artifacts.WEIGHTS).unlink()
    make(directory / artifacts.WEIGHTS)
    with pytest.raises(ArtifactUnexpected):
        artifacts.load(directory)


def test_a_manifest_that_points_elsewhere(directory):
    manifest = json.loads((directory / artifacts.MANIFEST).read_text())
    files = {"../../etc/passwd": manifest["files"][artifacts.WEIGHTS], **manifest["files"]}
    models.rewrite(directory, files=files)
    with pytest.raises(ArtifactUnexpected, match="passwd"):
        artifacts.load(directory)


def test_a_file_larger_than_any_model(directory, monkeypatch):
    monkeypatch.setitem(artifacts.LIMITS, artifacts.WEIGHTS, 1000)
    with pytest.raises(ArtifactTooLarge):
        artifacts.load(directory)


def _tensors(**changed: np.ndarray) -> bytes:
    tensors = {
        "hashed": np.zeros(features.HASHED, dtype=np.float16),
        "numeric": np.zeros(len(features.NUMERIC), dtype=np.float32),
    }
    return save({**tensors, **changed})


@pytest.mark.parametrize(
    "weights",
    [
        _tensors(hashed=np.zeros(10, dtype=np.float16)),
        _tensors(hashed=np.zeros(features.HASHED, dtype=np.float64)),
        _tensors(hashed=np.full(features.HASHED, np.nan, dtype=np.float16)),
        _tensors(numeric=np.zeros(1, dtype=np.float32)),
        _tensors(extra=np.zeros(1, dtype=np.float32)),
        b"",
        b"not safetensors",
        struct.pack("<Q", 1 << 60) + b"{}",
        struct.pack("<Q", 5_000) + b"{}".ljust(5_000),
    ],
    ids=["short", "double", "nan", "numeric", "extra", "empty", "garbage", "header", "wordy"],
)
def test_weights_of_another_shape(directory, weights):
    models.rewrite(directory, weights=weights)
    with pytest.raises(ArtifactCorrupt):
        artifacts.load(directory)


@pytest.mark.parametrize(
    "changes",
    [
        {"bias": float("inf")},
        {"bias": "much"},
        {"bias": 10**400},
        {"bias": [0.0]},
        {"calibration": {"kind": "platt", "slope": 10**400, "shift": 0}},
        {"features": {"version": features.FEATURES_VERSION, "hashed": features.HASHED}},
        {
            "features": {
                "version": features.FEATURES_VERSION,
                "hashed": features.HASHED,
                "numeric": [["a"]] * len(features.NUMERIC),
            }
        },
        {"files": {artifacts.WEIGHTS: 1, artifacts.CARD: None}},
        {"snapshot": ["a list"]},
        {"name": "n" * 101},
        {"name": "line\nbreak"},
        {"name": ["list"]},
        {"remark": "\0"},
        {"remark": "\ud800"},
        {"calibration": {"kind": "platt", "slope": -1, "shift": 0}},
        {"calibration": None},
        {"kind": "pickle"},
        {"format": 99},
        {"files": []},
        {"name": None},
        {"passage_limit": True},
        {"passage_limit": -0.1},
        {"passage_limit": float("inf")},
        {"passage_limit": float("nan")},
        {"passage_limit": "0.15"},
    ],
    ids=lambda changes: str(changes)[:60],
)
def test_a_manifest_that_makes_no_sense(directory, changes):
    models.rewrite(directory, **changes)
    with pytest.raises(ArtifactError):
        artifacts.load(directory)


def test_a_model_keeps_its_own_limit_of_passages(tmp_path):
    models.write(tmp_path / "own", replace(models.blank(), passage_limit=1.25))
    assert artifacts.load(tmp_path / "own").passage_limit == 1.25
    models.write(tmp_path / "none", models.blank())
    assert artifacts.load(tmp_path / "none").passage_limit is None
    before = json.loads((tmp_path / "none" / artifacts.MANIFEST).read_text())
    del before["passage_limit"]
    (tmp_path / "none" / artifacts.MANIFEST).write_text(json.dumps(before))
    assert artifacts.load(tmp_path / "none").passage_limit is None, "made before there were limits"
    assert artifacts.load(artifacts.STARTER).passage_limit == passages.LIMIT
    assert artifacts.inspect(artifacts.STARTER).stored["starter"] is True


def test_features_of_another_version(directory):
    made_for = json.loads((directory / artifacts.MANIFEST).read_text())["features"]
    models.rewrite(directory, features={**made_for, "version": features.FEATURES_VERSION + 1})
    with pytest.raises(ArtifactIncompatible, match="this release"):
        artifacts.load(directory)


def test_a_deeply_nested_manifest(directory):
    (directory / artifacts.MANIFEST).write_text("[" * 100_000)
    with pytest.raises(ArtifactCorrupt):
        artifacts.load(directory)


def test_writing_replaces_a_model_and_nothing_else(directory):
    models.write(directory, models.blank())
    assert artifacts.load(directory).version == "blank-1"
    assert [entry.name for entry in directory.parent.iterdir()] == ["model"]
    precious = directory.parent / "photos"
    precious.mkdir()
    (precious / "cat.jpg").write_bytes(b"cat")
    with pytest.raises(ArtifactUnexpected):
        models.write(precious, models.blank())
    assert (precious / "cat.jpg").read_bytes() == b"cat"


def test_installing_twice_is_one_model(directory, tmp_path):
    manifest, first = artifacts.install(directory, tmp_path / "models")
    assert artifacts.install(directory, tmp_path / "models") == (manifest, first)
    assert first.name == manifest.digest


def test_installing_mends_a_damaged_copy(directory, tmp_path):
    manifest, installed = artifacts.install(directory, tmp_path / "models")
    (installed / artifacts.WEIGHTS).write_bytes(b"")
    artifacts.install(directory, tmp_path / "models")
    artifacts.load(installed, digest=manifest.digest)
