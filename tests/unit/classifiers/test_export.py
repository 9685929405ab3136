"""From a published directory to a text encoder in use, without a network."""

import json
from pathlib import Path

import numpy as np
import pytest

from classifiers.encoder.facts import MANIFEST, Facts
from classifiers.encoder.model import Encoder
from classifiers.exceptions import EncoderUnusable
from classifiers.training.encoders import export as exporting
from classifiers.training.encoders.export import export
from classifiers.training.encoders.published import Published
from tests.unit.classifiers import encoders

TEXTS = ["free casino bonus", "thanks dinner", "lecture train coffee lecture"]


def modules(source: Path, *kinds: str) -> None:
    """Says which layers the model has, each but the first in a folder of its own."""
    steps = [
        {"type": f"sentence_transformers.models.{kind}", "path": f"{place}_{kind}" if place else ""}
        for place, kind in enumerate(kinds)
    ]
    (source / "modules.json").write_text(json.dumps(steps))


WAYS = {"mean_tokens": "mean", "cls_token": "cls", "max_tokens": "max", "lasttoken": "last"}


@pytest.mark.parametrize(
    ("architecture", "way"),
    [
        *(("Bert", way) for way in WAYS),
        *(("XLMRoberta", way) for way in ("mean_tokens", "cls_token")),
        ("T5", "mean_tokens"),
        ("GPT2", "lasttoken"),
    ],
)
def test_a_published_model_keeps_its_meaning(tmp_path, way, architecture):
    source = encoders.publish(tmp_path / "source", pooling=way, architecture=architecture)
    facts = export(source, tmp_path / "encoder")
    made = Encoder(tmp_path / "encoder")
    assert (made.name, made.digest, made.dimensions) == ("source", facts.digest, 16)
    agreement = (made.embed(TEXTS) * encoders.by_torch(source, TEXTS, WAYS[way])).sum(axis=1)
    assert agreement.min() > 0.97


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
    modules(source, "Transformer", "Pooling", "LSTM")
    with pytest.raises(EncoderUnusable, match="LSTM"):
        export(source, tmp_path / "encoder")


def test_a_pooling_that_we_do_not_know_is_refused(tmp_path):
    source = encoders.publish(tmp_path / "source", pooling="weightedmean_tokens")
    with pytest.raises(EncoderUnusable, match="pool"):
        export(source, tmp_path / "encoder")


def repacked(source: Path, how: str) -> None:
    """The same model in other files."""
    import torch
    from transformers import AutoModel, AutoTokenizer

    model = AutoModel.from_pretrained(source)
    if how in ("pickled", "pickled in parts"):
        (source / "model.safetensors").unlink()
        weights = list(model.state_dict().items())
        halves = weights[:5], weights[5:]
        if how == "pickled":
            torch.save(dict(weights), source / "pytorch_model.bin")
            return
        named = {}
        for number, half in enumerate(halves):
            torch.save(dict(half), source / f"pytorch_model-{number}.bin")
            named |= dict.fromkeys(dict(half), f"pytorch_model-{number}.bin")
        index = json.dumps({"metadata": {}, "weight_map": named})
        (source / "pytorch_model.bin.index.json").write_text(index)
    elif how == "in parts":
        (source / "model.safetensors").unlink()
        model.save_pretrained(source, max_shard_size="8KB")
        assert len(list(source.glob("model-*.safetensors"))) > 1
    else:
        words = AutoTokenizer.from_pretrained(source).get_vocab()
        (source / "tokenizer.json").unlink()
        (source / "vocab.txt").write_text("\n".join(sorted(words, key=words.get)))
        stored = {"tokenizer_class": "BertTokenizer", "do_lower_case": True}
        (source / "tokenizer_config.json").write_text(json.dumps(stored))


@pytest.mark.parametrize("how", ["in parts", "pickled", "pickled in parts", "vocab.txt"])
def test_other_files_of_the_same_model_have_the_same_meaning(tmp_path, how):
    source = encoders.publish(tmp_path / "source")
    export(source, tmp_path / "whole")
    repacked(source, how)
    export(source, tmp_path / "other")
    whole, other = (Encoder(tmp_path / name) for name in ("whole", "other"))
    assert np.allclose(whole.embed(TEXTS), other.embed(TEXTS), atol=1e-6)
    assert whole.digest != other.digest


def test_what_names_an_encoder_is_its_files_alone(tmp_path):
    """Models in force name it: what is said here must not change."""
    source = tmp_path / "source"
    (source / "1_Pooling").mkdir(parents=True)
    stored = {"config.json": "{}", "model.safetensors": "w", "tokenizer.json": "t"}
    for name, content in (stored | {"1_Pooling/config.json": "{}"}).items():
        (source / name).write_text(content)
    (source / "1_Pooling/config.json").write_text('{"pooling_mode_mean_tokens": true}')
    digest = exporting.digest_of(Published.find(source).digests(), "query: ")
    assert digest == "89c9ccb8e5dcacf765244cf5e2ce965e1bb0622c752426eb347402c965008d06"


def test_pickled_weights_run_nothing(tmp_path):
    class Ran:
        def __reduce__(self):
            return Path.touch, (tmp_path / "ran",)

    import torch

    source = encoders.publish(tmp_path / "source")
    (source / "model.safetensors").unlink()
    torch.save({"embeddings.word_embeddings.weight": Ran()}, source / "pytorch_model.bin")
    with pytest.raises(EncoderUnusable):
        export(source, tmp_path / "encoder")
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("pickled", [False, True])
def test_a_dense_layer_is_part_of_it(tmp_path, pickled):
    import torch
    from safetensors.torch import save_file

    source = encoders.publish(tmp_path / "source", pooling="cls_token")
    modules(source, "Transformer", "Pooling", "Dense", "Normalize")
    torch.manual_seed(3)
    dense = torch.nn.Linear(16, 5)
    (source / "2_Dense").mkdir()
    weights = {f"linear.{name}": each for name, each in dense.state_dict().items()}
    if pickled:
        torch.save(weights, source / "2_Dense" / "pytorch_model.bin")
    else:
        save_file(weights, source / "2_Dense" / "model.safetensors")
    stored = {"in_features": 16, "out_features": 5, "bias": True}
    stored["activation_function"] = "torch.nn.modules.activation.Tanh"
    (source / "2_Dense" / "config.json").write_text(json.dumps(stored))
    plain = export(encoders.publish(tmp_path / "plain", pooling="cls_token"), tmp_path / "without")
    facts = export(source, tmp_path / "encoder")
    assert (facts.dimensions, plain.dimensions) == (5, 16)
    assert facts.digest != plain.digest
    ours = Encoder(tmp_path / "encoder").embed(TEXTS)
    assert (ours * encoders.by_torch(source, TEXTS, "cls", dense)).sum(axis=1).min() > 0.97


def test_a_model_with_few_positions_reads_no_further(tmp_path):
    source = encoders.publish(tmp_path / "source", max_position_embeddings=40)
    facts = export(source, tmp_path / "encoder")
    made = Encoder(tmp_path / "encoder")
    assert 30 < facts.positions <= 40
    vectors = made.embed(["free casino " * count for count in (1, 18, 19, 20, 40, 2_000)])
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1.0, atol=1e-5)
    tiny = encoders.publish(tmp_path / "tiny", max_position_embeddings=12)
    with pytest.raises(EncoderUnusable, match="room"):
        export(tiny, tmp_path / "small")


def test_one_that_takes_nothing_around_a_text_reads_no_text(tmp_path):
    source = encoders.publish(tmp_path / "source", architecture="GPT2")
    stored = json.loads((source / "tokenizer.json").read_text())
    stored["post_processor"] = None
    (source / "tokenizer.json").write_text(json.dumps(stored))
    export(source, tmp_path / "encoder")
    assert np.isfinite(Encoder(tmp_path / "encoder").embed([""])).all()


def broken(source: Path, how: str) -> None:
    from safetensors.torch import load_file, save_file

    weights = source / "model.safetensors"
    if how == "lacks weights":
        kept = load_file(weights)
        del kept["encoder.layer.1.output.dense.weight"]
        save_file(kept, weights, metadata={"format": "pt"})
    elif how == "another kind":
        (source / "config.json").write_text('{"model_type": "none of this world"}')
    elif how == "half a file":
        weights.write_bytes(weights.read_bytes()[:1000])
    elif how == "no model":
        (source / "config.json").write_text("[]")
    elif how == "no tokenizer":
        (source / "tokenizer.json").write_text("{}")
    elif how == "no modules":
        (source / "modules.json").write_text('{"type": 1}')
    elif how == "modules elsewhere":
        step = {"type": "sentence_transformers.models.Transformer", "path": "../other"}
        (source / "modules.json").write_text(json.dumps([step]))
    elif how in ("parts elsewhere", "parts that are numbers"):
        weights.unlink()
        part = "../other/model.safetensors" if how == "parts elsewhere" else 7
        index = json.dumps({"weight_map": {"a": part}})
        (source / "model.safetensors.index.json").write_text(index)
    elif how == "an adapter":
        (source / "adapter_config.json").write_text('{"base_model_name_or_path": "/other"}')
    else:
        (source / "1_Pooling" / "config.json").write_text("[]")


@pytest.mark.parametrize(
    "how",
    [
        *("lacks weights", "another kind", "half a file", "no model", "no tokenizer"),
        *("no modules", "no pooling", "modules elsewhere", "an adapter"),
        *("parts elsewhere", "parts that are numbers"),
    ],
)
def test_a_broken_directory_is_refused_with_a_sentence(tmp_path, how, capsys):
    source = encoders.publish(tmp_path / "source")
    broken(source, how)
    assert exporting.main([str(source), "--output", str(tmp_path / "encoder")]) == 1
    said = capsys.readouterr().err
    assert "The text encoder was not exported" in said
    assert "Traceback" not in said
    assert not (tmp_path / "encoder" / MANIFEST).exists()
