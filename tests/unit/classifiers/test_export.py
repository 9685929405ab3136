"""From a published directory to a language model in use, without a network."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from classifiers.encoder import MANIFEST, Encoder, Facts
from classifiers.exceptions import EncoderUnusable
from classifiers.training import export as exporting
from classifiers.training.export import export
from tests.unit.classifiers import encoders

TEXTS = ["free casino bonus", "thanks dinner", "lecture train coffee lecture"]


def by_torch(source: Path, texts: list[str], pooling: str) -> np.ndarray:
    """What the source itself gives, in 32 bits."""
    import torch
    from transformers import AutoModel, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(source, local_files_only=True)
    model = AutoModel.from_pretrained(source, local_files_only=True).eval()
    rows = []
    with torch.no_grad():
        for text in texts:
            given = tokenizer([text], return_tensors="pt", truncation=True, max_length=128)
            states = model(**given).last_hidden_state[0]
            row = states.mean(dim=0) if pooling == "mean" else states[0]
            rows.append((row / row.norm()).numpy())
    return np.array(rows)


@pytest.mark.parametrize("architecture", ["Bert", "XLMRoberta"])
@pytest.mark.parametrize(("way", "pooling"), [("mean_tokens", "mean"), ("cls_token", "cls")])
def test_a_published_model_keeps_its_meaning(tmp_path, way, pooling, architecture):
    source = encoders.publish(tmp_path / "source", pooling=way, architecture=architecture)
    facts = export(source, tmp_path / "encoder")
    made = Encoder(tmp_path / "encoder")
    assert (made.name, made.digest, made.dimensions) == ("source", facts.digest, 16)
    agreement = (made.embed(TEXTS) * by_torch(source, TEXTS, pooling)).sum(axis=1)
    assert agreement.min() > 0.97


def test_the_pinned_model_keeps_its_meaning(tmp_path):
    pytest.importorskip("torch", reason="PyTorch is not installed (ENCODER=no)")
    texts = ["Win a free phone today", "See you at the station at eight, then?", "ok"]
    export(exporting.pinned(), tmp_path, name=exporting.PINNED_NAME)
    theirs = by_torch(exporting.pinned(), [text.lower() for text in texts], "mean")
    ours = Encoder(tmp_path).embed([text.lower() for text in texts])
    assert (ours * theirs).sum(axis=1).min() > 0.95


def test_a_second_export_changes_nothing(tmp_path):
    source = encoders.publish(tmp_path / "source")
    first = export(source, tmp_path / "encoder")
    before = {file: file.stat().st_mtime_ns for file in (tmp_path / "encoder").iterdir()}
    assert export(source, tmp_path / "encoder") == first
    assert {file: file.stat().st_mtime_ns for file in (tmp_path / "encoder").iterdir()} == before


def test_what_is_damaged_is_made_again_with_the_same_bytes(tmp_path):
    source = encoders.publish(tmp_path / "source")
    facts = export(source, tmp_path / "encoder")
    (tmp_path / "encoder" / facts.model).write_bytes(b"")
    assert export(source, tmp_path / "encoder") == facts
    Encoder(tmp_path / "encoder")


def test_another_source_takes_its_place_whole(tmp_path):
    old = export(encoders.publish(tmp_path / "old"), tmp_path / "encoder")
    new = export(encoders.publish(tmp_path / "new", seed=8), tmp_path / "encoder")
    assert new.digest != old.digest
    present = {file.name for file in (tmp_path / "encoder").iterdir()}
    assert present == {MANIFEST, *new.files}
    assert Facts.read(tmp_path / "encoder") == new


def test_a_prefix_makes_another_encoder(tmp_path):
    source = encoders.publish(tmp_path / "source")
    plain = export(source, tmp_path / "plain")
    with_prefix = export(source, tmp_path / "prefixed", prefix="free ")
    assert plain.digest != with_prefix.digest
    assert plain.model == with_prefix.model
    ours = Encoder(tmp_path / "prefixed").embed(["dinner"])
    assert np.array_equal(ours, Encoder(tmp_path / "plain").embed(["free dinner"]))


def test_other_weights_than_the_pinned_are_refused(monkeypatch):
    pytest.importorskip(exporting.PACKAGE, reason="the model's package is not installed")
    monkeypatch.setattr(exporting, "PINNED_WEIGHTS", "0" * 64)
    with pytest.raises(EncoderUnusable, match="SHA-256"):
        exporting.pinned()


@pytest.mark.parametrize("missing", ["config.json", "model.safetensors", "tokenizer.json"])
def test_a_directory_that_lacks_something_is_refused(tmp_path, missing, capsys):
    source = encoders.publish(tmp_path / "source")
    (source / missing).unlink()
    assert exporting.main([str(source), "--output", str(tmp_path / "encoder")]) == 1
    assert missing in capsys.readouterr().err
    assert not (tmp_path / "encoder" / MANIFEST).exists()


def test_layers_that_we_do_not_export_are_refused(tmp_path):
    source = encoders.publish(tmp_path / "source")
    kinds = ["models.Transformer", "models.Pooling", "models.Dense"]
    (source / "modules.json").write_text(json.dumps([{"type": kind} for kind in kinds]))
    with pytest.raises(EncoderUnusable, match="Dense"):
        export(source, tmp_path / "encoder")


def test_a_pooling_that_we_do_not_know_is_refused(tmp_path):
    source = encoders.publish(tmp_path / "source", pooling="weightedmean_tokens")
    with pytest.raises(EncoderUnusable, match="pool"):
        export(source, tmp_path / "encoder")
